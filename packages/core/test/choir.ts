/** A service made of answers, a journal on a shelf, and a way to let time pass: what the tests of the driver share. */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import * as Artifact from "@tenuto/core/Artifact"
import * as Contract from "@tenuto/core/Contract"
import type { Handle } from "@tenuto/core/Handle"
import * as Journal from "@tenuto/core/Journal"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import * as Operation from "@tenuto/core/Operation"
import type { Reason } from "@tenuto/core/Reason"
import * as Remote from "@tenuto/core/Remote"

// --- the operation ------------------------------------------------------------------------------

export const origin = "https://choir.test"
const { seconds } = Duration
const held = { _tag: "LongPoll", hold: seconds(20), floor: seconds(1) } as const

const singing = (contract: Contract.Contract) =>
  Operation.make({
    service: "choir",
    name: "sing",
    contract,
    input: Schema.Struct({ song: Schema.String.check(Schema.isMaxLength(20)) }),
    output: Schema.Struct({ verse: Schema.String, file: Schema.optionalKey(Artifact.Embedded) }),
    codes: ["too_loud"],
  })

export const contract = Contract.make({
  idempotency: { _tag: "Keyed", field: "key" },
  cadence: held,
  cancellation: "Offered",
})
export const sing = singing(contract)
export const hum = singing(Contract.make({ idempotency: { _tag: "Unkeyed" }, cadence: held }))
export const chant = singing(
  Contract.make({
    idempotency: { _tag: "Unkeyed" },
    cadence: { _tag: "Interval", every: seconds(5), floor: seconds(5) },
  }),
)
export const intone = singing(Contract.make({ idempotency: { _tag: "Referenced", field: "ref" }, cadence: held }))
export const list = singing(Contract.make({ idempotency: { _tag: "Safe" }, cadence: held }))
export const input = { song: "Hold the note" }

// --- answers ------------------------------------------------------------------------------------

export const handle: Handle = { version: 1, service: "choir", origin, operation: "sing", id: "song-1" }
export const accepted: Remote.Answer = { _tag: "Accepted", handle }
export const pending: Remote.Answer = { _tag: "Observed", observation: { _tag: "Pending", word: "singing" } }
export const unknown: Remote.Answer = { _tag: "Observed", observation: { _tag: "Unrecognised", word: "tuning" } }
export const sung: Remote.Answer = {
  _tag: "Observed",
  observation: { _tag: "Succeeded", word: "sung", output: { verse: "la" } },
}
export const refused = (reason: Reason): Remote.Answer => ({ _tag: "Rejected", reason, evidence: { stage: "submit" } })
export const doubted = (reason: Reason): Remote.Answer => ({ _tag: "Uncertain", reason, evidence: { stage: "submit" } })
export const unseen = (reason: Reason): Remote.Answer => ({ _tag: "Unseen", reason, evidence: { stage: "look" } })

// --- a remote made of answers -------------------------------------------------------------------

export type Reply = Remote.Answer | ((deed: Remote.Deed) => Effect.Effect<Remote.Answer>)

/** A call as it arrived: seconds since the test began. */
interface Call {
  readonly deed: Remote.Deed
  readonly at: number
}

/** Gives the answers in order; the last one again and again. */
export const remote = (...replies: ReadonlyArray<Reply>) => remoteWith({}, ...replies)

/** The same, with more of a remote than what it performs. */
export const remoteWith = (more: Partial<Remote.Shape>, ...replies: ReadonlyArray<Reply>) => {
  const calls: Array<Call> = []
  const perform = (deed: Remote.Deed) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const reply = replies[Math.min(calls.length, replies.length - 1)] ?? pending
      calls.push({ deed, at: now / 1000 })
      return typeof reply === "function" ? reply(deed) : Effect.succeed(reply)
    })
  return {
    calls,
    times: (tag: Remote.Deed["_tag"]) => calls.filter(({ deed }) => deed._tag === tag).map(({ at }) => at),
    layer: Layer.succeed(Remote.of("choir"), { origin, perform, ...more }),
  }
}

// --- a journal on a shelf -----------------------------------------------------------------------

