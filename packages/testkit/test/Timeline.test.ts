import { DateTime, Duration, Effect, Exit, Random, Stream } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Journal from "@tenuto/core/Journal"
import type * as Lifecycle from "@tenuto/core/Lifecycle"
import { Transport } from "@tenuto/http/Transport"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Fault from "@tenuto/testkit/Fault"
import * as Timeline from "@tenuto/testkit/Timeline"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"
import { inMemory, overLoopback, type Story } from "./carriers.ts"
import { apiKey, play, type Story as Song } from "./choir.ts"

/** Stories to try; raise it by hand to look further. */
const stories = Number(process.env["TENUTO_STORIES"] ?? 25)

// Few different instants, so that many things happen at one.
const span = Effect.map(Random.nextIntBetween(0, 4), (n) => Duration.seconds(5 * n))

const draw = (sides: number) => Random.nextIntBetween(0, sides)

const bytesOf = (size: number) => new Uint8Array(size).fill(size % 251)

/** A service whose mood is in the path: everything about a request is drawn by its client, in its own order. */
const service: Emulator.Handler<Timeline.Timeline> = Timeline.service(({ url }) =>
  Effect.gen(function* () {
    const query = new URL(url).searchParams
    const number = (name: string) => Number(query.get(name))
    yield* Effect.sleep(Duration.seconds(number("hold")))
    const response = { status: 200, headers: {}, body: bytesOf(number("size")) }
    const head = Duration.seconds(number("slow"))
    switch (number("mood")) {
      case 0:
        return Emulator.Behaviour.Reset()
      case 1:
        return Emulator.Behaviour.Hung()
      case 2:
        return Emulator.Behaviour.Slowed({ response, head, piece: { bytes: 40_000, every: head } })
      case 3:
        return Emulator.Behaviour.Truncated({ response, bytes: 50_000, isReset: number("slow") === 5 })
      case 4:
        return Emulator.Behaviour.Slowed({ response, head, piece: undefined })
      default:
        return Emulator.Behaviour.Answered({ response })
    }
  }),
)

const client = (base: string, name: string) =>
  Effect.gen(function* () {
    const transport = yield* Transport
    const timeline = yield* Timeline.Timeline
    for (let i = 0; i < 6; i++) {
      yield* Effect.sleep(yield* span)
      const [mood, hold, size, slow] = [
        yield* draw(9),
        5 * (yield* draw(4)),
        60_000 * (yield* draw(4)),
        5 * (yield* draw(2)),
      ]
      const url = `${base}/${name}/${i}?mood=${mood}&hold=${hold}&size=${size}&slow=${slow}`
      const request = { method: "GET", url, headers: {} }
      const timeout = Duration.seconds(5 + 5 * (yield* draw(4)))
      const patience = Duration.seconds(5 * (yield* draw(7)))
      const isStreamed = (yield* draw(2)) === 1
      const sent = isStreamed
        ? transport.open(request, { timeout }).pipe(
            Effect.flatMap(({ body }) => Stream.runForEach(body, () => Effect.yieldNow)),
            Effect.scoped,
          )
        : Effect.asVoid(transport.send(request, { timeout, maxBytes: 150_000n }))
      const exit = yield* Effect.exit(Effect.timeoutOption(sent, patience))
      yield* timeline.record("client", Exit.isSuccess(exit) ? exit.value._tag : "failed", `${name} ${i}`)
    }
  })

const story =
  (seed: number): Story<void, never> =>
  (base) =>
    Effect.forEach(["a", "b", "c", "d"], (name) => client(base, name).pipe(Random.withSeed(`${seed} ${name}`)), {
      concurrency: "unbounded",
      discard: true,
    })

