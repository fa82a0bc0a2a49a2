/** When a wait may act: the present, its deadline, and chance. */
import * as DateTime from "effect/DateTime"
import type { Contract } from "../Contract.ts"

/** What `next` may know besides the state. `since` is when this wait began; `die`, in [0, 1), lengthens pauses. */
export interface Moment {
  readonly contract: Contract
  readonly now: DateTime.Utc
  readonly since: DateTime.Utc
  readonly deadline: DateTime.Utc
  readonly die: number
}

/** A pause longer than the deadline allows ends the wait at once; nothing is begun at or after the deadline. */
export const isWithin = (at: DateTime.Utc, { deadline, now }: Moment): boolean =>
  DateTime.isLessThan(now, deadline) && DateTime.isLessThan(at, deadline)

/** Chance alone ends no wait: what would come too late for the deadline comes as soon as it may. */
export const timely = (moment: Moment, at: (die: number) => DateTime.Utc): DateTime.Utc => {
  const drawn = at(moment.die)
  return isWithin(drawn, moment) ? drawn : at(0)
}