/** Lines of JSON by entry: what is left when the process is gone. */
export type Shelf = Map<string, Array<string>>

const Line = Schema.fromJsonString(Lifecycle.Event)
const decode = Schema.decodeSync(Line)
const encode = Schema.encodeSync(Line)

const read = (shelf: Shelf, entry: string) => (shelf.get(entry) ?? []).map((line) => decode(line))
export const entries = (shelf: Shelf) => [...shelf.keys()].map((entry) => read(shelf, entry))
export const tags = (shelf: Shelf) => entries(shelf).map((history) => history.map(({ _tag }) => _tag))

/** Each process has its own holds; `append` may be made to fail or to take its time. */
export const journal = (
  shelf: Shelf,
  append: (
    write: Effect.Effect<void>,
    events: ReadonlyArray<Lifecycle.Event>,
  ) => Effect.Effect<void, Journal.Unusable> = (write) => write,
) => {
  const holds = new Set<string>()
  const claim = (entry: string) =>
    Effect.acquireRelease(
      Effect.suspend(() => {
        const detail = `another driver holds ${entry}`
        if (holds.has(entry)) return Effect.fail(new Journal.Unusable({ journal: "shelf", problem: "Held", detail }))
        return Effect.succeed(holds.add(entry))
      }),
      () => Effect.sync(() => holds.delete(entry)),
    )
  return Layer.succeed(Journal.Journal, {
    accountOf: () => Effect.succeed(""),
    claim: (entry) =>
      Effect.map(claim(entry), () => ({
        history: read(shelf, entry),
        append: (events) =>
          append(
            Effect.sync(
              () => void shelf.set(entry, [...(shelf.get(entry) ?? []), ...events.map((one) => encode(one))]),
            ),
            events,
          ),
      })),
    read: (entry) => Effect.sync(() => read(shelf, entry)),
    entries: () => Effect.succeed([]),
    prune: () => Effect.succeed(0),
    unsettled: Effect.sync(() =>
      Journal.unsettledOf(
        [...shelf.keys()].map((entry, id) => ({ id, entry, account: "", history: read(shelf, entry) })),
      ),
    ),
  })
}

// --- time ---------------------------------------------------------------------------------------

/** How an effect ended and when, in seconds since it began; `undefined` when it still runs after `within`. */
export const after = <A, E, R>(effect: Effect.Effect<A, E, R>, within: Duration.Input = "10 minutes") =>
  Effect.gen(function* () {
    const began = yield* Clock.currentTimeMillis
    const ended = Effect.flatMap(Effect.exit(effect), (exit) =>
      Effect.map(Clock.currentTimeMillis, (now) => ({ exit, seconds: (now - began) / 1000 })),
    )
    const fiber = yield* Effect.forkChild(ended, { startImmediately: true })
    yield* TestClock.adjust(within)
    const exit = fiber.pollUnsafe()
    if (exit === undefined) yield* Fiber.interrupt(fiber)
    return exit !== undefined && Exit.isSuccess(exit) ? exit.value : undefined
  })

/** Draw no jitter: what is asked for comes to the millisecond. */
export const withoutJitter = Effect.provideService(Random.Random, { nextIntUnsafe: () => 0, nextDoubleUnsafe: () => 0 })

/** What an ended effect failed with; `undefined` when it has not ended or not failed. */
export const failureOf = <A, E>(end: { readonly exit: Exit.Exit<A, E> } | undefined) =>
  end === undefined ? undefined : Option.getOrUndefined(Exit.findErrorOption(end.exit))

/** Count the sleeps that are going on, whatever clock is there. */
export const counting = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const pending = new Set<object>()
  const sleep = (duration: Duration.Duration) =>
    Effect.suspend(() => {
      const one = {}
      pending.add(one)
      return Effect.ensuring(
        clock.sleep(duration),
        Effect.sync(() => pending.delete(one)),
      )
    })
  const counted: Clock.Clock = Object.assign(Object.create(clock), { sleep })
  return { pending, layer: Layer.succeed(Clock.Clock, counted) }
})

export const instant = (at: number) => DateTime.makeUnsafe(at * 1000)
