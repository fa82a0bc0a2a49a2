import { describe, expect, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import * as Budget from "@tenuto/http/Budget"

const { minutes, seconds } = Duration
const rule = (requests: number): Budget.Rule => ({ deeds: ["Submit"], requests, window: seconds(60) })
/** What is asked for comes to the millisecond. */
const withoutJitter = Effect.provideService(Random.Random, { nextIntUnsafe: () => 0, nextDoubleUnsafe: () => 0 })
/** One limit alone, asked for what it counts. */
const open = (given: Budget.Rule, chance = withoutJitter) => {
  const { admit, exhausted, ...budget } = Budget.of(given).open()
  const heard: Budget.Open["heard"] = (deed, answer) => chance(budget.heard(deed, answer))
  const [deed = "Submit"] = given.deeds
  const evidence = { stage: "submit" } as const
  return {
    admit: (within: Duration.Duration) => admit(deed, within),
    exhausted: (span: Duration.Duration) => chance(exhausted(deed, span)),
    refused: (retryAfter: Duration.Duration | undefined) => {
      const reason = { _tag: "RateLimited", ...(retryAfter === undefined ? {} : { retryAfter }) } as const
      return heard(deed, { _tag: "Unseen", reason, evidence })
    },
    taken: heard(deed, { _tag: "Observed", observation: { _tag: "Pending", word: "running" } }),
    troubled: heard(deed, { _tag: "Unseen", reason: { _tag: "Internal" }, evidence }),
  }
}
const within = minutes(10)

/** Ask for places at given seconds; when each was given, in seconds. */
const places = Effect.fnUntraced(function* (budget: ReturnType<typeof open>, asked: ReadonlyArray<number>) {
  const began = yield* Clock.currentTimeMillis
  const given: Array<number> = []
  const fibers = yield* Effect.forEach(asked, (at, index) =>
    Effect.forkChild(
      Effect.delay(budget.admit(within), seconds(at)).pipe(
        Effect.andThen(Clock.currentTimeMillis),
        Effect.map((now) => void (given[index] = (now - began) / 1000)),
      ),
      { startImmediately: true },
    ),
  )
  yield* TestClock.adjust("2 hours")
  yield* Effect.forEach(fibers, Fiber.join)
  return given
})

describe("laws", () => {
  const Asked = Schema.Struct({
    requests: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 5 })),
    asked: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 200 }))).check(
      Schema.isMinLength(1),
      Schema.isMaxLength(20),
    ),
  })
  it.effect("in no span of the window are there more requests than allowed, and nobody is sent too soon", () =>
    Arbitrary.checkEffect(
      Arbitrary.schema(Asked),
      ({ asked, requests }) =>
        Effect.map(places(open(rule(requests)), asked), (given) => {
          const sorted = given.toSorted((one, other) => one - other)
          for (const [index, at] of given.entries()) expect(at).toBeGreaterThanOrEqual(asked[index] ?? 0)
          for (const [index, at] of sorted.entries()) {
            const before = sorted[index - requests]
            if (before !== undefined) expect(at - before).toBeGreaterThan(60)
          }
          return true
        }),
      { runs: 60, seed: 7 },
    ).pipe(Effect.map((result) => expect(result._tag).toBe("Passed"))),
  )
})

