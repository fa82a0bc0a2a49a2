/**
 * The name of a service in memory, for clients that open sockets of their own, such as `node:http` and what is built on it:
 * no host knows it, and where one does, it is somebody else.
 */
import { builtin } from "./builtin.ts"

type Answer = (error: Error) => void

/** Names that others of the same machine go by, and addresses, which nobody looks up. */
const isShared = (hostname: string): boolean => hostname === "localhost" || /^[\d.]+$|^\[/.test(hostname)

const unknown = (hostname: string): Error => {
  const says = `the service of this kit is in memory, where only fetch and undici find it: for a client that is built on neither, such as axios, got or node:http, make the kit with carrier: "loopback"`
  const error = new Error(`getaddrinfo ENOTFOUND ${hostname}: ${says}`)
  return Object.assign(error, { code: "ENOTFOUND", errno: -3008, syscall: "getaddrinfo", hostname })
}

/** While it is in force, looking the name up says how the service is reached. The answer gives the host's own back. */
export const coverName = (origin: string): (() => void) => {
  const dns = builtin("node:dns")
  const { hostname } = new URL(origin)
  if (dns === undefined || isShared(hostname)) return () => {}
  const { lookup } = dns
  const covered = (asked: unknown, ...rest: ReadonlyArray<unknown>): unknown => {
    const answer = rest.at(-1)
    if (asked !== hostname || typeof answer !== "function") return Reflect.apply(lookup, dns, [asked, ...rest])
    queueMicrotask(() => (answer as Answer)(unknown(hostname)))
    return undefined
  }
  Object.assign(dns, { lookup: Object.assign(covered, lookup) })
  return () => void Object.assign(dns, { lookup })
}
