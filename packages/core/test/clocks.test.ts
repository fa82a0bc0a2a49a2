/** Keys that are remembered for a time, and clocks that are set while a process is down. */
import { describe, expect, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import * as Client from "@tenuto/core/Client"
import * as Contract from "@tenuto/core/Contract"
import * as Failure from "@tenuto/core/Failure"
import * as Journal from "@tenuto/core/Journal"
import * as Operation from "@tenuto/core/Operation"
import {
  accepted,
  after,
  contract,
  doubted,
  failureOf,
  hum,
  pending,
  refused,
  remote,
  type Reply,
  sing,
  sung,
} from "./choir.ts"

const lost = doubted({ _tag: "Unreachable", problem: "reset" })
const silent: Reply = () => Effect.never

/** How an effect ended, at the latest in an hour; `seconds` is how long it took. */
const ended = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(after(effect, "2 hours"), (end) => ({
    seconds: end?.seconds,
    with: end === undefined ? "nothing" : Exit.isSuccess(end.exit) ? end.exit.value : failureOf(end),
  }))

/** Lives of one process after the other, on a journal that stays. */
const living = (journal: Layer.Layer<Journal.Journal>, operation = sing) => {
  const on = <A, E>(service: ReturnType<typeof remote>, program: Effect.Effect<A, E, Client.Needs<typeof sing>>) =>
    Effect.provide(program, [service.layer, journal])
  const order = operation({ song: "la" }, { key: "order-7" })
  return {
    dies: (service: ReturnType<typeof remote>) =>
      after(Effect.timeoutOption(on(service, Client.run(order)), "1 second"), "1 second"),
    recovers: (service: ReturnType<typeof remote>) => ended(on(service, Client.recover([operation]))),
    asks: (service: ReturnType<typeof remote>) => ended(on(service, Client.run(order, { within: "1 hour" }))),
  }
}
const shared = (operation = sing) =>
  Effect.map(Layer.build(Journal.layerMemory), (context) => living(Layer.succeedContext(context), operation))

describe("an unanswered submit", () => {
  it.effect("is sent again while the service remembers its key", () =>
    Effect.gen(function* () {
      const { dies, recovers } = yield* shared()
      yield* dies(remote(silent))
      yield* TestClock.adjust("23 hours")
      const service = remote(accepted, sung)
      expect((yield* recovers(service)).with).toMatchObject([{ result: { success: { verse: "la" } } }])
      expect(service.times("Submit")).toHaveLength(1)
    }),
  )

  it.effect(
    "is in doubt for good once the key may be forgotten, and nothing is sent, however often it is asked for",
    () =>
      Effect.gen(function* () {
        const { asks, dies, recovers } = yield* shared()
        yield* dies(remote(silent))
        yield* TestClock.adjust("24 hours")
        const service = remote(accepted, sung)
        const failure = { _tag: "Uncertain", key: "order-7", reason: { _tag: "KeyExpired" } }
        expect((yield* recovers(service)).with).toMatchObject([{ result: { failure } }])
        const asked = (yield* asks(service)).with
        expect(asked).toMatchObject(failure)
        expect(Failure.isFailure(asked) && asked.message).toContain(
          "find out at the service what became of the key order-7",
        )
        expect(service.calls).toEqual([])
      }),
  )

  it.effect("is remembered for as long as the contract says, from the first send that may have started it", () =>
    Effect.gen(function* () {
      const idempotency = { _tag: "Keyed", field: "key", for: Duration.minutes(10) } as const
      const short = Operation.make({ ...sing, contract: Contract.make({ ...contract, idempotency }) })
      const { asks } = yield* shared(short)
      const unavailable = doubted({ _tag: "Unavailable", retryAfter: Duration.minutes(4) })
      const service = remote(unavailable)
      expect((yield* asks(service)).with).toMatchObject({ _tag: "Uncertain", reason: { _tag: "KeyExpired" } })
      expect(service.times("Submit").length).toBeLessThanOrEqual(3)
      expect(service.times("Submit").every((at) => at < 600)).toBe(true)
    }),
  )

  it.effect("that was refused for sure is sent whenever it is asked for", () =>
    Effect.gen(function* () {
      const { asks, dies } = yield* shared()
      yield* dies(remote(refused({ _tag: "Unpaid" })))
      yield* TestClock.adjust("3 days")
      expect((yield* asks(remote(accepted, sung))).with).toEqual({ verse: "la" })
    }),
  )
})

describe("work that was accepted", () => {
  const lostNow: Reply = {
    _tag: "Lost",
    reason: { _tag: "NotFoundOrGone", what: "song" },
    evidence: { stage: "look", status: 404 },
  }
  const retention = { _tag: "Kept", for: Duration.days(30) } as const
  const kept = Operation.make({ ...sing, contract: Contract.make({ ...contract, retention }) })

  for (const [days, reason] of [
    [29, { _tag: "NotFoundOrGone", what: "song" }],
    [31, { _tag: "Gone" }],
  ] as const) {
    it.effect(`and is unknown after ${days} of its 30 days is ${reason._tag}`, () =>
      Effect.gen(function* () {
        const { dies, recovers } = yield* shared(kept)
        yield* dies(remote(accepted, pending))
        yield* TestClock.adjust(Duration.days(days))
        expect((yield* recovers(remote(lostNow))).with).toMatchObject([
          { result: { failure: { _tag: "Lost", reason } } },
        ])
      }),
    )
  }
})

describe("a clock that was set while the process was down", () => {
  const { days, hours, minutes } = Duration
  const shift = (span: Duration.Duration, sign: 1 | -1) =>
    Effect.flatMap(DateTime.now, (now) =>
      TestClock.setTime(DateTime.toEpochMillis(now) + sign * Duration.toMillis(span)),
    )

  for (const span of [minutes(1), hours(1), days(1)]) {
    it.effect(`back by ${Duration.format(span)}: accepted work is waited for and found`, () =>
      Effect.gen(function* () {
        const { dies, recovers } = yield* shared()
        yield* TestClock.adjust("10 days")
        yield* dies(remote(accepted, pending))
        yield* shift(span, -1)
        const service = remote(pending, sung)
        const end = yield* recovers(service)
        expect(end.with).toMatchObject([{ result: { success: { verse: "la" } } }])
        expect(end.seconds).toBeLessThan(60)
      }),
    )

    it.effect(`forward by ${Duration.format(span)}: accepted work is waited for and found`, () =>
      Effect.gen(function* () {
        const { dies, recovers } = yield* shared()
        yield* dies(remote(accepted, pending))
        yield* shift(span, 1)
        const end = yield* recovers(remote(pending, sung))
        expect(end.with).toMatchObject([{ result: { success: { verse: "la" } } }])
      }),
    )

    it.effect(`back by ${Duration.format(span)}: a hint keeps its span, which begins now`, () =>
      Effect.gen(function* () {
        const { dies, recovers } = yield* shared()
        yield* TestClock.adjust("10 days")
        yield* dies(remote(refused({ _tag: "RateLimited", retryAfter: minutes(2) })))
        yield* shift(span, -1)
        const service = remote(accepted, sung)
        const began = yield* DateTime.now
        const end = yield* recovers(service)
        expect(end.with).toMatchObject([{ result: { success: { verse: "la" } } }])
        const [sent = 0] = service.times("Submit")
        const waited = sent - DateTime.toEpochMillis(began) / 1000
        expect(waited).toBeGreaterThanOrEqual(120)
        expect(waited).toBeLessThanOrEqual(150)
      }),
    )

    it.effect(
      `either way by ${Duration.format(span)}: what is in doubt without a key is told, and never sent again`,
      () =>
        Effect.gen(function* () {
          for (const sign of [1, -1] as const) {
            const { dies, recovers } = yield* shared(hum)
            yield* TestClock.adjust("10 days")
            yield* dies(remote(silent))
            yield* shift(span, sign)
            const service = remote(lost)
            yield* recovers(service)
            expect(service.calls).toEqual([])
          }
        }),
    )
  }
})
