/** What a new wait goes by: a hint longer than the contract believes counts for the wait that it was given to. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import type { Contract } from "../Contract.ts"
import type { State } from "./history.ts"
import type { Reason } from "../Reason.ts"

/**
 * Read a state as a wait does that begins with it: a hint longer than the contract believes was for an earlier wait, and is
 * forgotten.
 */
export const anew = (state: State, { limits }: Contract): State => {
  const isMeant = (hint: Duration.Duration | undefined) =>
    hint === undefined || Duration.isLessThanOrEqualTo(hint, limits.hint)
  const believed = (reason: Reason): Reason => {
    if (!("retryAfter" in reason) || isMeant(reason.retryAfter)) return reason
    const { retryAfter: _, ...rest } = reason
    return rest
  }
  if (state._tag === "Drafted" || state._tag === "Uncertain") {
    const { last } = state
    return last === undefined ? state : { ...state, last: { ...last, reason: believed(last.reason) } }
  }
  if (state._tag !== "Pending") return state
  const { toldAt, trouble, until, ...looks } = state.looks
  const isAsked = toldAt !== undefined && until !== undefined && isMeant(DateTime.distance(toldAt, until))
  return {
    ...state,
    looks: {
      ...looks,
      ...(isAsked ? { toldAt, until } : {}),
      ...(trouble === undefined ? {} : { trouble: believed(trouble) }),
    },
  }
}
