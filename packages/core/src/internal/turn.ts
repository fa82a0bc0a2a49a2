/** Waits until an action may be done: its instant, and its place in the budget that is shared on one credential. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Lifecycle from "../Lifecycle.ts"
import type { Shape } from "../Remote.ts"
import type { Hearing } from "./hearing.ts"

/** Timers hold at most some 24 days; longer pauses are slept in days. */
const longestSleep = Duration.days(1)

const sleepUntil = (instant: DateTime.Utc, tell: Effect.Effect<DateTime.Utc>): Effect.Effect<void> =>
  Effect.flatMap(tell, (now) => {
    const rest = DateTime.distance(now, instant)
    if (Duration.isLessThanOrEqualTo(rest, Duration.zero)) return Effect.void
    return Effect.andThen(Effect.sleep(Duration.min(rest, longestSleep)), sleepUntil(instant, tell))
  })

/**
 * Wait for it, or be told by a delivery. `Postponed` says that the budget has no room before the deadline; then nothing
 * was waited for.
 */
export const come = (
  { admit }: Shape,
  action: Extract<Lifecycle.Action, { readonly at: DateTime.Utc }>,
  deadline: DateTime.Utc,
  tell: Effect.Effect<DateTime.Utc>,
  { unlessEnded, whileWaiting }: Hearing,
): Effect.Effect<Lifecycle.Event | void> => {
  const slept = whileWaiting(action, sleepUntil(action.at, tell))
  if (admit === undefined) return slept
  const admitted = Effect.gen(function* () {
    const left = DateTime.distance(yield* tell, deadline)
    const retryAfter = yield* admit(action._tag, left)
    return retryAfter === undefined ? undefined : ({ _tag: "Postponed", at: yield* tell, retryAfter } as const)
  })
  // Who stands in line would go to its end if a mere prompt called it away.
  return Effect.flatMap(slept, (told) => (told === undefined ? unlessEnded(action, admitted) : Effect.succeed(told)))
}
