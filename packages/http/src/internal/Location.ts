/**
 * Reads where a file is said to be: a link as services write it, the target of a redirect, or bytes that stand in the link.
 *
 * It never shows an address: a link may be a secret.
 */
import * as Result from "effect/Result"
import * as Base64 from "effect/encoding/Base64"
import type * as Exchange from "../Exchange.ts"

/** Whether a status says that what was asked for is elsewhere (RFC 9110, 15.4). */
export const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status)

// The URL parser drops line ends without a word; what holds one is no link.
// oxlint-disable-next-line no-control-regex
const forbidden = /[\u0000-\u001f\u007f]/

/** A link with what a URL cannot hold encoded: spaces and letters beyond ASCII. What is no address stays as it is. */
export const encoded = (link: string): string => {
  const url = forbidden.test(link) ? null : URL.parse(link)
  return url === null ? link : url.href
}

/** Bytes of UTF-8 in a header come as one character each; a name in any other form is left as it is. */
const utf8 = (text: string): string => {
  const codes = Array.from(text, (letter) => letter.charCodeAt(0))
  if (codes.every((code) => code < 0x80) || codes.some((code) => code > 0xff)) return text
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(codes))
  } catch {
    return text
  }
}

/** Where an answer leads, seen from the address that was asked; or why nobody goes there. */
export const targetOf = (headers: Exchange.Headers, from: string): Result.Result<string, string> => {
  const location = utf8(headers["location"] ?? "").trim()
  const url = location === "" || forbidden.test(location) ? null : URL.parse(location, from)
  if (url === null) return Result.fail("the answer redirects, and does not say where to")
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return Result.fail("the answer redirects to what is neither http nor https")
  }
  return url.protocol === "http:" && /^https:/i.test(from)
    ? Result.fail("the answer redirects from https to http, where anybody can read along")
    : Result.succeed(url.href)
}

/** A file that stands in its link. */
export interface Inline {
  readonly type: string
  readonly bytes: Uint8Array
}

/** Whether a link is itself the file. */
export const isInline = (link: string): boolean => /^\s*data:/i.test(link)

/** Read a `data:` link (RFC 2397), or say what is wrong with it. */
export const inline = (link: string): Result.Result<Inline, string> => {
  const comma = link.indexOf(",")
  if (comma < 0) return Result.fail("the data: link has no comma, after which its bytes would stand")
  const about = link.slice(link.indexOf(":") + 1, comma).trim()
  const type = about.replace(/\s*;\s*base64$/i, "")
  const bytes = unescaped(link.slice(comma + 1))
  if (type === about) return Result.succeed({ type, bytes })
  const text = new TextDecoder().decode(bytes).replace(/\s+|=+\s*$/g, "")
  return Result.mapBoth(Base64.decode(text.padEnd(Math.ceil(text.length / 4) * 4, "=")), {
    onSuccess: (decoded) => ({ type, bytes: decoded }),
    onFailure: () => "the data: link says base64, and its bytes are not",
  })
}

const hex = (byte: number | undefined): number => Number.parseInt(String.fromCharCode(byte ?? 0), 16)

/** Undo percent-encoding; what only looks like it stays. */
const unescaped = (text: string): Uint8Array => {
  const bytes = new TextEncoder().encode(text)
  if (!text.includes("%")) return bytes
  let size = 0
  for (let at = 0; at < bytes.length; at++) {
    const code = bytes[at] === 0x25 ? hex(bytes[at + 1]) * 16 + hex(bytes[at + 2]) : Number.NaN
    bytes[size++] = Number.isNaN(code) ? (bytes[at] ?? 0) : code
    if (!Number.isNaN(code)) at += 2
  }
  return bytes.subarray(0, size)
}
