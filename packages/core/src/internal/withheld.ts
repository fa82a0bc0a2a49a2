/** A secret text that is kept in memory only: encoding leaves it out, printing never shows it. */
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

const isSecret = (value: unknown): value is Redacted.Redacted<string> =>
  Redacted.isRedacted(value) && typeof Redacted.value(value) === "string"

/** `Schema.Redacted` of a string, for a quarter of what that ships to a browser. */
const Secret = Schema.declare(isSecret, {
  toCodec: () =>
    Schema.link<Redacted.Redacted<string>>()(Schema.String, {
      decode: SchemaGetter.transform((text: string) => Redacted.make(text)),
      encode: SchemaGetter.transform(Redacted.value),
    }),
})

export const Withheld = Schema.optionalKey(Schema.String).pipe(
  Schema.decodeTo(Schema.optionalKey(Secret), { decode: SchemaGetter.omit(), encode: SchemaGetter.omit() }),
)
