/** A secret text that is kept in memory only: encoding leaves it out, printing never shows it. */
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

export const Withheld = Schema.optionalKey(Schema.String).pipe(
  Schema.decodeTo(Schema.optionalKey(Schema.Redacted(Schema.String)), {
    decode: SchemaGetter.omit(),
    encode: SchemaGetter.omit(),
  }),
)