describe("laws of several limits, of those who give up and of refusals", () => {
  const upTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))
  const Story = Schema.Struct({
    requests: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4 })),
    asked: Schema.Array(
      Schema.Struct({ at: upTo(150), for: upTo(400), isLook: Schema.Boolean, stays: Schema.optionalKey(upTo(100)) }),
    ).check(Schema.isMinLength(1), Schema.isMaxLength(20)),
    closed: Schema.Array(Schema.Struct({ at: upTo(200), for: upTo(90) })).check(Schema.isMaxLength(3)),
  })
  it.effect("no limit is exceeded, nobody waits longer than said, nobody goes while it is closed", () =>
    Arbitrary.checkEffect(
      Arbitrary.schema(Story),
      ({ asked, closed, requests }) =>
        Effect.gen(function* () {
          const rules: ReadonlyArray<Budget.Rule> = [
            { deeds: ["Submit"], requests, window: seconds(50) },
            { deeds: ["Submit", "Look"], requests: requests + 1, window: seconds(80) },
          ]
          const { admit, heard } = Budget.of(...rules).open()
          const second = Effect.map(Clock.currentTimeMillis, (millis) => millis / 1000)
          const began = yield* second
          const went: Array<{ readonly at: number; readonly isLook: boolean }> = []
          const later = <A, E>(at: number, effect: Effect.Effect<A, E>) =>
            Effect.forkChild(Effect.delay(effect, seconds(at)), { startImmediately: true })
          yield* Effect.forEach(closed, ({ at, for: span }) => {
            const reason = { _tag: "RateLimited", retryAfter: seconds(span) } as const
            return later(at, heard("Submit", { _tag: "Unseen", reason, evidence: { stage: "submit" } }))
          })
          const fibers = yield* Effect.forEach(asked, ({ at, for: span, isLook, stays }) => {
            const one = Effect.gen(function* () {
              const wait = yield* admit(isLook ? "Look" : "Submit", seconds(span))
              const now = (yield* second) - began
              expect(now - at).toBeLessThanOrEqual(span)
              if (wait === undefined) went.push({ at: now, isLook })
            })
            return later(at, stays === undefined ? one : Effect.timeoutOption(one, seconds(stays)))
          })
          yield* TestClock.adjust("2 hours")
          yield* Effect.forEach(fibers, Fiber.join)
          for (const { deeds, requests = 0, window = seconds(0) } of rules) {
            const counted = went.filter(({ isLook }) => deeds.includes(isLook ? "Look" : "Submit"))
            for (const [index, { at }] of counted.entries()) {
              const before = counted[index - requests]
              if (before !== undefined) expect(at - before.at).toBeGreaterThan(Duration.toSeconds(window))
            }
          }
          for (const { at } of went) {
            for (const shut of closed) expect(at > shut.at && at < shut.at + shut.for).toBe(false)
          }
          return true
        }),
      { runs: 100, seed: 11 },
    ).pipe(Effect.map((result) => expect(result._tag).toBe("Passed"))),
  )
})

describe("a budget", () => {
  it.effect("gives places first come, first served", () =>
    Effect.gen(function* () {
      const given = yield* places(open(rule(2)), [0, 1, 2, 3, 4])
      expect(given).toEqual([0, 1, 61, 62, 122])
    }),
  )

  it.effect("says at once how long it would take, and takes nothing", () =>
    Effect.gen(function* () {
      const budget = open(rule(1))
      expect(yield* budget.admit(within)).toBeUndefined()
      expect(yield* budget.admit(seconds(30))).toEqual(seconds(61))
      yield* TestClock.adjust("61 seconds")
      expect(yield* budget.admit(seconds(0))).toBeUndefined()
    }),
  )

  it.effect("a wait that is given up gives its place to the next one", () =>
    Effect.gen(function* () {
      const budget = open(rule(1))
      yield* budget.admit(within)
      const gone = yield* Effect.forkChild(budget.admit(within), { startImmediately: true })
      yield* Fiber.interrupt(gone)
      const next = yield* Effect.forkChild(budget.admit(within), { startImmediately: true })
      yield* TestClock.adjust("61 seconds")
      expect(next.pollUnsafe()).toBeDefined()
    }),
  )

  it.effect("a wait that is given up moves up whoever waits behind it", () =>
    Effect.gen(function* () {
      const budget = open(rule(1))
      yield* budget.admit(within)
      const gone = yield* Effect.forkChild(budget.admit(within), { startImmediately: true })
      const next = yield* Effect.forkChild(budget.admit(within), { startImmediately: true })
      yield* TestClock.adjust("30 seconds")
      yield* Fiber.interrupt(gone)
      yield* TestClock.adjust("31 seconds")
      expect(next.pollUnsafe()).toEqual(Exit.succeed(undefined))
    }),
  )

  it.effect("what was sent before a refusal and taken after it lets nobody back at once", () =>
    Effect.gen(function* () {
      const budget = open({ deeds: ["Submit"] })
      yield* budget.refused(seconds(30))
      yield* budget.taken
      expect(yield* places(budget, [5, 5, 5])).toEqual([30, 31, 32])
    }),
  )

  it.effect("without a number holds nobody back", () =>
    Effect.gen(function* () {
      expect(yield* places(open({ deeds: ["Look"] }), [0, 0, 0, 0])).toEqual([0, 0, 0, 0])
    }),
  )
})

