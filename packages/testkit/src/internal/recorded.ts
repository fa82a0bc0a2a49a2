/** One recorded exchange as it stands in a file; spans are milliseconds there, and `Duration` here. */
import { Unanswered, Unsent } from "@tenuto/http/Transport"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const content = {
  json: Schema.optionalKey(Schema.Json),
  text: Schema.optionalKey(Schema.String),
  bytes: Schema.optionalKey(Schema.Uint8ArrayFromBase64),
}
const headers = Schema.Record(Schema.String, Schema.String).pipe(
  Schema.withConstructorDefault(Effect.succeed({})),
  Schema.withDecodingDefaultKey(Effect.succeed({})),
)
const span = Schema.DurationFromMillis.pipe(
  Schema.withConstructorDefault(Effect.succeed(Duration.zero)),
  Schema.withDecodingDefaultKey(Effect.succeed(0)),
)

/** What was sent. `url` may be without an origin in a cassette that is written by hand. */
export const Asked = Schema.Struct({ method: Schema.String, url: Schema.String, headers, ...content }).pipe(
  Schema.encodeKeys({ bytes: "base64" }),
)
export type Asked = typeof Asked.Type

/** What came back. `isCut`: the body went on, and was not read or did not arrive. */
export const Answered = Schema.Struct({
  status: Schema.Int.check(Schema.isBetween({ minimum: 100, maximum: 999 })),
  headers,
  ...content,
  isCut: Schema.optionalKey(Schema.Boolean),
}).pipe(Schema.encodeKeys({ bytes: "base64" }))
export type Answered = typeof Answered.Type

/** How it went wrong; a `TooLarge` says what the client was ready to read. */
export const Failed = Schema.Union([
  Schema.Struct({ unsent: Unsent.fields.problem }),
  Schema.Struct({ unanswered: Unanswered.fields.problem, maxBytes: Schema.optionalKey(Schema.Int) }),
])
export type Failed = typeof Failed.Type

/** One exchange; without an answer and without a failure the client gave up. */
export const Exchange = Schema.Struct({
  /** When it was sent, since the beginning. */
  at: span,
  request: Asked,
  /** When the first line of the answer came, since it was sent, if its body was streamed. */
  head: Schema.optionalKey(Schema.DurationFromMillis),
  response: Schema.optionalKey(Answered),
  failure: Schema.optionalKey(Failed),
  /** How long the service was waited for. */
  took: span,
}).pipe(Schema.encodeKeys({ at: "atMs", head: "headMs", took: "tookMs" }))
export type Exchange = typeof Exchange.Type
