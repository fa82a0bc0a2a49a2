import { readFileSync } from "node:fs"
import { Duration, Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Transport } from "@tenuto/http/Transport"
import * as Client from "@tenuto/core/Client"
import * as Soundpiece from "@tenuto/soundpiece"
import * as Service from "@tenuto/soundpiece/Emulator"
import { emulator, failure, on, play, runSong, scripted, value } from "./stage.ts"

type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }
const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`fixtures/create.new_song.${name}.json`, import.meta.url), "utf8")) as Record<
    string,
    Record<string, Json>
  >

const base = "http://service.test/v1"
const route = `${base}/create.new_song`
const limits = { timeout: Duration.seconds(60), maxBytes: 10_000_000n }
interface Call {
  readonly body?: unknown
  readonly text?: string
  readonly key?: string | undefined
}
const call = (method: string, url: string, { body, key = "Bearer k", text }: Call = {}) =>
  Effect.map(
    Transport.use((transport) =>
      transport.send(
        {
          method,
          url,
          headers: { "content-type": "application/json", ...(key === "" ? {} : { authorization: key }) },
          ...(text === undefined && body === undefined
            ? {}
            : { body: new TextEncoder().encode(text ?? JSON.stringify(body)) }),
        },
        limits,
      ),
    ),
    ({ body, headers, status }) => ({ status, headers, json: JSON.parse(new TextDecoder().decode(body) || "null") }),
  )
const request = fixture("request") as unknown as { readonly idempotency_key: string }
const ask = async <A>(options: Service.Options, program: Effect.Effect<A, unknown, Transport>): Promise<A> =>
  value((await play(emulator(options).handler, program)).exit)

describe("the examples of the pages", () => {
  it("processing is read as pending, and ready with its outputs as a success", async () => {
    const { idempotency_key: key, ...input } = request
    const ready = { song: { ...fixture("processing")["song"], status: "ready", ...fixture("outputs") } }
    const steps = [
      on("submit", { status: 200, json: fixture("processing") }),
      on("look", { status: 200, json: fixture("processing") }),
      on("look", { status: 200, json: ready }),
    ]
    const song = Soundpiece.newSong(input as never, { key })
    const { exit, seen } = await play(scripted(emulator(), steps), Client.run(song))
    const [track] = value(exit).outputs
    expect(track.duration && Duration.toSeconds(track.duration)).toBe(87.4)
    expect(JSON.stringify(track.audio)).toContain("2026-05-20T12:50:21.000Z")
    expect(seen[0]?.body).toEqual(request)
    expect(seen[1]?.query).toEqual({ id: "op_01h7k...", wait: "true" })
  })

  it.each(["content_policy", "tos_violation"])("failed with %s", async (code) => {
    const submitted = on("submit", { status: 200, json: { song: { id: "op_01h7k...", status: "processing" } } })
    const { exit } = await play(
      scripted(emulator(), [submitted, on("look", { status: 200, json: fixture(code) })]),
      runSong,
    )
    const message = { _tag: "EndUser", text: "The provided lyrics were rejected by our content policy." }
    expect(failure(exit)).toMatchObject({ _tag: "Failed", code, evidence: { message } })
  })

  it("401 and 422 are read", async () => {
    const refused = async (status: number) =>
      failure(
        (await play(scripted(emulator(), [on("submit", { status, json: fixture(String(status)) })]), runSong)).exit,
      )
    expect(await refused(401)).toMatchObject({
      evidence: { message: { _tag: "Developer", text: "Missing or invalid Authorization header" } },
    })
    expect((await refused(422)).message).toContain(
      "body.lyrics: String should have at least 1 character; body.idempotency_key: Field required",
    )
  })
})

