/** Arithmetic on instants that never overflows a date and never goes back. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"

/** A century is as good as for ever: no wait outlives it. */
export const longest = Duration.days(36_500)
/** The last instant that a date can hold, in milliseconds. */
const last = 8.64e15

/** The instant a span after another; an endless span is the longest there is, a negative one is none. */
export const later = (instant: DateTime.Utc, span: Duration.Duration): DateTime.Utc => {
  const millis = Math.max(0, Duration.toMillis(Duration.min(span, longest)))
  return DateTime.makeUnsafe(Math.min(DateTime.toEpochMillis(instant) + millis, last))
}
