/** Asks something of a service once, about work that it has: to cancel it, or to go on with an answer. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Failure from "../Failure.ts"
import type { Handle } from "../Handle.ts"
import type { Observation } from "../Observation.ts"
import type * as Operation from "../Operation.ts"
import type * as Remote from "../Remote.ts"
import * as Deed from "./deed.ts"
import * as End from "./end.ts"
import * as Job from "./job.ts"

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
    const observation = yield* once(operation, remote, { _tag: "Cancel", handle })
    const isTooLate =
      observation._tag === "Succeeded" || observation._tag === "Failed" || observation._tag === "Expired"
    return { _tag: isTooLate ? "TooLate" : "Asked", observation }
  })

/**
 * Answer the question of work that waits for its caller (`InputRequired`), and say what the service shows of it then.
 *
 * `input` is JSON in the form that the service's question asks for. It is sent once, never again by itself: where no answer
 * comes, a look tells whether the question still stands. The wait is not part of this: settle the handle afterwards.
 *
 * Errors: `Unseen` (with the reason `NotImplemented` where the service takes no answers, `Invalid` where it refuses this
 * one or where `input` is no JSON), `Lost`.
 */
export const answer = <O extends Operation.Any>(
  operation: O,
  handle: Handle,
  input: Schema.Json,
): Effect.Effect<Observation, Failure.Unseen | Failure.Lost, Remote.Remote<O["service"]>> => {
  // What is sent is what it was when it was given, however it is changed meanwhile.
  const given = copied(input)
  return Effect.gen(function* () {
    const remote = yield* Job.remoteFor(operation, handle)
    if (given !== undefined) return yield* once(operation, remote, { _tag: "Answer", handle, input: given })
    const issue = { path: ["input"], message: `given ${typeof input} that JSON cannot hold; wanted JSON` }
    const reason = { _tag: "Invalid" as const, issues: [issue] }
    return yield* End.missed(handle, yield* DateTime.now, { _tag: "Unseen", reason, evidence: { stage: "answer" } })
  })
}

const once = (
  { contract }: Operation.Any,
  remote: Remote.Shape,
  deed: Unlimited<Extract<Remote.Deed, { readonly _tag: "Cancel" | "Answer" }>>,
): Effect.Effect<Observation, Failure.Unseen | Failure.Lost> =>
  Effect.gen(function* () {
    const answer = yield* Deed.perform(remote, { ...deed, within: contract.limits.answer })
    return yield* End.observation(deed.handle, yield* DateTime.now, answer)
  })

type Unlimited<D> = D extends unknown ? Omit<D, "within"> : never

/** A copy that stays as it is; `undefined` for what is no JSON, such as a value that holds itself. */
const copied = (input: unknown): Schema.Json | undefined =>
  Result.getOrUndefined(Result.try(() => (Schema.is(Schema.Json)(input) ? structuredClone(input) : undefined)))
