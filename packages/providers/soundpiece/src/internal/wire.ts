/** The service's own words: what goes over the wire, under the names and units of its pages. */
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Artifact from "@tenuto/core/Artifact"
import * as Json from "@tenuto/http/Json"
import { pure } from "./pure.ts"

/** Seconds on the wire: S001 `"duration": 87.4`, contract 2.1 "`duration` number (s)". */
export const Seconds = Schema.Finite.pipe(
  Schema.decodeTo(
    Schema.Duration,
    SchemaTransformation.transform({
      decode: (seconds: number) => Duration.millis(Math.round(seconds * 1000)),
      encode: (duration: Duration.Duration) => Duration.toMillis(duration) / 1000,
    }),
  ),
)

/** S001 "Downloading the result"; stems add `kind`. The service writes null for what is not there, as in `reference`. */
export const File = Schema.Struct({
  url: Schema.String,
  expires_at: Schema.String,
  duration: Schema.Finite,
  kind: Schema.optional(Schema.NullOr(Schema.String)),
})
export type File = typeof File.Type

/** S000 "Operation-level failures". */
const Trouble = Schema.Struct({ code: Schema.String, message: Schema.optional(Schema.NullOr(Schema.String)) })

const Id = Schema.String.check(Schema.makeFilter((text: string) => text !== "" || "must not be empty"))

/** S001 "You get back the operation DTO". `id` is not checked against its pattern: the pages themselves elide it. */
export const Dto = Schema.Struct({
  id: Id,
  status: Schema.String,
  created_at: Schema.optional(Schema.String),
  idempotency_key: Schema.optional(Schema.NullOr(Schema.String)),
  outputs: Schema.optional(Schema.NullOr(Schema.Array(File))),
  output: Schema.optional(Schema.NullOr(File)),
  error: Schema.optional(Schema.NullOr(Trouble)),
})
export type Dto = typeof Dto.Type

// --- what of an answer decides ------------------------------------------------------------------

/** What decorates an answer and may be odd: it is read by itself, and left out where it cannot be. */
const odd = Schema.optionalKey(Schema.Unknown)

/** An operation as it is read: without these two nothing is known, and nothing else makes it unreadable. */
export const Seen = Schema.Struct({
  id: Id,
  status: Schema.String,
  idempotency_key: odd,
  outputs: odd,
  output: odd,
  error: odd,
})
export type Seen = typeof Seen.Type

/** A file as it is read: its link is what was paid for. */
const SeenFile = Schema.Struct({ url: Schema.String, expires_at: odd, duration: odd, kind: odd })
export type SeenFile = typeof SeenFile.Type

const readFile = /* @__PURE__ */ pure(() => Json.decoder(SeenFile, "the file"))

/** The files of a result. One route shows no result key, so either is read (T-SP-4). */
export const filesOf = ({ output, outputs }: Seen): Result.Result<ReadonlyArray<SeenFile>, string> => {
  const listed: ReadonlyArray<unknown> = Array.isArray(outputs) ? outputs : []
  return Result.all((listed.length > 0 ? listed : output == null ? [] : [output]).map(readFile))
}

/** S000 "Response shape": a sentence, or a list of what is wrong with which field. */
export const Fault = Schema.Struct({
  loc: Schema.Array(Schema.Union([Schema.String, Schema.Finite])),
  msg: Schema.String,
  type: Schema.String,
})
export type Fault = typeof Fault.Type
export const Refusal = Schema.Struct({ detail: Schema.Union([Schema.String, Schema.Array(Fault)]) })
/** The same as it is read: one fault that is odd hides no other. */
export const Refused = Schema.Struct({ detail: Schema.Union([Schema.String, Schema.Array(Schema.Unknown)]) })
export type Refusal = typeof Refusal.Type

const Envelope = Schema.Record(Schema.String, Schema.Unknown)
const Operationish = Schema.Struct({ id: Id, status: Schema.String })
const decodeOperationish = Schema.decodeUnknownResult(Operationish)
const isOperationish = (member: unknown) => Result.isSuccess(decodeOperationish(member))
const decodeEnvelope = Schema.decodeUnknownResult(Envelope)
const readSeen = Json.decoder(Seen, "the operation")

/**
 * Open an envelope. Its key is not the route's name (T-SP-4) and not documented for three routes, so the one member that
 * carries `id` and `status` is the operation, whatever it is called.
 */
export const open = (body: unknown, documented: string | undefined): Result.Result<Seen, string> => {
  const envelope = decodeEnvelope(body)
  if (Result.isFailure(envelope)) return Result.fail("the answer is not an object")
  const named = documented === undefined ? undefined : envelope.success[documented]
  const members = named === undefined ? Object.values(envelope.success).filter(isOperationish) : [named]
  const [member, second] = members
  if (member === undefined || second !== undefined) {
    return Result.fail(`the answer has ${members.length} members with an id and a status, one is expected`)
  }
  return readSeen(member)
}

/** One audio file of a result. */
export const Track = Schema.Struct({
  audio: Artifact.Embedded,
  duration: Schema.optionalKey(Seconds),
  kind: Schema.optionalKey(Schema.String),
})
export type Track = typeof Track.Type

export const Tracks = Schema.Struct({ outputs: Schema.NonEmptyArray(Track) })
export const OneTrack = /* @__PURE__ */ pure(() => Schema.Struct({ output: Track }))
