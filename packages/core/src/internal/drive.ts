/**
 * The driver: reads the next action, waits until its instant, does it, folds what happened. The only loop.
 *
 * It decides nothing itself; with the job it opens, it alone reads the clock and draws the die.
 *
 * Law 5: ahead of the deed, the journal holds the intent before the first byte leaves.
 * Law 7: the deadline bounds everything; interrupting leaves nothing behind and is seen at once.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { Inbox } from "../Inbox.ts"
import type * as Journal from "../Journal.ts"
import * as Lifecycle from "../Lifecycle.ts"
import * as Misuse from "../Misuse.ts"
import type * as Operation from "../Operation.ts"
import * as Deed from "./deed.ts"
import type * as End from "./end.ts"
import { later } from "./instant.ts"
import type * as Job from "./job.ts"
import * as Turn from "./turn.ts"

/**
 * How long to wait, with its unit; the contract's own span when absent. Ending the wait leaves the work going on.
 */
export interface Wait {
  readonly within?: Misuse.Span
}

/**
 * One step of a run: what happened, or what is about to be done and when.
 *
 * `Unsaved` says that the journal could not take what has happened; the run goes on, and tries again with the next event.
 */
export type Step =
  | { readonly _tag: "Happened"; readonly event: Lifecycle.Event; readonly state: Lifecycle.State }
  | { readonly _tag: "Planned"; readonly action: Lifecycle.Action; readonly state: Lifecycle.State }
  | { readonly _tag: "Unsaved"; readonly trouble: Journal.Unusable; readonly state: Lifecycle.State }

/** Sees every step, for progress and reports; the run waits for it. The default watches nothing. */
export const Watcher = Context.Reference<(step: Step) => Effect.Effect<void>>("@tenuto/core/Client/Watcher", {
  defaultValue: () => () => Effect.void,
})

/** Drive a job until its state is enough, or nothing more may be done. Errors: those of opening it; `Unusable`. */
export const drive = Effect.fnUntraced(function* <O extends Operation.Any, E, R>(
  open: Effect.Effect<Job.Job<O>, E, R>,
  wait: Wait | undefined,
  isEnough: (state: Lifecycle.State) => boolean,
): Effect.fn.Return<End.End<O>, E | Journal.Unusable, R> {
  yield* Misuse.check(Misuse.duration("within", wait?.within))
  const watch = yield* Watcher
  const since = yield* DateTime.now
  const from = yield* Clock.monotonicTimeNanos
  // The wall clock may be set back in the middle of a wait; what has passed since has passed all the same.
  const tell = Effect.zipWith(DateTime.now, Clock.monotonicTimeNanos, (wall, nanos) =>
    DateTime.max(wall, later(since, Duration.millis(Number((nanos - from) / 1_000_000n)))),
  )
  const inbox = yield* Inbox
  const job = yield* open // Part of the wait: another process may keep the journal for long.
  const { operation, page, remote } = job
  const contract = { ...operation.contract, ...(remote.cadence === undefined ? {} : { cadence: remote.cadence }) }
  const hearing = inbox.listen(remote, tell)
  const deadline = later(since, Duration.fromInputUnsafe(wait?.within ?? contract.limits.wait))
  let state = Lifecycle.anew(job.state, contract)
  let unsaved = job.unsaved
  for (const event of unsaved) yield* watch({ _tag: "Happened", event, state })

  const happen = (event: Lifecycle.Event) => {
    state = Lifecycle.apply(state, event)
    if (Lifecycle.isKept(event)) unsaved = [...unsaved, event]
    return watch({ _tag: "Happened", event, state })
  }
  const save = Effect.suspend(() =>
    unsaved.length === 0 ? Effect.void : Effect.map(page.append(unsaved), () => void (unsaved = [])),
  )
  // After a deed its truth must not be hidden by trouble with the journal, unless another driver has taken over.
  const saveAfter = Effect.catch(save, (trouble) => {
    if (trouble.problem !== "Fenced") return watch({ _tag: "Unsaved", trouble, state })
    return Effect.fail(Lifecycle.isAccepted(state) ? trouble.with(Lifecycle.handleOf(state)) : trouble)
  })

  while (!isEnough(state)) {
    const now = yield* tell
    const action = Lifecycle.next(state, { contract, now, since, deadline, die: yield* Random.next })
    yield* watch({ _tag: "Planned", action, state })
    if (action._tag === "Finish") break
    if (action._tag === "Stop") {
      const { evidence, reason, truth } = action
      if (truth === "Rejected" || truth === "Uncertain") yield* happen({ _tag: "Stopped", at: now, reason, evidence })
      yield* saveAfter
      return { operation, state, stop: action, at: now }
    }
    // A crash while we wait, for an instant or in the line of a budget, must lose neither a handle that was brought nor
    // that it was asked again; a submit that waits for nothing saves it with its own intent.
    const isWaiting = DateTime.isGreaterThan(action.at, now) || remote.admit !== undefined
    if (action._tag === "Look" || isWaiting) yield* saveAfter
    const told = yield* Turn.come(remote, action, deadline, tell, hearing)
    if (told !== undefined) {
      yield* happen(told)
      yield* saveAfter
      continue
    }
    const began = yield* tell
    const end = action._tag === "Submit" ? DateTime.min(deadline, action.before ?? deadline) : deadline
    // A process that was suspended wakes late.
    if (DateTime.isGreaterThanOrEqualTo(began, end)) continue
    let ready = began
    if (action._tag === "Submit") {
      yield* happen({ _tag: "Sending", at: began })
      yield* save
      // Writing takes its time, and a process may stand still in the middle of it.
      ready = yield* tell
      if (DateTime.isGreaterThanOrEqualTo(ready, end)) {
        yield* happen({ _tag: "Rejected", at: ready, reason: { _tag: "Timeout" }, evidence: { stage: "submit" } })
        continue
      }
      // Whoever took the entry over meanwhile has told what is true of it: nothing of ours may leave any more.
      if (Duration.isGreaterThan(DateTime.distance(began, ready), moment)) yield* page.append([])
    }
    const deed = Deed.of(operation, action, DateTime.distance(ready, deadline))
    yield* Effect.uninterruptibleMask((restore) =>
      restore(hearing.unlessEnded(action, Deed.perform(remote, deed))).pipe(
        Effect.flatMap((answer) =>
          Effect.map(tell, (at) =>
            Deed.stamp(answer, job.entry, at, began, action, Lifecycle.retainedUntil(state, contract)),
          ),
        ),
        Effect.flatMap(happen),
        Effect.andThen(saveAfter),
      ),
    )
  }
  yield* saveAfter
  return { operation, state, at: yield* tell }
})

/** Shorter than anything that costs a driver its entry. */
const moment = Duration.millis(50)
