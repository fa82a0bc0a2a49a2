/** Tells a step of the client in words; pure. It takes from a step what a journal may hold, and no message of a service. */
import type { Step } from "@tenuto/core/Client"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import type { Observation } from "@tenuto/core/Observation"
import * as Pace from "@tenuto/core/Pace"
import * as Reason from "@tenuto/core/Reason"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import type { About, Evidence, Kind } from "./entry.ts"

/** A step in words. */
export interface Told {
  readonly kind: Kind
  readonly what: string
  readonly about: About
  readonly until?: DateTime.Utc
  readonly evidence: Evidence
}

/**
 * Tell a step; `undefined` where the next one says the same. `last` is what happened last to this work: of two pauses
 * alike, only that says whose wish they are.
 */
export const told = (step: Step, now: DateTime.Utc, last?: Lifecycle.Event): Told | undefined => {
  switch (step._tag) {
    case "Happened":
      return happened(step.event, step.state)
    case "Planned":
      return planned(step.action, step.state, now, last)
    case "Unsaved": {
      const { problem } = step.trouble
      return {
        kind: "note",
        what: "unsaved",
        about: aboutOf(step.state, `the journal: ${problem}`),
        evidence: { problem },
      }
    }
  }
}

/** An entry's text. */
export const lineOf = ({ name, says, state }: About): string =>
  [name, state, says].filter((part) => part !== "").join(" · ")

/** The same name for work from its draft to its end. */
export const workOf = (state: Lifecycle.State): string => Lifecycle.subjectOf(state).entry ?? nameOf(state)

const nameOf = (state: Lifecycle.State): string => {
  const subject = Lifecycle.subjectOf(state)
  const { key, operation, reference } = subject
  return [operation, key ?? reference ?? ("id" in subject ? subject.id : "")].join(" ").trimEnd()
}

const stateOf = (state: Lifecycle.State): string => {
  if (state._tag !== "Settled") return state._tag
  const { outcome } = state
  return outcome._tag === "Lost" ? "Lost" : outcome.observation._tag
}

const aboutOf = (state: Lifecycle.State, says: string): About => ({
  work: workOf(state),
  name: nameOf(state),
  state: stateOf(state),
  says,
})

const words = (...parts: ReadonlyArray<string | undefined>): string =>
  parts.filter((part) => part !== undefined && part !== "").join(", ")

// --- what happened ------------------------------------------------------------------------------

const whats = {
  Drafted: "drafted",
  Sending: "sends",
  Rejected: "rejected",
  Uncertain: "uncertain",
  Accepted: "accepted",
  Observed: "observed",
  Unseen: "unseen",
  Lost: "lost",
  Stopped: "stops",
  Prompted: "prompted",
  Postponed: "postponed",
} as const satisfies Record<Lifecycle.Event["_tag"], string>

const kinds: Partial<Record<Lifecycle.Event["_tag"], Kind>> = {
  Sending: "sends",
  Rejected: "answers",
  Uncertain: "answers",
  Accepted: "answers",
  Observed: "answers",
  Unseen: "answers",
  Lost: "answers",
}

const happened = (event: Lifecycle.Event, state: Lifecycle.State): Told => ({
  kind: kinds[event._tag] ?? "note",
  what: whats[event._tag],
  about: aboutOf(state, said(event)),
  evidence: { ...evidenceOf(event), ...sendsOf(state) },
})

const said = (event: Lifecycle.Event): string => {
  switch (event._tag) {
    case "Drafted":
    case "Sending":
      return ""
    case "Accepted":
      return words(`as ${event.handle.id}`, event.observation && seen(event.observation), asked(event.retryAfter))
    case "Observed":
      return words(seen(event.observation), asked(event.retryAfter))
    case "Prompted":
      return "a delivery asks for a look"
    case "Postponed":
      return `the shared budget has no room for ${Duration.format(event.retryAfter)}`
    case "Rejected":
    case "Uncertain":
    case "Unseen":
    case "Lost":
    case "Stopped":
      return words(reasoned(event.reason), event.evidence.status?.toString(), asked(Reason.retryAfter(event.reason)))
  }
}

const asked = (span: Duration.Duration | undefined): string | undefined =>
  span === undefined ? undefined : `asked for ${Duration.format(span)}`

/** Words of a service are quoted: they are not ours. */
const seen = (observation: Observation): string => {
  const word = JSON.stringify(observation.word)
  if (observation._tag === "Failed") return words(word, reasoned(observation.reason), observation.code)
  if (observation._tag !== "Pending") return word
  const { phase, progress } = observation
  return words(word, phase, progress === undefined ? undefined : `${Math.round(progress * 100)} %`)
}

