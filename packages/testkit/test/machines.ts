/** Broken machines, each with one mistake that a published client makes; and the laws that catch it. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import { isKeyed } from "@tenuto/core/Contract"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import { type Reason, retryAfter } from "@tenuto/core/Reason"
import * as Laws from "@tenuto/testkit/Laws"

const broken = (parts: Partial<Pick<Laws.Machine, "apply" | "next">>): Laws.Machine => {
  const { apply, begin, next } = { ...Lifecycle, ...parts }
  const fold: Laws.Machine["fold"] = (history) => {
    let state: Lifecycle.State | undefined
    for (const event of history) state = state === undefined ? begin(event) : apply(state, event)
    return state
  }
  return { apply, begin, next, fold }
}

type Apply = Laws.Machine["apply"]
type Next = Laws.Machine["next"]
const applying = (apply: (state: Lifecycle.State, event: Lifecycle.Event, real: Apply) => Lifecycle.State) =>
  broken({ apply: (state, event) => apply(state, event, Lifecycle.apply) })
const choosing = (next: (state: Lifecycle.State, moment: Lifecycle.Moment, real: Next) => Lifecycle.Action) =>
  broken({ next: (state, moment) => next(state, moment, Lifecycle.next) })

const settledBy = (
  handle: Lifecycle.StateOf<"Pending">["handle"],
  at: DateTime.Utc,
  reason: Reason,
): Lifecycle.State => ({
  _tag: "Settled",
  at,
  outcome: { _tag: "Observed", handle, observation: { _tag: "Failed", word: "error", reason } },
})

const unasked = (reason: Reason): Reason => {
  if (reason._tag === "UpgradeRequired") return { _tag: reason._tag, changes: reason.changes }
  return reason._tag === "RateLimited" || reason._tag === "Unavailable" ? { _tag: reason._tag } : reason
}

const hintOf = (reason: Reason) => {
  const after = retryAfter(reason)
  return after === undefined ? {} : { retryAfter: after }
}

const hinted = (state: Lifecycle.State): Lifecycle.State => {
  if ((state._tag === "Drafted" || state._tag === "Uncertain") && state.last !== undefined) {
    return { ...state, last: { ...state.last, reason: unasked(state.last.reason) } }
  }
  if (state._tag !== "Pending" || state.looks.trouble === undefined) return state
  const { until: _, ...looks } = state.looks
  return { ...state, looks: { ...looks, trouble: unasked(state.looks.trouble) } }
}

const sooner = (action: Lifecycle.Action, from: DateTime.Utc, part: number): Lifecycle.Action => {
  if (action._tag !== "Submit" && action._tag !== "Look") return action
  const pause = Math.max(0, DateTime.toEpochMillis(action.at) - DateTime.toEpochMillis(from))
  return { ...action, at: DateTime.addDuration(from, Duration.millis(pause * part)) }
}

const forgotten =
  "never twice by a key that is forgotten: what is in doubt is sent again only while the service remembers its key"

/** The words of the laws that catch each. */
export const machines: Readonly<
  Record<string, { readonly machine: Laws.Machine; readonly caughtBy: ReadonlyArray<string> }>
