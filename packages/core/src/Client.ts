/**
 * The verbs: submit work, wait for it, look at it, cancel it, and go on with what an earlier process left open.
 *
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
 * export const afterAQuestion = Client.run(song).pipe(
 *   Effect.catchTag("InputRequired", ({ handle, question }) =>
 *     Effect.andThen(
 *       Client.answer(Soundpiece.newSong, handle, question === "Which take?" ? "the second" : "go on"),
 *       Client.settle(Soundpiece.newSong, handle), // the wait goes on from there
 *     ),
 *   ),
 * )
 * export const many = (handles: ReadonlyArray<Handle>) => Client.settleAll(Soundpiece.newSong, handles)
 * export const afterACrash = Client.recover(Object.values(Soundpiece.operations))
 * ```
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Artifact from "./Artifact.ts"
import type { Evidence } from "./Evidence.ts"
import * as Failure from "./Failure.ts"
import type { Handle } from "./Handle.ts"
import * as Deed from "./internal/deed.ts"
import { drive, type Wait } from "./internal/drive.ts"
import * as Job from "./internal/job.ts"
import * as End from "./internal/end.ts"
import * as Journal from "./Journal.ts"
import * as Lifecycle from "./Lifecycle.ts"
import { isPending, type Observation } from "./Observation.ts"
import * as Misuse from "./Misuse.ts"
import type * as Operation from "./Operation.ts"
import * as Remote from "./Remote.ts"

// --- options and progress -----------------------------------------------------------------------

export { type Step, type Wait, Watcher } from "./internal/drive.ts"

export { answer, cancel, type Cancellation } from "./internal/asking.ts"

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
 * Errors: `Rejected`, `Uncertain`, `Failed`, `Cancelled`, `Expired`, `Lost`, `Overdue`, `InputRequired`, `Unseen`;
 * `Unusable` (the journal).
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
 * Errors: `Failed`, `Cancelled`, `Expired`, `Lost`, `Overdue`, `InputRequired`, `Unseen`;
 * `Unusable` (the journal).
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
  Effect.andThen(
    Misuse.check(Misuse.duration("within", wait?.within)),
    Effect.forEach(handles, (handle) => Effect.result(End.sound(handle.id, settle(operation, handle, wait))), {
      concurrency: "unbounded",
    }),
  )

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
    yield* Misuse.check(Misuse.duration("within", wait?.within))
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
    return Object.defineProperty(Object.assign(recovered, { others }), "others", { enumerable: false })
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
    const found = Artifact.find("output" in seen ? seen.output : "question" in seen ? seen.question : null, name)
    if (found !== undefined) return found
    const evidence: Evidence = { stage: "download" }
    // Law 9: a word that nobody knows says nothing about the file.
    if (isPending(seen)) {
      return yield* missed({ _tag: "Unseen", reason: { _tag: "Unrecognised", code: seen.word }, evidence })
    }
    return yield* missed({ _tag: "Lost", reason: { _tag: "Gone" }, evidence })
  })