describe("laws", () => {
  it.each(Array.from({ length: stories }, (_, seed) => seed))(
    "same seed, same story, in memory and over sockets: %i",
    async (seed) => {
      const options = seed % 2 === 0 ? {} : { seed }
      const memory = await inMemory(service, story(seed), options)
      const loopback = await overLoopback(service, story(seed), options)
      expect(loopback.exit).toEqual(memory.exit)
      expect(loopback.text).toBe(memory.text)
      expect(memory.exit).toEqual(Exit.void)
      expect(memory.text.split("\n").length).toBeGreaterThan(60)
      expect(await inMemory(service, story(seed), options)).toEqual(memory)
    },
  )

  it("other seeds tell other stories", async () => {
    const texts = await Promise.all([0, 1, 2].map((seed) => inMemory(service, story(7), { seed })))
    expect(new Set(texts.map(({ text }) => text)).size).toBe(3)
  })
})

/** A client, a service and its letters: what `golden` holds. `npx vitest run packages/testkit/test/Timeline -u` writes it anew. */
const songs: ReadonlyArray<readonly [name: string, story: Song]> = [
  ["plain", {}],
  [
    "bad-day",
    { faults: ["reset-after-commit@submit", "429=3600@submit", "503=7@look", "html@look"], within: "2 hours" },
  ],
  ["letters", { isListening: true, work: "2 minutes", faults: ["doubled@webhook", "503@look:9"] }],
  ["overdue", { within: "30 seconds", work: "1 hour" }],
  ["in-doubt", { faults: ["invalid-json@submit", "401@submit"] }],
  ["three-at-once", { songs: 3, faults: ["429=20@submit:2", "garbage@look"] }],
]

describe("the whole story of a run", () => {
  it.each(songs)("is the same text as ever, in memory and over sockets: %s", async (name, story) => {
    const memory = await play(story)
    const loopback = await play({ ...story, carrier: "loopback" })
    expect(loopback.entries).toEqual(memory.entries)
    await expect(memory.timeline).toMatchFileSnapshot(`golden/${name}.txt`)
  })

  // Work that goes backwards needs two looks that differ; its own test has them.
  const fitting = Fault.all.filter(({ carriers, name }) => carriers === "both" && name !== "backwards")
  const faults = fitting.flatMap(({ name, stages }) =>
    stages
      .filter((stage) => stage === "submit" || stage === "look" || stage === "webhook")
      .map((stage) => [name, stage]),
  )
  it.each(faults)("names the fault that was played, once, on both carriers: %s@%s", async (name, stage) => {
    const story: Song = { faults: [`${name}@${stage}`], isListening: true, work: "45 seconds" }
    const memory = await play(story)
    const loopback = await play({ ...story, carrier: "loopback" })
    expect(loopback.timeline).toBe(memory.timeline)
    const named = memory.entries.filter(({ kind }) => kind === "fault")
    expect(named).toMatchObject([{ lane: stage === "webhook" ? "webhooks" : "service", what: `fault ${name}` }])
    expect(named[0]?.evidence?.["says"]).toBe(Fault.all.find((one) => one.name === name)?.says)
  })

  it("names no fault where none was played", async () => {
    expect((await play({ songs: 3 })).timeline).not.toContain("fault")
  })

  it("says of a pause how long it is, and that is how long nothing is done", async () => {
    const { entries } = await play({ faults: ["429=30@submit", "503=7@look:2"], isListening: false })
    const pauses = entries.filter(({ kind }) => kind === "pause")
    expect(pauses.map(({ what }) => what.slice(0, 11))).toEqual(["sends again", "looks again", "looks again"])
    for (const [index, pause] of pauses.entries()) {
      const asked = index === 0 ? 30 : 7
      const length = Duration.toSeconds(Duration.subtract(pause.until ?? Duration.zero, pause.at))
      expect(length).toBeGreaterThanOrEqual(asked)
      expect(length).toBeLessThanOrEqual(asked * 1.25)
      const next = entries[entries.indexOf(pause) + 1]
      expect(next?.at).toEqual(pause.until)
      expect(pause.what).toContain(Duration.format(Duration.subtract(pause.until ?? Duration.zero, pause.at)))
      expect(pause.about?.says).toMatch(/^the service asked, after (429|503)$/)
    }
  })

  it("shows no credential, no body and no key, in text or evidence", async () => {
    const { entries, journal } = await play({ songs: 2, isListening: true, faults: ["401@submit", "503@look"] })
    const keys = Array.from(journal.matchAll(/"key":"([^"]+)"/g), ([, key]) => key ?? "")
    expect(keys.length).toBeGreaterThan(1)
    for (const secret of [apiKey, "Song 0", ...keys]) expect(JSON.stringify(entries)).not.toContain(secret)
  })

  it("is short enough to compare: equal texts have equal hashes, and no others", async () => {
    const texts = await Promise.all(songs.map(async ([, story]) => (await play(story)).timeline))
    const again = (await play()).timeline
    expect(Timeline.hash(again)).toBe(Timeline.hash(texts[0] ?? ""))
    const near = texts.flatMap((text) => [text, text.replace("0", "1"), `${text} `, text.slice(0, -1)])
    expect(new Set(near.map(Timeline.hash)).size).toBe(new Set(near).size)
    expect(Timeline.hash(again)).toMatch(/^[0-9a-f]{16}$/)
  })
})

