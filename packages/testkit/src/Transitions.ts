/**
 * Every move that the machine can make, found by exploring `apply`: what a page is drawn from, and what an exploration of
 * a client has to reach.
 *
 * It judges nothing and plays nothing. A move is an event that changes a state.
 *
 * @example
 * ```ts
 * import * as Transitions from "@tenuto/testkit/Transitions"
 *
 * const reached = ["Drafted --Sending--> Uncertain", "Uncertain --Accepted--> Pending"]
 * const left = Transitions.all.filter((transition) => !reached.includes(transition))
 * console.log(left.includes("Pending --Lost--> Settled")) // true: no service has lost the work yet
 * ```
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import type { Handle } from "@tenuto/core/Handle"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import { isPending, type Observation } from "@tenuto/core/Observation"
import type { Reason } from "@tenuto/core/Reason"

// --- what can happen ----------------------------------------------------------------------------

const at = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
const where = { service: "service", origin: "https://service.test", operation: "operation" }
const unkeyed: Lifecycle.Request = { ...where, entry: "entry", input: {} }
const request: Lifecycle.Request = { ...unkeyed, key: "key" }
const handle: Handle = { ...where, version: 1, id: "id" }
const trouble = (reason: Reason) => ({ at, reason, evidence: { stage: "submit" as const } })
const timeout = trouble({ _tag: "Timeout" })
const limited = trouble({ _tag: "RateLimited", retryAfter: Duration.minutes(1) })
const upgrade = trouble({ _tag: "UpgradeRequired", changes: { async: true } })
const forbidden = trouble({ _tag: "Forbidden" })
const seen = (observation: Observation): Lifecycle.Event => ({ _tag: "Observed", at, began: at, observation })
const succeeded: Observation = { _tag: "Succeeded", word: "done", output: null }

/** Every kind of event, in the order of a life; several of a kind where what it brings makes a difference. */
export const events: ReadonlyArray<Lifecycle.Event> = [
  { _tag: "Drafted", at, request },
  { _tag: "Sending", at },
  { _tag: "Rejected", ...timeout },
  { _tag: "Rejected", ...limited },
  { _tag: "Rejected", ...forbidden },
  { _tag: "Rejected", ...upgrade },
  { _tag: "Uncertain", ...timeout },
  { _tag: "Accepted", at, handle },
  { _tag: "Accepted", at, handle, observation: succeeded },
  seen({ _tag: "Pending", word: "running" }),
  seen({ _tag: "Unrecognised", word: "ripening" }),
  seen({ _tag: "InputRequired", word: "asking", question: null }),
  seen(succeeded),
  seen({ _tag: "Failed", word: "failed", reason: { _tag: "Internal" } }),
  seen({ _tag: "Cancelled", word: "cancelled" }),
  seen({ _tag: "Expired", word: "expired" }),
  { _tag: "Unseen", began: at, ...timeout },
  { _tag: "Unseen", began: at, ...forbidden },
  { _tag: "Prompted", at },
  { _tag: "Postponed", at, retryAfter: Duration.minutes(1) },
  { _tag: "Lost", ...timeout },
  { _tag: "Stopped", ...timeout },
  { _tag: "Stopped", ...limited },
]

const words: Readonly<Record<Observation["_tag"], string>> = {
  Pending: "pending",
  Unrecognised: "an unknown word",
  InputRequired: "a question",
  Succeeded: "succeeded",
  Failed: "failed",
  Cancelled: "cancelled",
  Expired: "expired",
}

/** Name a kind of event: its tag, and what it brings where that makes a difference. */
export const label = (event: Lifecycle.Event): string => {
  if (event._tag === "Observed") return `Observed ${words[event.observation._tag]}`
  const isOver = event._tag === "Accepted" && event.observation !== undefined && !isPending(event.observation)
  return isOver ? "Accepted with a result" : event._tag
}

/** Name a move; one without a state before it begins a history. */
export const name = (before: Lifecycle.State | undefined, event: Lifecycle.Event, after: Lifecycle.State): string =>
  `${before?._tag ?? "[*]"} --${label(event)}--> ${after._tag}`

// --- exploring ----------------------------------------------------------------------------------

/** States that differ in nothing but counts beyond the second act alike. */
const keyOf = (state: Lifecycle.State): string => {
  const capped = (count: number) => Math.min(count, 2)
  switch (state._tag) {
    case "Drafted":
      return `${state._tag} ${state.request.key} ${capped(state.sends)} ${state.last?.reason._tag}`
    case "Uncertain":
      return `${state._tag} ${state.request.key} ${capped(state.sends)} ${capped(state.doubts)} ${state.last?.truth} ${state.last?.reason._tag}`
    case "Stopped":
      return `${state._tag} ${state.request.key} ${capped(state.doubts)} ${state.reason._tag}`
    case "Pending":
      return `${state._tag} ${state.last?._tag} ${state.miss?.reason._tag} ${state.looks.prompted}`
    case "Settled":
      return state._tag
  }
}

const explore = (given: ReadonlyArray<Lifecycle.Event>): ReadonlyArray<Lifecycle.State> => {
  const found = new Map<string, Lifecycle.State>()
  const visit = (state: Lifecycle.State | undefined) => {
    if (state === undefined || found.has(keyOf(state))) return
    found.set(keyOf(state), state)
    for (const event of given) visit(Lifecycle.apply(state, event))
  }
  for (const event of given) visit(Lifecycle.begin(event))
  return [...found.values()]
}

/** Every state that a keyed request can come to, one of each kind. */
export const states: ReadonlyArray<Lifecycle.State> = explore(events)

/** A request without a key may be another one when the caller asks again. */
const redrafted: Lifecycle.Event = { _tag: "Drafted", at, request: { ...unkeyed, input: { prompt: "mended" } } }
const unkeyedEvents = [{ _tag: "Drafted" as const, at, request: unkeyed }, redrafted, ...events.slice(1)]

const moves = (given: ReadonlyArray<Lifecycle.Event>, from: ReadonlyArray<Lifecycle.State>): ReadonlyArray<string> => [
  ...given.flatMap((event) => {
    const begun = Lifecycle.begin(event)
    return begun === undefined ? [] : [name(undefined, event, begun)]
  }),
  ...from.flatMap((state) =>
    given.flatMap((event) => {
      const after = Lifecycle.apply(state, event)
      return after === state ? [] : [name(state, event, after)]
    }),
  ),
]

/** Every move there is, named, sorted. */
export const all: ReadonlyArray<string> = [
  ...new Set([...moves(events, states), ...moves(unkeyedEvents, explore(unkeyedEvents))]),
].toSorted()
