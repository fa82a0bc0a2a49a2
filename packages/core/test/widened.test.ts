/** What services differ in, as data: the driver has no branch for any of it. */
import { describe, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Artifact from "@tenuto/core/Artifact"
import * as Client from "@tenuto/core/Client"
import * as Contract from "@tenuto/core/Contract"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import * as Operation from "@tenuto/core/Operation"
import * as Pace from "@tenuto/core/Pace"
import type { Reason } from "@tenuto/core/Reason"
import type * as Remote from "@tenuto/core/Remote"
import {
  accepted,
  after,
  chant,
  contract,
  doubted,
  entries,
  failureOf,
  handle,
  hum,
  input,
  instant,
  intone,
  journal,
  list,
  pending,
  refused,
  remote,
  remoteWith,
  type Shelf,
  sing,
  sung,
  tags,
  withoutJitter,
} from "./choir.ts"

const { millis, seconds } = Duration
const upgrade: Reason = { _tag: "UpgradeRequired", changes: { song: "Hold it longer", held: true } }
const sends = (calls: ReturnType<typeof remote>["calls"]) =>
  calls.flatMap(({ deed }) => (deed._tag === "Submit" ? [deed.request] : []))

describe("a request that the service wants in another form", () => {
  it.effect("goes out once more, changed, under another key, and its work is found under it", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      const service = remote(refused(upgrade), accepted, sung)
      const end = yield* after(
        Client.run(sing(input, { key: "k" })).pipe(Effect.provide([service.layer, journal(shelf)])),
      )
      expect(end !== undefined && Exit.isSuccess(end.exit)).toBe(true)
      expect(sends(service.calls).map(({ input, key }) => [key, input])).toEqual([
        ["k", input],
        ["k-upgraded", { song: "Hold it longer", held: true }],
      ])
      expect(tags(shelf)).toEqual([["Drafted", "Sending", "Rejected", "Sending", "Accepted", "Observed"]])
    }),
  )

  it.effect("goes out once: a service that goes on asking ends it as rejected, under the caller's own key", () =>
    Effect.gen(function* () {
      const service = remote(refused(upgrade))
      const end = yield* after(
        Client.run(sing(input, { key: "k" })).pipe(Effect.provide([service.layer, journal(new Map())])),
      )
      expect(failureOf(end)).toMatchObject({ _tag: "Rejected", key: "k", reason: upgrade })
      expect(service.times("Submit")).toHaveLength(2)
    }),
  )

  it.effect("stays the same request for whoever asks again, in this process or another", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      const first = remote(refused(upgrade), doubted({ _tag: "Timeout" }))
      const draft = sing(input, { key: "k" })
      const end = yield* after(
        Client.run(draft, { within: "3 seconds" }).pipe(Effect.provide([first.layer, journal(shelf)])),
      )
      expect(failureOf(end)).toMatchObject({ _tag: "Uncertain", key: "k" })
      const second = remote(accepted, sung)
      yield* after(Client.run(draft).pipe(Effect.provide([second.layer, journal(shelf)])))
      expect(sends(second.calls).map(({ key }) => key)).toEqual(["k-upgraded"])
      // A process that knows nothing of it comes to the same key.
      const third = remote(refused(upgrade), accepted, sung)
      yield* after(Client.run(draft).pipe(Effect.provide([third.layer, journal(new Map())])))
      expect(sends(third.calls).map(({ key }) => key)).toEqual(["k", "k-upgraded"])
    }),
  )

  it.effect("goes on changed when it is asked for again, where the wait ended before it could go out", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      const draft = sing(input, { key: "k" })
      const slow = remote(refused(upgrade))
      const run = (service: ReturnType<typeof remote>, within: "300 millis" | "1 minute") =>
        after(Client.run(draft, { within }).pipe(Effect.provide([service.layer, journal(shelf)])))
      expect(failureOf(yield* run(slow, "300 millis"))).toMatchObject({ _tag: "Rejected", reason: upgrade })
      const next = remote(accepted, sung)
      yield* run(next, "1 minute")
      expect(sends(next.calls).map(({ key }) => key)).toEqual(["k-upgraded"])
    }),
  )

  it.effect("goes on changed when it is asked for again, where the budget had no room for it", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      const draft = sing(input, { key: "k" })
      const waits = [undefined, seconds(3600)]
      const admit = () => Effect.sync(() => waits.shift())
      const service = remoteWith({ admit }, refused(upgrade), accepted, sung)
      const run = after(Client.run(draft).pipe(Effect.provide([service.layer, journal(shelf)])), "2 hours")
      yield* run
      yield* run
      expect(sends(service.calls).map(({ key }) => key)).toEqual(["k", "k-upgraded"])
    }),
  )

  it.effect("can be asked for again after it was refused twice with a wish to wait", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      const draft = sing(input, { key: "k" })
      const service = remote(refused({ ...upgrade, retryAfter: seconds(1) }))
      const run = after(Client.run(draft).pipe(Effect.provide([service.layer, journal(shelf)])))
      yield* run
      expect(service.times("Submit")).toHaveLength(2)
      yield* run
      expect(service.times("Submit")).toHaveLength(3)
    }),
  )

  it.effect("does not go out under another key where the answer leaves it in doubt", () =>
    Effect.gen(function* () {
      const service = remote(doubted(upgrade), accepted, sung)
      yield* after(Client.run(sing(input, { key: "k" })).pipe(Effect.provide([service.layer, journal(new Map())])))
      expect(sends(service.calls).map(({ key }) => key)).toEqual(["k", "k"])
    }),
  )

  it.effect("waits as long as the service asks", () =>
    Effect.gen(function* () {
      const service = remote(refused({ ...upgrade, retryAfter: seconds(40) }), accepted, sung)
      yield* after(Client.run(sing(input)).pipe(Effect.provide([service.layer, journal(new Map())])))
      expect(service.times("Submit")).toEqual([0, 40])
    }).pipe(withoutJitter),
  )

  it("without a key it goes out changed, without a key", () => {
    const request: Lifecycle.Request = { entry: "e", service: "s", origin: "o", operation: "x", input: { a: 1, b: 2 } }
    expect(Lifecycle.sent(request)).toEqual(request)
    const { changes: _, ...changed } = { ...request, changes: { b: 3 }, input: { a: 1, b: 3 } }
    expect(Lifecycle.sent({ ...request, changes: { b: 3 } })).toEqual(changed)
  })
})

