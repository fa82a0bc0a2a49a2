/** Watches what a run begins on other threads and wires, and keeps what the clock cannot see. */
import type { Finding } from "../Kit.ts"
import { builtin } from "./builtin.ts"

interface Advice {
  readonly what: string
  readonly advice: string
}

const tracked = "wrap a promise that ends when it does: kit.track(promise)"
const thread = (what: string): Advice => ({ what: `${what} on another thread`, advice: tracked })
const wire = (what: string): Advice => ({
  what,
  advice: `speak HTTP through fetch, undici or node:http, which the clock sees; or ${tracked}`,
})

/** The kinds of Node's asynchronous resources that it does not see. */
const unseen: Readonly<Record<string, Advice>> = {
  PROCESSWRAP: { what: "a child process", advice: tracked },
  WORKER: { what: "a worker thread", advice: tracked },
  PBKDF2REQUEST: thread("cryptography"),
  SCRYPTREQUEST: thread("cryptography"),
  HKDFREQUEST: thread("cryptography"),
  HASHREQUEST: thread("cryptography"),
  SIGNREQUEST: thread("cryptography"),
  CIPHERREQUEST: thread("cryptography"),
  KEYPAIRGENREQUEST: thread("cryptography"),
  KEYGENREQUEST: thread("cryptography"),
  RANDOMBYTESREQUEST: thread("cryptography"),
  TCPWRAP: wire("a socket of its own"),
  TLSWRAP: wire("a socket of its own"),
  PIPEWRAP: wire("a pipe or a socket in the file system"),
  UDPWRAP: wire("a datagram socket"),
  HTTP2SESSION: wire("an HTTP/2 session"),
  Timeout: {
    what: "a timer of the process itself",
    advice:
      "call globalThis.setTimeout when it is needed: one that was kept in a variable before the run is not the kit's",
  },
}

const isOurs = /[\\/]testkit[\\/](?:src|dist)[\\/]/
const isHttp = /node:_http_|undici/

const whereOf = (stack: string): string | undefined =>
  stack
    .split("\n")
    .slice(1)
    .map((line) => /(?:\(|at )((?:file:\/\/)?[^()\s]+:\d+:\d+)\)?$/.exec(line)?.[1])
    .find((place) => place !== undefined && !place.startsWith("node:") && !isOurs.test(place))

/** Do something, however it ends, and say what it began that is not seen. What others do meanwhile is not its doing. */
export const examine = async (work: () => Promise<unknown>): Promise<ReadonlyArray<Finding>> => {
  const hooks = builtin("node:async_hooks")
  if (hooks === undefined) {
    const what = "nothing: this host does not tell what it begins"
    return [{ what, times: 1, where: undefined, advice: "examine the client on Node" }]
  }
  const patient = new hooks.AsyncLocalStorage<true>()
  const found = new Map<string, Finding>()
  const hook = hooks.createHook({
    init: (_id, type) => {
      const known = unseen[type]
      if (known === undefined || patient.getStore() === undefined) return
      const { stackTraceLimit } = Error
      Error.stackTraceLimit = 50
      const { stack = "" } = new Error("here")
      Error.stackTraceLimit = stackTraceLimit
      const where = whereOf(stack)
      // Sockets of HTTP clients are seen; what the host or the kit begins for itself moves nothing.
      if (where === undefined || isHttp.test(stack) || isOursFirst(stack)) return
      if (type === "PIPEWRAP" && stack.includes("child_process")) return
      const key = `${known.what} ${where}`
      found.set(key, { ...known, where, times: (found.get(key)?.times ?? 0) + 1 })
    },
  })
  hook.enable()
  await patient.run(true, work).catch(() => {})
  hook.disable()
  return Array.from(found.values())
}

/** Whether it was this kit that began it, for itself. */
const isOursFirst = (stack: string): boolean =>
  isOurs.test(
    stack
      .split("\n")
      .slice(2)
      .find((line) => !line.includes("node:") && !line.includes("doctor.")) ?? "",
  )
