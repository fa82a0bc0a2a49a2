/** Stories of one piece of work, as data: a machine plays them itself, so a broken one tells a broken story. */
import * as Arbitrary from "effect/Arbitrary"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Contract from "@tenuto/core/Contract"
import type { Handle } from "@tenuto/core/Handle"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import type { Observation } from "@tenuto/core/Observation"
import type { Reason } from "@tenuto/core/Reason"

/** What a machine must have to be put before the laws. */
export type Machine = Pick<typeof Lifecycle, "apply" | "begin" | "fold" | "next">

// --- contracts ----------------------------------------------------------------------------------

const { millis, seconds } = Duration
const longPoll = { _tag: "LongPoll", hold: seconds(20), floor: seconds(1) } as const
const interval = { _tag: "Interval", every: seconds(5), floor: seconds(2) } as const
const steps = [seconds(5), seconds(10), seconds(20)] as const

/** One contract of every kind of key, cadence and delay. */
const contracts = {
  keyedHeld: Contract.make({ idempotency: { _tag: "Keyed", field: "key" }, cadence: longPoll }),
  unkeyedHeld: Contract.make({ idempotency: { _tag: "Unkeyed" }, cadence: longPoll }),
  keyed: Contract.make({
    idempotency: { _tag: "Keyed", field: "key", for: seconds(90) },
    cadence: interval,
    delays: {
      limited: { _tag: "Ladder", steps },
      unavailable: { _tag: "Range", min: seconds(3), max: seconds(9) },
      otherwise: { _tag: "Exponential", base: millis(500), cap: seconds(30) },
    },
  }),
  unkeyed: Contract.make({ idempotency: { _tag: "Unkeyed" }, cadence: interval }),
  referenced: Contract.make({ idempotency: { _tag: "Referenced", field: "title" }, cadence: interval }),
} satisfies Record<string, Contract.Contract>

// --- moves --------------------------------------------------------------------------------------

const upTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))
const reasons = [
  "Timeout",
  "RateLimited",
  "Unavailable",
  "Unreachable",
  "RateLimited",
  "Internal",
  "Unauthenticated",
  "Unavailable",
  "Invalid",
  "Malformed",
  "UpgradeRequired",
  "UpgradeRequired",
] as const
const submits = [
  "Accepted",
  "Rejected",
  "Uncertain",
  "Rejected",
  "Uncertain",
  "Rejected",
  "AcceptedUnrecognised",
  "AcceptedSucceeded",
] as const
const looks = [
  "Pending",
  "Unseen",
  "Unrecognised",
  "Unseen",
  "Pending",
  "Succeeded",
  "Failed",
  "Cancelled",
  "Expired",
  "InputRequired",
  "Lost",
] as const

/** The driver does what the machine says; `pick`s choose the answer. */
const Go = Schema.TaggedStruct("Go", {
  die: upTo(999),
  late: upTo(30_000),
  submit: upTo(submits.length - 1),
  look: upTo(looks.length - 1),
  reason: upTo(reasons.length - 1),
  hint: Schema.optionalKey(Schema.Literals([0, 900, 30_000, 3_600_000, 2_592_000_000])),
})
/** The driver does not get to it: the budget that others share has no room. */
const Postpone = Schema.TaggedStruct("Postpone", { for: Schema.Literals([900, 30_000, 3_600_000]) })
/** The process dies, before it does what the machine says or right after it announced it. */
const Crash = Schema.TaggedStruct("Crash", { isAnnounced: Schema.Boolean, for: upTo(120_000) })
/** The caller asks again, perhaps with another input under the old name. */
const Again = Schema.TaggedStruct("Again", { isChanged: Schema.Boolean, after: upTo(120_000) })
/** A delivery says what a look would have said. */
const Delivery = Schema.TaggedStruct("Delivery", { look: upTo(looks.length - 2), after: upTo(10_000) })
/** A delivery says that there is something to see. */
const Prompt = Schema.TaggedStruct("Prompt", { after: upTo(10_000) })
/** Anything at all, at any time: an event of the {@link pool}. */
const Noise = Schema.TaggedStruct("Noise", { event: upTo(199) })