> = {
  "a later look reopens settled work": {
    machine: applying((state, event, real) =>
      state._tag === "Settled" && event._tag === "Observed" && event.observation._tag === "Pending"
        ? { _tag: "Pending", handle: state.outcome.handle, since: event.at, looks: { early: 0, missed: 0 } }
        : real(state, event),
    ),
    caughtBy: ["settled is final"],
  },
  "work that asks its caller is looked at until the deadline": {
    machine: choosing((state, moment, real) => {
      if (state._tag !== "Pending" || state.last?._tag !== "InputRequired") return real(state, moment)
      const { last: _, ...unasked } = state
      return real(unasked, moment)
    }),
    caughtBy: ["a question ends the wait and not the work, and is told again only after another look"],
  },
  "a question is told again to whoever has answered it": {
    machine: applying((state, event, real) => {
      const after = real(state, event)
      if (event._tag !== "Prompted" || state._tag !== "Pending" || after._tag !== "Pending") return after
      return state.last === undefined ? after : { ...after, last: state.last }
    }),
    caughtBy: ["a question ends the wait and not the work, and is told again only after another look"],
  },
  "a failed look fails the work": {
    machine: applying((state, event, real) =>
      state._tag === "Pending" && event._tag === "Unseen"
        ? settledBy(state.handle, event.at, event.reason)
        : real(state, event),
    ),
    caughtBy: ["a failed look is not a failed operation"],
  },
  "an unanswered request is sent again without a key": {
    machine: choosing((state, moment, real) =>
      state._tag === "Uncertain" && !isKeyed(moment.contract)
        ? real(state, { ...moment, contract: { ...moment.contract, idempotency: { _tag: "Keyed", field: "key" } } })
        : real(state, moment),
    ),
    caughtBy: ["never twice by accident: without a key nothing is sent again unless it is proved that it never left"],
  },
  "a key is used for ever": {
    machine: choosing((state, moment, real) => {
      if (moment.contract.idempotency._tag !== "Keyed") return real(state, moment)
      const idempotency = { ...moment.contract.idempotency, for: Duration.days(1) }
      return real(state, { ...moment, contract: { ...moment.contract, idempotency } })
    }),
    caughtBy: [forgotten],
  },
  "a key is remembered from the last send on": {
    machine: applying((state, event, real) => {
      const next = real(state, event)
      return event._tag === "Sending" && next._tag === "Uncertain" ? { ...next, inDoubtSince: event.at } : next
    }),
    caughtBy: [forgotten],
  },
  "a refusal proves that no send before it started anything": {
    machine: applying((state, event, real) => {
      const next = real(state, event)
      if (event._tag !== "Rejected" || next._tag !== "Uncertain") return next
      const { doubts: _, ...rest } = next
      return { ...rest, _tag: "Drafted" }
    }),
    caughtBy: [
      "never twice by accident: without a key nothing is sent again unless it is proved that it never left",
      forgotten,
      "what may have started is never called rejected",
    ],
  },
  "what the service asked for is not heard": {
    machine: choosing((state, moment, real) => real(hinted(state), moment)),
    caughtBy: ["never sooner than asked", "an unknown word is survived"],
  },
  "chance shortens a pause": {
    machine: choosing((state, moment, real) => {
      const from = state._tag === "Pending" ? (state.looks.ended ?? state.since ?? moment.now) : moment.now
      return sooner(real(state, { ...moment, die: 0 }), from, 1 - moment.die / 2)
    }),
    caughtBy: ["never sooner than asked", "an unknown word is survived"],
  },
  "being told of a request to wait ends it": {
    machine: applying((state, event, real) =>
      state._tag === "Stopped" && event._tag === "Drafted" && state.doubts === 0
        ? { _tag: "Drafted", request: state.request, sends: 0 }
        : real(state, event),
    ),
    caughtBy: ["never sooner than asked"],
  },
  "an unknown word is a success": {
    machine: applying((state, event, real) =>
      state._tag === "Pending" && event._tag === "Observed" && event.observation._tag === "Unrecognised"
        ? {
            _tag: "Settled",
            at: event.at,
            outcome: { _tag: "Observed", handle: state.handle, observation: event.observation },
          }
        : real(state, event),
    ),
    caughtBy: ["an unknown word is survived"],
  },
  "an unknown word is looked at again at once": {
    machine: choosing((state, moment, real) => {
      const action = real(state, moment)
      const isUnknown =
        state._tag === "Pending" && state.last?._tag === "Unrecognised" && state.looks.trouble === undefined
      return action._tag === "Look" && isUnknown ? { ...action, at: moment.now } : action
    }),
    caughtBy: ["never sooner than asked", "an unknown word is survived"],
  },
  "asking again changes the request": {
    machine: applying((state, event, real) => {
      const next = real(state, event)
      return event._tag === "Drafted" && "request" in next ? { ...next, request: event.request } : next
    }),
    caughtBy: ["a changed body never goes out under an old key"],
  },
  "a changed request keeps its key": {
    machine: choosing((state, moment, real) => {
      const action = real(state, moment)
      return action._tag === "Submit" && action.request.key !== undefined
        ? { ...action, request: { ...action.request, key: action.request.key.replace(/-upgraded$/, "") } }
        : action
    }),
    caughtBy: ["a changed body never goes out under an old key"],
  },
  "a service that goes on asking for changes is obeyed for ever": {
    machine: choosing((state, moment, real) => {
      if ((state._tag !== "Drafted" && state._tag !== "Uncertain") || state.request.changes === undefined) {
        return real(state, moment)
      }
      return state.last?.reason._tag === "UpgradeRequired"
        ? real(
            { ...state, last: { ...state.last, reason: { _tag: "Unavailable", ...hintOf(state.last.reason) } } },
            moment,
          )
        : real(state, moment)
    }),
    caughtBy: ["a changed body never goes out under an old key"],
  },
  "a delivery is followed by a look at once": {
    machine: choosing((state, moment, real) => {
      const action = real(state, moment)
      return action._tag === "Look" && state._tag === "Pending" && state.looks.prompted === true
        ? { ...action, at: moment.now }
        : action
    }),
    caughtBy: ["never sooner than asked", "an unknown word is survived"],
  },
  "a budget without room is not heard": {
    machine: applying((state, event, real) => (event._tag === "Postponed" ? state : real(state, event))),
    caughtBy: ["never sooner than asked"],
  },
  "every refusal seen proves one more send harmless": {
    machine: applying((state, event, real) =>
      event._tag === "Rejected" && state._tag === "Uncertain" && state.doubts > 1
        ? {
            ...state,
            doubts: state.doubts - 1,
            last: { truth: "Rejected", at: event.at, reason: event.reason, evidence: event.evidence },
          }
        : real(state, event),
    ),
    caughtBy: ["seeing twice is seeing once"],
  },
  "a send counts half": {
    machine: applying((state, event, real) => {
      const next = real(state, event)
      return event._tag === "Sending" && next._tag === "Uncertain" ? { ...next, sends: next.sends - 0.5 } : next
    }),
    caughtBy: ["a saved history is a saved operation"],
  },
  "work that was stopped has no action": {
    machine: choosing((state, moment, real) =>
      state._tag === "Stopped" ? real(Object.create(null), moment) : real(state, moment),
    ),
    caughtBy: Laws.machine.map(({ name }) => name),
  },
}
