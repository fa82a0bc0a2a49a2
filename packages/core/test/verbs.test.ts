import { describe, expect, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import * as Client from "@tenuto/core/Client"
import * as Journal from "@tenuto/core/Journal"
import type * as Remote from "@tenuto/core/Remote"
import {
  accepted,
  after,
  chant,
  doubted,
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
  unseen,
  withoutJitter,
} from "./choir.ts"

describe("asking again", () => {
  it.effect("with the same key finds the same work, and sends once", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      const service = remote(accepted, sung)
      const world = Layer.merge(service.layer, journal(shelf))
      for (const _ of [1, 2, 3]) {
        const end = yield* after(Client.run(sing(input, { key: "k" })).pipe(Effect.provide(world)))
        expect(end?.exit).toEqual(Exit.succeed({ verse: "la" }))
      }
      expect(yield* Client.submit(sing(input, { key: "k" })).pipe(Effect.provide(world))).toEqual({
        ...handle,
        entry: "choir/sing/k",
      })
      expect(service.calls.length).toBe(2)
      expect(shelf.size).toBe(1)
    }),
  )

  it.effect("with the same key finds the same work where the service checks no keys, too", () =>
    Effect.gen(function* () {
      const service = remote(accepted, sung)
      const world = Layer.merge(service.layer, journal(new Map()))
      yield* after(Client.run(hum(input, { key: "k" })).pipe(Effect.provide(world)))
      yield* after(Client.run(hum(input, { key: "k" })).pipe(Effect.provide(world)))
      expect(service.times("Submit").length).toBe(1)
      const [{ deed } = { deed: undefined }] = service.calls
      expect(deed?._tag === "Submit" && deed.request.key).toBeUndefined()
    }),
  )

  it.effect("with another input under the same key is refused, and nothing is sent", () =>
    Effect.gen(function* () {
      const service = remote(accepted, sung)
      const world = Layer.merge(service.layer, journal(new Map()))
      yield* after(Client.run(sing(input, { key: "k" })).pipe(Effect.provide(world)))
      const changed = yield* after(Client.run(sing({ song: "Another" }, { key: "k" })).pipe(Effect.provide(world)))
      expect(failureOf(changed)).toMatchObject({
        _tag: "Rejected",
        reason: { _tag: "Conflict" },
        evidence: { stage: "draft" },
      })
      expect(service.calls.length).toBe(2)
    }),
  )

  it.effect("after a refusal sends again: the caller may have mended it", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      const service = remote(refused({ _tag: "Unpaid" }), accepted, sung)
      const world = Layer.merge(service.layer, journal(shelf))
      const first = yield* after(Client.run(sing(input, { key: "k" })).pipe(Effect.provide(world)))
      expect(failureOf(first)).toMatchObject({ _tag: "Rejected", reason: { _tag: "Unpaid" }, key: "k" })
      const second = yield* after(Client.run(sing(input, { key: "k" })).pipe(Effect.provide(world)))
      expect(second?.exit).toEqual(Exit.succeed({ verse: "la" }))
      expect(tags(shelf)).toEqual([
        ["Drafted", "Sending", "Rejected", "Stopped", "Drafted", "Sending", "Accepted", "Observed"],
      ])
    }),
  )

  it.effect("after a request to wait waits it out, however often it is asked", () =>
    Effect.gen(function* () {
      const retryAfter = Duration.minutes(30)
      const service = remote(refused({ _tag: "RateLimited", retryAfter }), accepted, sung)
      const world = Layer.merge(service.layer, journal(new Map()))
      for (const _ of [1, 2]) {
        const end = yield* after(Client.run(sing(input, { key: "k" })).pipe(Effect.provide(world)), "10 minutes")
        expect(failureOf(end)).toMatchObject({ _tag: "Rejected", reason: { _tag: "RateLimited" } })
        expect(end?.seconds).toBe(0)
      }
      const end = yield* after(
        Client.run(sing(input, { key: "k" }), { within: "15 minutes" }).pipe(Effect.provide(world)),
        "1 hour",
      )
      expect(end?.exit).toEqual(Exit.succeed({ verse: "la" }))
      expect(service.times("Submit")).toEqual([0, 1800])
    }).pipe(withoutJitter),
  )

  it.effect("without a key after an unanswered request says the same again, for the same reason", () =>
    Effect.gen(function* () {
      const service = remote(doubted({ _tag: "Malformed", problem: "cut off" }))
      const world = Layer.merge(service.layer, journal(new Map()))
      for (const _ of [1, 2]) {
        const end = yield* after(Client.run(hum(input, { reference: "mine" })).pipe(Effect.provide(world)))
        expect(failureOf(end)).toMatchObject({ _tag: "Uncertain", reason: { _tag: "Malformed", problem: "cut off" } })
      }
      expect(service.calls.length).toBe(1)
    }),
  )
})

