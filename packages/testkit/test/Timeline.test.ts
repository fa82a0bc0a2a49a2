import { Duration, Effect, Exit, Random, Stream } from "effect"
import { describe, expect, it } from "vitest"
import { Transport } from "@tenuto/http/Transport"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Timeline from "@tenuto/testkit/Timeline"
import { inMemory, overLoopback, type Story } from "./carriers.ts"

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
    30_000,
  )

  it("other seeds tell other stories", async () => {
    const texts = await Promise.all([0, 1, 2].map((seed) => inMemory(service, story(7), { seed })))
    expect(new Set(texts.map(({ text }) => text)).size).toBe(3)
  })
})

describe("a timeline", () => {
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
        "         0 ms  wire      sent                        GET /v1/song?id=op#1&wait&signature",
        "         0 ms  service   received                    GET /v1/song?id=op#1&wait&signature",
        "         0 ms  service   answered 200                GET /v1/song?id=op#1&wait&signature",
        "         0 ms  wire      answered 200                GET /v1/song?id=op#1&wait&signature",
        "     90000 ms  wire      sent                        GET /jobs/id#1/",
        "     90000 ms  service   received                    GET /jobs/id#1/",
        "     90000 ms  service   answered 200                GET /jobs/id#1/",
        "     90000 ms  wire      answered 200                GET /jobs/id#1/",
        "     90000 ms  wire      sent                        GET /again/op#1",
        "     90000 ms  service   received                    GET /again/op#1",
        "     90000 ms  service   answered 200                GET /again/op#1",
        "     90000 ms  wire      answered 200                GET /again/op#1",
        "",
      ].join("\n"),
    )
  })
})
