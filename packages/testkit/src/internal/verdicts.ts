/** What each law demands of one story that a machine lived through; nothing here trusts a state it can count by itself. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Equal from "effect/Equal"
import * as Schema from "effect/Schema"
import { type Contract, keyLife } from "@tenuto/core/Contract"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import { isPending } from "@tenuto/core/Observation"
import * as Reason from "@tenuto/core/Reason"
import type { Choice, Machine, Told } from "./stories.ts"

/** What is wrong with a machine in one story; `undefined` when nothing is. */
export type Verdict = (told: Told, machine: Machine) => string | undefined

const dice = [0, 0.25, 0.5, 0.999]

export const isTotal: Verdict = ({ beats, choices }, machine) => {
  for (const { after } of beats) {
    for (const { moment } of choices.slice(0, 3)) machine.next(after, moment)
  }
  return undefined
}

export const isSaved: Verdict = ({ beats, request }, machine) => {
  const at = beats[0]?.event.at
  if (at === undefined) return undefined
  const history: ReadonlyArray<Lifecycle.Event> = [{ _tag: "Drafted", at, request }, ...beats.map(({ event }) => event)]
  const folded = machine.fold(history)
  const again = machine.fold(history.map((event) => readEvent(writeEvent(event))))
  if (folded === undefined || again === undefined) return "a history that begins with a draft has no state"
  if (writeState(folded) !== writeState(again))
    return "a history that was saved and read again folds into another state"
  return writeState(readState(writeState(folded))) === writeState(folded)
    ? undefined
    : "a state that was saved and read again is another one"
}

export const isFinal: Verdict = ({ beats, choices }, machine) => {
  for (const { before, event, after } of beats) {
    if (before._tag !== "Settled") continue
    if (!Equal.equals(before, after)) return `${event._tag} changed work that was settled`
  }
  for (const { action, state } of choices) {
    if (state._tag === "Settled" && action._tag !== "Finish") return `settled work was met with ${action._tag}`
    if (action._tag === "Finish" && state._tag !== "Settled") return `${state._tag} work was called finished`
  }
  const settled = beats.find(({ after }) => after._tag === "Settled")
  if (settled === undefined) return undefined
  const changer = beats.find(({ event }) => !Equal.equals(machine.apply(settled.after, event), settled.after))
  return changer === undefined ? undefined : `${changer.event._tag} changed work that was settled`
}

export const isSeenOnce: Verdict = ({ beats, contract, choices }, machine) => {
  const moment = choices[0]?.moment
  for (const { after, event } of beats) {
    if (event._tag === "Sending" || moment === undefined) continue
    const twice = machine.apply(after, event)
    if (!Equal.equals(essence(after), essence(twice))) return `a second ${event._tag} changed what is true`
    const now = {
      ...moment,
      contract,
      now: event.at,
      since: event.at,
      deadline: DateTime.addDuration(event.at, Duration.days(1)),
    }
    const [one, two] = [machine.next(after, now), machine.next(twice, now)]
    if ("at" in two && "at" in one && one._tag === two._tag) {
      if (DateTime.isLessThan(two.at, one.at)) return `a second ${event._tag} brought the next ${two._tag} forward`
    } else if ("at" in two) return `a second ${event._tag} made the machine ${two._tag}`
  }
  return undefined
}

export const isBlind: Verdict = ({ beats, choices }, machine) => {
  for (const { after, before, event } of beats) {
    if (event._tag !== "Unseen") continue
    if (!Equal.equals(essence(before), essence(after))) return `a failed look turned ${before._tag} into ${after._tag}`
  }
  for (const { action, moment, state } of choices) {
    if (state._tag !== "Pending") continue
    if (action._tag === "Stop" && (action.truth === "Rejected" || action.truth === "Uncertain")) {
      return `work that was accepted was called ${action.truth}`
    }
    for (const reason of reasons) {
      const look = { at: moment.now, began: moment.now, reason, evidence: { stage: "look" as const } }
      const missed = machine.apply(state, { _tag: "Unseen", ...look })
      if (missed._tag !== "Pending") return `a look that failed (${reason._tag}) made the work ${missed._tag}`
      if (machine.next(missed, moment)._tag === "Finish") return `a look that failed (${reason._tag}) ended the work`
    }
  }
  return undefined
}

export const isNeverTwice: Verdict = (told) => {
  if (told.contract.idempotency._tag === "Keyed") return undefined
  const rash = told.choices.find((choice) => choice.action._tag === "Submit" && sendsInDoubt(told, choice) > 0)
  return rash && `it would be sent again while ${sendsInDoubt(told, rash)} send(s) may have started it`
}

export const isForgetful: Verdict = (told) => {
  const life = keyLife(told.contract)
  if (life === undefined) return undefined
  for (const choice of told.choices) {
    const from = inDoubtSince(told, choice)
    if (choice.action._tag !== "Submit" || from === undefined) continue
    const end = DateTime.addDuration(from, life)
    // What was due before it was decided is done at once.
    if (!DateTime.isLessThan(DateTime.max(choice.action.at, choice.moment.now), end)) {
      return `it would be sent again at ${DateTime.formatIso(choice.action.at)} under a key that the service knows until ${DateTime.formatIso(end)}`
    }
  }
  return undefined
}

