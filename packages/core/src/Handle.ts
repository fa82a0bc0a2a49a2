/**
 * The receipt: all that is needed to find the work again.
 *
 * It is versioned JSON and never holds a secret, so it may be stored, logged and mailed.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Issue } from "./Reason.ts"

/** One accepted piece of work at one service. */
export const Handle = Schema.Struct({
  version: Schema.Literal(1),
  service: Schema.String,
  /** Where the service was when it took the work; the credential goes there only. */
  origin: Schema.String,
  operation: Schema.String,
  /** The service's own name for the work. */
  id: Schema.String,
  /** Further names the service gave it, such as a run or a transcript. */
  also: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  /** Where to look, when the service says so itself. */
  locator: Schema.optionalKey(Schema.String),
  key: Schema.optionalKey(Schema.String),
  reference: Schema.optionalKey(Schema.String),
  /** The journal's name for it, so that settling a handle also settles its journal entry. */
  entry: Schema.optionalKey(Schema.String),
})
export type Handle = typeof Handle.Type

/**
 * Read a handle from JSON text or from a parsed value; a refusal says why in one sentence.
 *
 * @example
 * ```ts
 * import * as Result from "effect/Result"
 * import * as Handle from "@tenuto/core/Handle"
 *
 * const refused = Handle.read(`{"version":2}`)
 * console.log(Result.isFailure(refused) && refused.failure)
 * ```
 */
export const read = (input: unknown): Result.Result<Handle, string> => {
  const value = typeof input === "string" ? parse(input) : input
  if (value === undefined) return Result.fail("this is not a handle: it is not JSON")
  const version = Schema.decodeUnknownResult(Schema.Struct({ version: Schema.Finite }))(value)
  if (Result.isSuccess(version) && version.success.version !== 1) {
    return Result.fail(`this handle has version ${version.success.version}; this release reads version 1`)
  }
  return Result.mapError(Schema.decodeUnknownResult(Handle)(value), (error) => `this is not a handle: ${error.message}`)
}

/** Write a handle as one line of JSON. */
export const write = (handle: Handle): string => JSON.stringify(Schema.encodeSync(Handle)(handle))

const parse = (text: string): unknown => Result.getOrUndefined(Result.try((): unknown => JSON.parse(text)))

/** What a request brings into its handle. */
type Request = Subject & Pick<Handle, "key" | "reference" | "entry">

/** Compose the handle of work that was accepted, from its request and what the answer names it. */
export const of = (request: Request, found: Pick<Handle, "id" | "also" | "locator">): Handle => ({
  version: 1,
  service: request.service,
  origin: request.origin,
  operation: request.operation,
  ...found,
  ...(request.key === undefined ? {} : { key: request.key }),
  ...(request.reference === undefined ? {} : { reference: request.reference }),
  ...(request.entry === undefined ? {} : { entry: request.entry }),
})

/** What a handle, or a request that has none yet, is about. */
export type Subject = Pick<Handle, "service" | "origin" | "operation">

/** Say why work does not belong to this service, origin and operation; `undefined` when it does. */
export const mismatch = (subject: Subject, here: Subject): Issue | undefined => {
  for (const field of ["service", "origin", "operation"] as const) {
    if (subject[field] !== here[field]) {
      return { path: [field], message: `it belongs to ${subject[field]}, this client speaks to ${here[field]}` }
    }
  }
  return undefined
}