describe("a budget that work on one credential shares", () => {
  const admitting = (...waits: ReadonlyArray<number | undefined>) => {
    const asked: Array<string> = []
    const admit: NonNullable<Remote.Shape["admit"]> = (deed) =>
      Effect.sync(() => {
        const wait = waits[asked.length]
        asked.push(deed)
        return wait === undefined ? undefined : seconds(wait)
      })
    return { asked, admit }
  }

  it.effect("is asked before the intent is written and before each look", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      const { admit, asked } = admitting()
      const seen: Array<ReadonlyArray<ReadonlyArray<string>>> = []
      const watched: NonNullable<Remote.Shape["admit"]> = (deed, within) =>
        Effect.andThen(
          Effect.sync(() => seen.push(tags(shelf))),
          admit(deed, within),
        )
      const { layer } = remoteWith({ admit: watched }, accepted, pending, sung)
      yield* after(Client.run(chant(input)).pipe(Effect.provide([layer, journal(shelf)])))
      expect(asked).toEqual(["Submit", "Look", "Look"])
      expect(seen[0]).toEqual([["Drafted"]])
    }),
  )

  it.effect("is stood in line for with what was asked on record: a crash in the line forgets nothing", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      const admit = () => Effect.as(Effect.sleep("40 seconds"), undefined)
      const { calls, layer } = remoteWith({ admit }, accepted, sung)
      yield* Effect.forkChild(Client.run(chant(input)).pipe(Effect.provide([layer, journal(shelf)])), {
        startImmediately: true,
      })
      yield* TestClock.adjust("10 seconds")
      expect([tags(shelf), calls]).toEqual([[["Drafted"]], []])
    }),
  )

  it.effect("without room, nothing is sent, no send is counted, and it is asked again when there is room", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      const { admit } = admitting(30, 30, undefined, 20)
      const service = remoteWith({ admit }, accepted, sung)
      yield* after(Client.run(chant(input)).pipe(Effect.provide([service.layer, journal(shelf)])))
      expect(service.times("Submit")).toEqual([60])
      expect(service.times("Look")).toEqual([85])
      expect(tags(shelf)).toEqual([["Drafted", "Sending", "Accepted", "Observed"]])
    }).pipe(withoutJitter),
  )

  it.effect("without room before the deadline, the wait ends at once and says so; nothing has started", () =>
    Effect.gen(function* () {
      const { admit } = admitting(600)
      const service = remoteWith({ admit }, accepted, sung)
      const end = yield* after(Client.run(hum(input)).pipe(Effect.provide([service.layer, journal(new Map())])))
      expect([end?.seconds, service.calls]).toEqual([0, []])
      expect(failureOf(end)).toMatchObject({
        _tag: "Rejected",
        reason: { _tag: "RateLimited", retryAfter: seconds(600) },
      })
    }),
  )

  it.effect("without room for a look before the deadline, the wait ends at once and keeps the handle", () =>
    Effect.gen(function* () {
      const { admit } = admitting(undefined, 600)
      const service = remoteWith({ admit }, accepted, sung)
      const end = yield* after(Client.run(chant(input)).pipe(Effect.provide([service.layer, journal(new Map())])))
      expect(end?.seconds).toBe(5)
      expect(failureOf(end)).toMatchObject({ _tag: "Overdue", handle, reason: { _tag: "RateLimited" } })
    }),
  )

  it.effect("without room for the first look of a handle, the wait ends at once and asks once", () =>
    Effect.gen(function* () {
      let asked = 0
      // A driver that goes on asking is held for ever, or the test would not end.
      const admit = () => Effect.suspend(() => (asked++ < 5 ? Effect.succeed(seconds(600)) : Effect.never))
      const service = remoteWith({ admit }, sung)
      const end = yield* after(Client.settle(chant, handle).pipe(Effect.provide([service.layer, journal(new Map())])))
      expect(failureOf(end)).toMatchObject({ _tag: "Overdue", handle, reason: { _tag: "RateLimited" } })
      expect([end?.seconds, asked]).toEqual([0, 1])
    }),
  )

  it.effect("a place that takes too long to come is no reason to send late", () =>
    Effect.gen(function* () {
      const service = remoteWith({ admit: () => Effect.delay(Effect.undefined, "10 minutes") }, accepted, sung)
      const end = yield* after(
        Client.run(hum(input), { within: "1 minute" }).pipe(Effect.provide([service.layer, journal(new Map())])),
        "30 minutes",
      )
      expect([failureOf(end)?._tag, service.calls]).toEqual(["Rejected", []])
    }),
  )
})

