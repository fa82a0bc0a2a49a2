/**
 * The machine: events happen, `apply` folds them into a state, `next` reads from the state what to do.
 *
 * Both are total and pure; the instant, the deadline and the die come in as arguments. States and events are schemas, so
 * a saved history is a saved operation: recovery is decode, fold, go on.
 *
 * ```text
 *            Sending                Accepted             Observed (settled), Lost
 * Drafted ─────────────▶ Uncertain ───────────▶ Pending ─────────────────────────▶ Settled
 *  ▲ ▲  │                    │  │
 *  │ └──┼───── Rejected ─────┘  │
 *  │    ▼                       ▼
 *  └─ Stopped ◀──────────────────      the caller was told; only asking again goes on
 * ```
 *
 * Law 1: settled is final; seeing twice is seeing once. Law 2: a failed look is not a failed operation.
 * Law 3: never twice by accident. Law 4: a changed body never goes out under an old key.
 * Law 6: never sooner than asked. Law 9: an unknown word, code or field is survived.
 *
 * @example
 * ```ts
 * import * as DateTime from "effect/DateTime"
 * import * as Lifecycle from "@tenuto/core/Lifecycle"
 * import * as Soundpiece from "@tenuto/soundpiece"
 *
 * const at = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
 * const work = { entry: "1", service: "soundpiece", origin: "https://api.soundpiece.co", operation: "create.new_song" }
 * const request = { ...work, input: { lyrics: "Hold the note", prompt: "Slow waltz" }, key: "k1" }
 * const state = Lifecycle.fold([
 *   { _tag: "Drafted", at, request },
 *   { _tag: "Sending", at }, // here the process died: it may have started
 * ])
 * if (state !== undefined) {
 *   const { contract } = Soundpiece
 *   const moment = { contract, now: at, since: at, deadline: DateTime.add(at, { minutes: 5 }), die: 0 }
 *   console.log(Lifecycle.next(state, moment)._tag) // Submit: again, under the same key
 *   const unkeyed = { ...contract, idempotency: { _tag: "Unkeyed" } } as const
 *   console.log(Lifecycle.next(state, { ...moment, contract: unkeyed })._tag) // Stop: it could start twice
 * }
 * ```
 */
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type { Contract } from "./Contract.ts"
import type { Evidence } from "./Evidence.ts"
import type { Handle } from "./Handle.ts"
import type { Event, EventOf, Outcome, Request, State, StateOf, Trouble } from "./internal/history.ts"
import { later } from "./internal/instant.ts"
import { isWithin, type Moment, timely } from "./internal/moment.ts"
import { keyUntil, mayBeSent, sent, upgraded, wanted } from "./internal/sending.ts"
import { isPending } from "./Observation.ts"
import * as Pace from "./Pace.ts"
import { type Reason, retryAfter } from "./Reason.ts"
import * as Remedy from "./Remedy.ts"

export { anew } from "./internal/anew.ts"
export type { Moment } from "./internal/moment.ts"
export { sent } from "./internal/sending.ts"
export { Event, type EventOf, Outcome, Request, State, type StateOf, Trouble } from "./internal/history.ts"

// --- apply --------------------------------------------------------------------------------------

/** Begin a history: only a draft or an acceptance can, anything else gives `undefined`. */
export const begin = (event: Event): State | undefined => {
  if (event._tag === "Drafted") return { _tag: "Drafted", request: event.request, sends: 0 }
  if (event._tag === "Accepted") return accepted(event, {})
  return undefined
}

/** Fold one event into a state. Total: an event that has no meaning in a state changes nothing. */
export const apply = (state: State, event: Event): State => {
  switch (state._tag) {
    case "Settled":
      return state
    case "Pending":
      return applyToPending(state, event)
    case "Stopped":
      return applyToStopped(state, event)
    case "Drafted":
    case "Uncertain":
      return applyToUnaccepted(state, event)
  }
}

/** Fold a history; `undefined` when it has no beginning. */
export const fold = (history: Iterable<Event>): State | undefined => {
  let state: State | undefined
  for (const event of history) state = state === undefined ? begin(event) : apply(state, event)
  return state
}

