/**
 * JSON as it comes over the wire: read with a sentence about what is wrong, written as bytes.
 *
 * It never shows what it read: a body may hold anything.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Headers } from "./Exchange.ts"

const parse = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Unknown))
const stringify = Schema.encodeSync(Schema.fromJsonString(Schema.Unknown))
const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true })

/** Read a body as JSON. A body that says it is something else is not read as JSON. */
export const read = (headers: Headers, body: Uint8Array): Result.Result<unknown, string> => {
  const type = headers["content-type"]
  if (type !== undefined && !/^application\/([\w.+-]+\+)?json\b/i.test(type)) {
    return Result.fail(`the body is ${type.split(";")[0] ?? type}, not JSON`)
  }
  if (body.byteLength === 0) return Result.fail("the body is empty")
  return Result.flatMap(
    Result.try({ try: () => decoder.decode(body), catch: () => "the body is not UTF-8" }),
    (text) => Result.mapError(parse(text), () => `the body is not JSON (${body.byteLength} bytes)`),
  )
}

/** Write a value as JSON. The same value gives the same bytes. */
export const write = (value: Schema.Json): Uint8Array => encoder.encode(stringify(value))