describe("what a service differs in", () => {
  it.effect("a service that keeps our own name for the work is always given one", () =>
    Effect.gen(function* () {
      const service = remote(doubted({ _tag: "Timeout" }))
      const run = (options?: Operation.Options) =>
        after(Client.run(intone(input, options)).pipe(Effect.provide([service.layer, journal(new Map())])))
      const minted = failureOf(yield* run())
      const [request] = sends(service.calls)
      expect(minted).toMatchObject({ _tag: "Uncertain", reference: request?.reference })
      expect(request?.reference).toMatch(/^[0-9a-f-]{36}$/)
      expect(failureOf(yield* run({ reference: "order-7" }))).toMatchObject({ reference: "order-7" })
      expect(service.times("Submit")).toHaveLength(2)
    }),
  )

  it.effect("what does nothing twice is asked again without a key, however the first answer was lost", () =>
    Effect.gen(function* () {
      const service = remote(doubted({ _tag: "Timeout" }), accepted, sung)
      const end = yield* after(Client.run(list(input)).pipe(Effect.provide([service.layer, journal(new Map())])))
      expect(end !== undefined && Exit.isSuccess(end.exit)).toBe(true)
      expect(sends(service.calls).map(({ key }) => key)).toEqual([undefined, undefined])
    }),
  )

  it.effect("the answer to a submit may take longer than a look", () =>
    Effect.gen(function* () {
      const slow = Operation.make({
        ...sing,
        name: "sing",
        contract: Contract.make({ ...contract, limits: { submit: Duration.minutes(2), answer: seconds(10) } }),
      })
      const service = remote(accepted, sung)
      yield* after(Client.run(slow(input)).pipe(Effect.provide([service.layer, journal(new Map())])))
      expect(service.calls.map(({ deed }) => Duration.toSeconds(deed.within))).toEqual([120, 30])
    }),
  )

  it.effect("a remote that knows better how often to look is heard", () =>
    Effect.gen(function* () {
      const cadence = { _tag: "Interval", every: seconds(30), floor: seconds(30) } as const
      const service = remoteWith({ cadence }, accepted, pending, sung)
      yield* after(Client.run(chant(input)).pipe(Effect.provide([service.layer, journal(new Map())])))
      expect(service.times("Look")).toEqual([30, 60])
    }),
  )

  it.effect("what a service says of its endpoint is an event like any other, and is kept", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      const sunset = instant(1_900_000_000)
      const service = remote({ ...accepted, deprecation: { sunset } }, { ...sung, deprecation: {} })
      yield* after(Client.run(sing(input)).pipe(Effect.provide([service.layer, journal(shelf)])))
      const said = entries(shelf).flat()
      expect(said.filter((event) => "deprecation" in event).map(({ _tag }) => _tag)).toEqual(["Accepted", "Observed"])
    }),
  )

  it.effect("a service that says when to look is heard, sooner and later than its page says", () =>
    Effect.gen(function* () {
      const cadence = { _tag: "Hinted", otherwise: seconds(30), floor: seconds(2) } as const
      const hinted = (answer: Remote.Answer, after: number): Remote.Answer =>
        ({ ...answer, retryAfter: seconds(after) }) as never
      const service = remoteWith(
        { cadence },
        hinted(accepted, 3),
        hinted(pending, 50),
        hinted(pending, 1),
        pending,
        sung,
      )
      yield* after(Client.run(chant(input)).pipe(Effect.provide([service.layer, journal(new Map())])))
      // 3 as asked, 50 as asked, the floor for 1, and 30 where nothing is said.
      expect(service.times("Look")).toEqual([3, 53, 55, 85])
    }).pipe(withoutJitter),
  )

  it("a pause that stands for a missing hint gives way to a shorter hint", () => {
    const delays = { limited: { _tag: "Assumed", pause: seconds(60) } } as const
    const assumed = Contract.make({ ...contract, delays })
    expect(Pace.afterTrouble(assumed, { _tag: "RateLimited" }, 3, 0)).toEqual(seconds(60))
    expect(Pace.afterTrouble(assumed, { _tag: "RateLimited", retryAfter: millis(500) }, 3, 0)).toEqual(millis(500))
  })
})

