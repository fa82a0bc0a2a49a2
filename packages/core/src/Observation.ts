/**
 * One look at the work, however it reached us: by a poll, a delivery, or the answer to the submit itself.
 *
 * A word that is not known is `Unrecognised`: neither a success nor a failure (law 9).
 *
 * @example
 * ```ts
 * import * as Observation from "@tenuto/core/Observation"
 *
 * const seen: Observation.Observation = { _tag: "Unrecognised", word: "marinating" }
 * console.log(Observation.isPending(seen)) // true: a word that nobody knows ends nothing
 * ```
 */
import * as Schema from "effect/Schema"
import { Tree } from "./Artifact.ts"
import { Message } from "./Evidence.ts"
import { Reason } from "./Reason.ts"
import { pure } from "./internal/pure.ts"

/** What the answer says of when to look again and cannot mean, word for word; it was used for nothing. */
const unusedHint = Schema.optionalKey(Schema.String)

/** The work has not ended: it goes on, says a word that is not known, or waits for its caller. */
export const Ongoing = Schema.Union([
  Schema.TaggedStruct("Pending", {
    word: Schema.String,
    phase: Schema.optionalKey(Schema.String),
    /** Between 0 and 1. */
    progress: Schema.optionalKey(Schema.Finite),
    unusedHint,
  }),
  Schema.TaggedStruct("Unrecognised", { word: Schema.String, unusedHint }),
  /** It is paused until its caller answers. `question` is what is asked, as the service's reader gives it. */
  Schema.TaggedStruct("InputRequired", {
    word: Schema.String,
    question: Tree,
    message: Schema.optionalKey(Message),
    unusedHint,
  }),
])
export type Ongoing = typeof Ongoing.Type

/** What there is of the result where the work did not end well; files stand in it as artifacts, under their own names. */
const partial = { output: Schema.optionalKey(Tree) }

/**
 * One look. `word` and `code` are the service's own, kept for people and logs.
 *
 * Work that failed, was cancelled or expired may have a part of its result all the same: `output` holds it as the service's
 * reader gives it, which need not satisfy the operation's whole schema.
 */
export const Observation = /* @__PURE__ */ pure(() =>
  Schema.Union([
    ...Ongoing.members,
    Schema.TaggedStruct("Succeeded", { word: Schema.String, output: Tree }),
    Schema.TaggedStruct("Failed", {
      word: Schema.String,
      reason: Reason,
      code: Schema.optionalKey(Schema.String),
      message: Schema.optionalKey(Message),
      /** The service's name for the exchange that said so. */
      requestId: Schema.optionalKey(Schema.String),
      /** Further names that it gave, such as a run. */
      also: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
      ...partial,
    }),
    Schema.TaggedStruct("Cancelled", { word: Schema.String, ...partial }),
    Schema.TaggedStruct("Expired", { word: Schema.String, ...partial }),
  ]),
)
export type Observation = typeof Observation.Type

/** Tell whether the work has not ended as far as this look can tell. */
export const isPending = (observation: Observation): observation is Ongoing =>
  observation._tag === "Pending" || observation._tag === "Unrecognised" || observation._tag === "InputRequired"