describe("the emulator gives the examples of the pages, field for field", () => {
  it("processing", async () => {
    const { json, status } = await ask({}, call("PUT", route, { body: request }))
    const { song } = fixture("processing")
    expect(status).toBe(200)
    expect(Object.keys(json.song)).toEqual(Object.keys(song ?? {}))
    expect(json).toEqual({ song: { ...song, id: json.song.id, created_at: "2026-01-01T00:00:00Z" } })
    expect(json.song.id).toMatch(/^op_[0-9a-z]{26}$/)
  })

  const later = (options: Service.Options) =>
    ask(
      options,
      Effect.gen(function* () {
        const { json } = yield* call("PUT", route, { body: request })
        return (yield* call("GET", `${route}?id=${json.song.id}&wait=true`)).json
      }),
    )

  it("ready", async () => {
    const { song } = await later({ linkLife: "925 seconds", length: "87.4 seconds" })
    const { outputs } = fixture("outputs")
    expect(song.status).toBe("ready")
    expect(song.error).toBe(null)
    expect(song.outputs.map((file: object) => Object.keys(file))).toEqual(
      (outputs as unknown as ReadonlyArray<object>).map(Object.keys),
    )
    expect(song.outputs[0].url).toMatch(/^http:\/\/service\.test\/cdn\/op_/)
    expect(song.outputs[0].expires_at).toBe("2026-01-01T00:15:30Z")
  })

  it.each(["content_policy", "tos_violation"])("failed with %s", async (code) => {
    const { song } = await later({ failing: code })
    expect(song).toMatchObject({ status: "failed", outputs: null, error: fixture(code)["song"]?.["error"] })
  })

  it("401", async () => {
    for (const key of ["", "Bearer", "Basic a", "Bearer "]) {
      const { json, status } = await ask({}, call("PUT", route, { body: request, key }))
      expect([status, json]).toEqual([401, fixture("401")])
    }
  })

  it("422", async () => {
    const { json, status } = await ask({}, call("PUT", route, { body: { lyrics: "", prompt: "p" } }))
    expect([status, json]).toEqual([422, fixture("422")])
  })
})

describe("the emulator refuses what the service refuses", () => {
  const types = (json: {
    readonly detail: ReadonlyArray<{ readonly loc: ReadonlyArray<string>; readonly type: string }>
  }) => json.detail.map(({ loc, type }) => `${loc.join(".")} ${type}`)
  const source = { url: "https://a.example/b.wav" }
  const key = request.idempotency_key

  it.each([
    [
      "create.new_song",
      { idempotency_key: key, lyrics: "a".repeat(3001), prompt: "p" },
      ["body.lyrics string_too_long"],
    ],
    ["create.new_song", { idempotency_key: key, lyrics: "a" }, ["body.prompt missing"]],
    [
      "create.new_song",
      { idempotency_key: key, lyrics: "a", reference: { url: "b" } },
      ["body.reference.url url_parsing"],
    ],
    [
      "create.new_song",
      { idempotency_key: "1", lyrics: 5, prompt: "p" },
      ["body.lyrics string_type", "body.idempotency_key uuid_parsing"],
    ],
    [
      "create.new_song",
      { idempotency_key: key, lyrics: "a", prompt: "p", callback_url: `http://a/${"b".repeat(2048)}` },
      ["body.callback_url url_too_long"],
    ],
    [
      "create.new_sample",
      { idempotency_key: key, prompt: "p", loopable: "no" },
      ["body.duration missing", "body.loopable bool_type"],
    ],
    ["create.new_fx", { idempotency_key: key, prompt: "p", duration: 0 }, ["body.duration greater_than"]],
    [
      "create.remix_song",
      { idempotency_key: key, source, lyrics: "a", prompt: "p", n_variations: 0 },
      ["body.n_variations greater_than_equal"],
    ],
    [
      "create.remix_song",
      { idempotency_key: key, source, lyrics: "a", prompt: "p", n_variations: 4 },
      ["body.n_variations less_than_equal"],
    ],
    [
      "create.remix_instrumental",
      { idempotency_key: key, n_variations: 1.5 },
      ["body.source missing", "body.n_variations int_type"],
    ],
    ["adapt.separate_stems", { idempotency_key: key, source: "x" }, ["body.source model_attributes_type"]],
    [
      "adapt.auto_cut_down",
      { idempotency_key: key, source, target_duration: "30" },
      ["body.target_duration float_type"],
    ],
    ["adapt.auto_cut_down", [], ["body model_attributes_type"]],
  ] as const)("%s %o", async (name, body, expected) => {
    const { json, status } = await ask({}, call("PUT", `${base}/${name}`, { body }))
    expect(status).toBe(422)
    expect(types(json)).toEqual(expected)
  })

  it.each(["{", "", "'"])("400: a body that is not JSON (%o)", async (text) => {
    expect((await ask({}, call("PUT", route, { text }))).status).toBe(400)
  })

  it("404 is for routes only, 405 for verbs, 422 for operations it does not know", async () => {
    const answers = await ask(
      {},
      Effect.gen(function* () {
        const { json } = yield* call("PUT", route, { body: request })
        const unknown = `op_${"0".repeat(26)}`
        return yield* Effect.forEach(
          [
            call("PUT", `${base}/create.new_sonng`, { body: request }),
            call("GET", "http://service.test/create.new_song"),
            call("POST", route, { body: request }),
            call("GET", `${route}?id=${unknown}`),
            call("GET", `${base}/create.remix_song?id=${json.song.id}`),
            call("GET", `${route}?id=op_1`),
            call("GET", route),
            call("GET", `${route}?id=${json.song.id}&wait=perhaps`),
          ],
          Effect.map(({ status }) => status),
        )
      }),
    )
    expect(answers).toEqual([404, 404, 405, 422, 422, 422, 422, 422])
  })

  it("a wrong key is refused when one is set", async () => {
    expect((await ask({ apiKey: "a" }, call("PUT", route, { body: request, key: "Bearer b" }))).status).toBe(401)
    expect((await ask({ apiKey: "a" }, call("PUT", route, { body: request, key: "Bearer a" }))).status).toBe(200)
  })

  it("over the limit: whole seconds until there is room again", async () => {
    const statuses = await ask(
      { limit: { requests: 2, window: "17 seconds" } },
      Effect.gen(function* () {
        yield* call("PUT", route, { body: request })
        yield* Effect.sleep("500 millis")
        yield* call("PUT", route, { body: request })
        const limited = yield* call("PUT", route, { body: request })
        yield* Effect.sleep("17 seconds")
        return [limited, yield* call("PUT", route, { body: request })]
      }),
    )
    expect(statuses[0]).toMatchObject({
      status: 429,
      headers: { "retry-after": "17" },
      json: { detail: "Rate limit exceeded; retry in 17 seconds" },
    })
    expect(statuses[1]?.status).toBe(200)
    expect(Object.keys(statuses[1]?.headers ?? {}).filter((name) => name.includes("limit"))).toEqual([])
  })
})

