/** What the clock needs of its host: a turn of the event loop, and which system calls are under way. */

// Taken once, so that a runner's fake timers cannot put the clock to sleep.
const host: Partial<typeof globalThis> = globalThis
const immediate = host.setImmediate

const viaChannel = (): ((f: () => void) => void) => {
  const waiting: Array<() => void> = []
  const channel = new MessageChannel()
  channel.port1.onmessage = () => waiting.shift()?.()
  return (f) => {
    waiting.push(f)
    channel.port2.postMessage(undefined)
  }
}

/** Run `f` after the event loop has looked for I/O once. */
export const turn: (f: () => void) => void = immediate === undefined ? viaChannel() : (f) => void immediate(f)

const arm = globalThis.setTimeout
const disarm = globalThis.clearTimeout

/** Run `f` after real milliseconds; the answer disarms it. It keeps the process alive, for somebody waits for what it says. */
export const later = (millis: number, f: () => void): (() => void) => {
  const handle = arm(f, millis)
  return () => disarm(handle)
}

const { performance } = globalThis
const stopwatch = performance.now.bind(performance)

/** Real milliseconds, for the watchdog only. */
export const realMillis = (): number => stopwatch()

// Requests end by themselves; sockets, servers and timers are handles and say nothing about progress.
const requests = new Set([
  "CloseReq",
  "FSReqCallback",
  "FSReqPromise",
  "GetAddrInfoReqWrap",
  "GetNameInfoReqWrap",
  "PipeConnectWrap",
  "QueryReqWrap",
  "ShutdownWrap",
  "TCPConnectWrap",
])

const process: Partial<NodeJS.Process> | undefined = host.process

/** The name of one system call of this process that has not come back yet. */
export const underWay = (): string | undefined => process?.getActiveResourcesInfo?.().find((name) => requests.has(name))
