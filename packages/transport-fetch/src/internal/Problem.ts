/**
 * Says what went wrong, and claims only what a `fetch` can know. It never
 * quotes a URL, a header or a body: the host and its port are all that a text holds.
 */
import * as Duration from "effect/Duration"
import { Unanswered, Unsent } from "@tenuto/http/Transport"

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined

const isBun = (): boolean => "Bun" in globalThis
const isDeno = (): boolean => "Deno" in globalThis

const codeOf = (error: unknown): string => {
  const code = field(error, "code")
  return typeof code === "string" ? code : ""
}

/** Node's parser names its errors, and gives them no code. Where the bytes ended too early is not its complaint. */
const isParser = (error: unknown): boolean =>
  field(error, "name") === "HTTPParserError" && !String(field(error, "message")).includes("EOF")

/** How Deno words what stopped it before it had a connection. A URL, which stands before it, holds no blank. */
const denoSays = (error: unknown, what: string): boolean => {
  const [, why = ""] = String(field(error, "message")).split("): client error (Connect): ")
  return isDeno() && why.includes(what)
}

const isRefused = (error: unknown): boolean =>
  (codeOf(error) === "ECONNREFUSED" && (field(error, "syscall") === "connect" || isBun())) ||
  denoSays(error, "Connection refused")

const isNameless = (error: unknown): boolean =>
  ((codeOf(error) === "ENOTFOUND" || codeOf(error) === "EAI_AGAIN") && field(error, "syscall") === "getaddrinfo") ||
  denoSays(error, "dns error")

/** https://nodejs.org/api/tls.html#x509-certificate-error-codes: found before anything of the request is written. */
const isUntrusted = (error: unknown): boolean =>
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|HOSTNAME_MISMATCH$|INVALID_CA$|ERR_TLS_CERT_)/.test(
    codeOf(error),
  )

/**
 * Read proof that nothing was sent, in the shapes that are proof: a `TypeError` with the system's error as cause, as Node
 * and Deno give it, or with its code on itself, as Bun does. Where several addresses were tried, each must have refused.
 */
const proof = (place: string, error: unknown): Unsent | undefined => {
  if (field(error, "name") !== "TypeError" && !isBun()) return undefined
  const cause = isBun() ? error : field(error, "cause")
  const several = field(cause, "errors")
  const attempts: ReadonlyArray<unknown> = Array.isArray(several) ? several : [cause]
  if (attempts.length === 0) return undefined
  if (!isBun() && attempts.every(isUntrusted)) {
    const detail = `the certificate of ${place} is not trusted (${codeOf(attempts[0])}); nothing was sent`
    return new Unsent({ problem: "Tls", detail })
  }
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
