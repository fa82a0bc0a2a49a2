/**
 * Says what went wrong, by how far the request got. It never quotes a URL, a
 * header or a body: the host and its port are all that a text may hold.
 */
import * as Duration from "effect/Duration"
import { Unanswered, Unsent } from "@tenuto/http/Transport"

/** How far a request got. `Bound`: on a connected socket, so bytes may have left. `Headed`: the answer has begun. */
export type Stage = "Waiting" | "Bound" | "Headed"

const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error && typeof error.code === "string" ? error.code : ""

/** Error codes are fixed words; anything else is not shown. */
const shown = (code: string): string => (/^[A-Z][A-Z0-9_]{2,63}$/.test(code) ? ` (${code})` : "")

const tls = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|EPROTO$)|SELF_SIGNED|HOSTNAME_MISMATCH/
const invalid = /^(UND_ERR_INVALID_ARG|UND_ERR_NOT_SUPPORTED|UND_ERR_REQ_CONTENT_LENGTH_MISMATCH|ERR_INVALID_)/

/** The one code of an error; of many attempts at once, theirs if they agree. */
const agreed = (error: unknown): string => {
  if (!(error instanceof AggregateError)) return codeOf(error)
  const codes = new Set(error.errors.map(codeOf))
  return codes.size === 1 ? codeOf(error.errors[0]) : ""
}

const unsent = (place: string, error: unknown): Unsent => {
  const code = agreed(error)
  if (code === "ENOTFOUND" || code.startsWith("EAI_")) {
    return new Unsent({ problem: "NameNotFound", detail: `${place} has no known address; check the name` })
  }
  if (code === "ECONNREFUSED") {
    return new Unsent({ problem: "Refused", detail: `${place} refused the connection; is it running?` })
  }
  if (code === "ETIMEDOUT" || code === "UND_ERR_CONNECT_TIMEOUT") return connectTimeout(place)
  if (tls.test(code)) {
    return new Unsent({
      problem: "Tls",
      detail: `no trusted connection to ${place} could be made${shown(code)}; check its certificate`,
    })
  }
  if (invalid.test(code)) return invalidRequest("the method, the path or a header is not valid HTTP; correct it")
  if (code === "UND_ERR_DESTROYED" || code === "UND_ERR_CLOSED") {
    return new Unsent({ problem: "Unreachable", detail: "this transport is closed; send within its scope" })
  }
  return new Unsent({ problem: "Unreachable", detail: `${place} could not be reached${shown(code)}` })
}

const unanswered = (place: string, headed: boolean, error: unknown): Unanswered => {
  const code = codeOf(error)
  const { message, name } = error instanceof Error ? error : { message: "", name: "" }
  // The parser's errors have a name and a reason, but no code.
  const isParser = name === "HTTPParserError"
  if (headed && ((isParser && message.includes("EOF")) || code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH")) {
    return truncated(place)
  }
  const isBad = code === "UND_ERR_SOCKET" && message.startsWith("bad ")
  if (isBad || isParser || code === "UND_ERR_HEADERS_OVERFLOW" || code.startsWith("UND_ERR_RES_")) {
    return new Unanswered({ problem: "Malformed", detail: `the answer of ${place} is not HTTP/1.1${shown(code)}` })
  }
  if (code === "UND_ERR_DESTROYED" || code === "UND_ERR_CLOSED") {
    return new Unanswered({ problem: "Unknown", detail: `the transport was closed before ${place} had answered` })
  }
  if (code === "UND_ERR_SOCKET" || /^E[A-Z]+$/.test(code)) {
    if (headed) return truncated(place)
    return new Unanswered({
      problem: "Reset",
      detail: `${place} closed the connection before it answered${shown(code)}`,
    })
  }
  return new Unanswered({ problem: "Unknown", detail: `the exchange with ${place} broke off${shown(code)}` })
}

/** Read an error of undici or of the socket. */
export const of = (place: string, stage: Stage, error: unknown): Unsent | Unanswered =>
  stage === "Waiting" ? unsent(place, error) : unanswered(place, stage === "Headed", error)

/** Read an error of a decoder. */
export const ofDecoding = (place: string, error: unknown): Unanswered => {
  const isCut = error instanceof Error && error.message.startsWith("unexpected end")
  if (isCut) return truncated(place)
  const code = codeOf(error)
  return new Unanswered({
    problem: "Malformed",
    detail: `the answer of ${place} is not in the encoding it names${shown(code)}`,
  })
}

export const connectTimeout = (place: string): Unsent =>
  new Unsent({ problem: "ConnectTimeout", detail: `no connection to ${place} was made, or free, in time` })

export const invalidRequest = (detail: string): Unsent => new Unsent({ problem: "InvalidRequest", detail })

export const timeout = (place: string, after: Duration.Duration): Unanswered =>
  new Unanswered({ problem: "Timeout", detail: `${place} did not answer within ${Duration.format(after)}` })

export const silence = (place: string, after: Duration.Duration): Unanswered =>
  new Unanswered({ problem: "Timeout", detail: `${place} fell silent for ${Duration.format(after)} within its answer` })

export const truncated = (place: string): Unanswered =>
  new Unanswered({ problem: "Truncated", detail: `the answer of ${place} ended before it was complete` })

export const tooLarge = (place: string, maxBytes: bigint): Unanswered =>
  new Unanswered({ problem: "TooLarge", detail: `the answer of ${place} is larger than ${maxBytes} bytes` })

export const resent = (place: string): Unanswered =>
  new Unanswered({ problem: "Unknown", detail: `a second sending to ${place} was stopped` })
