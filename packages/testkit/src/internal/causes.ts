/** What went wrong, as Node and undici say it: an error with the code that programs look for. */
import type { Unanswered, Unsent } from "@tenuto/http/Transport"
import { builtin } from "./builtin.ts"

interface Said {
  /** Node has none for what is not HTTP. */
  readonly code: string | undefined
  readonly message: string
  readonly name?: string
  readonly syscall?: string
}

const errorOf = ({ code, message, name, syscall }: Said): Error => {
  const error = new Error(message)
  if (name !== undefined) error.name = name
  return Object.assign(error, { code }, syscall === undefined ? {} : { syscall })
}

const closed: Said = { code: "UND_ERR_SOCKET", name: "SocketError", message: "other side closed" }

const unsent = (url: string, problem: Unsent["problem"]): Said => {
  const { hostname, port, protocol } = new URL(url)
  const place = `${hostname}:${port === "" ? (protocol === "https:" ? "443" : "80") : port}`
  switch (problem) {
    case "NameNotFound":
      return { code: "ENOTFOUND", message: `getaddrinfo ENOTFOUND ${hostname}`, syscall: "getaddrinfo" }
    case "Refused":
      return { code: "ECONNREFUSED", message: `connect ECONNREFUSED ${place}`, syscall: "connect" }
    case "Unreachable":
      return { code: "EHOSTUNREACH", message: `connect EHOSTUNREACH ${place}`, syscall: "connect" }
    case "ConnectTimeout":
      return { code: "UND_ERR_CONNECT_TIMEOUT", name: "ConnectTimeoutError", message: "Connect Timeout Error" }
    case "Tls":
      return { code: "EPROTO", message: `no trusted connection to ${place} could be made`, syscall: "write" }
    case "InvalidRequest":
      return { code: "UND_ERR_INVALID_ARG", name: "InvalidArgumentError", message: "invalid request" }
  }
}

const unanswered = (problem: Unanswered["problem"], isHeaded: boolean): Said => {
  switch (problem) {
    case "Reset":
      return { code: "ECONNRESET", message: "read ECONNRESET", syscall: "read" }
    case "Timeout":
      return isHeaded
        ? { code: "UND_ERR_BODY_TIMEOUT", name: "BodyTimeoutError", message: "Body Timeout Error" }
        : { code: "UND_ERR_HEADERS_TIMEOUT", name: "HeadersTimeoutError", message: "Headers Timeout Error" }
    case "Malformed":
      return {
        code: undefined,
        name: "HTTPParserError",
        message: "Response does not match the HTTP/1.1 protocol (Expected HTTP/, RTSP/ or ICE/)",
      }
    case "Truncated":
    case "TooLarge":
    case "Opaque":
    case "Unknown":
      return closed
  }
}

export const causeOf = (url: string, failure: Unsent | Unanswered, isHeaded: boolean): Error =>
  errorOf(failure._tag === "Unsent" ? unsent(url, failure.problem) : unanswered(failure.problem, isHeaded))

export const aborted = (): Error => errorOf({ code: "UND_ERR_ABORTED", name: "AbortError", message: "Request aborted" })

export const unsupported = (what: string): Error =>
  errorOf({ code: "UND_ERR_NOT_SUPPORTED", name: "NotSupportedError", message: `${what} is not supported here` })

/** The words of a status line, where the host knows them. */
export const phraseOf = (status: number): string => builtin("node:http")?.STATUS_CODES[status] ?? ""