const reasoned = (reason: Reason.Reason): string =>
  reason._tag === "Unrecognised" ? `Unrecognised ${JSON.stringify(reason.code)}` : reason._tag

const evidenceOf = (event: Lifecycle.Event): Evidence => {
  const found: Record<string, string | number | boolean> = { event: event._tag }
  const keep = (name: string, value: string | number | undefined) => {
    if (value !== undefined) found[name] = value
  }
  if ("evidence" in event) {
    const { code, requestId, stage, status } = event.evidence
    // A problem is told in the words of a carrier, which name its sockets.
    keep("reason", "problem" in event.reason ? event.reason._tag : Reason.describe(event.reason))
    keep("stage", stage)
    keep("status", status)
    keep("code", code)
    keep("request id", requestId)
  }
  if ("hold" in event) keep("held up to", Duration.format(event.hold))
  if ("observation" in event) keep("word", event.observation.word)
  const hint =
    "reason" in event ? Reason.retryAfter(event.reason) : "retryAfter" in event ? event.retryAfter : undefined
  keep("asked to wait", hint && Duration.format(hint))
  if ("deprecation" in event) {
    const { sunset } = event.deprecation
    keep("will be retired", sunset === undefined ? "some day" : DateTime.formatIso(sunset))
  }
  return found
}

const sendsOf = (state: Lifecycle.State): Evidence =>
  state._tag === "Drafted" || state._tag === "Uncertain"
    ? { sends: state.sends, ...("doubts" in state ? { "in doubt": state.doubts } : {}) }
    : {}

// --- what is to be done -------------------------------------------------------------------------

const planned = (
  action: Lifecycle.Action,
  state: Lifecycle.State,
  now: DateTime.Utc,
  last: Lifecycle.Event | undefined,
): Told | undefined => {
  switch (action._tag) {
    case "Submit":
    case "Look": {
      const verb = action._tag === "Submit" ? "sends" : "looks"
      const held = "hold" in action ? Duration.format(action.hold) : undefined
      const evidence = held === undefined ? {} : { "held up to": held }
      if (DateTime.isLessThanOrEqualTo(action.at, now)) {
        if (verb === "sends") return undefined
        const says = held === undefined ? "" : `held up to ${held}`
        return { kind: "sends", what: verb, about: aboutOf(state, says), evidence }
      }
      const span = Duration.format(DateTime.distance(now, action.at))
      const again = isAgain(state) ? " again" : ""
      const because = whyOf(action.at, state, last)
      return {
        kind: "pause",
        what: `${verb}${again} in ${span}`,
        about: aboutOf(state, because),
        until: action.at,
        evidence: { pause: span, because, ...evidence },
      }
    }
    case "Stop": {
      const { evidence, reason, truth } = action
      // The event that follows says so.
      if (truth === "Rejected" || truth === "Uncertain") return undefined
      const found = evidenceOf({ _tag: "Stopped", at: now, reason, evidence })
      return {
        kind: "note",
        what: "ends the wait",
        about: aboutOf(state, words(truth, reasoned(reason))),
        evidence: { ...found, event: truth },
      }
    }
    case "Finish":
      return { kind: "note", what: "finishes", about: aboutOf(state, ""), evidence: {} }
  }
}

const isAgain = (state: Lifecycle.State): boolean =>
  state._tag === "Pending" ? state.looks.began !== undefined : "sends" in state && state.sends > 0

/** Whose wish a pause is. */
const whyOf = (at: DateTime.Utc, state: Lifecycle.State, last: Lifecycle.Event | undefined): string => {
  if (last?._tag === "Postponed") return "the shared budget has no room"
  if (state._tag === "Pending") {
    const { looks, miss } = state
    const after = looks.trouble === undefined ? undefined : afterOf(miss?.evidence.status, looks.trouble)
    const latest = Pace.resumed(looks, 1)
    if (latest !== undefined && DateTime.isLessThanOrEqualTo(at, latest)) return words("the service asked", after)
    if (after !== undefined) return after
    if (looks.prompted === true) return "a delivery asks for it"
    return looks.early > 0 ? "the last look came back early" : "the pace of the contract"
  }
  const trouble = "last" in state ? state.last : undefined
  if (trouble === undefined) return ""
  const hint = Reason.retryAfter(trouble.reason)
  const after = afterOf(trouble.evidence.status, trouble.reason)
  const isAsked =
    hint !== undefined && Duration.isLessThanOrEqualTo(DateTime.distance(trouble.at, at), Pace.spreadOver(hint, 1))
  return words(isAsked ? "the service asked" : undefined, after)
}

/** A status says more than a reason does, unless it is one of success. */
const afterOf = (status: number | undefined, reason: Reason.Reason): string =>
  `after ${status === undefined || status < 300 ? reason._tag : status}`