const applyToUnaccepted = (state: StateOf<"Drafted" | "Uncertain">, event: Event): State => {
  const { last: _, ...rest } = state
  const doubts = state._tag === "Uncertain" ? state.doubts : 0
  const { inDoubtSince = event.at } = state._tag === "Uncertain" ? state : {}
  const isAwaited = state._tag === "Uncertain" && state.last === undefined
  switch (event._tag) {
    case "Sending":
      return {
        ...rest,
        _tag: "Uncertain",
        request: upgraded(state),
        sends: state.sends + 1,
        doubts: doubts + 1,
        inDoubtSince,
      }
    case "Rejected":
      if (!isAwaited) return state
      // The refusal accounts for one send; it proves nothing about the others.
      return doubts > 1
        ? { ...rest, _tag: "Uncertain", doubts: doubts - 1, last: troubleOf("Rejected", event) }
        : { _tag: "Drafted", request: state.request, sends: state.sends, last: troubleOf("Rejected", event) }
    case "Uncertain":
      return isAwaited ? { ...rest, _tag: "Uncertain", doubts, last: troubleOf("Uncertain", event) } : state
    case "Accepted":
      return accepted(event)
    case "Drafted":
      return state._tag === "Drafted" && mayChange(state) ? { ...state, request: event.request } : state
    case "Postponed": {
      // Nothing was sent, so nothing is proved: it is only known when to ask again, and in what form.
      const reason = { ...(wanted(state) ?? { _tag: "RateLimited" as const }), retryAfter: event.retryAfter }
      return { ...state, last: troubleOf("Rejected", { at: event.at, reason, evidence: { stage: "submit" } }) }
    }
    case "Stopped": {
      const { evidence, reason } = event
      const stopped = { request: upgraded(state), doubts, at: state.last?.at ?? event.at, reason, evidence }
      return { _tag: "Stopped", ...stopped, ...(doubts > 0 ? { inDoubtSince } : {}) }
    }
    default:
      return state
  }
}

const applyToStopped = (state: StateOf<"Stopped">, event: Event): State => {
  switch (event._tag) {
    case "Drafted":
      return reopened(mayChange(state) ? { ...state, request: event.request } : state)
    case "Sending":
      return { ...state, doubts: state.doubts + 1, inDoubtSince: state.inDoubtSince ?? event.at }
    case "Accepted":
      return accepted(event)
    default:
      return state
  }
}

/**
 * Being asked again starts the count of sends anew. Doubts stay, for they are about the past, and so does a request to
 * wait; any other refusal may have been mended since.
 */
const reopened = (state: StateOf<"Stopped">): State => {
  const { doubts, inDoubtSince = state.at, reason, request } = state
  const last = troubleOf("Uncertain", state)
  if (doubts > 0) return { _tag: "Uncertain", request, sends: 0, doubts, inDoubtSince, last }
  const isAsked = retryAfter(reason) !== undefined
  return { _tag: "Drafted", request, sends: 0, ...(isAsked ? { last: troubleOf("Rejected", state) } : {}) }
}

const applyToPending = (state: StateOf<"Pending">, event: Event): State => {
  const { handle } = state
  switch (event._tag) {
    case "Observed": {
      const { at: ended, observation } = event
      if (!isPending(observation)) {
        return { _tag: "Settled", at: ended, outcome: { _tag: "Observed", handle, observation } }
      }
      const { miss: _, ...seen } = state
      return { ...seen, looks: Pace.returned(state.looks, { ...event, ended }), last: observation }
    }
    case "Unseen": {
      const looks = Pace.missed(state.looks, { began: event.began, ended: event.at, trouble: event.reason })
      return { ...state, looks, miss: troubleOf("Unseen", event) }
    }
    case "Prompted": {
      // The question may have been answered since: only a poll tells.
      const { last, ...rest } = state
      const seen = last === undefined || last._tag === "InputRequired" ? {} : { last }
      return { ...rest, ...seen, looks: Pace.prompted(state.looks) }
    }
    case "Postponed": {
      const { at, retryAfter } = event
      const reason = { _tag: "RateLimited" as const, retryAfter }
      const miss = troubleOf("Unseen", { at, reason, evidence: { stage: "look" } })
      return { ...state, looks: Pace.postponed(state.looks, at, retryAfter), miss }
    }
    case "Lost": {
      const { at, evidence, reason } = event
      return { _tag: "Settled", at, outcome: { _tag: "Lost", handle, reason, evidence } }
    }
    default:
      return state
  }
}

