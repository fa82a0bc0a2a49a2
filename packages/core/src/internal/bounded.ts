/** What a clock that ran ahead, or was set back since, wrote as the future: bounded by the present. */
import * as DateTime from "effect/DateTime"
import type { Event } from "./history.ts"

/** Nothing happened after now. What was asked for a span keeps its span, which then begins now. */
export const bounded = (event: Event, now: DateTime.Utc): Event => {
  if (DateTime.isLessThanOrEqualTo(event.at, now)) return event
  return "began" in event ? { ...event, at: now, began: DateTime.min(event.began, now) } : { ...event, at: now }
}
