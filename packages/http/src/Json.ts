/**
 * JSON as it comes over the wire: read with a sentence about what is wrong, written as bytes.
 *
 * It never shows what it read: a body may hold anything.
 *
 * @example
 * ```ts
 * import * as Result from "effect/Result"
 * import * as Schema from "effect/Schema"
 * import * as Json from "@tenuto/http/Json"
 *
 * const song = Json.decoder(Schema.Struct({ id: Schema.String }), "the song")
 * const body = Json.write({ id: 7 })
 * const read = Result.flatMap(Json.read({ "content-type": "application/json" }, body), song)
 * console.log(Result.isFailure(read) && read.failure) // the song is not as documented at id
 * ```
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Headers } from "./Exchange.ts"

const encoder = new TextEncoder()
const utf8 = new TextDecoder("utf-8", { fatal: true })

/** Read a body as JSON. A body that says it is something else is not read as JSON. */
export const read = (headers: Headers, body: Uint8Array): Result.Result<Schema.Json, string> => {
  const type = headers["content-type"]
  if (type !== undefined && !/^application\/([\w.+-]+\+)?json\b/i.test(type)) {
    return Result.fail(`the body is ${/^[\w.+-]{1,40}\/[\w.+-]{1,40}/.exec(type)?.[0] ?? "something else"}, not JSON`)
  }
  if (body.byteLength === 0) return Result.fail("the body is empty")
  return Result.try({
    try: (): Schema.Json => JSON.parse(utf8.decode(body)),
    catch: () => `the body is not JSON in UTF-8 (${body.byteLength} bytes)`,
  })
}

/**
 * Read a value as a service's page describes it, or say where it differs.
 *
 * The sentence names places, never values: a value may be a signed link.
 */
export const decoder = <A>(schema: Schema.ConstraintDecoder<A>, what: string) => {
  const decode = Schema.decodeUnknownResult(schema)
  return (value: unknown): Result.Result<A, string> => {
    // A schema that describes itself by itself runs out of stack on a body that is nested too deep.
    const read = Result.try({ try: () => decode(value), catch: () => `${what} is nested too deep to be read` })
    return Result.flatMap(read, (decoded) =>
      Result.mapError(decoded, ({ issue }) => {
        const places = formatIssues(issue).issues.map(({ path }) => (path ?? []).map(step).join(".") || "the whole")
        return `${what} is not as documented at ${[...new Set(places)].join(", ")}`
      }),
    )
  }
}

/** The service may name a field after anything, even after a link. */
const step = (part: PropertyKey | { readonly key: PropertyKey }): string => {
  const name = String(typeof part === "object" ? part.key : part)
  return /^[\w-]{1,40}$/.test(name) ? name : "?"
}

const formatIssues = /* @__PURE__ */ SchemaIssue.makeFormatterStandardSchemaV1()

/** Write a value as JSON. The same value gives the same bytes. */
export const write = (value: Schema.Json): Uint8Array => encoder.encode(JSON.stringify(value))
