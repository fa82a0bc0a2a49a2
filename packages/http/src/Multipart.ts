/**
 * A form with files, as `multipart/form-data` (RFC 7578).
 *
 * The same parts give the same bytes: nothing here is drawn by chance, so a request that is sent again is the same one.
 *
 * @example
 * ```ts
 * import * as Multipart from "@tenuto/http/Multipart"
 *
 * const content = new TextEncoder().encode("la la la")
 * const { body, contentType } = Multipart.write([
 *   { name: "purpose", value: "context" },
 *   { name: "file", fileName: "lyrics.txt", mediaType: "text/plain", content },
 * ])
 * const form = await new Response(body, { headers: { "content-type": contentType } }).formData()
 * console.log(form.get("purpose")) // context
 * ```
 */

import { join } from "./Exchange.ts"
import type { Bytes } from "./internal/bytes.ts"

/** A field, or a file. */
export type Part =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly fileName: string; readonly mediaType: string; readonly content: Uint8Array }

/** A form as it goes out. */
export interface Written {
  readonly contentType: string
  readonly body: Bytes
}

const encoder = new TextEncoder()

/** Write a form. */
export const write = (parts: ReadonlyArray<Part>): Written => {
  const contents = parts.map((part) => ("value" in part ? encoder.encode(part.value) : part.content))
  const boundary = boundaryOf(contents)
  const pieces = parts.flatMap((part, index) => [
    encoder.encode(`--${boundary}\r\n${headOf(part)}\r\n\r\n`),
    contents[index] ?? new Uint8Array(),
    encoder.encode("\r\n"),
  ])
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: join([...pieces, encoder.encode(`--${boundary}--\r\n`)]),
  }
}

const headOf = (part: Part): string => {
  const name = `content-disposition: form-data; name="${quoted(part.name)}"`
  return "value" in part
    ? name
    : `${name}; filename="${quoted(part.fileName)}"\r\ncontent-type: ${part.mediaType.replace(/[^\u0020-\u007e]/g, "")}`
}

/** As browsers do: what would end the quotation or the line is escaped. */
const quoted = (text: string): string => text.replace(/\r/g, "%0D").replace(/\n/g, "%0A").replace(/"/g, "%22")

const decoder = new TextDecoder()

/** A content may be made to hold its own mark, and with it fields that nobody wrote: then the next number is taken. */
const boundaryOf = (contents: ReadonlyArray<Uint8Array>): string => {
  const held = new Set(contents.flatMap((content) => decoder.decode(content).match(/tenuto-[\da-f]{8}-\d{24}/g) ?? []))
  const hash = contents.reduce(mark, 0x811c9dc5).toString(16).padStart(8, "0")
  for (let number = 0; ; number++) {
    const boundary = `tenuto-${hash}-${String(number).padStart(24, "0")}`
    if (!held.has(boundary)) return boundary
  }
}

/** FNV-1a. */
const mark = (hash: number, bytes: Uint8Array): number =>
  bytes.reduce((value, byte) => Math.imul(value ^ byte, 0x01000193), hash ^ bytes.byteLength) >>> 0
