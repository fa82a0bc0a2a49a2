/**
 * JSON as it comes over the wire: read with a sentence about what is wrong, written as bytes.
 *
 * It never shows what it read: a body may hold anything. It never changes a number: a whole one beyond 2^53, such as an id
 * of 64 bits, is read as its own text.
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
  return Result.flatMap(
    Result.try({
      try: () => parse(utf8.decode(body)),
      catch: () => `the body is not JSON in UTF-8 (${body.byteLength} bytes)`,
    }),
    (parsed) => parsed,
  )
}

/** Long enough for a whole number that a double cannot hold; most bodies have none, and are read without a reviver. */
const long = /\d{16}/

/**
 * Ids of 64 bits: beyond 2^53 a number becomes another one, under which somebody else's work may be looked at. Such a
 * number is handed on as its own text. Where the runtime does not tell the text (Chrome 114, Firefox 135, Safari 18.4,
 * Node.js 22, Deno and Bun do), the body is refused.
 */
const parse = (text: string): Result.Result<Schema.Json, string> => {
  if (!long.test(text)) return Result.succeed(JSON.parse(text))
  const lost: Array<string> = []
  const revive = (
    name: string,
    value: unknown,
    ...[context]: ReadonlyArray<{ readonly source?: string } | undefined>
  ) => {
    if (typeof value !== "number" || Number.isSafeInteger(value)) return value
    const source = context?.source
    if (source === undefined && Number.isInteger(value)) lost.push(name)
    return source !== undefined && /^-?\d+$/.test(source) && String(value) !== source ? source : value
  }
  const json: Schema.Json = JSON.parse(text, revive)
  return lost.length > 0
    ? Result.fail("the body has a number that is longer than this runtime can read exactly")
    : Result.succeed(json)
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