/** Events drawn from the schema alone, once: to draw them anew for each story would cost more than all the rest. */
let drawn: ReadonlyArray<Lifecycle.Event> | undefined
const pool = (): ReadonlyArray<Lifecycle.Event> => {
  drawn ??= Effect.runSync(
    Effect.orDie(Arbitrary.sampleEffect(Arbitrary.schema(Lifecycle.Event), { count: 200, seed: "noise", size: 6 })),
  )
  return drawn
}

const within = Schema.Literals([300_000, 60_000, 5_000, 0, 3_000_000_000])
const contract = Schema.Literals(["keyedHeld", "unkeyedHeld", "keyed", "unkeyed", "referenced"])
const length = [Schema.isMinLength(1), Schema.isMaxLength(40)] as const

/** What can happen to a driver that obeys the machine. */
export const Plausible = Schema.Struct({
  contract,
  within,
  moves: Schema.Array(Schema.Union([Go, Go, Go, Go, Go, Go, Crash, Again, Delivery, Prompt, Postpone])).check(
    ...length,
  ),
})
/** The same among events that make no sense. */
export const Hostile = Schema.Struct({
  contract,
  within,
  moves: Schema.Array(Schema.Union([Go, Go, Go, Go, Crash, Again, Delivery, Prompt, Postpone, Noise, Noise])).check(
    ...length,
  ),
})
export type Story = typeof Hostile.Type

// --- playing ------------------------------------------------------------------------------------

/** One thing that happened, and what the machine made of it. */
interface Beat {
  readonly event: Lifecycle.Event
  readonly before: Lifecycle.State
  readonly after: Lifecycle.State
  /** Whether the driver's own deed brought it, and how many crashes came before it. */
  readonly isOwn: boolean
  readonly life: number
}

/** One thing the machine said to do. `history` is how many beats came before it. */
export interface Choice {
  readonly state: Lifecycle.State
  readonly moment: Lifecycle.Moment
  readonly action: Lifecycle.Action
  readonly history: number
  readonly life: number
}

/** A story as it went. */
export interface Told {
  readonly contract: Contract.Contract
  readonly request: Lifecycle.Request
  readonly beats: ReadonlyArray<Beat>
  readonly choices: ReadonlyArray<Choice>
}

const start = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
const request: Lifecycle.Request = {
  entry: "service/operation/name",
  service: "service",
  origin: "https://service.test",
  operation: "operation",
  input: { prompt: "as it was drafted" },
  key: "name",
}
const handle: Handle = {
  version: 1,
  service: "service",
  origin: "https://service.test",
  operation: "operation",
  id: "work-1",
  entry: request.entry,
}

const observation = (look: (typeof looks)[number] | "Nothing"): Observation => {
  switch (look) {
    case "Succeeded":
      return { _tag: "Succeeded", word: "done", output: { id: "work-1" } }
    case "Failed":
      return { _tag: "Failed", word: "failed", reason: { _tag: "Upstream" }, code: "E1" }
    case "Cancelled":
    case "Expired":
      return { _tag: look, word: look.toLowerCase() }
    case "Unrecognised":
      return { _tag: "Unrecognised", word: "ripening" }
    case "InputRequired":
      return { _tag: "InputRequired", word: "asking", question: "which one?" }
    default:
      return { _tag: "Pending", word: "running" }
  }
}

const reasonOf = (move: typeof Go.Type): Reason => {
  const tag = reasons[move.reason] ?? "Timeout"
  if (tag === "Unreachable" || tag === "Malformed") return { _tag: tag, problem: "as told" }
  if (tag === "Invalid") return { _tag: tag, issues: [] }
  const hint = move.hint === undefined ? {} : { retryAfter: millis(move.hint) }
  if (tag === "UpgradeRequired") return { _tag: tag, changes: { held: false }, ...hint }
  if (tag !== "RateLimited" && tag !== "Unavailable") return { _tag: tag }
  return { _tag: tag, ...hint }
}

