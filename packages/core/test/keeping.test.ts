/** What a long life keeps: inputs that are too large are refused, and a journal in memory remembers only so much. */
import { describe, expect, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import * as Client from "@tenuto/core/Client"
import * as Journal from "@tenuto/core/Journal"
import type * as Lifecycle from "@tenuto/core/Lifecycle"
import * as Operation from "@tenuto/core/Operation"
import { connect } from "@tenuto/core/Promise"
import { accepted, contract, doubted, handle, hum, input, remote, sing, sung } from "./choir.ts"

const upload = Operation.make({
  service: "choir",
  name: "sing",
  contract,
  input: Schema.Struct({
    title: Schema.String,
    file: Schema.Struct({ name: Schema.String, content: Schema.Uint8ArrayFromBase64 }),
  }),
  output: Schema.Struct({ verse: Schema.String }),
  codes: [],
})
const fileOf = (bytes: number) => ({ title: "Dawn", file: { name: "dawn.flac", content: new Uint8Array(bytes) } })

const at = DateTime.makeUnsafe(0)
const request = (entry: string) => ({
  entry,
  service: "choir",
  origin: "https://choir.test",
  operation: "sing",
  input: {},
})
const drafted = (entry: string): Lifecycle.Event => ({ _tag: "Drafted", at, request: request(entry) })
const over = (entry: string, words: number): ReadonlyArray<Lifecycle.Event> => [
  drafted(entry),
  { _tag: "Accepted", at, handle, observation: { _tag: "Succeeded", word: "sung", output: "x".repeat(words) } },
]
const reason = { _tag: "Timeout" } as const
const stopped: Lifecycle.Event = { _tag: "Stopped", at, reason, evidence: { stage: "submit" } }

describe("an input", () => {
  it.effect("that is larger than the journal allows is refused before anything is written or sent", () =>
    Effect.gen(function* () {
      const services = yield* Layer.build(Journal.layerMemory)
      const service = remote(accepted, sung)
      const run = Client.run(upload(fileOf(30_000_000))).pipe(Effect.provide([service.layer]), Effect.provide(services))
      const failure = yield* Effect.flip(run)
      expect(failure).toMatchObject({
        _tag: "Rejected",
        evidence: { stage: "draft" },
        reason: { _tag: "Invalid", issues: [{ path: ["file"] }] },
      })
      expect(failure.message).toMatch(
        /file: takes about 400000\d\d bytes of JSON; the journal allows an input 33554432/,
      )
      expect(service.calls).toEqual([])
      const entries = Journal.Journal.use((journal) => journal.entries({}))
      expect(yield* Effect.provide(entries, services)).toEqual([])
    }),
  )

  it.effect("may be as large as the journal is told to allow", () =>
    Effect.gen(function* () {
      const service = remote(accepted, sung)
      const journal = Journal.layerMemoryWith({ maxInputBytes: 4000 })
      const run = Client.run(upload(fileOf(2500))).pipe(Effect.provide([service.layer, journal]))
      expect(yield* run).toEqual({ verse: "la" })
    }),
  )
})

describe("a journal in memory", () => {
  const opened = (options: Journal.MemoryOptions) =>
    Effect.map(Layer.build(Journal.layerMemoryWith(options)), (context) => {
      const inJournal = <A, E, R>(use: (journal: Journal.Journal["Service"]) => Effect.Effect<A, E, R>) =>
        Effect.provide(Journal.Journal.use(use), context)
      const write = (entry: string, events: ReadonlyArray<Lifecycle.Event>) =>
        Effect.scoped(inJournal((journal) => Effect.flatMap(journal.claim(entry, "a"), ({ append }) => append(events))))
      const names = Effect.map(
        inJournal((journal) => journal.entries({})),
        (entries) => entries.map(({ entry }) => entry),
      )
      return { inJournal, names, write }
    })

  it.effect("forgets the oldest of what is over once that takes too much, and never the latest", () =>
    Effect.gen(function* () {
      const { names, write } = yield* opened({ maxEndedBytes: 10_000 })
      for (const entry of ["a", "b", "c", "d"]) yield* write(entry, over(entry, 4000))
      expect(yield* names).toEqual(["c", "d"])
      yield* write("huge", over("huge", 50_000))
      expect(yield* names).toEqual(["huge"])
    }),
  )

  it.effect("keeps what was asked for again longest, and what is held as long as it is held", () =>
    Effect.gen(function* () {
      const { inJournal, names, write } = yield* opened({ maxEndedBytes: 10_000 })
      yield* write("a", over("a", 4000))
      yield* write("b", over("b", 4000))
      yield* Effect.scoped(
        Effect.gen(function* () {
          const page = yield* inJournal((journal) => journal.claim("a", "a"))
          expect(page.history).toHaveLength(2)
          for (const entry of ["c", "d"]) yield* write(entry, over(entry, 4000))
          expect(yield* names).toEqual(["a", "c", "d"])
        }),
      )
      expect(yield* names).toEqual(["a", "d"])
    }),
  )

  it.effect("keeps what is open, and what may have started unseen, whatever it takes", () =>
    Effect.gen(function* () {
      const { names, write } = yield* opened({ maxEndedBytes: 0 })
      yield* write("open", [drafted("open")])
      yield* write("doubted", [drafted("doubted"), { _tag: "Sending", at }, stopped])
      yield* write("refused", [drafted("refused"), stopped])
      yield* write("over", over("over", 10))
      expect(yield* names).toEqual(["open", "doubted", "over"])
    }),
  )

  it.effect(
    "answers with the same end when it is asked again, and keeps what 300 jobs of 100 kB take within bounds",
    () =>
      Effect.gen(function* () {
        const long = "x".repeat(100_000)
        const done = {
          _tag: "Accepted",
          handle,
          observation: { _tag: "Succeeded", word: "sung", output: { verse: long } },
        } as const
        const service = remote(done)
        const services = yield* Layer.build(Layer.merge(Journal.layerMemory, service.layer))
        const run = (key: string) => Effect.provide(Client.run(sing(input, { key })), services)
        for (let job = 0; job < 300; job++) yield* run(`order-${job}`)
        yield* run("order-299")
        expect(service.calls).toHaveLength(300)
        const kept = yield* Effect.provide(
          Journal.Journal.use((journal) => journal.entries({})),
          services,
        )
        expect(kept.length).toBeGreaterThan(50)
        expect(kept.length).toBeLessThan(85)
      }),
  )

  it.effect("forgets what is older than it is told, by the clock", () =>
    Effect.gen(function* () {
      const { inJournal, names, write } = yield* opened({})
      yield* write("a", over("a", 1))
      yield* TestClock.adjust("1 hour")
      const prune = (pruning: Journal.Pruning) =>
        inJournal((journal) => Effect.provideService(Journal.prune(pruning), Journal.Journal, journal))
      expect(yield* prune({ olderThan: "1 hour" })).toBe(0)
      yield* TestClock.adjust("1 milli")
      expect(yield* prune({ olderThan: "10000000 days" })).toBe(0)
      expect(yield* prune({ olderThan: "1 hour", service: "other" })).toBe(0)
      expect(yield* prune({ olderThan: "1 hour" })).toBe(1)
      expect(yield* names).toEqual([])
    }),
  )
})

it.effect("an absent word for what is open forgets nothing that is", () =>
  Effect.gen(function* () {
    const journal = yield* Journal.Journal
    yield* Effect.scoped(Effect.flatMap(journal.claim("x", "a"), (page) => page.append([drafted("x")])))
    expect(yield* journal.prune({ isOpen: undefined } as never)).toBe(0)
    const misuse = yield* Effect.exit(Journal.prune({ olderThan: 30 }))
    expect(String(misuse)).toContain("olderThan is the number 30; give a span with a unit")
    expect(yield* journal.entries({})).toHaveLength(1)
  }).pipe(Effect.provide(Journal.layerMemory)),
)

it("promises list and forget too", async () => {
  const service = remote(doubted({ _tag: "Unreachable", problem: "reset" }))
  const provider = { operations: { hum, sing }, layer: () => service.layer }
  await using choir = connect(provider, { transport: Layer.empty })
  await expect(choir.run("hum", input, { key: "order-7" })).rejects.toMatchObject({ _tag: "Uncertain" })
  const [entry] = await choir.perform(Journal.entries({ isOpen: false }))
  expect(entry).toMatchObject({ entry: "choir/sing/order-7", service: "choir", isOpen: false })
  expect(await choir.perform(Journal.prune({ olderThan: "1 day" }))).toBe(0)
  expect(await choir.perform(Journal.prune({ entry: "choir/sing/order-7" }))).toBe(1)
  expect(await choir.perform(Journal.entries())).toEqual([])
})