describe("a draft", () => {
  it.effect("with an invalid input is refused with every issue, and neither sent nor kept", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      const service = remote(accepted)
      const end = yield* after(
        Client.run(sing({ song: "far too long for this choir" })).pipe(Effect.provide([service.layer, journal(shelf)])),
      )
      expect(failureOf(end)).toMatchObject({
        _tag: "Rejected",
        reason: { _tag: "Invalid", issues: [{ path: ["song"] }] },
      })
      expect(String(failureOf(end))).not.toContain("far too long")
      expect(service.calls).toEqual([])
      expect(shelf.size).toBe(0)
    }),
  )
})

describe("settle", () => {
  it.effect("goes on from a handle in another process, and the journal there knows it", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      const service = remote(pending, sung)
      const world = Layer.merge(service.layer, journal(shelf))
      const end = yield* after(Client.settle(sing, handle).pipe(Effect.provide(world)))
      expect(end?.exit).toEqual(Exit.succeed({ verse: "la" }))
      expect(tags(shelf)).toEqual([["Accepted", "Observed"]])
      yield* after(Client.settle(sing, handle).pipe(Effect.provide(world)))
      expect(service.calls.length).toBe(2)
    }),
  )

  it.effect("looks at once at work that nobody here saw accepted, however long the service asks between looks", () =>
    Effect.gen(function* () {
      const service = remote(pending, sung)
      const world = Layer.merge(service.layer, journal(new Map()))
      const end = yield* after(Client.settle(chant, handle, { within: "30 seconds" }).pipe(Effect.provide(world)))
      expect(end?.exit).toEqual(Exit.succeed({ verse: "la" }))
      expect(service.times("Look")).toEqual([0, 5])
    }),
  )

  it.effect("never gives the result of other work that stands under the handle's entry", () =>
    Effect.gen(function* () {
      const service = remote(accepted, sung)
      const world = Layer.merge(service.layer, Journal.layerMemory)
      const other = { ...handle, id: "song-2", entry: "choir/sing/k" }
      const [failure, output] = yield* Effect.gen(function* () {
        yield* Client.run(sing(input, { key: "k" }))
        return [yield* Effect.flip(Client.settle(sing, other)), yield* Client.settle(sing, { ...other, id: "song-1" })]
      }).pipe(Effect.provide(world))
      expect(failure).toMatchObject({ _tag: "Unseen", reason: { _tag: "Invalid", issues: [{ path: ["entry"] }] } })
      expect(output).toEqual({ verse: "la" })
    }),
  )

  it.effect("fails with what the service said, and with the code it gave", () =>
    Effect.gen(function* () {
      const failed: Remote.Answer = {
        _tag: "Observed",
        observation: {
          _tag: "Failed",
          word: "failed",
          reason: { _tag: "PolicyViolation" },
          code: "too_loud",
          message: { _tag: "EndUser", text: "Please sing softly" },
        },
      }
      const cases: ReadonlyArray<readonly [Remote.Answer, string]> = [
        [failed, "Failed"],
        [{ _tag: "Observed", observation: { _tag: "Cancelled", word: "cancelled" } }, "Cancelled"],
        [{ _tag: "Observed", observation: { _tag: "Expired", word: "expired" } }, "Expired"],
        [{ _tag: "Lost", reason: { _tag: "NotFound", what: "song" }, evidence: { stage: "look" } }, "Lost"],
        [unseen({ _tag: "Unauthenticated" }), "Unseen"],
        [unseen({ _tag: "Unavailable" }), "Overdue"],
      ]
      for (const [answer, tag] of cases) {
        const world = Layer.merge(remote(answer).layer, Journal.layerMemory)
        const end = yield* after(Client.settle(sing, handle, { within: "30 seconds" }).pipe(Effect.provide(world)))
        expect(failureOf(end)).toMatchObject({
          _tag: tag,
          handle: { id: "song-1" },
          service: "choir",
          operation: "sing",
        })
        if (tag === "Failed") {
          expect(failureOf(end)).toMatchObject({
            code: "too_loud",
            evidence: { message: { text: "Please sing softly" } },
          })
        }
      }
    }),
  )

  it.effect("refuses a handle of another service, origin or operation without a request", () =>
    Effect.gen(function* () {
      const service = remote(sung)
      for (const other of [{ service: "band" }, { origin: "https://elsewhere.test" }, { operation: "hum" }]) {
        const world = Layer.merge(service.layer, Journal.layerMemory)
        const end = yield* after(Client.settle(sing, { ...handle, ...other }).pipe(Effect.provide(world)))
        expect(failureOf(end)).toMatchObject({ _tag: "Unseen", reason: { _tag: "Invalid" } })
      }
      expect(service.calls).toEqual([])
    }),
  )

  it.effect("many at once have a result each, in the order given", () =>
    Effect.gen(function* () {
      const service = remote((deed) =>
        Effect.succeed(deed._tag === "Look" && deed.handle.id === "song-2" ? unseen({ _tag: "Forbidden" }) : sung),
      )
      const handles = ["song-1", "song-2", "song-3"].map((id) => ({ ...handle, id }))
      const world = Layer.merge(service.layer, Journal.layerMemory)
      const end = yield* after(Client.settleAll(sing, handles).pipe(Effect.provide(world)))
      const results = end !== undefined && Exit.isSuccess(end.exit) ? end.exit.value : []
      expect(results.map((result) => (Result.isSuccess(result) ? "sung" : result.failure._tag))).toEqual([
        "sung",
        "Unseen",
        "sung",
      ])
    }),
  )
})

