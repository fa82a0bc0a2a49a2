import { FLACDecoder } from "@wasm-audio-decoders/flac"
import { Duration, Effect, Stream } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Download from "@tenuto/http/Download"
import { reveal } from "@tenuto/http/Exchange"
import { Transport } from "@tenuto/http/Transport"
import * as Checks from "@tenuto/testkit/Checks"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Soundpiece from "@tenuto/soundpiece"
import * as Service from "@tenuto/soundpiece/Emulator"
import { apiKey, carriers, emulator, failure, faulty, gets, play, type Seen, value } from "./stage.ts"

const sample = Soundpiece.newSample({ prompt: "Kick", duration: Duration.seconds(1.5) })
const bytesOf = (parts: ReadonlyArray<Uint8Array>) => Buffer.concat(parts)

/** Run, wait a while, fetch. */
const fetched = (pause: Duration.Input = 0) =>
  Effect.gen(function* () {
    const { output } = yield* Client.run(sample)
    yield* Effect.sleep(pause)
    return bytesOf(yield* Stream.runCollect(Download.stream(Soundpiece.newSample, output.audio)))
  })
const whole = play(emulator().handler, fetched()).then(({ exit }) => value(exit))

const files = (seen: ReadonlyArray<Seen>) => seen.filter(({ path }) => path.startsWith("/cdn/"))
const leaksOf = async (service: Service.Emulator) => (await Effect.runPromise(service.ledger)).leaks
/** The key, in whatever header or parameter it might hide. */
const expectNoKey = (seen: ReadonlyArray<Seen>) => {
  for (const { headers, query } of files(seen)) {
    expect(headers["authorization"]).toBeUndefined()
    expect(JSON.stringify([headers, query])).not.toContain(apiKey)
  }
}

const decoded = async (bytes: Uint8Array) => {
  const decoder = new FLACDecoder()
  await decoder.ready
  const { channelData, errors, sampleRate, samplesDecoded } = await decoder.decodeFile(bytes)
  decoder.free()
  return { channelData, errors, sampleRate, seconds: samplesDecoded / sampleRate }
}

describe.each(carriers)("carried by %s", (carrier) => {
  it("what is fetched is FLAC at 44.1 kHz of the stated length, says another decoder, and the key stays at home", async () => {
    const service = emulator({ apiKey })
    const { exit, seen } = await play(service.handler, fetched(), carrier)
    const { errors, sampleRate, seconds } = await decoded(value(exit))
    expect(errors).toEqual([])
    expect(sampleRate).toBe(44_100)
    expect(Math.abs(seconds - 1.5)).toBeLessThanOrEqual(0.05)
    expect(files(seen)).toHaveLength(1)
    expectNoKey(seen)
    expect(await leaksOf(service)).toBe(0)
  })

  it("a link that has died is renewed by one look, and never tried", async () => {
    const service = emulator({ linkLife: "1 minute" })
    const played = await play(service.handler, fetched("1 hour"), carrier)
    const { exit, seen } = played
    expect(value(exit).equals(await whole)).toBe(true)
    expect(Checks.judge({ ...played, claimed: "succeeded", secrets: [apiKey] })).toEqual([])
    expect([gets(seen).length, files(seen).length]).toEqual([2, 1])
    expect(files(seen)[0]?.at).toBe(3605)
    expectNoKey(seen)
  })

  it("a link that is refused is renewed once", async () => {
    const service = emulator()
    const { exit, seen } = await play(faulty(service, "expired-link@download"), fetched(), carrier)
    expect(value(exit).equals(await whole)).toBe(true)
    expect([gets(seen).length, files(seen).length]).toEqual([2, 2])
  })

  it.each(["truncated", "drop-mid-body"])(
    "a body that breaks off (%s) is gone on with where it broke",
    async (fault) => {
      const { exit, seen } = await play(faulty(emulator(), `${fault}@download:3`), fetched(), carrier)
      expect(value(exit).equals(await whole)).toBe(true)
      const ranges = files(seen).map(({ headers }) => headers["range"])
      expect(ranges[0]).toBeUndefined()
      expect(ranges).toHaveLength(4)
      const starts = ranges.slice(1).map((range) => Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1]))
      expect(starts).toEqual(starts.toSorted((one, other) => one - other))
      expect(starts[0]).toBeGreaterThan(0)
      expect(files(seen)[1]?.headers["if-range"]).toMatch(/^".+"$/)
      expectNoKey(seen)
    },
  )

  it("a link that dies between the pieces is renewed, and no byte comes twice", async () => {
    const service = emulator({ linkLife: "7 seconds", work: "1 second" })
    // Five seconds before it dies a link is not trusted any more.
    const { exit, seen } = await play(faulty(service, "drop-mid-body@download"), fetched("1600 millis"), carrier)
    expect(value(exit).equals(await whole)).toBe(true)
    expect(gets(seen)).toHaveLength(2)
    expect(files(seen)[1]?.headers["range"]).toMatch(/^bytes=\d+-$/)
  })
})

it("a host that knows no ranges sends everything again, and every byte still comes once", async () => {
  const service = emulator()
  const plain: Emulator.Handler = (request) => {
    const { "if-range": _, range: __, ...headers } = request.headers
    return service.handler({ ...request, headers })
  }
  const broken = faulty({ ...service, handler: plain }, "drop-mid-body@download:2")
  const { exit } = await play(broken, fetched())
  expect(value(exit).equals(await whole)).toBe(true)
})