const accepted = (
  { at, handle, observation, retryAfter }: EventOf<"Accepted">,
  seen: Pick<StateOf<"Pending">, "since"> = { since: at },
): State => {
  const pending = { _tag: "Pending" as const, handle, ...seen, looks: Pace.accepted(at, retryAfter) }
  if (observation === undefined) return pending
  return isPending(observation)
    ? { ...pending, last: observation }
    : { _tag: "Settled", at, outcome: { _tag: "Observed", handle, observation } }
}

const troubleOf = (
  truth: Trouble["truth"],
  { at, evidence, reason }: { readonly at: DateTime.Utc; readonly reason: Reason; readonly evidence: Evidence },
): Trouble => ({ truth, at, reason, evidence })

// --- next ---------------------------------------------------------------------------------------

/** What to do, and not before when. `Stop` ends our part with a failure; `Finish` has an outcome. */
export type Action =
  | {
      readonly _tag: "Submit"
      readonly at: DateTime.Utc
      /** From when on it must not leave any more: the service may have forgotten its key by then. */
      readonly before?: DateTime.Utc
      readonly request: Request
    }
  | { readonly _tag: "Look"; readonly at: DateTime.Utc; readonly handle: Handle; readonly hold?: Duration.Duration }
  | {
      readonly _tag: "Stop"
      readonly truth: "Rejected" | "Uncertain" | "Overdue" | "InputRequired" | "Unseen"
      readonly reason: Reason
      readonly evidence: Evidence
    }
  | { readonly _tag: "Finish"; readonly outcome: Outcome }

/** Read from a state what to do. Total: every state has an action. */
export const next = (state: State, moment: Moment): Action => {
  switch (state._tag) {
    case "Settled":
      return { _tag: "Finish", outcome: state.outcome }
    case "Pending":
      return nextForPending(state, moment)
    case "Stopped":
      return { _tag: "Stop", truth: truthOf(state), reason: state.reason, evidence: state.evidence }
    case "Drafted":
    case "Uncertain":
      return nextForUnaccepted(state, moment)
  }
}

const nextForUnaccepted = (state: StateOf<"Drafted" | "Uncertain">, moment: Moment): Action => {
  const { contract, deadline, now } = moment
  const { last, sends } = state
  const before = keyUntil(state, contract)
  // Neither does chance make a key too old.
  const until = before === undefined ? deadline : DateTime.min(deadline, before)
  const at = timely({ ...moment, deadline: until }, (die) =>
    last === undefined ? now : later(last.at, Pace.afterTrouble(contract, last.reason, sends, die)),
  )
  const isForgotten = before !== undefined && DateTime.isGreaterThanOrEqualTo(DateTime.max(at, now), before)
  if (mayBeSent(state, contract) && !isForgotten && isWithin(at, moment)) {
    return { _tag: "Submit", at, request: sent(upgraded(state)), ...(before === undefined ? {} : { before }) }
  }
  if (isForgotten) {
    const evidence = last?.evidence ?? { stage: "submit" as const }
    return { _tag: "Stop", truth: "Uncertain", reason: { _tag: "KeyExpired" }, evidence }
  }
  const reason: Reason = last?.reason ?? (DateTime.isLessThan(now, deadline) ? unanswered : { _tag: "Timeout" })
  const evidence: Evidence = last?.evidence ?? { stage: "submit" }
  return { _tag: "Stop", truth: truthOf(state), reason, evidence }
}

/** Read what is true of a request that was not accepted: it never started, unless some send is in doubt. */
export const truthOf = (state: StateOf<"Drafted" | "Uncertain" | "Stopped">): "Rejected" | "Uncertain" =>
  state._tag === "Uncertain" || (state._tag === "Stopped" && state.doubts > 0) ? "Uncertain" : "Rejected"

