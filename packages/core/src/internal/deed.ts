/** Performs one deed within its time, and tells what happened as an event. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Contract from "../Contract.ts"
import type { Evidence } from "../Evidence.ts"
import type * as Lifecycle from "../Lifecycle.ts"
import type * as Operation from "../Operation.ts"
import type { Reason } from "../Reason.ts"
import type * as Remote from "../Remote.ts"

const together = (one: Duration.Duration, other: Duration.Duration): Duration.Duration =>
  Duration.millis(Duration.toMillis(one) + Duration.toMillis(other))

/** How long an answer may take: a held look has its hold on top. */
const limit = (operation: Operation.Any, action: Lifecycle.Action): Duration.Duration =>
  action._tag === "Submit"
    ? operation.contract.limits.submit
    : action._tag === "Look" && action.hold !== undefined
      ? together(action.hold, operation.contract.limits.answer)
      : operation.contract.limits.answer

/** What to perform, in the time that is left. */
export const of = (
  operation: Operation.Any,
  action: Extract<Lifecycle.Action, { readonly _tag: "Submit" | "Look" }>,
  left: Duration.Duration,
): Remote.Deed => {
  const within = Duration.min(left, limit(operation, action))
  return action._tag === "Submit"
    ? { ...action, within, isRepeatable: Contract.isRepeatable(operation.contract) }
    : { ...action, within }
}

/** The remote keeps to `within` by itself and knows best how far it got; this is the last resort. */
const grace = Duration.seconds(1)
export const perform = (remote: Remote.Shape, deed: Remote.Deed): Effect.Effect<Remote.Answer> =>
  Effect.timeoutOrElse(remote.perform(deed), {
    duration: together(deed.within, grace),
    orElse: () => Effect.succeed(nothing(deed, { _tag: "Timeout" })),
  }).pipe(Effect.map((answer) => (answers[deed._tag].has(answer._tag) ? answer : nothing(deed, unfit(answer)))))

/** What each deed can establish; without this, a remote that answers something else would be asked again at once. */
const answers: Readonly<Record<Remote.Deed["_tag"], ReadonlySet<Remote.Answer["_tag"]>>> = {
  Submit: new Set(["Accepted", "Rejected", "Uncertain"]),
  Look: new Set(["Observed", "Unseen", "Lost"]),
  Cancel: new Set(["Observed", "Unseen", "Lost"]),
  Answer: new Set(["Observed", "Unseen", "Lost"]),
}
const unfit = ({ _tag }: Remote.Answer): Reason => ({
  _tag: "Malformed",
  problem: `${_tag} does not answer what was asked`,
})

/** Where a deed belongs in the life of the work. */
const stageOf = { Submit: "submit", Look: "look", Cancel: "cancel", Answer: "answer" } as const satisfies Record<
  Remote.Deed["_tag"],
  Evidence["stage"]
>

const nothing = (deed: Remote.Deed, reason: Reason): Remote.Answer => {
  const stage = stageOf[deed._tag]
  return { _tag: deed._tag === "Submit" ? "Uncertain" : "Unseen", reason, evidence: { stage } }
}

/** What a delivery told has happened already; an answer gets its instant here. */
export const stamp = (
  answer: Remote.Answer | Lifecycle.Event,
  entry: string,
  at: DateTime.Utc,
  began: DateTime.Utc,
  action: Lifecycle.Action,
  retained: DateTime.Utc | undefined,
): Lifecycle.Event => {
  if ("at" in answer) return answer
  // What the service no longer keeps it did know once.
  const isOver = retained !== undefined && DateTime.isGreaterThan(at, retained)
  if (answer._tag === "Lost" && isOver && answer.reason._tag !== "Retired") {
    return { ...answer, at, reason: { _tag: "Gone" } }
  }
  if (answer._tag === "Accepted") return { ...answer, at, handle: { ...answer.handle, entry } }
  if (answer._tag !== "Observed" && answer._tag !== "Unseen") return { ...answer, at }
  return { ...answer, at, began, ...(action._tag === "Look" && action.hold !== undefined ? { hold: action.hold } : {}) }
}