describe("a fresh link for a file", () => {
  const file = new Artifact.Artifact({ name: "file", handle })
  const linked = new Artifact.Artifact({ name: "file", handle, link: Artifact.link("https://cdn.test/1") })
  const renewing = (renewal: Remote.Renewal | undefined, ...replies: ReadonlyArray<Remote.Answer>) =>
    remoteWith({ renew: () => (renewal === undefined ? undefined : Effect.succeed(renewal)) }, ...replies)
  const renewed = (service: ReturnType<typeof remote>) =>
    Effect.result(Client.renew(sing, file)).pipe(Effect.provide(service.layer))
  const there: Remote.Answer = {
    _tag: "Observed",
    observation: { _tag: "Succeeded", word: "sung", output: { verse: "la", file: linked } },
  }

  it.effect("comes from where the service gives links", () =>
    Effect.gen(function* () {
      const service = renewing({ _tag: "Renewed", artifact: linked })
      expect(Result.getOrThrow(yield* renewed(service))).toBe(linked)
      expect(service.calls).toEqual([])
    }),
  )

  it.effect("else from one more look", () =>
    Effect.gen(function* () {
      expect(Result.getOrThrow(yield* renewed(renewing(undefined, there)))).toBe(linked)
      expect(Result.getOrThrow(yield* renewed(remote(there)))).toBe(linked)
    }),
  )

  it.effect("is not asked for while all who look are held back: nothing is sent, and it says for how long", () =>
    Effect.gen(function* () {
      const service = remoteWith({ admit: (deed) => Effect.succeed(deed === "Look" ? seconds(7) : undefined) }, there)
      const result = yield* renewed(service)
      expect(Result.isFailure(result) && result.failure).toMatchObject({
        _tag: "Unseen",
        reason: { _tag: "RateLimited", retryAfter: seconds(7) },
      })
      expect(service.calls).toEqual([])
    }),
  )

  it.effect.each([
    ["Unseen", renewing({ _tag: "Unseen", reason: { _tag: "Internal" }, evidence: { stage: "download" } })],
    ["Lost", renewing({ _tag: "Lost", reason: { _tag: "Gone" }, evidence: { stage: "download" } })],
    ["Unseen", renewing(undefined, pending)],
    ["Lost", renewing(undefined, sung)],
  ] as const)("is not there: %s", ([truth, service]) =>
    Effect.gen(function* () {
      const result = yield* renewed(service)
      expect(Result.isFailure(result) && result.failure).toMatchObject({ _tag: truth, handle })
    }),
  )
})
