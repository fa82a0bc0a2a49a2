/** Instants: as ISO text in JSON, and arithmetic that never overflows a date and never goes back. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"

/** A century is as good as for ever: no wait outlives it. */
export const longest = Duration.days(36_500)
/** The last instant that a date can hold, in milliseconds. */
const last = 8.64e15

const at = (millis: number): DateTime.Utc => DateTime.makeUnsafe(Math.max(-last, Math.min(millis, last)))

const isUtc = (value: unknown): value is DateTime.Utc => DateTime.isDateTime(value) && DateTime.isUtc(value)
const Utc = Schema.declare(isUtc, {
  toCodec: () =>
    Schema.link<DateTime.Utc>()(Schema.Int, {
      decode: SchemaGetter.transform(at),
      encode: SchemaGetter.transform(DateTime.toEpochMillis),
    }),
})
const Iso = Schema.String.check(
  Schema.makeFilter((text: string) => Option.isSome(DateTime.make(text)) || "must be an ISO 8601 instant"),
)

/** `Schema.DateTimeUtcFromString`, for a quarter of what that ships to a browser. */
export const Instant = Iso.pipe(
  Schema.decodeTo(Utc, {
    decode: SchemaGetter.transform((text: string) => DateTime.toUtc(DateTime.makeUnsafe(text))),
    encode: SchemaGetter.transform(DateTime.formatIso),
  }),
)

/** The instant a span after another; an endless span is the longest there is, a negative one is none. */
export const later = (instant: DateTime.Utc, span: Duration.Duration): DateTime.Utc =>
  at(DateTime.toEpochMillis(instant) + Math.max(0, Duration.toMillis(Duration.min(span, longest))))

/** The instant a span before another; an endless span is the longest there is, a negative one is none. */
export const earlier = (instant: DateTime.Utc, span: Duration.Duration): DateTime.Utc =>
  at(DateTime.toEpochMillis(instant) - Math.max(0, Duration.toMillis(Duration.min(span, longest))))