describe("look", () => {
  it.effect("looks once, waits for nothing and is not held", () =>
    Effect.gen(function* () {
      const service = remote(pending)
      const observation = yield* Client.look(sing, handle).pipe(Effect.provide(service.layer))
      expect(observation).toEqual({ _tag: "Pending", word: "singing" })
      expect(service.calls.map(({ deed }) => "hold" in deed)).toEqual([false])
    }),
  )

  it.effect("that fails is unseen, and nothing more", () =>
    Effect.gen(function* () {
      const look = (answer: Remote.Answer) =>
        Effect.flip(Client.look(sing, handle).pipe(Effect.provide(remote(answer).layer)))
      expect(yield* look(unseen({ _tag: "Unavailable" }))).toMatchObject({ _tag: "Unseen", handle })
      expect(yield* look(accepted)).toMatchObject({ _tag: "Unseen", reason: { _tag: "Malformed" } })
    }),
  )
})

describe("cancel", () => {
  const saying = (word: "Cancelled" | "Expired"): Remote.Answer => ({
    _tag: "Observed",
    observation: { _tag: word, word: word.toLowerCase() },
  })
  it.effect("says what it did: not offered, asked, or too late", () =>
    Effect.gen(function* () {
      const cancel = (operation: typeof sing, answer: Remote.Answer) => {
        const service = remote(answer)
        return Effect.map(
          Client.cancel(operation, { ...handle, operation: operation.name }).pipe(Effect.provide(service.layer)),
          ({ _tag }) => [_tag, service.calls.length],
        )
      }
      expect(yield* cancel(hum, saying("Cancelled"))).toEqual(["NotOffered", 0])
      expect(yield* cancel(sing, saying("Cancelled"))).toEqual(["Asked", 1])
      expect(yield* cancel(sing, pending)).toEqual(["Asked", 1])
      expect(yield* cancel(sing, saying("Expired"))).toEqual(["TooLate", 1])
      expect(yield* cancel(sing, sung)).toEqual(["TooLate", 1])
    }),
  )

  it.effect("that is not answered is unseen, in the time one answer may take", () =>
    Effect.gen(function* () {
      const end = yield* after(Client.cancel(sing, handle).pipe(Effect.provide(remote(() => Effect.never).layer)))
      expect(failureOf(end)).toMatchObject({
        _tag: "Unseen",
        reason: { _tag: "Timeout" },
        evidence: { stage: "cancel" },
      })
      expect(end?.seconds).toBeLessThanOrEqual(31)
    }),
  )
})

