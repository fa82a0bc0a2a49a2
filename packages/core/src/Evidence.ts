/**
 * What was seen when something went wrong: enough for a support ticket, never a credential, a header or a signed link.
 *
 * @example
 * ```ts
 * import * as Evidence from "@tenuto/core/Evidence"
 *
 * const message = Evidence.secret("the key spk_1 was revoked")
 * const evidence: Evidence.Evidence = { stage: "look", status: 401, message }
 * console.log(JSON.stringify(evidence).includes("spk_1")) // false
 * ```
 */
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Span } from "./internal/span.ts"
import { Withheld } from "./internal/withheld.ts"

/** Where in the life of the work it was seen. The same answer means different things at different stages. */
export const Stage = Schema.Literals(["draft", "submit", "look", "settle", "download", "cancel", "answer"])
export type Stage = typeof Stage.Type

/** Text of a service and who may read it. Secret text is kept in memory only and never prints. */
export const Message = Schema.Union([
  Schema.TaggedStruct("EndUser", { text: Schema.String }),
  Schema.TaggedStruct("Developer", { text: Schema.String }),
  Schema.TaggedStruct("Secret", { text: Withheld }),
])
export type Message = typeof Message.Type

/** What was seen. `status` and `code` are the service's own. */
export const Evidence = Schema.Struct({
  stage: Stage,
  status: Schema.optionalKey(Schema.Int),
  code: Schema.optionalKey(Schema.String),
  message: Schema.optionalKey(Message),
  /** What the service says beside the message and nobody may see: in memory only, never in print. */
  details: Withheld,
  /** The service's name for the exchange, for its support desk. */
  requestId: Schema.optionalKey(Schema.String),
  /** How long the service asked to be left alone, where that is why a wait ended and no reason says so. */
  retryAfter: Schema.optionalKey(Span),
  /** A hint of the service that cannot be meant, word for word; it was used for nothing. */
  unusedHint: Schema.optionalKey(Schema.String),
  /** Further names seen in the answer, such as a run or a task. */
  also: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
})
export type Evidence = typeof Evidence.Type

/** Make text for people who use the product. */
export const endUser = (text: string): Message => ({ _tag: "EndUser", text })

/** Make text for people who write the product: the choice for anything a service does not declare safe. */
export const developer = (text: string): Message => ({ _tag: "Developer", text })

/** Make text for nobody's screen. */
export const secret = (text: string): Message => ({ _tag: "Secret", text: Redacted.make(text) })
