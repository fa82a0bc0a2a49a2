/** The service's own words: what goes over the wire, under the names and units of its pages. */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Artifact from "@tenuto/core/Artifact"
import { pure } from "./pure.ts"

/** The service writes null for what is not there: contract 3.1 "run_id|null". */
const maybe = <S extends Schema.Top>(schema: S) => Schema.optional(Schema.NullOr(schema))

/** Milliseconds on the wire: contract 3.4 `duration_ms`, contract 3.1 `timeout_ms`. */
const fromMillis = SchemaTransformation.transform({
  decode: (millis: number) => Duration.millis(millis),
  encode: (duration: Duration.Duration) => Duration.toMillis(duration),
})
const Millis = Schema.Finite.pipe(Schema.decodeTo(Schema.Duration, fromMillis))

/** Contract 3.1: `timeout_ms` is a whole number from 10,000 to 1,800,000. */
export const Patience = /* @__PURE__ */ pure(() =>
  Schema.Int.check(Schema.isBetween({ minimum: 10_000, maximum: 1_800_000 })).pipe(
    Schema.decodeTo(Schema.Duration, fromMillis),
  ),
)

/** What is read by itself, and left out where it is odd: it must not hide the rest. */
const odd = Schema.optional(Schema.Unknown)

const ids = { task_id: maybe(Schema.String), run_id: maybe(Schema.String) }

/**
 * A task, and the head of every answer that has one (contract 3.4, 3.5).
 *
 * What is inside `result` and `error` is read only when the status says that it counts, and each name by itself.
 */
export const Task = Schema.Struct({
  task_id: odd,
  run_id: odd,
  status: Schema.optional(Schema.Unknown),
  phase: Schema.optional(Schema.Unknown),
  result: Schema.optional(Schema.Unknown),
  error: Schema.optional(Schema.Unknown),
  message: Schema.optional(Schema.Unknown),
})
export type Task = typeof Task.Type

/** What finished work gives: at the top of a synchronous answer, in `result` of a task (contract 3.4, 3.5). */
export const Payload = Schema.Struct({
  task_id: odd,
  run_id: odd,
  /** What was paid for: an answer whose link cannot be read is asked for again. */
  download_url: maybe(Schema.String),
  edit_url: odd,
  summary: odd,
  credits_used: odd,
  duration_ms: odd,
})
export type Payload = typeof Payload.Type

/** The error body (contract 3.6). A 408 may name what it leaves behind: S002 "from any response (successful or not)". */
export const Refusal = Schema.Struct({
  success: Schema.optional(Schema.Boolean),
  error: Schema.String,
  message: maybe(Schema.String),
  ...ids,
})
export type Refusal = typeof Refusal.Type

/** The same as it is read: the code decides, and nothing beside it hides it. */
export const Refused = Schema.Struct({ error: Schema.String, message: odd })

/** The other error body: contract 3.6, as the API reference shows it for validation (C-OV-2). */
export const Fault = Schema.Struct({
  loc: Schema.Array(Schema.Union([Schema.String, Schema.Finite])),
  msg: Schema.String,
  type: Schema.String,
})
export type Fault = typeof Fault.Type
export const Detail = Schema.Struct({ detail: Schema.Union([Schema.String, Schema.Array(Fault)]) })

/** The same as it is read: one fault that is odd hides no other. */
export const Detailed = Schema.Struct({ detail: Schema.Union([Schema.String, Schema.Array(Schema.Unknown)]) })

// --- what operations give -----------------------------------------------------------------------

const produced = {
  run_id: Schema.optionalKey(Schema.String),
  task_id: Schema.optionalKey(Schema.String),
  summary: Schema.optionalKey(Schema.String),
  credits_used: Schema.optionalKey(Schema.Finite),
  duration: Schema.optionalKey(Millis),
  document: Schema.optionalKey(Artifact.Embedded),
  editor: Schema.optionalKey(Artifact.Embedded),
}

/** What was made. Only the synchronous answer shows every field, so none is promised. */
export const Generated = Schema.Struct(produced)

/** The same, and the service's own answer where no page shows it. */
export const Answered = /* @__PURE__ */ pure(() => Schema.Struct({ ...produced, answer: Schema.Json }))

/** An answer that no page shows, as it stands; `id` where it names one. */
export const Named = /* @__PURE__ */ pure(() =>
  Schema.Struct({ id: Schema.optionalKey(Schema.String), answer: Schema.Json }),
)

/** What is told of the account: the answer also holds the secret that signs webhooks, so nothing else is passed on. */
export const Account = /* @__PURE__ */ pure(() =>
  Schema.Struct({
    org_id: Schema.optionalKey(Schema.String),
    status: Schema.optionalKey(Schema.String),
    tier: Schema.optionalKey(Schema.String),
  }),
)
