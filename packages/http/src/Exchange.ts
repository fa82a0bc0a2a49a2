/**
 * A request and a response as plain data, the same on every carrier.
 *
 * It never opens a socket and never shows a secret: credentials and signed
 * links ride as `Redacted` values until a transport writes them to the wire.
 *
 * @example
 * ```ts
 * import * as Redacted from "effect/Redacted"
 * import type * as Exchange from "@tenuto/http/Exchange"
 *
 * const authorization = Redacted.make("Bearer spk_1")
 * const request: Exchange.Request = { method: "GET", url: "https://choir.test/songs/1", headers: { authorization } }
 * console.log(JSON.stringify(request).includes("spk_1")) // false
 * ```
 */
import * as Redacted from "effect/Redacted"

/** Text that may be a secret; printing it never shows one. */
export type Text = string | Redacted.Redacted<string>

/** Header names are lower case; a header sent twice is joined with `", "`. */
export type Headers = Readonly<Record<string, string>>

/** One request. `url` is absolute. */
export interface Request {
  readonly method: string
  readonly url: Text
  readonly headers: Readonly<Record<string, Text>>
  readonly body?: Uint8Array
}

/** A whole answer, judged by nobody yet: every status is an answer, redirects included. */
export interface Response {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
}

/** Read text that may be a secret. For transports, at the wire. */
export const reveal = (text: Text): string => (Redacted.isRedacted(text) ? Redacted.value(text) : text)

// The URL parser drops line ends and trims spaces without a word.
// oxlint-disable-next-line no-control-regex
const blank = /[\u0000-\u0020\u007f]/
const unfit = /[^\t\u0020-\u007e\u0080-\u00ff]/
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/**
 * Say why HTTP cannot carry a request; `undefined`: it can. For transports, before anything leaves. A header is named; no
 * value is shown.
 */
export const flaw = ({ headers, method, url }: Request): string | undefined => {
  const text = reveal(url)
  if (blank.test(text)) return "the url holds a space or a control character; encode it"
  const address = URL.canParse(text) ? new URL(text) : undefined
  if (address === undefined || !/^https?:$/.test(address.protocol)) {
    return "the url is not an absolute http or https url"
  }
  if (address.username !== "" || address.password !== "") {
    return "the url holds a user name or password; send them as a header"
  }
  if (!token.test(method) || /^CONNECT$/i.test(method)) return "the method is none that can be sent; correct it"
  for (const [name, value] of Object.entries(headers)) {
    if (!token.test(name)) return "the name of a header is not valid HTTP; correct it"
    if (unfit.test(reveal(value))) {
      return `the header ${name} holds a line end or another character that HTTP forbids; trim what it is made of`
    }
  }
  return undefined
}

/** Put the parts of a body one after the other, in memory of their own. */
export const join = (parts: ReadonlyArray<Uint8Array>): Uint8Array<ArrayBuffer> => {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.byteLength, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}