describe("several limits", () => {
  it.effect("each hold back what they count, and one who passes waits for all of them", () =>
    Effect.gen(function* () {
      const { admit } = Budget.of(
        { deeds: ["Submit"], requests: 1, window: seconds(10) },
        { deeds: ["Submit", "Look"], requests: 2, window: seconds(60) },
      ).open()
      const ask = (deed: "Submit" | "Look" | "Cancel") => admit(deed, seconds(0))
      expect(yield* ask("Submit")).toBeUndefined()
      expect(yield* ask("Look")).toBeUndefined()
      expect(yield* ask("Look")).toEqual(seconds(61))
      expect(yield* ask("Submit")).toEqual(seconds(61))
      expect(yield* ask("Cancel")).toBeUndefined()
    }),
  )
})

describe("several limits, while one waits", () => {
  const both = () =>
    Budget.of(
      { deeds: ["Submit"], requests: 1, window: seconds(60) },
      { deeds: ["Submit", "Look"], requests: 1, window: seconds(100) },
    ).open()

  it.effect("wait for no more than the span in all, and say at once that it is not enough", () =>
    Effect.gen(function* () {
      const { admit } = both()
      yield* admit("Submit", within)
      const waiting = yield* Effect.forkChild(admit("Submit", seconds(70)), { startImmediately: true })
      expect(waiting.pollUnsafe()).toEqual(Exit.succeed(seconds(101)))
    }),
  )

  it.effect("one that finds no room under one of them, or is let go on the way, takes no place under any", () =>
    Effect.gen(function* () {
      const { admit } = Budget.of(
        { deeds: ["Submit"], requests: 1, window: seconds(200) },
        { deeds: ["Submit", "Look"], requests: 1, window: seconds(60) },
      ).open()
      yield* admit("Look", within)
      expect(yield* admit("Submit", seconds(0))).toEqual(seconds(61))
      const gone = yield* Effect.forkChild(admit("Submit", within), { startImmediately: true })
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.interrupt(gone)
      yield* TestClock.adjust("51 seconds")
      expect(yield* admit("Submit", seconds(0))).toBeUndefined()
    }),
  )

  it.effect("a place is where it is used, not where one of them alone would have had it", () =>
    Effect.gen(function* () {
      const { admit, heard } = Budget.of(rule(1), { deeds: ["Submit", "Look"] }).open()
      const reason = { _tag: "RateLimited", retryAfter: seconds(100) } as const
      yield* heard("Look", { _tag: "Unseen", reason, evidence: { stage: "look" } })
      const waiting = yield* Effect.forkChild(admit("Submit", within), { startImmediately: true })
      yield* TestClock.adjust("100 seconds")
      expect(waiting.pollUnsafe()).toEqual(Exit.succeed(undefined))
      expect(yield* admit("Submit", seconds(0))).toEqual(seconds(61))
    }).pipe(withoutJitter),
  )
})

