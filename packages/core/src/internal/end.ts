/** Turns the end of a drive into what its verb returns or fails with. */
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Tree } from "../Artifact.ts"
import type { Evidence } from "../Evidence.ts"
import * as Failure from "../Failure.ts"
import type { Handle } from "../Handle.ts"
import { Unusable } from "../Journal.ts"
import * as Lifecycle from "../Lifecycle.ts"
import type { Observation } from "../Observation.ts"
import type * as Operation from "../Operation.ts"
import type { Answer } from "../Remote.ts"

/** Where a drive ended, and why it stopped when it did not get to the end. */
export interface End<O extends Operation.Any> {
  readonly operation: O
  readonly state: Lifecycle.State
  readonly stop?: Extract<Lifecycle.Action, { readonly _tag: "Stop" }>
  readonly at: DateTime.Utc
}

/** The handle of work that was accepted. */
export const handle = <O extends Operation.Any>(end: End<O>): Effect.Effect<Handle, Failure.Submitting> =>
  Lifecycle.isAccepted(end.state)
    ? Effect.succeed(Lifecycle.handleOf(end.state))
    : Effect.fail(unaccepted(end, end.state))

/** The output of work that this process submitted. */
export const output = <O extends Operation.Any>(
  end: End<O>,
): Effect.Effect<Operation.Output<O>, Failure.Submitting | Failure.Settling<Operation.Code<O>>> =>
  Lifecycle.isAccepted(end.state) ? settled(end) : Effect.fail(unaccepted(end, end.state))

/** The output of work that began with a handle. */
export const settled = <O extends Operation.Any>(
  end: End<O>,
): Effect.Effect<Operation.Output<O>, Failure.Settling<Operation.Code<O>>> => {
  if (Lifecycle.isSettled(end.state)) return conclude(end.operation, end.state)
  if (end.state._tag === "Pending") return Effect.fail(unsettled(end, end.state))
  return Effect.die(new Error("work that was accepted cannot become unaccepted: see Lifecycle.apply"))
}

const unaccepted = <O extends Operation.Any>(
  { at, stop }: End<O>,
  state: Lifecycle.StateOf<"Drafted" | "Uncertain" | "Stopped">,
): Failure.Submitting => {
  const { entry, key, operation, reference, service } = state.request
  const fields = {
    service,
    operation,
    entry,
    reason: stop?.reason ?? { _tag: "Timeout" as const },
    evidence: stop?.evidence ?? { stage: "submit" as const },
    at,
    ...(key === undefined ? {} : { key }),
    ...(reference === undefined ? {} : { reference }),
  }
  return Lifecycle.truthOf(state) === "Uncertain" ? new Failure.Uncertain(fields) : new Failure.Rejected(fields)
}

const unsettled = <O extends Operation.Any>(
  { at, stop }: End<O>,
  { handle, last }: Lifecycle.StateOf<"Pending">,
): Failure.Overdue | Failure.InputRequired | Failure.Unseen => {
  const fields = {
    ...about(handle, at),
    reason: stop?.reason ?? { _tag: "Timeout" as const },
    evidence: stop?.evidence ?? { stage: "settle" as const },
  }
  if (last?._tag === "InputRequired") return new Failure.InputRequired({ ...fields, question: last.question })
  return stop?.truth === "Unseen"
    ? new Failure.Unseen(fields)
    : new Failure.Overdue({ ...fields, ...(last === undefined ? {} : { last }) })
}

const about = (handle: Handle, at: DateTime.Utc) => ({
  service: handle.service,
  operation: handle.operation,
  handle,
  at,
})

const conclude = <O extends Operation.Any>(
  operation: O,
  { at, outcome }: Lifecycle.StateOf<"Settled">,
): Effect.Effect<
  Operation.Output<O>,
  Failure.FailedWith<Operation.Code<O>> | Failure.Cancelled | Failure.Expired | Failure.Lost
> => {
  const held = about(outcome.handle, at)
  if (outcome._tag === "Lost") {
    return Effect.fail(new Failure.Lost({ ...held, reason: outcome.reason, evidence: outcome.evidence }))
  }
  const { observation } = outcome
  const evidence: Evidence = { stage: "settle" }
  const gone = { ...held, ...partOf(observation), reason: { _tag: "Gone" as const }, evidence }
  switch (observation._tag) {
    case "Succeeded":
      // The provider made this tree from the operation's own schema; that it cannot be read back is our defect.
      return Effect.orDie(decode<O>(operation, observation.output))
    case "Failed": {
      const { code, message, reason, requestId } = observation
      const also = { ...outcome.handle.also, ...observation.also }
      const named = code === undefined ? {} : { code }
      const seen = {
        ...evidence,
        ...named,
        ...(message === undefined ? {} : { message }),
        ...(requestId === undefined ? {} : { requestId }),
        ...(Object.keys(also).length === 0 ? {} : { also }),
      }
      return Effect.fail(new Failure.Failed({ ...held, ...partOf(observation), ...named, reason, evidence: seen }))
    }
    case "Cancelled":
      return Effect.fail(new Failure.Cancelled(gone))
    case "Expired":
      return Effect.fail(new Failure.Expired(gone))
    case "Pending":
    case "Unrecognised":
    case "InputRequired":
      return Effect.die(new Error("a pending observation cannot settle: see Lifecycle.apply"))
  }
}

/** What there is of the result, as it was seen: it need not satisfy the operation's schema. */
const partOf = (observation: Observation): { readonly output?: Tree } =>
  "output" in observation ? { output: observation.output } : {}

/** What one look, one cancel or one answer brought. */
export const observation = (
  handle: Handle,
  at: DateTime.Utc,
  answer: Answer,
): Effect.Effect<Observation, Failure.Unseen | Failure.Lost> => {
  switch (answer._tag) {
    case "Observed":
      return Effect.succeed(answer.observation)
    case "Lost":
    case "Unseen":
      return missed(handle, at, answer)
    case "Accepted":
    case "Rejected":
    case "Uncertain":
      return Effect.die(new Error(`a remote answered a look with ${answer._tag}`))
  }
}

/** Fail with what a look, a cancel or a renewal did not bring. */
export const missed = (
  handle: Handle,
  at: DateTime.Utc,
  { _tag, evidence, reason }: Extract<Answer, { readonly _tag: "Unseen" | "Lost" }>,
): Effect.Effect<never, Failure.Unseen | Failure.Lost> => {
  const fields = { ...about(handle, at), reason, evidence }
  return Effect.fail(_tag === "Lost" ? new Failure.Lost(fields) : new Failure.Unseen(fields))
}

/** One of many: what breaks in the middle of it is told as its own failure, and the others go on. */
export const sound = <A, E, R>(entry: string, one: Effect.Effect<A, E, R>): Effect.Effect<A, E | Unusable, R> =>
  Effect.catchDefect(one, (defect) => {
    const what = defect instanceof Error ? defect.name : "something that is no error"
    const detail = `going on with ${entry} threw ${what}; the others went on. Report it to the author of its provider`
    return Effect.fail(new Unusable({ journal: "of this program", problem: "Corrupt", detail }))
  })

const decode = <O extends Operation.Any>(operation: O, tree: unknown) =>
  Schema.decodeUnknownEffect(operation.output)(tree) as Effect.Effect<Operation.Output<O>, Schema.SchemaError>
