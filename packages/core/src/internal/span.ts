/** A span as milliseconds in JSON, which has no word for infinity: what is longer than it can hold is the longest it can. */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

const longest = Number.MAX_VALUE

export const Span = Schema.Finite.pipe(
  Schema.decodeTo(Schema.Duration, {
    decode: SchemaGetter.transform(Duration.millis),
    encode: SchemaGetter.transform((span) => Math.max(-longest, Math.min(Duration.toMillis(span), longest))),
  }),
)