describe("a refusal that one was told", () => {
  it.effect("changes nothing in the order of those who wait", () =>
    Effect.gen(function* () {
      const budget = open(rule(1))
      const waiting = yield* Effect.forkChild(places(budget, [0, 1, 2]), { startImmediately: true })
      yield* Effect.forkChild(Effect.delay(budget.refused(seconds(90)), seconds(10)), { startImmediately: true })
      expect(yield* Fiber.join(waiting)).toEqual([0, 100, 161])
    }),
  )

  it.effect("holds back all, as long as the service asks", () =>
    Effect.gen(function* () {
      const budget = open({ deeds: ["Submit"] })
      yield* budget.refused(seconds(30))
      // One by one: all at once would be refused again.
      expect(yield* places(budget, [0, 10, 40])).toEqual([30, 31, 40])
    }),
  )

  it.effect("holds back those who wait already", () =>
    Effect.gen(function* () {
      const budget = open(rule(1))
      yield* budget.admit(within)
      const waiting = yield* Effect.forkChild(budget.admit(within), { startImmediately: true })
      yield* budget.refused(seconds(100))
      yield* TestClock.adjust("99 seconds")
      expect(waiting.pollUnsafe()).toBeUndefined()
      yield* TestClock.adjust("1 second")
      expect(waiting.pollUnsafe()).toBeDefined()
    }),
  )

  it.effect("of several that were on the way together counts once", () =>
    Effect.gen(function* () {
      const steps = [seconds(5), seconds(10), seconds(20)] as const
      const budget = open({ deeds: ["Submit"], backoff: { _tag: "Ladder", steps } })
      yield* budget.refused(undefined)
      yield* budget.refused(undefined)
      yield* budget.refused(undefined)
      expect(yield* budget.admit(seconds(0))).toEqual(seconds(5))
    }),
  )

  it.effect("a shorter wish does not replace a longer one", () =>
    Effect.gen(function* () {
      const budget = open({ deeds: ["Submit"] })
      yield* budget.refused(seconds(30))
      yield* budget.refused(seconds(3))
      expect(yield* places(budget, [0])).toEqual([30])
    }),
  )

  it.effect("climbs a ladder with each refusal in a row, and comes down when a request is taken", () =>
    Effect.gen(function* () {
      const steps = [seconds(5), seconds(10), seconds(20)] as const
      const budget = open({ deeds: ["Submit"], backoff: { _tag: "Ladder", steps } })
      const pauses: Array<Duration.Duration | undefined> = []
      for (const hint of [undefined, undefined, undefined, undefined, seconds(33)]) {
        yield* budget.refused(hint)
        pauses.push(yield* budget.admit(seconds(0)))
        yield* TestClock.adjust("2 minutes")
      }
      yield* budget.troubled // says nothing of limits
      yield* budget.refused(undefined)
      pauses.push(yield* budget.admit(seconds(0)))
      yield* TestClock.adjust("2 minutes")
      yield* budget.taken
      yield* budget.refused(seconds(1))
      pauses.push(yield* budget.admit(seconds(0)))
      expect(pauses).toEqual([5, 10, 20, 20, 33, 20, 5].map((one) => seconds(one)))
    }),
  )

  it.effect("a pause that stands for a missing hint gives way to one that is there", () =>
    Effect.gen(function* () {
      const backoff = { _tag: "Assumed", pause: seconds(60) } as const
      const budget = open({ deeds: ["Submit"], backoff })
      yield* budget.refused(seconds(2))
      expect(yield* budget.admit(seconds(0))).toEqual(seconds(2))
      yield* budget.refused(undefined)
      expect(yield* budget.admit(seconds(0))).toEqual(seconds(60))
    }),
  )

  it.effect("is kept and spread: nobody comes sooner, and all the fleet within a quarter more", () =>
    Effect.gen(function* () {
      const fleet = Array.from({ length: 50 }, () => open({ deeds: ["Submit"] }, (effect) => effect))
      for (const [index, budget] of fleet.entries()) {
        yield* index % 2 === 0 ? budget.refused(seconds(30)) : budget.exhausted(seconds(30))
      }
      const waits = (yield* Effect.forEach(fleet, (budget) => places(budget, [0]), { concurrency: "unbounded" })).flat()
      expect(Math.min(...waits)).toBeGreaterThanOrEqual(30)
      expect(Math.max(...waits)).toBeLessThanOrEqual(37.5)
      expect(new Set(waits).size).toBeGreaterThan(45)
    }),
  )

  it.effect("turns nobody away by chance alone", () =>
    Effect.gen(function* () {
      const budget = open(
        { deeds: ["Submit"] },
        Effect.provideService(Random.Random, { nextIntUnsafe: () => 0, nextDoubleUnsafe: () => 0.999 }),
      )
      yield* budget.refused(seconds(30))
      const waiting = yield* Effect.forkChild(budget.admit(seconds(31)), { startImmediately: true })
      yield* TestClock.adjust("30 seconds")
      expect(waiting.pollUnsafe()).toEqual(Exit.succeed(undefined))
    }),
  )

  it.effect("for longer than a hint is believed holds back nobody else", () =>
    Effect.gen(function* () {
      const budget = open({ deeds: ["Submit"], hint: minutes(1), backoff: { _tag: "Ladder", steps: [seconds(5)] } })
      yield* budget.refused(minutes(2))
      expect(yield* budget.admit(Duration.zero)).toEqual(seconds(5))
      const careless = open({ deeds: ["Submit"] })
      yield* careless.refused(Duration.days(2))
      expect(yield* careless.admit(Duration.zero)).toBeUndefined()
      expect(yield* careless.exhausted(Duration.days(2))).toBe(false)
    }),
  )
})

describe("a limit of which nothing remains", () => {
  it.effect("holds back all until it begins anew, and then they come one by one", () =>
    Effect.gen(function* () {
      const budget = open({ deeds: ["Submit"] })
      yield* budget.taken
      expect(yield* budget.exhausted(seconds(30))).toBe(true)
      expect(yield* places(budget, [0, 10, 40])).toEqual([30, 31, 40])
    }),
  )

  it.effect("says so where no limit counts the request", () =>
    Effect.gen(function* () {
      const { exhausted } = Budget.of({ deeds: ["Submit"] }).open()
      expect(yield* exhausted("Look", seconds(30))).toBe(false)
    }),
  )
})
