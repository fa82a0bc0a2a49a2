/**
 * Says what went wrong, and claims only what a `fetch` can know. It never
 * quotes a URL, a header or a body: the host and its port are all that a text holds.
 */
import * as Duration from "effect/Duration"
import { Unanswered, Unsent } from "@tenuto/http/Transport"

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined

const codeOf = (error: unknown): string => {
  const code = field(error, "code")
  return typeof code === "string" ? code : ""
}

/** Node's parser names its errors, and gives them no code. Where the bytes ended too early is not its complaint. */
const isParser = (error: unknown): boolean =>
  field(error, "name") === "HTTPParserError" && !String(field(error, "message")).includes("EOF")

const isRefused = (error: unknown): boolean => codeOf(error) === "ECONNREFUSED" && field(error, "syscall") === "connect"

const isNameless = (error: unknown): boolean =>
  (codeOf(error) === "ENOTFOUND" || codeOf(error) === "EAI_AGAIN") && field(error, "syscall") === "getaddrinfo"

/**
 * Read proof that nothing was sent, in the one shape that is proof: Node's `TypeError` with the system's error as cause.
 * Where several addresses were tried, each of them must have refused.
 */
const proof = (place: string, error: unknown): Unsent | undefined => {
  if (field(error, "name") !== "TypeError") return undefined
  const cause = field(error, "cause")
  const several = field(cause, "errors")
  const attempts: ReadonlyArray<unknown> = Array.isArray(several) ? several : [cause]
  if (attempts.length === 0) return undefined
  if (attempts.every(isRefused)) {
    return new Unsent({ problem: "Refused", detail: `${place} refused the connection; is it running?` })
  }
  if (attempts.every(isNameless)) {
    return new Unsent({ problem: "NameNotFound", detail: `${place} has no known address; check the name` })
  }
  return undefined
}

/** Read why `fetch` was rejected. */
export const ofFetch = (place: string, isOnce: boolean, error: unknown): Unsent | Unanswered => {
  const proved = isOnce ? proof(place, error) : undefined
  if (proved !== undefined) return proved
  const cause = field(error, "cause")
  const code = codeOf(cause)
  if (code === "UND_ERR_SOCKET" || code === "ECONNRESET" || code === "EPIPE") {
    return new Unanswered({ problem: "Reset", detail: `${place} closed the connection before it answered` })
  }
  if (isParser(cause) || code === "UND_ERR_HEADERS_OVERFLOW") {
    return new Unanswered({ problem: "Malformed", detail: `the answer of ${place} is not HTTP/1.1` })
  }
  if (/^UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT$|^ETIMEDOUT$/.test(code)) {
    return new Unanswered({ problem: "Timeout", detail: `${place} did not answer in the time that fetch allows` })
  }
  return new Unanswered({ problem: "Unknown", detail: `fetch failed at ${place}, and does not say how far it got` })
}

/** Read why the body broke off. */
export const ofBody = (place: string, error: unknown): Unanswered =>
  isParser(field(error, "cause"))
    ? new Unanswered({ problem: "Malformed", detail: `the answer of ${place} is not HTTP/1.1` })
    : truncated(place)

export const invalidRequest = (detail: string): Unsent => new Unsent({ problem: "InvalidRequest", detail })

export const timeout = (place: string, after: Duration.Duration): Unanswered =>
  new Unanswered({ problem: "Timeout", detail: `${place} did not answer within ${Duration.toSeconds(after)} s` })

export const silence = (place: string, after: Duration.Duration): Unanswered =>
  new Unanswered({
    problem: "Timeout",
    detail: `${place} fell silent for ${Duration.toSeconds(after)} s within its answer`,
  })

export const truncated = (place: string): Unanswered =>
  new Unanswered({ problem: "Truncated", detail: `the answer of ${place} ended before it was complete` })

export const tooLarge = (place: string, maxBytes: bigint): Unanswered =>
  new Unanswered({ problem: "TooLarge", detail: `the answer of ${place} is larger than ${maxBytes} bytes` })

export const opaque = (place: string): Unanswered =>
  new Unanswered({ problem: "Opaque", detail: `${place} redirected, and this platform hides where to` })
