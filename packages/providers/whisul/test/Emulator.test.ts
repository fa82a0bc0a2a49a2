import { Duration, Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Transport } from "@tenuto/http/Transport"
import * as Client from "@tenuto/core/Client"
import * as Whisul from "@tenuto/whisul"
import * as Service from "@tenuto/whisul/Emulator"
import { answers, carriers, emulator, failure, fixture, ledgerOf, play, scripted, value } from "./stage.ts"

const base = "http://service.test/api"
const generate = `${base}/generate`
const limits = { timeout: Duration.seconds(60), maxBytes: 10_000_000n }
const json = "application/json"
interface Call {
  readonly body?: unknown
  readonly text?: string
  readonly type?: string
  readonly key?: string
}
const read = (text: string) => JSON.parse(/^[{[]/.test(text) ? text : "null")
const call = (method: string, url: string, { body, key = "Bearer k", text, type = json }: Call = {}) =>
  Effect.map(
    Transport.use((transport) =>
      transport.send(
        {
          method,
          url,
          headers: { ...(type === "" ? {} : { "content-type": type }), ...(key === "" ? {} : { authorization: key }) },
          ...(text === undefined && body === undefined
            ? {}
            : { body: new TextEncoder().encode(text ?? JSON.stringify(body)) }),
        },
        limits,
      ),
    ),
    ({ body, headers, status }) => ({ status, headers, json: read(new TextDecoder().decode(body)) }),
  )
const request = fixture("generate.request")
const submit = call("POST", generate, { body: request })
const ask = async <A>(options: Service.Options, program: Effect.Effect<A, unknown, Transport>): Promise<A> =>
  value((await play(emulator(options).handler, program)).exit)
const statusOf = Effect.map(({ status }: { readonly status: number }) => status)

describe("the examples of the pages are read", () => {
  it("the request is sent as it stands, 202 is taken, running is waited for, completed is a song", async () => {
    const steps = [
      answers("submit", 202, fixture("generate.accepted")),
      answers("look", 200, fixture("jobs.running")),
      answers("look", 200, fixture("jobs.completed")),
    ]
    const { exit, seen } = await play(
      scripted(emulator(), steps),
      Client.run(Whisul.generate({ prompt: String(request["prompt"]) })),
    )
    const { duration, finished_at, image, song, started_at, ...rest } = value(exit)
    expect(rest).toEqual({ title: "Midnight Grid", bpm: 140, tags: ["trap", "dark", "808s", "synth", "bass"] })
    expect(duration).toEqual(Duration.seconds(167))
    expect(JSON.stringify([started_at, finished_at])).toBe('["2026-02-17T15:39:34.000Z","2026-02-17T15:41:58.000Z"]')
    expect([song.name, image?.name]).toEqual(["song", "image"])
    expect(seen[0]?.body).toEqual(request)
    const path = "/api/jobs/81fa5ff7-6197-4c24-8062-c0ff8b62d58d"
    expect(seen.slice(1).map((look) => look.path)).toEqual([path, path])
  })

  it("failed", async () => {
    const { exit } = await play(
      scripted(emulator(), [answers("look", 200, fixture("jobs.failed"))]),
      Client.run(Whisul.generate({ prompt: "La" })),
    )
    const text = "Generation failed due to an internal error."
    expect(failure(exit)).toMatchObject({ _tag: "Failed", evidence: { message: { _tag: "Developer", text } } })
  })

  it("400", async () => {
    const { exit } = await play(
      scripted(emulator(), [answers("submit", 400, fixture("generate.400"))]),
      Client.run(Whisul.generate({ prompt: "La" })),
    )
    expect(failure(exit).message).toContain("The 'prompt' field is required and must not be empty.")
  })
})

describe("the emulator gives the examples of the pages, field for field", () => {
  const later = (options: Service.Options) =>
    ask(
      options,
      Effect.gen(function* () {
        const { json: accepted } = yield* submit
        yield* Effect.sleep("144 seconds")
        return (yield* call("GET", `${base}${accepted.poll_url}`)).json
      }),
    )
  const began = "2026-01-01 00:00:00"

  it("202", async () => {
    const { json: accepted, status } = await ask({}, submit)
    const { message } = fixture("generate.accepted")
    expect(status).toBe(202)
    expect(accepted).toEqual({ message, job_id: accepted.job_id, poll_url: `/jobs/${accepted.job_id}` })
    expect(Object.keys(accepted)).toEqual(Object.keys(fixture("generate.accepted")))
    expect(accepted.job_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it("running: no end is there, not even as null", async () => {
    const running = await later({ work: "1 hour" })
    expect(running).toEqual({ ...fixture("jobs.running"), ...request, started_at: began })
    expect(Object.keys(running)).toEqual(Object.keys(fixture("jobs.running")))
  })

  it("completed", async () => {
    const completed = await later({ work: "144 seconds" })
    const page = fixture("jobs.completed")
    const { image_url, song_url, ...rest } = completed.result
    const { image_url: _, song_url: __, ...shown } = page["result"] as Record<string, unknown>
    expect(rest).toEqual(shown)
    expect([song_url, image_url]).toEqual([
      expect.stringMatching(/^http:\/\/service\.test\/cdn\/audio\/[0-9a-f]{8}\.mp3$/),
      expect.stringMatching(/^http:\/\/service\.test\/cdn\/covers\/[0-9a-f]{8}\.jpg$/),
    ])
    expect({ ...completed, result: null }).toEqual({
      ...page,
      ...request,
      result: null,
      started_at: began,
      finished_at: "2026-01-01 00:02:24",
    })
    expect(Object.keys(completed)).toEqual(Object.keys(page))
    expect(Object.keys(completed.result)).toEqual(Object.keys(page["result"] as object))
  })

  it("failed", async () => {
    const page = fixture("jobs.failed")
    const failed = await later({ work: "91 seconds", failing: String(page["error"]) })
    expect(failed).toEqual({ ...page, ...request, started_at: began, finished_at: "2026-01-01 00:01:31" })
    expect(Object.keys(failed)).toEqual(Object.keys(page))
    const silent = await later({ outcome: () => ({ error: null }) })
    expect(silent).toMatchObject({ status: "failed", result: null, error: null })
  })

  it.each([{}, { prompt: "" }, { prompt: null }, { prompt: 7 }, [], null, "prompt"])("400 for %o", async (body) => {
    const answer = await ask({}, call("POST", generate, { body }))
    expect([answer.status, answer.json]).toEqual([400, fixture("generate.400")])
  })
})

describe("the emulator refuses what the service refuses", () => {
  it.each([
    ["a body that is not JSON", { text: "{" }],
    ["no body", {}],
    ["a body that is not UTF-8", { text: "\ud800" }],
    ["another type", { body: request, type: "text/plain" }],
    ["no type", { body: request, type: "" }],
  ] as ReadonlyArray<readonly [string, Call]>)("400: %s", async (_, given) => {
    const service = emulator()
    const answer = value((await play(service.handler, call("POST", generate, given))).exit)
    expect([answer.status, answer.json.error]).toEqual([400, "Invalid input"])
    expect(ledgerOf(service).operations).toEqual([])
  })

  it("a type with parameters is the same type, and fields nobody knows are ignored", async () => {
    const given = { body: { ...request, tempo: 120 }, type: "application/json; charset=utf-8" }
    expect((await ask({}, call("POST", generate, given))).status).toBe(202)
  })

  it.each(["", "Bearer", "Basic a", "Bearer "])("401: the credential %o, at either endpoint", async (key) => {
    const statuses = await ask(
      {},
      Effect.gen(function* () {
        const { json: accepted } = yield* submit
        return [
          (yield* call("POST", generate, { body: request, key })).status,
          (yield* call("GET", `${base}${accepted.poll_url}`, { key })).status,
        ]
      }),
    )
    expect(statuses).toEqual([401, 401])
  })

  it("401: another key than the one that is set; the right one in a query or a body is none", async () => {
    const given = [
      call("POST", generate, { body: request, key: "Bearer b" }),
      call("POST", `${generate}?api_key=a`, { body: { ...request, api_key: "a" }, key: "" }),
      call("POST", generate, { body: request, key: "Bearer a" }),
    ]
    expect(await ask({ apiKey: "a" }, Effect.forEach(given, statusOf))).toEqual([401, 401, 202])
  })

  it("404 and 405: what is no endpoint (C-WH-2 /compose), and what is no job", async () => {
    const given = [
      call("POST", `${base}/compose`, { body: request }),
      call("POST", "http://service.test/generate", { body: request }),
      call("GET", "http://service.test/jobs/x"),
      call("GET", `${base}/jobs/x`),
      call("GET", `${base}/jobs`),
      call("GET", generate),
      call("DELETE", `${base}/jobs/x`),
    ]
    expect(await ask({}, Effect.forEach(given, statusOf))).toEqual([404, 404, 404, 404, 404, 405, 405])
  })

  it("404: a job is kept for as long as it is told to be, and no longer", async () => {
    const seen = await ask(
      { work: "10 seconds", keep: "1 minute" },
      Effect.gen(function* () {
        const { json: accepted } = yield* submit
        const look = statusOf(call("GET", `${base}${accepted.poll_url}`))
        const before = yield* Effect.delay(look, "69 seconds")
        const after = yield* Effect.delay(call("GET", `${base}${accepted.poll_url}`), "1 second")
        const never = yield* call("GET", `${base}/jobs/x`)
        return { before, after: after.status, isSame: JSON.stringify(after.json) === JSON.stringify(never.json) }
      }),
    )
    expect(seen).toEqual({ before: 200, after: 404, isSame: true })
  })
})

describe("the emulator's limit", () => {
  const after = (seconds: number) => Effect.delay(submit, Duration.seconds(seconds))

  it("429 without any header of a limit; there is room when the span is over", async () => {
    const answers = await ask(
      { limit: { requests: 2, window: "20 seconds" } },
      Effect.all([submit, after(1), after(1), after(17), after(1), after(0), after(0)]),
    )
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 429, 429, 202, 429, 429])
    const [, , limited] = answers
    expect(Object.keys(limited.headers).filter((name) => /limit|retry/.test(name))).toEqual([])
  })

  it("whoever asks during a block makes it longer", async () => {
    const answers = await ask(
      { limit: { requests: 1, window: "20 seconds" }, penalty: "10 seconds" },
      // At 5 s blocked until 20; asked at 10 and 15: until 40; asked at 39: until 50.
      Effect.all([submit, after(5), after(5), after(5), after(24), after(11)]),
    )
    expect(answers.map(({ status }) => status)).toEqual([202, 429, 429, 429, 429, 202])
  })

  it("it is one for submits and looks of a key, and each key has its own", async () => {
    const given = [
      submit,
      call("GET", `${base}/jobs/x`),
      call("POST", generate, { body: request, key: "Bearer other" }),
      call("POST", generate, { body: request, key: "" }),
    ]
    expect(await ask({ limit: { requests: 1, window: "1 minute" } }, Effect.forEach(given, statusOf))).toEqual([
      202, 429, 202, 401,
    ])
  })
})

it("each job ends as it was decided when it was submitted", async () => {
  const outcome = ({ prompt }: { readonly prompt: string }): Service.Outcome =>
    prompt === "a" ? "completed" : { error: `no ${prompt}` }
  const service = emulator({ outcome, failing: "never said" })
  const run = (prompt: string) => Effect.result(Client.run(Whisul.generate({ prompt })))
  const { exit } = await play(service.handler, Effect.all([run("a"), run("b")]))
  expect(value(exit)).toMatchObject([
    { _tag: "Success" },
    { _tag: "Failure", failure: { evidence: { message: { text: "no b" } } } },
  ])
})

it("a song is as long as it is told to be", async () => {
  const { exit } = await play(emulator({ length: "65 seconds" }).handler, Client.run(Whisul.generate({ prompt: "a" })))
  expect(value(exit).duration).toEqual(Duration.seconds(65))
})

it("the ledger counts, and tells the stage of every request", async () => {
  const service = emulator()
  const program = Effect.gen(function* () {
    const { json: accepted } = yield* submit
    yield* Effect.sleep("5 seconds")
    const { json: job } = yield* call("GET", `${base}${accepted.poll_url}`)
    yield* Effect.ignore(call("GET", job.result.song_url))
    yield* call("POST", `${base}/compose`)
    return accepted.job_id
  })
  const id = value((await play(service.handler, program)).exit)
  const { leaks, operations, requests } = ledgerOf(service)
  expect(operations).toEqual([{ id, ...request, looks: 1 }])
  expect(requests.map(({ method, stage, status }) => [stage, method, status])).toEqual([
    ["submit", "POST", 202],
    ["look", "GET", 200],
    ["download", "GET", 400],
    [undefined, "POST", 404],
  ])
  expect(leaks).toBe(1)
})

it.each(carriers)("ids are the same for the same seed, and others for another, carried by %s", async (carrier) => {
  const id = async (seed: number) =>
    value((await play(emulator({ seed }).handler, Client.submit(Whisul.generate({ prompt: "a" })), carrier)).exit).id
  expect(await id(1)).toBe(await id(1))
  expect(await id(1)).not.toBe(await id(2))
})