it("a file that changed while it was fetched is never mixed with what it was", async () => {
  const service = emulator()
  let count = 0
  const changing: Emulator.Handler = (request) =>
    Effect.map(service.handler(request), (behaviour) => {
      if (service.hooks.stageOf(request) !== "download" || !("response" in behaviour)) return behaviour
      const etag = `"version ${count++}"`
      const { headers, ...response } = behaviour.response
      // As a store does: another version means the whole of it.
      const body = new Uint8Array(60_000).fill(count)
      return Emulator.Behaviour.Answered({
        response: { ...response, status: 200, headers: { ...headers, etag }, body },
      })
    })
  const { exit } = await play(faulty({ ...service, handler: changing }, "drop-mid-body@download"), fetched())
  expect(failure(exit)).toMatchObject({ _tag: "Unseen", evidence: { stage: "download" } })
})

it("links that are refused for ever end the download, after one renewal", async () => {
  const { exit, seen } = await play(faulty(emulator(), "expired-link@download:always"), fetched())
  expect(failure(exit)).toMatchObject({ _tag: "Unseen", evidence: { stage: "download", status: 403 } })
  expect(files(seen)).toHaveLength(2)
})

it("work that is gone when its link has died is lost", async () => {
  const service = emulator({ linkLife: "1 minute" })
  let isGone = false
  const forgetful: Emulator.Handler = (request) =>
    isGone && service.hooks.stageOf(request) === "look"
      ? Effect.succeed(Emulator.json(422, { detail: [{ loc: ["query", "id"], msg: "gone", type: "value_error" }] }))
      : service.handler(request)
  const program = Effect.gen(function* () {
    const { output } = yield* Client.run(sample)
    isGone = true
    yield* Effect.sleep("1 hour")
    return yield* Stream.runCollect(Download.stream(Soundpiece.newSample, output.audio))
  })
  expect(failure((await play(forgetful, program)).exit)).toMatchObject({ _tag: "Lost", reason: { _tag: "NotFound" } })
})

it("one failed look does not end a renewal", async () => {
  const service = emulator({ linkLife: "1 minute" })
  let isDown = false
  const shaky: Emulator.Handler = (request) => {
    if (!isDown || service.hooks.stageOf(request) !== "look") return service.handler(request)
    isDown = false
    return Effect.succeed(Emulator.json(503, { detail: "busy" }))
  }
  const program = Effect.gen(function* () {
    const { output } = yield* Client.run(sample)
    isDown = true
    yield* Effect.sleep("1 hour")
    return bytesOf(yield* Stream.runCollect(Download.stream(Soundpiece.newSample, output.audio)))
  })
  const { exit, seen } = await play(shaky, program)
  expect(value(exit).equals(await whole)).toBe(true)
  expect(gets(seen)).toHaveLength(3)
})

describe("the emulator's storage", () => {
  const ask = async (
    headers: Readonly<Record<string, string>>,
    edit: (url: string) => string = (url) => url,
    pause: Duration.Input = 0,
  ) => {
    const service = emulator()
    const program = Effect.gen(function* () {
      const transport = yield* Transport
      const { output } = yield* Client.run(sample)
      const url = edit(reveal(output.audio.link ?? ""))
      yield* Effect.sleep(pause)
      return yield* transport.send(
        { method: "GET", url, headers },
        { timeout: Duration.seconds(5), maxBytes: 1_000_000n },
      )
    })
    return { ...value((await play(service.handler, program)).exit), leaks: await leaksOf(service) }
  }

  it("serves a link to its last millisecond and not after", async () => {
    expect((await ask({}, undefined, "899999 millis")).status).toBe(200)
    expect((await ask({}, undefined, "900000 millis")).status).toBe(403)
  })

  it("gives pieces, from either end, and says which", async () => {
    const bytes = await whole
    const first = await ask({ range: "bytes=0-3" })
    expect([first.status, Buffer.from(first.body).toString()]).toEqual([206, "fLaC"])
    const last = await ask({ range: "bytes=-10" })
    expect(Buffer.from(last.body).equals(bytes.subarray(-10))).toBe(true)
    expect(last.headers["content-range"]).toBe(`bytes ${bytes.length - 10}-${bytes.length - 1}/${bytes.length}`)
    expect((await ask({ range: `bytes=${bytes.length}-` })).status).toBe(416)
  })

  it("gives the whole when the file is not the one that was begun", async () => {
    const { etag = "" } = (await ask({})).headers
    expect((await ask({ range: "bytes=4-", "if-range": etag })).status).toBe(206)
    expect((await ask({ range: "bytes=4-", "if-range": '"other"' })).status).toBe(200)
  })

  it("refuses a changed link", async () => {
    expect((await ask({}, (url) => url.replace("/0.flac", "/1.flac"))).status).toBe(403)
    expect((await ask({}, (url) => url.replace(/expires=\d+/, "expires=99999999999"))).status).toBe(403)
    expect((await ask({}, (url) => url.split("?")[0] ?? "")).status).toBe(403)
  })

  it("answers 400 to a request that carries a key, and writes it down", async () => {
    expect(await ask({ authorization: `Bearer ${apiKey}` })).toMatchObject({ status: 400, leaks: 1 })
  })
})
