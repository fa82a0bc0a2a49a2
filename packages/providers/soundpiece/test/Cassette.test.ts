/** A recorded Soundpiece: forty minutes of it, written down and told again by the real client. */
import { Clock, Duration, Effect, Exit, Layer, Result, Stream } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Journal from "@tenuto/core/Journal"
import * as Download from "@tenuto/http/Download"
import * as Cassette from "@tenuto/testkit/Cassette"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Timeline from "@tenuto/testkit/Timeline"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import * as Soundpiece from "@tenuto/soundpiece"
import { apiKey, type Carrier, carriers, emulator, faulty, song, value } from "./stage.ts"

const memory = "http://service.test"

/** The song and its file, and when each was there. */
const program = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const began = clock.currentTimeMillisUnsafe()
  const elapsed = () => clock.currentTimeMillisUnsafe() - began
  const output = yield* Client.run(song, { within: "2 hours" })
  const settled = elapsed()
  const chunks = yield* Stream.runCollect(Download.stream(Soundpiece.newSong, output.outputs[0].audio))
  const { audio, ...rest } = output.outputs[0]
  return {
    rest,
    name: audio.name,
    settled,
    fetched: elapsed(),
    bytes: chunks.reduce((size, one) => size + one.length, 0),
  }
})

const told = async (handler: Emulator.Handler, carrier: Carrier, secrecy?: Cassette.Secrecy) => {
  const on = (base: string, transport: typeof NodeTransport.layer) => {
    const recording = Cassette.recording(Timeline.transport(VirtualClock.transport(transport)), secrecy)
    const soundpiece = Soundpiece.layer({ apiKey, baseUrl: `${base}/v1` })
    return Effect.all({ exit: Effect.exit(program), cassette: Cassette.recorded }).pipe(
      Effect.provide(Layer.provideMerge(Layer.merge(soundpiece, Journal.layerMemory), recording)),
    )
  }
  const story = Effect.gen(function* () {
    const seen =
      carrier === "memory"
        ? yield* on(memory, Emulator.layerMemory(handler))
        : yield* Effect.flatMap(Emulator.serve(handler), ({ url }) => on(url, NodeTransport.layer))
    return { ...seen, timeline: yield* Timeline.text }
  })
  return value(await Effect.runPromise(VirtualClock.run(Effect.provide(story, Timeline.layer()))))
}

const reread = (cassette: Cassette.Cassette) => Effect.runSync(Cassette.parse(Cassette.render(cassette)))

const replayed = async (cassette: Cassette.Cassette, carrier: Carrier) => {
  const { handler, verify } = Effect.runSync(Cassette.play(cassette))
  const again = await told(handler, carrier)
  return { ...again, verdict: Effect.runSync(Effect.result(verify)) }
}

describe("forty minutes of Soundpiece", () => {
  it.each(carriers.flatMap((from) => carriers.map((to) => [from, to] as const)))(
    "recorded in %s and played in %s give the same song, file, instants and timeline",
    async (from, to) => {
      const first = await told(emulator({ work: "40 minutes", linkLife: "1 hour" }).handler, from)
      expect(value(first.exit)).toMatchObject({ settled: 2_400_000, bytes: expect.any(Number) })
      const second = await replayed(reread(first.cassette), to)
      expect(second.verdict).toEqual(Result.succeed(undefined))
      expect(second.exit).toEqual(first.exit)
      expect(second.timeline).toBe(first.timeline)
      expect(second.cassette.exchanges.map(({ at, took }) => [at, took])).toEqual(
        first.cassette.exchanges.map(({ at, took }) => [at, took]),
      )
    },
  )

  it("hold neither the key nor a signature, and the same text comes of the same run", async () => {
    const tell = () => told(emulator({ work: "40 minutes" }).handler, "memory")
    const [one, other] = [await tell(), await tell()]
    const text = Cassette.render(one.cassette)
    expect(text).toBe(Cassette.render(other.cassette))
    expect(text).not.toContain(apiKey)
    expect(text).toContain("signature=withheld-")
    expect(text).not.toMatch(/signature=(?!withheld-)/)
    expect(Cassette.render(reread(one.cassette))).toBe(text)
  })

  it("are not told right by a service that gives its first answer for ever", async () => {
    const { cassette, timeline } = await told(emulator({ work: "40 minutes" }).handler, "memory")
    const naive: Emulator.Handler = (request) => {
      const { handler } = Effect.runSync(Cassette.play(cassette))
      return handler(request)
    }
    expect((await told(naive, "memory")).timeline).not.toBe(timeline)
  })
})

describe("what went wrong", () => {
  const faults = [
    "reset-after-commit@submit",
    "503@look:2",
    "hang-before-commit@look:1",
    "truncated=20@look:1",
    "html@look:1",
  ]
  it.each(carriers)("goes wrong again at the same instants, in %s", async (carrier) => {
    const service = emulator({ work: "3 minutes" })
    const first = await told(faulty(service, ...faults), carrier)
    expect(Exit.isSuccess(first.exit)).toBe(true)
    expect(first.cassette.exchanges.filter(({ failure }) => failure !== undefined).length).toBeGreaterThan(1)
    const second = await replayed(reread(first.cassette), carrier)
    expect([second.verdict, second.exit, second.timeline]).toEqual([
      Result.succeed(undefined),
      first.exit,
      first.timeline,
    ])
  })
})

describe("a key minted fresh", () => {
  it("is another in each run, and what the answers repeat is the fresh one", async () => {
    const first = await told(emulator({ work: "1 minute" }).handler, "memory")
    const { exchanges } = reread(first.cassette)
    const key = /"idempotency_key": "([^"]+)"/.exec(Cassette.render(first.cassette))?.[1] ?? "no key"
    const other = "another-key-altogether"
    const text = Cassette.render(Cassette.Cassette.make({ exchanges })).replaceAll(key, other)
    const second = await replayed(Effect.runSync(Cassette.parse(text)), "memory")
    expect([second.verdict, second.exit]).toEqual([Result.succeed(undefined), first.exit])
    expect(Cassette.render(second.cassette)).not.toContain(other)
  })
})

it("another input is told apart, by its place", async () => {
  const first = await told(emulator({ work: "1 minute" }).handler, "memory")
  const changed = Cassette.render(first.cassette).replaceAll("Slow waltz", "Quick march")
  const second = await replayed(Effect.runSync(Cassette.parse(changed)), "memory")
  expect(second.verdict).toMatchObject({
    failure: {
      _tag: "Unmatched",
      method: "PUT",
      played: 0,
      nearest: { index: 0 },
      differences: [expect.stringContaining('body.prompt is "Slow waltz", recorded "Quick march"')],
    },
  })
  expect(Duration.toMillis(second.cassette.exchanges[0]?.took ?? Duration.infinity)).toBe(0)
})