const unanswered: Reason = { _tag: "Unreachable", problem: "this process stopped before an answer came" }

const nextForPending = (state: StateOf<"Pending">, moment: Moment): Action => {
  const { contract, now, since } = moment
  const { handle, last, looks, miss } = state
  if (last?._tag === "InputRequired") {
    const evidence = { stage: "settle" as const, ...(last.message === undefined ? {} : { message: last.message }) }
    return { _tag: "Stop", truth: "InputRequired", reason: { _tag: "InputRequired" }, evidence }
  }
  // Trouble from before this wait is stale: the caller may have mended it since.
  const trouble = miss !== undefined && DateTime.isGreaterThanOrEqualTo(miss.at, since) ? miss : undefined
  if (trouble !== undefined && !Remedy.isAutomatic(Remedy.of({ _tag: "Unseen", ...trouble }, contract))) {
    return { _tag: "Stop", truth: "Unseen", reason: trouble.reason, evidence: trouble.evidence }
  }
  // A handle from elsewhere may have been finished for long, so its first look is due at once.
  const isOld = state.since === undefined && looks.ended === undefined
  const at = timely(moment, (die) =>
    isOld
      ? DateTime.max(now, Pace.resumed(looks, die) ?? now)
      : Pace.nextLook(contract, state.since ?? now, looks, die),
  )
  if (isWithin(at, moment)) {
    const hold = Pace.hold(contract)
    return { _tag: "Look", at, handle, ...(hold === undefined ? {} : { hold }) }
  }
  const reason: Reason = trouble?.reason ?? { _tag: "Timeout" }
  return { _tag: "Stop", truth: "Overdue", reason, evidence: trouble?.evidence ?? waited(looks, moment) }
}

/** Why a wait ends that met no trouble. */
const waited = ({ toldAt, until }: Pace.Looks, { deadline }: Moment): Evidence =>
  until === undefined || toldAt === undefined || DateTime.isLessThan(until, deadline)
    ? { stage: "settle" }
    : { stage: "settle", retryAfter: DateTime.distance(toldAt, until) }

/**
 * Tell whether a request that was drafted may be another one when the caller asks again: nothing has started, and no key
 * says that it is the same. A name of our own, such as an order's, stays with it while its input is mended.
 */
export const mayChange = (state: State): boolean =>
  !isAccepted(state) && truthOf(state) === "Rejected" && state.request.key === undefined

// --- what is kept -------------------------------------------------------------------------------

/** Tell whether an event must outlive the process: recovery without it would forget a deed, a handle or a request to wait. */
export const isKept = (event: Event): boolean => {
  if (event._tag === "Observed") return !isPending(event.observation) || event.retryAfter !== undefined
  if (event._tag === "Prompted" || event._tag === "Postponed") return false
  return event._tag !== "Unseen" || event.reason._tag === "RateLimited" || event.reason._tag === "Unavailable"
}

/** Tell whether recovery has something to do: the work is not settled, and the caller was not told to decide. */
export const isOpen = (state: State): boolean => state._tag !== "Settled" && state._tag !== "Stopped"

/** Tell whether nothing more can be learned of the work: it has ended, or the service has lost it. */
export const isSettled = (state: State): state is StateOf<"Settled"> => state._tag === "Settled"

/** Tell whether the service has taken the work. */
export const isAccepted = (state: State): state is StateOf<"Pending" | "Settled"> =>
  state._tag === "Pending" || state._tag === "Settled"

/** Read until when the service keeps work that it accepted; `undefined` where that is not known. */
export const retainedUntil = (state: State, { retention }: Contract): DateTime.Utc | undefined =>
  state._tag === "Pending" && state.since !== undefined && retention._tag === "Kept"
    ? later(state.since, retention.for)
    : undefined

/** Read the handle of accepted work. */
export const handleOf = (state: StateOf<"Pending" | "Settled">): Handle =>
  state._tag === "Pending" ? state.handle : state.outcome.handle

/** Read what a state is about: a handle once there is one, the request before. */
export const subjectOf = (state: State): Handle | Request => (isAccepted(state) ? handleOf(state) : state.request)
