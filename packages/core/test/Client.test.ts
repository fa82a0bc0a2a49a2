import { describe, expect, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import * as Client from "@tenuto/core/Client"
import * as Journal from "@tenuto/core/Journal"
import type * as Lifecycle from "@tenuto/core/Lifecycle"
import * as Remote from "@tenuto/core/Remote"
import {
  accepted,
  after,
  chant,
  counting,
  doubted,
  entries,
  failureOf,
  handle,
  hum,
  input,
  journal,
  origin,
  pending,
  refused,
  remote,
  type Shelf,
  sing,
  sung,
  tags,
  unknown,
  unseen,
  withoutJitter,
} from "./choir.ts"

const never = () => Effect.never
describe("laws", () => {
  it.effect("ahead of the deed: the journal holds the intent before the first byte leaves", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      const seen: Array<ReadonlyArray<string>> = []
      const service = remote(() => Effect.sync(() => (seen.push(...tags(shelf)), accepted)), sung)
      yield* after(Client.run(sing(input)).pipe(Effect.provide([service.layer, journal(shelf)])))
      expect(seen).toEqual([["Drafted", "Sending"]])
      expect(tags(shelf)).toEqual([["Drafted", "Sending", "Accepted", "Observed"]])
    }),
  )

  it.effect("ahead of the deed: when the journal cannot be written nothing is sent", () =>
    Effect.gen(function* () {
      const service = remote(accepted, sung)
      const broken = new Journal.Unusable({ journal: "shelf", problem: "Unavailable", detail: "the disk is full" })
      const end = yield* after(
        Client.run(sing(input)).pipe(Effect.provide([service.layer, journal(new Map(), () => Effect.fail(broken))])),
      )
      expect(failureOf(end)).toBe(broken)
      expect(service.calls).toEqual([])
    }),
  )

  it.effect("after the deed trouble with the journal hides no result, and is shown", () =>
    Effect.gen(function* () {
      const steps: Array<Client.Step> = []
      const watcher = Layer.succeed(Client.Watcher, (step) => Effect.sync(() => void steps.push(step)))
      const service = remote(accepted, sung)
      const broken = new Journal.Unusable({ journal: "shelf", problem: "Unavailable", detail: "the disk is full" })
      const flaky = journal(new Map(), (write, events) =>
        events.some(({ _tag }) => _tag === "Sending") ? write : Effect.fail(broken),
      )
      const end = yield* after(Client.run(sing(input)).pipe(Effect.provide([service.layer, flaky, watcher])))
      expect(end?.exit).toEqual(Exit.succeed({ verse: "la" }))
      expect(steps).toContainEqual(expect.objectContaining({ _tag: "Unsaved", trouble: broken }))
    }),
  )

  it.effect("the deadline bounds a service that never answers, and one that ignores how long it has", () =>
    Effect.gen(function* () {
      const service = remote(never)
      const end = yield* after(
        Client.run(sing(input), { within: "10 seconds" }).pipe(Effect.provide([service.layer, Journal.layerMemory])),
      )
      expect(failureOf(end)).toMatchObject({ _tag: "Uncertain", reason: { _tag: "Timeout" } })
      // The remote is given one second more to say by itself how far it got.
      expect(end?.seconds).toBeLessThanOrEqual(11)
      expect(service.calls[0]?.deed.within).toEqual(Duration.seconds(10))
    }),
  )

  it.effect("the deadline bounds a held look, and what was accepted is overdue", () =>
    Effect.gen(function* () {
      const service = remote(accepted, never)
      const end = yield* after(
        Client.run(sing(input), { within: "10 seconds" }).pipe(Effect.provide([service.layer, Journal.layerMemory])),
      )
      expect(failureOf(end)).toMatchObject({ _tag: "Overdue", handle: { id: "song-1" } })
      expect(end?.seconds).toBeLessThanOrEqual(11)
      expect(service.calls[1]?.deed).toMatchObject({ hold: Duration.seconds(20), within: Duration.seconds(10) })
    }),
  )

  it.effect("one answer may take only as long as the contract says, however long the wait", () =>
    Effect.gen(function* () {
      const service = remote(never, accepted, sung)
      const end = yield* after(
        Client.run(sing(input), { within: "5 minutes" }).pipe(Effect.provide([service.layer, Journal.layerMemory])),
      )
      expect(end?.exit).toEqual(Exit.succeed({ verse: "la" }))
      expect(service.calls.map(({ deed }) => deed.within)).toEqual([
        Duration.seconds(30),
        Duration.seconds(30),
        Duration.seconds(50),
      ])
    }),
  )

  it.effect("a pause of thirty days ends the wait at once, saying so, and leaves no timer", () =>
    Effect.gen(function* () {
      const retryAfter = Duration.days(30)
      const { layer, pending: timers } = yield* counting
      const submitted = remote(refused({ _tag: "RateLimited", retryAfter }))
      const first = yield* after(
        Client.run(sing(input)).pipe(Effect.provide([submitted.layer, Journal.layerMemory, layer])),
      )
      expect(failureOf(first)).toMatchObject({ _tag: "Rejected", reason: { _tag: "RateLimited", retryAfter } })
      expect(first?.seconds).toBe(0)
      const looked = remote(accepted, unseen({ _tag: "Unavailable", retryAfter }))
      const second = yield* after(
        Client.run(sing(input)).pipe(Effect.provide([looked.layer, Journal.layerMemory, layer])),
      )
      expect(failureOf(second)).toMatchObject({ _tag: "Overdue", reason: { _tag: "Unavailable", retryAfter } })
      expect(second?.seconds).toBe(0)
      expect(timers.size).toBe(0)
    }),
  )

  it.effect("a pause longer than the contract believes ends the wait that it was given to, and no other", () =>
    Effect.gen(function* () {
      const retryAfter = Duration.days(2)
      const service = remote(
        refused({ _tag: "RateLimited", retryAfter }),
        accepted,
        unseen({ _tag: "Unavailable", retryAfter }),
        { _tag: "Observed", observation: { _tag: "Pending", word: "singing" }, retryAfter },
        pending,
        sung,
      )
      const world = Layer.merge(service.layer, journal(new Map()))
      const wait = after(Client.run(sing(input, { key: "k" }), { within: "1 hour" }).pipe(Effect.provide(world)))
      const ends = [yield* wait, yield* wait, yield* wait]
      expect(ends.map(failureOf)).toMatchObject([
        { _tag: "Rejected", reason: { _tag: "RateLimited", retryAfter } },
        { _tag: "Overdue", reason: { _tag: "Unavailable", retryAfter } },
        { _tag: "Overdue", reason: { _tag: "Timeout" }, evidence: { retryAfter } },
      ])
      expect(ends.map((end) => end?.seconds)).toEqual([0, 0, 0])
      expect(failureOf(ends[2])?.message).toContain("it asks for a pause of 172800 s")
      const last = yield* wait
      expect(last?.exit).toEqual(Exit.succeed({ verse: "la" }))
    }),
  )

  it.effect("a pause that the contract believes binds the next wait too", () =>
    Effect.gen(function* () {
      const service = remote(accepted, unseen({ _tag: "Unavailable", retryAfter: Duration.hours(24) }), sung)
      const world = Layer.merge(service.layer, journal(new Map()))
      const wait = after(Client.run(sing(input, { key: "k" })).pipe(Effect.provide(world)))
      expect([failureOf(yield* wait)?._tag, failureOf(yield* wait)?._tag]).toEqual(["Overdue", "Overdue"])
      expect(service.times("Look").length).toBe(1)
    }),
  )

  it.effect("chance alone ends no wait: what the service asked for fits, so it is waited for", () =>
    Effect.gen(function* () {
      for (let round = 0; round < 20; round++) {
        const service = remote(accepted, unseen({ _tag: "RateLimited", retryAfter: Duration.seconds(30) }), sung)
        const program = Client.run(sing(input), { within: "31 seconds" })
        const end = yield* after(program.pipe(Effect.provide([service.layer, Journal.layerMemory])))
        expect(end?.exit).toEqual(Exit.succeed({ verse: "la" }))
      }
    }),
  )

  it.effect("a pause of thirty seconds brings no request sooner, and then the run goes on", () =>
    Effect.gen(function* () {
      const retryAfter = Duration.seconds(30)
      const service = remote(
        refused({ _tag: "RateLimited", retryAfter }),
        accepted,
        unseen({ _tag: "RateLimited", retryAfter }),
        sung,
      )
      const end = yield* after(
        Client.run(sing(input), { within: "2 minutes" }).pipe(Effect.provide([service.layer, Journal.layerMemory])),
      )
      expect(end?.exit).toEqual(Exit.succeed({ verse: "la" }))
      expect(service.times("Submit")).toEqual([0, 30])
      expect(service.times("Look")).toEqual([30, 60])
    }).pipe(withoutJitter),
  )

  it.effect("a pause longer than a timer can hold never ends early", () =>
    Effect.gen(function* () {
      const retryAfter = Duration.days(40)
      const longest: Array<number> = []
      const clock = yield* Clock.Clock
      const watched: Clock.Clock = Object.assign(Object.create(clock), {
        sleep: (duration: Duration.Duration) =>
          Effect.andThen(
            Effect.sync(() => longest.push(Duration.toMillis(duration))),
            clock.sleep(duration),
          ),
      })
      const service = remote(accepted, unseen({ _tag: "RateLimited", retryAfter }), sung)
      const program = Client.run(sing(input), { within: "60 days" })
      const layers = Layer.mergeAll(service.layer, Journal.layerMemory, Layer.succeed(Clock.Clock, watched))
      const end = yield* after(program.pipe(Effect.provide(layers)), "41 days")
      expect(end?.exit).toEqual(Exit.succeed({ verse: "la" }))
      expect(service.times("Look")).toEqual([0, Duration.toSeconds(retryAfter)])
      // The timer of the last resort around a deed ends with the deed; no pause may be one that overflows.
      expect(Math.max(...longest)).toBeLessThan(2 ** 31)
    }).pipe(withoutJitter),
  )

  it.effect("a process that wakes after the deadline begins nothing", () =>
    Effect.gen(function* () {
      const clock = yield* Clock.Clock
      let late = 0
      const suspended: Clock.Clock = Object.assign(Object.create(clock), {
        currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() + late,
        currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now + late),
        sleep: (duration: Duration.Duration) =>
          Effect.map(clock.sleep(duration), () => {
            late = 3_600_000
          }),
      })
      const service = remote(refused({ _tag: "Unavailable" }), accepted)
      const layers = Layer.mergeAll(service.layer, Journal.layerMemory, Layer.succeed(Clock.Clock, suspended))
      const end = yield* after(Client.run(sing(input), { within: "1 minute" }).pipe(Effect.provide(layers)))
      expect(failureOf(end)).toMatchObject({ _tag: "Rejected", reason: { _tag: "Unavailable" } })
      expect(service.calls.length).toBe(1)
    }),
  )

  it.effect("the deadline counts from the call, however long the journal takes to open and to write", () =>
    Effect.gen(function* () {
      const service = remote(accepted, sung)
      const sleeping = Effect.sleep("6 seconds")
      const shelf: Shelf = new Map()
      const written = journal(shelf, (write, [first]) =>
        first?._tag === "Drafted" ? Effect.andThen(sleeping, write) : write,
      )
      const opened = Layer.effect(
        Journal.Journal,
        Effect.map(Journal.Journal, (real) => ({
          ...real,
          claim: (entry, account) => Effect.andThen(sleeping, real.claim(entry, account)),
        })),
      ).pipe(Layer.provide(journal(new Map())))
      for (const slow of [written, opened]) {
        const end = yield* after(
          Client.run(hum(input), { within: "5 seconds" }).pipe(Effect.provide([service.layer, slow])),
        )
        expect(end?.seconds).toBe(6)
        expect(failureOf(end)).toMatchObject({ _tag: "Rejected", reason: { _tag: "Timeout" } })
      }
      expect(service.calls).toEqual([])
      expect(tags(shelf)).toEqual([["Drafted", "Sending", "Rejected", "Stopped"]])
    }),
  )

  it.effect("a driver that stood still while it wrote, and lost its entry to another one, sends nothing", () =>
    Effect.gen(function* () {
      const service = remote(accepted, sung)
      const fenced = new Journal.Unusable({ journal: "shelf", problem: "Fenced", detail: "another driver took over" })
      const still = journal(new Map(), (write, events) =>
        events.length === 0 ? Effect.fail(fenced) : Effect.andThen(write, Effect.sleep("1 minute")),
      )
      const end = yield* after(Client.run(hum(input)).pipe(Effect.provide([service.layer, still])))
      expect(failureOf(end)).toBe(fenced)
      expect(service.calls).toEqual([])
    }),
  )

  it.effect("interruption is seen at once, by the remote too, and leaves no timer behind", () =>
    Effect.gen(function* () {
      const { layer, pending: timers } = yield* counting
      for (const replies of [[never], [accepted, never], [refused({ _tag: "Unavailable" })]]) {
        let begun = 0
        let ended = 0
        const counted = replies.map(
          (reply) => () =>
            Effect.suspend(() => {
              begun += 1
              return typeof reply === "function" ? reply() : Effect.succeed(reply)
            }).pipe(Effect.ensuring(Effect.sync(() => void (ended += 1)))),
        )
        const program = Client.run(sing(input)).pipe(
          Effect.provide([remote(...counted).layer, Journal.layerMemory, layer]),
        )
        const fiber = yield* Effect.forkChild(program, { startImmediately: true })
        yield* TestClock.adjust("100 millis")
        yield* Fiber.interrupt(fiber)
        expect(fiber.pollUnsafe()).toBeDefined()
        expect(timers.size).toBe(0)
        expect(ended).toBe(begun)
      }
    }),
  )

  it.effect("a handle that came is kept, even when interruption comes with it", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      const answer = yield* Deferred.make<Remote.Answer>()
      const service = remote(() => Deferred.await(answer), never, sung)
      const driver = yield* Effect.forkChild(
        Client.run(hum(input)).pipe(Effect.provide([service.layer, journal(shelf)])),
        { startImmediately: true },
      )
      yield* TestClock.adjust("1 second")
      Deferred.doneUnsafe(answer, Effect.succeed(accepted))
      driver.interruptUnsafe()
      yield* Fiber.await(driver)
      expect(tags(shelf)).toEqual([["Drafted", "Sending", "Accepted"]])
      const found = yield* Client.recover([hum]).pipe(Effect.provide([service.layer, journal(shelf)]))
      expect(found.map(({ result }) => result)).toEqual([Result.succeed({ verse: "la" })])
      expect(service.times("Submit").length).toBe(1)
    }),
  )

  it.effect("a handle that came is kept, even when interruption comes while it is being written", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      const slow = journal(shelf, (write, [first]) =>
        first?._tag === "Accepted" ? Effect.andThen(Effect.sleep("1 second"), write) : write,
      )
      const driver = yield* Effect.forkChild(
        Client.run(hum(input)).pipe(Effect.provide([remote(accepted, never).layer, slow])),
        { startImmediately: true },
      )
      yield* TestClock.adjust("500 millis")
      driver.interruptUnsafe()
      yield* TestClock.adjust("1 second")
      expect(driver.pollUnsafe()).toBeDefined()
      expect(tags(shelf)).toEqual([["Drafted", "Sending", "Accepted"]])
    }),
  )

  it.effect("ending the wait is not cancelling the work", () =>
    Effect.gen(function* () {
      const service = remote(accepted, pending)
      const layers = Layer.mergeAll(service.layer, Journal.layerMemory)
      yield* after(Client.run(sing(input), { within: "5 seconds" }).pipe(Effect.provide(layers)))
      const fiber = yield* Effect.forkChild(Client.run(sing(input)).pipe(Effect.provide(layers)))
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.interrupt(fiber)
      expect(service.times("Cancel")).toEqual([])
    }),
  )

  it.effect("an unknown word is never a hot loop: at most ten looks in twenty seconds, then overdue", () =>
    Effect.gen(function* () {
      for (const operation of [sing, chant]) {
        const service = remote(accepted, unknown)
        const end = yield* after(
          Client.run(operation(input), { within: "20 seconds" }).pipe(
            Effect.provide([service.layer, Journal.layerMemory]),
          ),
        )
        expect(failureOf(end)).toMatchObject({ _tag: "Overdue", last: { _tag: "Unrecognised", word: "tuning" } })
        expect(service.times("Look").length).toBeGreaterThan(1)
        expect(service.times("Look").length).toBeLessThanOrEqual(10)
      }
    }),
  )

  it.effect("a remote that answers what was not asked is neither believed nor asked at once again", () =>
    Effect.gen(function* () {
      const misfit = remote(pending)
      const submitted = yield* after(
        Client.run(sing(input), { within: "20 seconds" }).pipe(Effect.provide([misfit.layer, Journal.layerMemory])),
      )
      expect(failureOf(submitted)).toMatchObject({ _tag: "Uncertain", reason: { _tag: "Malformed" } })
      expect(misfit.calls.length).toBeLessThanOrEqual(8)
      const other = remote(accepted, accepted)
      const looked = yield* after(
        Client.run(sing(input), { within: "20 seconds" }).pipe(Effect.provide([other.layer, Journal.layerMemory])),
      )
      expect(failureOf(looked)).toMatchObject({ _tag: "Overdue", reason: { _tag: "Malformed" } })
      expect(other.calls.length).toBeLessThanOrEqual(10)
    }),
  )

  it.effect("without a key an unanswered request is the last one", () =>
    Effect.gen(function* () {
      const service = remote(doubted({ _tag: "Timeout" }))
      const end = yield* after(
        Client.run(hum(input, { reference: "mine" })).pipe(Effect.provide([service.layer, Journal.layerMemory])),
      )
      expect(failureOf(end)).toMatchObject({ _tag: "Uncertain", reference: "mine", reason: { _tag: "Timeout" } })
      expect(service.calls.length).toBe(1)
    }),
  )

  it.effect("with a key it is sent again under that key, as often as the contract allows", () =>
    Effect.gen(function* () {
      const service = remote(doubted({ _tag: "Timeout" }))
      const end = yield* after(
        Client.run(sing(input, { key: "k-1" })).pipe(Effect.provide([service.layer, Journal.layerMemory])),
      )
      expect(failureOf(end)).toMatchObject({ _tag: "Uncertain", key: "k-1" })
      expect(service.calls.length).toBe(sing.contract.limits.sends)
      const bodies = service.calls.map(({ deed }) => (deed._tag === "Submit" ? deed.request : undefined))
      expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1)
      expect(bodies[0]).toMatchObject({ key: "k-1", input })
    }),
  )
})

describe("events", () => {
  it.effect("carry the instants at which things happened", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      const slow = (answer: Remote.Answer) => () => Effect.as(Effect.sleep("3 seconds"), answer)
      const service = remote(slow(accepted), slow(sung))
      yield* after(Client.run(sing(input)).pipe(Effect.provide([service.layer, journal(shelf)])))
      const [history = []] = entries(shelf)
      expect(history.map(({ at }: Lifecycle.Event) => DateTime.toEpochMillis(at) / 1000)).toEqual([0, 0, 3, 6])
      expect(history[0]).toMatchObject({ request: { origin } })
      expect(history[2]).toMatchObject({ handle })
    }),
  )
})