export const isNeverDenied: Verdict = (told) => {
  for (const choice of told.choices) {
    const { action } = choice
    if (action._tag !== "Stop" || sendsInDoubt(told, choice) === 0) continue
    if (action.truth === "Rejected")
      return `it was said never to have started, with ${sendsInDoubt(told, choice)} send(s) in doubt`
  }
  return undefined
}

/** When the first of the sends left that may have started it since the last time none was in doubt. */
const inDoubtSince = (told: Told, choice: Choice): DateTime.Utc | undefined => {
  let since: DateTime.Utc | undefined
  for (const [index, { event }] of told.beats.slice(0, choice.history).entries()) {
    if (sendsInDoubt(told, { ...choice, history: index + 1 }) === 0) since = undefined
    else since ??= event.at
  }
  return since
}

/** Counts from what happened, trusting no state: a send is proved harmless only by the refusal that answers it. */
const sendsInDoubt = ({ beats }: Told, { history }: Choice): number => {
  let inDoubt = 0
  let isAwaited = false
  for (const { event } of beats.slice(0, history)) {
    if (event._tag === "Rejected" && isAwaited) inDoubt -= 1
    if (event._tag === "Sending") inDoubt += 1
    if (event._tag === "Sending") isAwaited = true
    if (event._tag === "Rejected" || event._tag === "Uncertain" || event._tag === "Stopped") isAwaited = false
  }
  return inDoubt
}

export const isSameBody: Verdict = ({ choices, request }, machine) => {
  for (const { action, moment, state } of choices) {
    if (action._tag !== "Submit") continue
    if (!isLawful(action.request, request)) return "another request than the drafted one would be sent under its key"
    if (Equal.equals(action.request.input, request.input)) continue
    const refusal = { at: action.at, reason: upgrade, evidence: { stage: "submit" as const } }
    const asked = machine.apply(machine.apply(state, { _tag: "Sending", at: action.at }), {
      _tag: "Rejected",
      ...refusal,
    })
    if (machine.next(asked, moment)._tag === "Submit") return "a request that was changed once would be changed again"
  }
  return undefined
}

const upgrade: Reason.Reason = { _tag: "UpgradeRequired", changes: { held: true } }

/** What goes out under the key that was drafted is what was drafted; only another key may carry something else. */
const isLawful = (sent: Lifecycle.Request, drafted: Lifecycle.Request): boolean =>
  sent.key === drafted.key
    ? Equal.equals(sent, drafted)
    : Equal.equals({ ...sent, key: drafted.key, input: drafted.input }, drafted)

export const isPatient: Verdict = (told, machine) => {
  for (const choice of told.choices) {
    const { moment, state } = choice
    const earliest = asked(told, choice)
    for (const die of [...dice, moment.die]) {
      const action = machine.next(state, { ...moment, die })
      if (action._tag !== "Submit" && action._tag !== "Look") continue
      const floor = earliest[action._tag]
      if (DateTime.isLessThan(action.at, floor) && DateTime.isLessThan(moment.now, floor)) {
        return `${action._tag} at ${DateTime.formatIso(action.at)} with the die ${die}, asked for not before ${DateTime.formatIso(floor)}`
      }
      if (!DateTime.isLessThan(action.at, moment.deadline) || !DateTime.isLessThan(moment.now, moment.deadline)) {
        return `${action._tag} at ${DateTime.formatIso(action.at)}, past the deadline ${DateTime.formatIso(moment.deadline)}`
      }
    }
  }
  return undefined
}

export const isAsked: Verdict = ({ beats, choices }) => {
  for (const { action, history, life, state } of choices) {
    if (state._tag !== "Pending") continue
    const brought = beats.slice(0, history).findLast((beat) => beat.life === life && isNews(beat))?.event
    const isAsking = brought !== undefined && "observation" in brought && brought.observation._tag === "InputRequired"
    const isTold = action._tag === "Stop" && action.truth === "InputRequired"
    if (isAsking && !isTold) return `work that asks its caller was met with ${action._tag}`
    if (isTold && !isAsking) return "a question was told that no look has brought since the caller was told of it"
  }
  return undefined
}

/** Whether it says what the work does now, or that it may do something else by now. */
const isNews = ({ before, event }: Told["beats"][number]): boolean =>
  event._tag === "Accepted" ? before._tag !== "Pending" : event._tag === "Observed" || event._tag === "Prompted"

