/** The service's own words: what goes over the wire, under the names and units of its pages. */
import * as Schema from "effect/Schema"
import { pure } from "./pure.ts"

const Id = Schema.String.check(Schema.makeFilter((text: string) => text !== "" || "must not be empty"))
const maybe = Schema.optionalKey(Schema.NullOr(Schema.String))

/** W:/api-reference/ "Response": the answer to a POST. It has no status; an answer without a transcript names a project. */
export const Created = Schema.Struct({ projectId: Id, transcriptId: maybe })
export type Created = typeof Created.Type

/** S003 `status["status"]`: all that any page shows of a project. What else is there may hold links, and is not read. */
export const Project = Schema.Struct({ status: Schema.String })
export type Project = typeof Project.Type

/**
 * S003 "Error Response Format", and `retryAfterMs` in milliseconds from "Rate Limit Response".
 *
 * Only the sentence has to be what the page says: a body that is odd elsewhere must not hide it.
 */
export const Refusal = Schema.Struct({
  error: Schema.String,
  details: Schema.optionalKey(Schema.Unknown),
  retryAfterMs: Schema.optionalKey(Schema.Unknown),
})
export type Refusal = typeof Refusal.Type

/** What one operation gives back: names, and the word that ended the wait. */
export const Transcribed = Schema.Struct({
  projectId: Schema.String,
  transcriptId: Schema.optionalKey(Schema.String),
  status: Schema.String,
})
export type Transcribed = typeof Transcribed.Type

/** W:/api-reference/webhooks/ "Payload Format": thin, for it has no result and no reason. */
export const Delivery = /* @__PURE__ */ pure(() =>
  Schema.Struct({
    event: Schema.String,
    projectId: Id,
    externalRef: maybe,
    status: Schema.optionalKey(Schema.String),
    timestamp: Schema.String,
  }),
)
export type Delivery = typeof Delivery.Type