it("one key is one operation, however often and at once it is sent, whatever else the body says; the ledger counts", async () => {
  const service = emulator()
  const bodies = [
    request,
    request,
    { ...request, idempotency_key: request.idempotency_key.toUpperCase() },
    { ...request, prompt: "Polka" },
  ]
  const program = Effect.gen(function* () {
    const puts = yield* Effect.forEach(bodies, (body) => call("PUT", route, { body }), { concurrency: "unbounded" })
    const [first] = puts
    yield* call("GET", `${route}?id=${first?.json.song.id}&wait=true`)
    yield* call("PUT", `${base}/create.new_sonng`)
    return puts.map(({ json }) => json.song)
  })
  const songs = value((await play(service.handler, program)).exit)
  expect(new Set(songs.map(({ id }) => id)).size).toBe(1)
  expect(new Set(songs.map(({ prompt }) => prompt)).size).toBe(1)
  const { leaks, operations, requests } = await Effect.runPromise(service.ledger)
  expect(operations).toEqual([
    { id: songs[0]?.id, key: request.idempotency_key, route: "create.new_song", puts: 4, gets: 1 },
  ])
  const path = "/v1/create.new_song"
  expect(requests).toEqual([
    ...bodies.map(() => ({ stage: "submit", method: "PUT", path, status: 200 })),
    { stage: "long-poll", method: "GET", path, status: 200 },
    { stage: undefined, method: "PUT", path: "/v1/create.new_sonng", status: 404 },
  ])
  expect(leaks).toBe(0)
})

it("a hold ends at once when the work ends, after 20 seconds otherwise, and without wait there is none", async () => {
  const now = Effect.clockWith((clock) => Effect.map(clock.currentTimeMillis, (millis) => millis / 1000))
  const times = await ask(
    { work: "25 seconds" },
    Effect.gen(function* () {
      const began = yield* now
      const { json } = yield* call("PUT", route, { body: request })
      const look = (wait: string) =>
        Effect.gen(function* () {
          const { json: answer } = yield* call("GET", `${route}?id=${json.song.id}${wait}`)
          return [(yield* now) - began, answer.song.status]
        })
      return [yield* look(""), yield* look("&wait=true"), yield* look("&wait=true"), yield* look("&wait=true")]
    }),
  )
  expect(times).toEqual([
    [0, "processing"],
    [20, "processing"],
    [25, "ready"],
    [25, "ready"],
  ])
})

it("ids are the same for the same seed, and others for another", async () => {
  const id = async (seed: number) => (await ask({ seed }, call("PUT", route, { body: request }))).json.song.id
  expect(await id(1)).toBe(await id(1))
  expect(await id(1)).not.toBe(await id(2))
})