export const isSurvivor: Verdict = ({ beats, choices, contract }, machine) => {
  for (const { after, event } of beats) {
    if (event._tag !== "Observed" && event._tag !== "Accepted") continue
    const word = event.observation?._tag
    const isEnd = after._tag === "Settled" && after.outcome._tag === "Observed" && isPending(after.outcome.observation)
    if (isEnd) return `the word of a look that brought ${word} ended the work`
  }
  for (const { moment, state } of choices) {
    if (state._tag !== "Pending") continue
    const loop = looksAtOnce(
      state,
      { ...moment, deadline: DateTime.addDuration(moment.now, Duration.minutes(5)) },
      machine,
    )
    const least = Duration.toMillis(contract.cadence.floor)
    if (typeof loop === "string") return loop
    // The first look may find an old one behind it.
    if (loop.slice(1).some((gap) => gap < least))
      return `looks answered at once with an unknown word came ${loop.join(", ")} ms apart`
  }
  return undefined
}

/** The pauses between looks that are all answered at once with a word nobody knows. */
const looksAtOnce = (
  first: Lifecycle.State,
  moment: Lifecycle.Moment,
  machine: Machine,
): string | ReadonlyArray<number> => {
  let state = first
  let { now } = moment
  const gaps: Array<number> = []
  for (let count = 0; count < 8; count++) {
    const action = machine.next(state, { ...moment, now, die: 0 })
    if (action._tag === "Finish") return "an unknown word ended the work"
    if (action._tag !== "Look") return gaps
    const at = DateTime.max(now, action.at)
    gaps.push(DateTime.toEpochMillis(at) - DateTime.toEpochMillis(now))
    now = at
    const hold = action.hold === undefined ? {} : { hold: action.hold }
    state = machine.apply(state, {
      _tag: "Observed",
      at,
      began: at,
      ...hold,
      observation: { _tag: "Unrecognised", word: "ripening" },
    })
  }
  return gaps
}

// --- what the verdicts stand on -----------------------------------------------------------------

/** Write an event as a journal does. */
export const writeEvent = Schema.encodeSync(Schema.fromJsonString(Lifecycle.Event))
const readEvent = Schema.decodeSync(Schema.fromJsonString(Lifecycle.Event))
const stateJson = Schema.fromJsonString(Lifecycle.State)
const readState = Schema.decodeSync(stateJson)
const writeState = Schema.encodeSync(stateJson)

/** What a state says about the work, without the count of looks and the trouble on the way. */
const essence = (state: Lifecycle.State) => {
  if (state._tag === "Settled") return { settled: state.outcome }
  if (state._tag === "Pending") return { pending: state.handle }
  return { unaccepted: state._tag, request: state.request, doubts: state._tag === "Drafted" ? 0 : state.doubts }
}

const reasons: ReadonlyArray<Reason.Reason> = [
  { _tag: "Unavailable" },
  { _tag: "Unauthenticated" },
  { _tag: "NotFound", what: "work" },
  { _tag: "Malformed", problem: "not JSON" },
  { _tag: "Timeout" },
  { _tag: "Internal" },
]

/** The instants before which nothing may be sent and nothing looked at, read from what happened and nothing else. */
const asked = ({ beats, contract }: Told, { history, life }: Choice): Record<"Submit" | "Look", DateTime.Utc> => {
  const earliest = { Submit: DateTime.makeUnsafe(0), Look: DateTime.makeUnsafe(0) }
  const notBefore = (deed: "Submit" | "Look", from: DateTime.Utc, pause: Duration.Duration) => {
    earliest[deed] = DateTime.max(earliest[deed], DateTime.addDuration(from, pause))
  }
  let wasStopped = false
  for (const { event, isOwn, life: then } of beats.slice(0, history).toReversed()) {
    if (!isOwn) continue
    if (event._tag === "Stopped") wasStopped = true
    if (event._tag === "Rejected" || event._tag === "Uncertain") {
      // Being asked again may shorten our own backoff, never what the service asked for.
      notBefore("Submit", event.at, longer(event.reason, wasStopped ? Duration.zero : least(contract, event.reason)))
    }
    if (event._tag === "Postponed" && then === life) {
      // Being asked again is a reason to ask the budget again.
      if (!wasStopped) notBefore("Submit", event.at, event.retryAfter)
      notBefore("Look", event.at, event.retryAfter)
    }
    const isKept = then === life || Lifecycle.isKept(event)
    if (event._tag === "Unseen" && isKept)
      notBefore("Look", event.at, longer(event.reason, least(contract, event.reason)))
    if ((event._tag === "Unseen" || event._tag === "Observed") && then === life) {
      const { _tag, floor } = contract.cadence
      notBefore("Look", _tag === "LongPoll" ? event.began : event.at, floor)
    }
  }
  return earliest
}

const longer = (reason: Reason.Reason, pause: Duration.Duration) =>
  Duration.max(Reason.retryAfter(reason) ?? Duration.zero, pause)

/** The least pause the contract names for a kind of trouble. */
const least = ({ delays }: Contract, reason: Reason.Reason): Duration.Duration => {
  const delay =
    reason._tag === "RateLimited"
      ? delays.limited
      : reason._tag === "Unavailable"
        ? delays.unavailable
        : delays.otherwise
  if (delay._tag === "Range") return delay.min
  if (delay._tag === "Assumed") return Reason.retryAfter(reason) ?? delay.pause
  return delay._tag === "Ladder" ? delay.steps[0] : delay.base
}
