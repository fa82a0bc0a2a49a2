/**
 * The body of a request as a service reads it: JSON, or not.
 *
 * It never looks at `content-type`; a service that does has the headers.
 *
 * @example
 * ```ts
 * import * as Result from "effect/Result"
 * import * as Body from "@tenuto/testkit/Body"
 *
 * const read = Body.json({ body: new TextEncoder().encode('{"lyrics": "la"') })
 * console.log(Result.isFailure(read) && read.failure) // not JSON
 * ```
 */
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { Request } from "./Handler.ts"

/** What keeps a body from being read. */
export type Unreadable = "empty" | "not UTF-8" | "not JSON"

/** What `JSON.parse` gives is JSON: a schema would only walk through all of it once more. */
const parse = (text: string): Result.Result<Schema.Json, Unreadable> =>
  Result.try({ try: (): Schema.Json => JSON.parse(text), catch: (): Unreadable => "not JSON" })

/** Read a body as JSON in UTF-8. */
export const json = ({ body }: Pick<Request, "body">): Result.Result<Schema.Json, Unreadable> => {
  if (body.byteLength === 0) return Result.fail("empty")
  const text = Result.try({
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(body),
    catch: (): Unreadable => "not UTF-8",
  })
  return Result.flatMap(text, parse)
}