describe("a watcher", () => {
  const at = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
  const handle = { version: 1, service: "choir", origin: "o", operation: "sing", id: "op_1" } as const
  const looks = { began: at, ended: at, early: 0, missed: 0 }
  const pending = (change: Partial<Lifecycle.StateOf<"Pending">> = {}) => ({
    _tag: "Pending" as const,
    handle,
    looks,
    ...change,
  })
  const look = (seconds: number) => ({
    _tag: "Look" as const,
    at: DateTime.addDuration(at, Duration.seconds(seconds)),
    handle,
  })
  const planned = (seconds: number, state: Lifecycle.State): Client.Step => ({
    _tag: "Planned",
    action: look(seconds),
    state,
  })
  const told = (...steps: ReadonlyArray<Client.Step>) =>
    Effect.gen(function* () {
      yield* Timeline.watching(Effect.flatMap(Client.Watcher, (watch) => Effect.forEach(steps, watch)))
      return yield* Timeline.entries
    }).pipe(Effect.provide(Timeline.layer()), VirtualClock.run, Effect.flatten, Effect.runPromise)
  const says = async (...steps: ReadonlyArray<Client.Step>) => {
    const entries = await told(...steps)
    return [entries.at(-1)?.what, entries.at(-1)?.about?.says]
  }

  it("knows whose wish a pause is", async () => {
    const until = DateTime.addDuration(at, Duration.seconds(5))
    const trouble = { _tag: "Internal" as const }
    const miss = { truth: "Unseen" as const, at, reason: trouble, evidence: { stage: "look" as const, status: 500 } }
    expect(await says(planned(5, pending()))).toEqual(["looks again in 5s", "the pace of the contract"])
    expect(await says(planned(5, pending({ looks: { ...looks, early: 2 } })))).toEqual([
      "looks again in 5s",
      "the last look came back early",
    ])
    expect(await says(planned(5, pending({ looks: { ...looks, prompted: true } })))).toEqual([
      "looks again in 5s",
      "a delivery asks for it",
    ])
    expect(await says(planned(5, pending({ looks: { ...looks, until } })))).toEqual([
      "looks again in 5s",
      "the service asked",
    ])
    expect(await says(planned(6, pending({ looks: { ...looks, until, trouble }, miss })))).toEqual([
      "looks again in 6s",
      "after 500",
    ])
    expect(await says(planned(5, pending({ looks: { early: 0, missed: 0 } })))).toEqual([
      "looks in 5s",
      "the pace of the contract",
    ])
    const postponed: Client.Step = {
      _tag: "Happened",
      event: { _tag: "Postponed", at, retryAfter: Duration.seconds(5) },
      state: pending(),
    }
    expect(await says(postponed, planned(5, pending({ looks: { ...looks, until } })))).toEqual([
      "looks again in 5s",
      "the shared budget has no room",
    ])
  })

  it("says that the journal did not take it", async () => {
    const trouble = new Journal.Unusable({ journal: "jobs.db", problem: "Unavailable", detail: "s3cret" })
    expect(await told({ _tag: "Unsaved", trouble, state: pending() })).toMatchObject([
      { what: "unsaved", detail: "sing op#1 · Pending · the journal: Unavailable" },
    ])
  })

  it("writes one line, whatever a service says", async () => {
    const word = "done\n         0 ms  client    accepted\u2028\u0007"
    const event = { _tag: "Observed" as const, at, began: at, observation: { _tag: "Unrecognised" as const, word } }
    const entries = await told({ _tag: "Happened", event, state: pending() })
    expect(Timeline.render(entries).split("\n")).toHaveLength(3)
    expect(Timeline.render(entries)).not.toMatch(/[^\P{Cc}\n]|\u2028/u)
    expect(entries[0]?.evidence?.["word"]).toBe("done          0 ms  client    accepted  ")
  })

  it("leaves every step to who watched before", async () => {
    const seen: Array<string> = []
    await Timeline.watching(Effect.flatMap(Client.Watcher, (watch) => watch(planned(0, pending())))).pipe(
      Effect.provideService(Client.Watcher, ({ _tag }) => Effect.sync(() => void seen.push(_tag))),
      Effect.provide(Timeline.layer()),
      Effect.runPromise,
    )
    expect(seen).toEqual(["Planned"])
  })
})

