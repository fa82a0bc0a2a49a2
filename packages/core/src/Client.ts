/**
 * The driver: reads the next action, waits until its instant, does it, folds what happened. The only loop.
 *
 * It decides nothing itself; with the job it opens, it alone reads the clock and draws the die.
 *
 * Law 5: ahead of the deed, the journal holds the intent before the first byte leaves.
 * Law 7: the deadline bounds everything; interrupting leaves nothing behind and is seen at once.
 * Law 8: ending the wait is not cancelling the work; both exist, and say what they did.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Client from "@tenuto/core/Client"
 * import type { Handle } from "@tenuto/core/Handle"
 * import * as Soundpiece from "@tenuto/soundpiece"
 *
 * const song = Soundpiece.newSong({ lyrics: "Hold the note", prompt: "Slow waltz" }) // a value; nothing has left
 * export const atOnce = Client.run(song, { within: "5 minutes" }).pipe(
 *   Effect.provideService(Client.Watcher, (step) => Effect.logDebug(step._tag)),
 *   Effect.catchTag("Overdue", ({ handle }) => Effect.succeed(handle)), // it goes on there; settle it later
 * )
 * export const inSteps = Effect.gen(function* () {
 *   const handle = yield* Client.submit(song) // all that is needed to find the work again
 *   const seen = yield* Client.look(Soundpiece.newSong, handle)
 *   if (seen._tag === "Unrecognised") return yield* Client.cancel(Soundpiece.newSong, handle)
 *   return yield* Client.settle(Soundpiece.newSong, handle)
 * })
 * export const many = (handles: ReadonlyArray<Handle>) => Client.settleAll(Soundpiece.newSong, handles)
 * export const afterACrash = Client.recover(Object.values(Soundpiece.operations))
 * ```
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import * as Artifact from "./Artifact.ts"
import type { Evidence } from "./Evidence.ts"
import * as Failure from "./Failure.ts"
import type { Handle } from "./Handle.ts"
import * as Deed from "./internal/deed.ts"
import * as Job from "./internal/job.ts"
import * as End from "./internal/end.ts"
import { later } from "./internal/instant.ts"
import * as Turn from "./internal/turn.ts"
import { Inbox } from "./Inbox.ts"
import * as Journal from "./Journal.ts"
import * as Lifecycle from "./Lifecycle.ts"
import { isPending, type Observation } from "./Observation.ts"
import type * as Operation from "./Operation.ts"
import * as Remote from "./Remote.ts"

// --- options and progress -----------------------------------------------------------------------

/** How long to wait; the contract's own span when absent. Ending the wait leaves the work going on. */
export interface Wait {
  readonly within?: Duration.Input
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

/** What every verb that drives needs: the service, and a journal. */
export type Needs<O extends Operation.Any> = Remote.Remote<O["service"]> | Journal.Journal

// --- verbs --------------------------------------------------------------------------------------

/**
 * Submit a draft and return its handle. It is sent again only where that is lawful.
 *
 * Asking twice with one key, or one reference where the service takes no keys, asks for the same work: the journal's
 * entry is gone on with.
 *
 * Errors: `Rejected`, `Uncertain`; `Unusable` (the journal).
 */
export const submit = <O extends Operation.Any>(
  draft: Operation.Draft<O>,
  wait?: Wait,
): Effect.Effect<Handle, Failure.Submitting | Journal.Unusable, Needs<O>> =>
  drive(Job.fromDraft(draft), wait, Lifecycle.isAccepted).pipe(Effect.flatMap(End.handle), Effect.scoped)

/**
 * Submit a draft, wait until the work is settled and return its output.
 *
 * Errors: `Rejected`, `Uncertain`, `Failed`, `Cancelled`, `Expired`, `Lost`, `Overdue`, `Unseen`; `Unusable` (the journal).
 */
export const run = <O extends Operation.Any>(
  draft: Operation.Draft<O>,
  wait?: Wait,
): Effect.Effect<
  Operation.Output<O>,
  Failure.Submitting | Failure.Settling<Operation.Code<O>> | Journal.Unusable,
  Needs<O>
> =>
  drive(Job.fromDraft(draft), wait, Lifecycle.isSettled).pipe(
    Effect.flatMap((end) => End.output<O>(end)),
    Effect.scoped,
  )

/**
 * Look once and say what was seen. Nothing is waited for and nothing is kept.
 *
 * Errors: `Unseen`, `Lost`.
 */
export const look = <O extends Operation.Any>(
  operation: O,
  handle: Handle,
): Effect.Effect<Observation, Failure.Unseen | Failure.Lost, Remote.Remote<O["service"]>> =>
  Effect.gen(function* () {
    const remote = yield* Job.remoteFor(operation, handle)
    const answer = yield* Deed.perform(remote, { _tag: "Look", handle, within: operation.contract.limits.answer })
    return yield* End.observation(handle, yield* DateTime.now, answer)
  })

/**
 * Wait until the work behind a handle is settled and return its output.
 *
 * Errors: `Failed`, `Cancelled`, `Expired`, `Lost`, `Overdue`, `Unseen`; `Unusable` (the journal).
 */
export const settle = <O extends Operation.Any>(
  operation: O,
  handle: Handle,
  wait?: Wait,
): Effect.Effect<Operation.Output<O>, Failure.Settling<Operation.Code<O>> | Journal.Unusable, Needs<O>> =>
  drive(Job.fromHandle(operation, handle), wait, Lifecycle.isSettled).pipe(
    Effect.flatMap((end) => End.settled<O>(end)),
    Effect.scoped,
  )

/** Settle many handles at once; each has its own result, in the order given. Errors: none, they stand in the results. */
export const settleAll = <O extends Operation.Any>(
  operation: O,
  handles: ReadonlyArray<Handle>,
  wait?: Wait,
): Effect.Effect<
  ReadonlyArray<Result.Result<Operation.Output<O>, Failure.Settling<Operation.Code<O>> | Journal.Unusable>>,
  never,
  Needs<O>
> =>
  Effect.forEach(handles, (handle) => Effect.result(End.sound(handle.id, settle(operation, handle, wait))), {
    concurrency: "unbounded",
  })

/** What became of one entry that an earlier process left open. */
export interface Recovered<O extends Operation.Any> {
  readonly entry: string
  /** Absent where the entry could not be held or read. */
  readonly operation?: O
  /** Absent where the service has not taken the work. */
  readonly handle?: Handle
  readonly result: Result.Result<
    Operation.Output<O>,
    Failure.Submitting | Failure.Settling<Operation.Code<O>> | Journal.Unusable
  >
}

/** What is open: the entries of the account that asks, and how many there are of other accounts. */
export interface Unsettled {
  readonly entries: ReadonlyArray<Required<Journal.Unsettled>>
  readonly others: number
}

/**
 * List what the journal holds open for these operations and for the account of their credential.
 *
 * Errors: `Unusable` (the journal cannot be listed).
 */
export const unsettled = <O extends Operation.Any>(
  operations: ReadonlyArray<O>,
): Effect.Effect<Unsettled, Journal.Unusable, Needs<O>> =>
  Effect.gen(function* () {
    const accounts = new Map<string, string>()
    for (const { service } of operations) {
      const remote = yield* Effect.service(Remote.of<O["service"]>(service))
      if (!accounts.has(service)) accounts.set(service, yield* Job.accountOf(remote))
    }
    const open = (yield* (yield* Journal.Journal).unsettled).filter(({ service }) => accounts.has(service))
    const entries = open.flatMap(({ account, entry, service }) =>
      account !== undefined && account === accounts.get(service) ? [{ account, entry, service }] : [],
    )
    return { entries, others: open.length - entries.length }
  })

/**
 * Go on with everything the journal holds open for these operations, as if nothing had happened.
 *
 * Each entry has its own result. One that another process is driving comes back as `Unusable` with the problem `Held`,
 * untouched. Entries of other accounts are not touched either: `others` says how many are open.
 *
 * Errors: `Unusable` (the journal cannot be listed).
 */
export const recover = <O extends Operation.Any>(
  operations: ReadonlyArray<O>,
  wait?: Wait,
): Effect.Effect<ReadonlyArray<Recovered<O>> & Pick<Unsettled, "others">, Journal.Unusable, Needs<O>> =>
  Effect.gen(function* () {
    const { entries, others } = yield* unsettled(operations)
    const recovered = yield* Effect.forEach(
      entries,
      (open) =>
        Effect.gen(function* () {
          const end = yield* Effect.scoped(drive(Job.fromEntry(operations, open), wait, Lifecycle.isSettled))
          const result = yield* Effect.result(End.output<O>(end))
          const handle = Lifecycle.isAccepted(end.state) ? { handle: Lifecycle.handleOf(end.state) } : {}
          return { entry: open.entry, operation: end.operation, ...handle, result }
        }).pipe(
          (one) => End.sound(open.entry, one),
          Effect.catch((failure) => Effect.succeed({ entry: open.entry, result: Result.fail(failure) })),
        ),
      { concurrency: "unbounded" },
    )
    // Not enumerable: a list that is compared or printed is the list of its results.
    return Object.defineProperty(recovered as typeof recovered & { others: number }, "others", { value: others })
  })

/**
 * Get a fresh link for a file: by one more look, or as its service gives links.
 *
 * Errors: `Unseen` (not for now; while looks are held back nothing is sent), `Lost` (the work or the file is gone).
 */
export const renew = <O extends Operation.Any>(
  operation: O,
  artifact: Artifact.Artifact,
): Effect.Effect<Artifact.Artifact, Failure.Unseen | Failure.Lost, Remote.Remote<O["service"]>> =>
  Effect.gen(function* () {
    const { handle, name } = artifact
    const missed = (miss: Parameters<typeof End.missed>[2]) =>
      Effect.flatMap(DateTime.now, (now) => End.missed(handle, now, miss))
    const remote = yield* Job.remoteFor(operation, handle)
    // Law 6: what one who looks was told holds back all who look.
    const retryAfter = yield* remote.admit?.("Look", Duration.zero) ?? Effect.undefined
    if (retryAfter !== undefined) {
      return yield* missed({ _tag: "Unseen", reason: { _tag: "RateLimited", retryAfter }, evidence: { stage: "look" } })
    }
    const renewal = yield* remote.renew?.(artifact, operation.contract.limits.answer) ?? Effect.undefined
    if (renewal !== undefined) return renewal._tag === "Renewed" ? renewal.artifact : yield* missed(renewal)
    const seen = yield* look(operation, handle)
    const evidence: Evidence = { stage: "download" }
    // Law 9: a word that nobody knows says nothing about the file.
    if (isPending(seen)) {
      return yield* missed({ _tag: "Unseen", reason: { _tag: "Unrecognised", code: seen.word }, evidence })
    }
    const found = "output" in seen ? Artifact.find(seen.output, name) : undefined
    return found ?? (yield* missed({ _tag: "Lost", reason: { _tag: "Gone" }, evidence }))
  })

/** What cancelling did. `TooLate` carries how the work had ended by then. */
export type Cancellation =
  | { readonly _tag: "NotOffered" }
  | { readonly _tag: "Asked"; readonly observation: Observation }
  | { readonly _tag: "TooLate"; readonly observation: Observation }

/**
 * Ask the service to cancel the work, and say what that did. Ending a wait never does this.
 *
 * Errors: `Unseen`, `Lost`.
 */
export const cancel = <O extends Operation.Any>(
  operation: O,
  handle: Handle,
): Effect.Effect<Cancellation, Failure.Unseen | Failure.Lost, Remote.Remote<O["service"]>> =>
  Effect.gen(function* () {
    const remote = yield* Job.remoteFor(operation, handle)
    if (operation.contract.cancellation === "None") return { _tag: "NotOffered" }
    const answer = yield* Deed.perform(remote, { _tag: "Cancel", handle, within: operation.contract.limits.answer })
    const observation = yield* End.observation(handle, yield* DateTime.now, answer)
    const isTooLate =
      observation._tag === "Succeeded" || observation._tag === "Failed" || observation._tag === "Expired"
    return { _tag: isTooLate ? "TooLate" : "Asked", observation }
  })

// --- the loop -----------------------------------------------------------------------------------

const drive = Effect.fnUntraced(function* <O extends Operation.Any, E, R>(
  open: Effect.Effect<Job.Job<O>, E, R>,
  wait: Wait | undefined,
  isEnough: (state: Lifecycle.State) => boolean,
): Effect.fn.Return<End.End<O>, E | Journal.Unusable, R> {
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
  let state = job.state
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
    // A process that was suspended wakes late.
    if (DateTime.isGreaterThanOrEqualTo(began, deadline)) continue
    let ready = began
    if (action._tag === "Submit") {
      yield* happen({ _tag: "Sending", at: began })
      yield* save
      // Writing takes its time, and a process may stand still in the middle of it.
      ready = yield* tell
      if (DateTime.isGreaterThanOrEqualTo(ready, deadline)) {
        yield* happen({ _tag: "Rejected", at: ready, reason: { _tag: "Timeout" }, evidence: { stage: "submit" } })
        continue
      }
      // Whoever took the entry over meanwhile has told what is true of it: nothing of ours may leave any more.
      if (Duration.isGreaterThan(DateTime.distance(began, ready), moment)) yield* page.append([])
    }
    const within = Duration.min(DateTime.distance(ready, deadline), Deed.limit(operation, action))
    const deed: Remote.Deed = action._tag === "Submit" ? { ...action, within } : { ...action, within }
    yield* Effect.uninterruptibleMask((restore) =>
      restore(hearing.unlessEnded(action, Deed.perform(remote, deed))).pipe(
        Effect.flatMap((answer) => Effect.map(tell, (at) => Deed.stamp(answer, job.entry, at, began, action))),
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