describe("submit", () => {
  it.effect("returns the handle as soon as the work is accepted, and the journal goes on from there", () =>
    Effect.gen(function* () {
      const service = remote(accepted, sung)
      const world = Layer.merge(service.layer, journal(new Map()))
      expect(yield* Client.submit(sing(input, { key: "k" })).pipe(Effect.provide(world))).toEqual({
        ...handle,
        entry: "choir/sing/k",
      })
      expect(service.calls.length).toBe(1)
      const found = yield* Client.recover([sing]).pipe(Effect.provide(world))
      expect(found).toMatchObject([
        { entry: "choir/sing/k", operation: sing, handle: { id: "song-1" }, result: Result.succeed({ verse: "la" }) },
      ])
    }),
  )

  it.effect("gives the handle to a driver that was fenced off right after the work was accepted", () =>
    Effect.gen(function* () {
      const fenced = new Journal.Unusable({ journal: "shelf", problem: "Fenced", detail: "another driver took over" })
      const shelf: Shelf = new Map()
      const world = Layer.merge(
        remote(accepted).layer,
        journal(shelf, (write, [first]) => (first?._tag === "Accepted" ? Effect.fail(fenced) : write)),
      )
      const failure = yield* Effect.flip(Client.submit(sing(input, { key: "k" })).pipe(Effect.provide(world)))
      expect(failure).toMatchObject({ _tag: "Unusable", problem: "Fenced", handle: { id: "song-1" } })
    }),
  )

  it.effect("may settle at once: a service that answers with the result is not looked at", () =>
    Effect.gen(function* () {
      const { observation } = sung._tag === "Observed" ? sung : { observation: undefined }
      const service = remote({ _tag: "Accepted", handle, ...(observation === undefined ? {} : { observation }) })
      const world = Layer.merge(service.layer, Journal.layerMemory)
      expect(yield* Client.run(sing(input)).pipe(Effect.provide(world))).toEqual({ verse: "la" })
      expect(service.calls.length).toBe(1)
      expect(origin).toBe(handle.origin)
    }),
  )

  it.effect("without any time sends nothing", () =>
    Effect.gen(function* () {
      const service = remote(accepted)
      const world = Layer.merge(service.layer, Journal.layerMemory)
      const failure = yield* Effect.flip(Client.submit(sing(input), { within: "0 millis" }).pipe(Effect.provide(world)))
      expect(failure).toMatchObject({ _tag: "Rejected", reason: { _tag: "Timeout" } })
      expect(service.calls).toEqual([])
      yield* TestClock.adjust("1 minute")
      expect(service.calls).toEqual([])
    }),
  )
})

describe("what the service says in passing", () => {
  it.effect("is heard: it is not looked at sooner than it asks, whatever the answer was", () =>
    Effect.gen(function* () {
      const retryAfter = Duration.minutes(1)
      const taken: Remote.Answer = { _tag: "Accepted", handle, retryAfter }
      const going: Remote.Answer = { _tag: "Observed", observation: { _tag: "Pending", word: "singing" }, retryAfter }
      const service = remote(taken, going, sung)
      const world = Layer.merge(service.layer, journal(new Map()))
      const end = yield* after(
        Client.run(sing(input), { within: "10 minutes" }).pipe(Effect.provide(world)),
        "10 minutes",
      )
      expect(end?.exit).toEqual(Exit.succeed({ verse: "la" }))
      expect(service.times("Look")).toEqual([60, 120])
    }).pipe(withoutJitter),
  )

  it.effect("is not the last word: what was lost is looked for again when somebody asks", () =>
    Effect.gen(function* () {
      const lost: Remote.Answer = { _tag: "Lost", reason: { _tag: "Gone" }, evidence: { stage: "look" } }
      const service = remote(lost, sung)
      const world = Layer.merge(service.layer, journal(new Map()))
      const first = yield* after(Client.settle(sing, handle).pipe(Effect.provide(world)))
      expect(failureOf(first)).toMatchObject({ _tag: "Lost" })
      const second = yield* after(Client.settle(sing, handle).pipe(Effect.provide(world)))
      expect(second?.exit).toEqual(Exit.succeed({ verse: "la" }))
    }),
  )
})

describe("a wall clock that is set back", () => {
  it.effect("does not lengthen a wait", () =>
    Effect.gen(function* () {
      const clock = yield* Clock.Clock
      const back = Effect.map(clock.monotonicTimeNanos, (nanos) => (nanos > 1_000_000_000n ? 3_600_000 : 0))
      const currentTimeMillis = Effect.zipWith(clock.currentTimeMillis, back, (now, hour) => now - hour)
      const set: Clock.Clock = Object.assign(Object.create(clock), { currentTimeMillis })
      const service = remote(accepted, pending, pending, pending, pending, pending, pending)
      const world = Layer.mergeAll(service.layer, journal(new Map()), Layer.succeed(Clock.Clock, set))
      const end = yield* after(
        Client.run(sing(input), { within: "5 seconds" }).pipe(Effect.provide(world)),
        "10 seconds",
      )
      expect(failureOf(end)).toMatchObject({ _tag: "Overdue" })
    }),
  )
})
