/** Says in plain words what happened, what comes next, and what to do about a failure. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import type { Tag } from "@tenuto/core/Failure"
import type { Action, Event, State } from "@tenuto/core/Lifecycle"
import type { Observation } from "@tenuto/core/Observation"
import * as Reason from "@tenuto/core/Reason"
import type { Remedy } from "@tenuto/core/Remedy"
import { span } from "./text.ts"

/** What each truth says about the work. */
export const truths: Readonly<Record<Tag, string>> = {
  Rejected: "it never started",
  Uncertain: "it may have started",
  Failed: "it started and ended badly",
  Cancelled: "it was cancelled, without result",
  Expired: "it expired, without result",
  Lost: "the service no longer knows it; it may have finished",
  Overdue: "it is still going on; the wait ended",
  InputRequired: "it waits for its caller to answer",
  Unseen: "one look failed; nothing was learned",
}

const observed = (observation: Observation): string => {
  switch (observation._tag) {
    case "Pending": {
      const { phase, progress, word } = observation
      const part = progress === undefined ? "" : `, ${Math.round(progress * 100)} %`
      return `still going on: "${word}"${phase === undefined ? "" : `, ${phase}`}${part}`
    }
    case "Unrecognised":
      return `still going on, in a state nobody knows: "${observation.word}"`
    case "InputRequired":
      return `waits for its caller to answer: "${observation.word}"`
    case "Succeeded":
      return `finished: "${observation.word}"`
    case "Failed":
      return `ended badly: ${Reason.describe(observation.reason)}`
    case "Cancelled":
    case "Expired":
      return `ended without result: "${observation.word}"`
  }
}

const why = ({ evidence, reason }: Extract<Event, { readonly reason: Reason.Reason }>): string => {
  const after = Reason.retryAfter(reason)
  const status = evidence.status === undefined ? "" : `status ${evidence.status}`
  const asked = after === undefined ? "" : `asked for ${span(after)}`
  const seen = [status, asked].filter((part) => part !== "").join(", ")
  return `${Reason.describe(reason)}${seen === "" ? "" : ` (${seen})`}`
}

/** Say what happened. */
export const happened = (event: Event): string =>
  "deprecation" in event
    ? `${plainly(event)}; the service is going to retire this endpoint${event.deprecation.sunset === undefined ? "" : ` on ${DateTime.formatIso(event.deprecation.sunset)}`}`
    : plainly(event)

const plainly = (event: Event): string => {
  switch (event._tag) {
    case "Drafted": {
      const { key, operation } = event.request
      return `drafted ${operation}${key === undefined ? "" : ` under the key ${key}`}`
    }
    case "Sending":
      return "sent"
    case "Rejected":
      return `refused: ${why(event)}`
    case "Uncertain":
      return `no usable answer, it may have started: ${why(event)}`
    case "Accepted":
      return `accepted as ${event.handle.id}`
    case "Observed":
      return observed(event.observation)
    case "Unseen":
      return `a look failed: ${why(event)}`
    case "Lost":
      return `no longer known: ${why(event)}`
    case "Stopped":
      return `gave up: ${why(event)}`
    case "Prompted":
      return "a delivery asks for a look"
    case "Postponed":
      return `the budget of this credential has no room for ${span(event.retryAfter)}`
  }
}

/** Say what will be done, and when. */
export const planned = (action: Action, now: DateTime.Utc): string => {
  switch (action._tag) {
    case "Submit":
    case "Look": {
      const rest = DateTime.distance(now, action.at)
      const isNow = Duration.isLessThanOrEqualTo(rest, Duration.zero)
      if (action._tag === "Submit") return isNow ? "sending" : `sending again in ${span(rest)}`
      const held = action.hold === undefined ? "" : `, held up to ${span(action.hold)}`
      return isNow ? `looking${held}` : `next look in ${span(rest)}`
    }
    case "Stop":
      return "stopping"
    case "Finish":
      return "finished"
  }
}

/** Name a state for a person. */
export const named = (state: State | undefined): string => {
  switch (state?._tag) {
    case undefined:
    case "Drafted":
      return "not started"
    case "Uncertain":
      return "unanswered"
    case "Pending":
      return state.last === undefined ? "accepted" : `"${state.last.word}"`
    case "Settled":
      return "settled"
    case "Stopped":
      return "stopped"
  }
}

/** Say what to do. */
export const advised = (remedy: Remedy): string => {
  const after =
    "after" in remedy && Duration.isGreaterThan(remedy.after, Duration.zero) ? ` after ${span(remedy.after)}` : ""
  switch (remedy._tag) {
    case "Resend":
      return `send it again${after}${remedy.changes === undefined ? "" : ` with ${JSON.stringify(remedy.changes)}`}${remedy.sameKey ? " under the same key" : remedy.changes === undefined ? "" : " under another key"}`
    case "Look":
      return `look again${after}`
    case "Answer":
      return "answer it at the service, or with Client.answer, then settle it"
    case "FixRequest":
      return "mend the request and send it again"
    case "Authenticate":
      return "check the API key and what it may do, then ask again"
    case "Pay":
      return "top up the account or wait for its next period, then send it again"
    case "Reconcile":
      return `ask the service${remedy.by === undefined ? "" : ` about ${remedy.by}`} before you send it again`
    case "StartAnew":
      return "start new work if you still want it"
    case "Migrate":
      return `move to the replacement${remedy.to === undefined ? "" : `: ${remedy.to}`}`
    case "Escalate":
      return remedy.report
  }
}
