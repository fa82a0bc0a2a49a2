/** A body as a person reads it: JSON, text, or bytes that are neither. */
import type { Headers } from "@tenuto/http/Exchange"
import * as Json from "@tenuto/http/Json"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"

/** At most one of them; none of them is an empty body. */
export interface Content {
  readonly json?: Schema.Json
  readonly text?: string
  readonly bytes?: Uint8Array
}

/** An object of JSON. */
export type Members = { readonly [name: string]: Schema.Json }
export const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value)
/** `Array.isArray` forgets that a list of JSON is read-only. */
export const isList = (value: Schema.Json | undefined): value is ReadonlyArray<Schema.Json> => Array.isArray(value)

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** Deeper than this it is kept as text: whatever walks JSON may do so by recursion. */
const deepest = 200

/** How deep brackets nest; those within texts count too, which errs on the safe side. */
const depthOf = (text: string): number => {
  let [depth, most] = [0, 0]
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1
    most = Math.max(most, depth)
  }
  return most
}

/** Read a body. Without a type, only what begins like an object or a list is JSON. */
export const contentOf = (headers: Headers, body: Uint8Array): Content => {
  if (body.byteLength === 0) return {}
  const text = Result.try(() => utf8.decode(body))
  if (Result.isFailure(text)) return { bytes: body }
  const mayBeJson = headers["content-type"] !== undefined || /^\s*[[{]/.test(text.success)
  const json = mayBeJson && depthOf(text.success) <= deepest ? Json.read(headers, body) : Result.fail("")
  return Result.isSuccess(json) ? { json: json.success } : { text: text.success }
}

/** A literal of JSON that is a text. */
export const literal = /"[^"\\]*(?:\\.[^"\\]*)*"/
const literalOrSpace = new RegExp(`${literal.source}|[ \\t\\r\\n]+`, "g")

/** Read a body to keep it: JSON with numbers or members that would not come back as they are stays text. */
export const keptOf = (headers: Headers, body: Uint8Array): Content => {
  const content = contentOf(headers, body)
  if (content.json === undefined) return content
  const text = utf8.decode(body)
  const dense = text.replaceAll(literalOrSpace, (token) =>
    token.startsWith('"') ? JSON.stringify(JSON.parse(token)) : "",
  )
  return dense === JSON.stringify(content.json) ? content : { text }
}

/** Write it again. JSON comes back without the spaces it may have had. */
export const bytesOf = ({ bytes, json, text }: Content): Uint8Array =>
  json === undefined ? (bytes ?? encoder.encode(text ?? "")) : Json.write(json)

/** The boundary between the parts of a form is drawn fresh each time. */
export const unbounded = (headers: Headers, text: string): string => {
  const boundary = /^multipart\/.*boundary="?([^";]+)/i.exec(headers["content-type"] ?? "")?.[1]
  return boundary === undefined ? text : text.replaceAll(boundary, "boundary")
}

/** Bytes as text of the same length, one character each: what is looked for in them can be looked for in it. */
export const binary = (bytes: Uint8Array): string => {
  const parts: Array<string> = []
  for (let at = 0; at < bytes.byteLength; at += 8192) {
    parts.push(String.fromCharCode(...bytes.subarray(at, at + 8192)))
  }
  return parts.join("")
}

/** The bytes of such a text. */
export const unbinary = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))

/** The bytes of a text, as such a text. */
export const binaryOf = (text: string): string => binary(encoder.encode(text))