/** Let a machine live through a story. */
export const play = (machine: Machine, told: Story): Told => {
  const contract = contracts[told.contract]
  const within = millis(told.within)
  const beats: Array<Beat> = []
  const choices: Array<Choice> = []
  const drafted: Lifecycle.Event = { _tag: "Drafted", at: start, request }
  let history: ReadonlyArray<Lifecycle.Event> = [drafted]
  let state: Lifecycle.State = machine.begin(drafted) ?? { _tag: "Drafted", request, sends: 0 }
  let now = start
  let life = 0
  let wait = { since: now, deadline: DateTime.addDuration(now, within) }

  const pass = (by: number) => {
    now = DateTime.addDuration(now, millis(by))
  }
  const until = (at: DateTime.Utc) => {
    now = DateTime.max(now, at)
  }
  const happen = (event: Lifecycle.Event, isOwn = true) => {
    const before = state
    state = machine.apply(before, event)
    history = [...history, event]
    beats.push({ event, before, after: state, isOwn, life })
  }
  const choose = (die: number): Lifecycle.Action => {
    const moment = { contract, now, ...wait, die }
    const action = machine.next(state, moment)
    choices.push({ state, moment, action, history: beats.length, life })
    return action
  }
  const newWait = () => {
    // The caller may have answered: a driver polls before it tells the question again.
    if (state._tag === "Pending" && state.last?._tag === "InputRequired") happen({ _tag: "Prompted", at: now }, false)
    wait = { since: now, deadline: DateTime.addDuration(now, within) }
  }

  const askAgain = (isChanged: boolean) => {
    const input = isChanged ? { prompt: "as it never was" } : request.input
    happen({ _tag: "Drafted", at: now, request: { ...request, input } })
  }

  const go = (move: typeof Go.Type) => {
    if (state._tag === "Stopped") {
      askAgain(false)
      newWait()
    }
    const action = choose(move.die / 1000)
    const trouble = { reason: reasonOf(move), evidence: { stage: "submit" as const } }
    if (action._tag === "Submit") {
      until(action.at)
      happen({ _tag: "Sending", at: now })
      pass(move.late)
      const answer = submits[move.submit] ?? "Accepted"
      if (answer === "Rejected" || answer === "Uncertain") return happen({ _tag: answer, at: now, ...trouble })
      const seen =
        answer === "Accepted"
          ? {}
          : { observation: observation(answer === "AcceptedSucceeded" ? "Succeeded" : "Unrecognised") }
      return happen({ _tag: "Accepted", at: now, handle, ...seen })
    }
    if (action._tag === "Look") {
      until(action.at)
      const look = { began: now, ...(action.hold === undefined ? {} : { hold: action.hold }) }
      pass(move.late)
      const answer = looks[move.look] ?? "Pending"
      if (answer === "Unseen") return happen({ _tag: answer, at: now, ...look, ...trouble })
      if (answer === "Lost")
        return happen({
          _tag: answer,
          at: now,
          reason: { _tag: "NotFound", what: "work" },
          evidence: { stage: "look" },
        })
      return happen({ _tag: "Observed", at: now, ...look, observation: observation(answer) })
    }
    if (action._tag === "Stop" && (action.truth === "Rejected" || action.truth === "Uncertain")) {
      happen({ _tag: "Stopped", at: now, reason: action.reason, evidence: action.evidence })
    }
    newWait()
  }

  for (const move of told.moves) {
    if (move._tag === "Go") go(move)
    if (move._tag === "Crash") {
      const action = choose(0)
      if (move.isAnnounced && action._tag === "Submit") {
        until(action.at)
        happen({ _tag: "Sending", at: now })
      }
      history = history.filter(Lifecycle.isKept)
      state = machine.fold(history) ?? state
      life += 1
      pass(move.for)
      newWait()
    }
    if (move._tag === "Again") {
      pass(move.after)
      if (move.isChanged || state._tag === "Stopped") askAgain(move.isChanged)
      newWait()
    }
    if (move._tag === "Delivery") {
      pass(move.after)
      const seen = looks[move.look] ?? "Pending"
      if (seen !== "Unseen") happen({ _tag: "Observed", at: now, began: now, observation: observation(seen) }, false)
    }
    if (move._tag === "Prompt") {
      pass(move.after)
      happen({ _tag: "Prompted", at: now }, false)
    }
    if (move._tag === "Postpone") {
      const action = choose(0)
      if ("at" in action) {
        until(action.at)
        happen({ _tag: "Postponed", at: now, retryAfter: millis(move.for) })
      }
    }
    if (move._tag === "Noise") {
      const event = pool()[move.event]
      if (event !== undefined) happen(event, false)
    }
  }
  choose(0)
  return { contract, request, beats, choices }
}