describe("a timeline", () => {
  it("shows words as they are: an id has digits, or the length of one", async () => {
    const words = ["/v1/stop_words", "/workshop_list", "/v1/create_new_song_v2", "/v2_create-new-song", "/op_count"]
    const ids = ["/op_7/op_abcdefghijklmnop", "/loop_count/my_op_7", "/create_new_song_v2x", "/V1StGXR8_Z5jdHi6B-myT"]
    const entries = await Effect.runPromise(
      Effect.gen(function* () {
        const timeline = yield* Timeline.Timeline
        for (const path of [...words, ...ids]) yield* timeline.record("service", "received", path)
        return yield* timeline.entries
      }).pipe(Effect.provide(Timeline.layer())),
    )
    expect(entries.map(({ detail }) => detail)).toEqual([
      ...words,
      "/op#1/op#2",
      "/loop_count/my_op#1",
      "/id#1",
      "/id#2",
    ])
  })

  it("shows ids by the order in which they were seen, and no other value", async () => {
    const id = "op_0123456789abcdefghijklmnop"
    const { text } = await inMemory(
      Timeline.service(() => Effect.succeed(Emulator.json(200, { secret: "s3cret" }))),
      (base) =>
        Effect.gen(function* () {
          const transport = yield* Transport
          const get = (path: string) =>
            transport.send(
              { method: "GET", url: base + path, headers: { authorization: "Bearer s3cret" } },
              { timeout: Duration.seconds(1), maxBytes: 1000n },
            )
          yield* get(`/v1/song?id=${id}&wait=true&signature=s3cret`)
          yield* Effect.sleep("90 seconds")
          yield* get("/jobs/123e4567-e89b-12d3-a456-426614174000/")
          yield* get(`/again/${id}`)
        }),
    )
    expect(text).toBe(
      [
        "tenuto timeline v2",
        "         0 ms  wire      sent                          GET /v1/song?id=op#1&wait&signature",
        "         0 ms  service   received                      GET /v1/song?id=op#1&wait&signature",
        "         0 ms  service   answered 200                  GET /v1/song?id=op#1&wait&signature",
        "         0 ms  wire      answered 200                  GET /v1/song?id=op#1&wait&signature",
        "     90000 ms  wire      sent                          GET /jobs/id#1/",
        "     90000 ms  service   received                      GET /jobs/id#1/",
        "     90000 ms  service   answered 200                  GET /jobs/id#1/",
        "     90000 ms  wire      answered 200                  GET /jobs/id#1/",
        "     90000 ms  wire      sent                          GET /again/op#1",
        "     90000 ms  service   received                      GET /again/op#1",
        "     90000 ms  service   answered 200                  GET /again/op#1",
        "     90000 ms  wire      answered 200                  GET /again/op#1",
        "",
      ].join("\n"),
    )
  })
})
