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

/** Run `f` in a turn of its own, and a way to take it back. */
export const soon = (f: () => void): (() => void) => {
  if (immediate === undefined) {
    let isWanted = true
    turn(() => isWanted && f())
    return () => void (isWanted = false)
  }
  const handle = immediate(f)
  return () => forget?.(handle)
}

const forget = host.clearImmediate
const { performance } = globalThis
const arm = globalThis.setTimeout
const disarm = globalThis.clearTimeout

/** The host's own, whatever has been put in their place since. */
export const real = { setTimeout: arm, clearTimeout: disarm, performanceNow: performance.now.bind(performance) }

/** Run `f` after real milliseconds; the answer disarms it. It keeps the process alive, for somebody waits for what it says. */
export const later = (millis: number, f: () => void): (() => void) => {
  const handle = arm(f, millis)
  return () => disarm(handle)
}

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
