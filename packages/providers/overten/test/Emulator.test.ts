import { readFileSync } from "node:fs"
import { Duration, Effect, Redacted } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import { Transport } from "@tenuto/http/Transport"
import * as Overten from "@tenuto/overten"
import * as Service from "@tenuto/overten/Emulator"
import type { Script } from "@tenuto/testkit"
import { emulator, failure, ledger, on, play, runBrief, runSlow, scripted, value } from "./stage.ts"

type Json = NonNullable<Script.Answer["json"]>
const fixture = (name: string): Json =>
  JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), "utf8")) as Json
const request = fixture("word.generate.request") as { readonly prompt: string; readonly idempotency_key: string }

const base = "http://service.test/api/v1"
const limits = { timeout: Duration.seconds(400), maxBytes: 10_000_000n }
interface Asked {
  readonly body?: unknown
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
}
const call = (method: string, url: string, { body, headers = { authorization: "Bearer k" }, text }: Asked = {}) =>
  Effect.map(
    Transport.use((transport) =>
      transport.send(
        {
          method,
          url: url.startsWith("http") ? url : `${base}${url}`,
          headers: { "content-type": "application/json", ...headers },
          ...(text === undefined && body === undefined
            ? {}
            : { body: new TextEncoder().encode(text ?? JSON.stringify(body)) }),
        },
        limits,
      ),
    ),
    ({ body, headers, status }) => {
      const said = new TextDecoder().decode(body)
      return { status, headers, json: (headers["content-type"] ?? "").includes("json") ? JSON.parse(said) : said }
    },
  )
const ask = async <A>(options: Service.Options, program: Effect.Effect<A, unknown, Transport>): Promise<A> =>
  value((await play(emulator(options).handler, program)).exit)
const generate = (fields: object = {}) => call("POST", "/word/generate", { body: { prompt: "p", ...fields } })

/** An answer as the fixtures name things: the ids and the addresses of one run differ, nothing else. */
const canonical = (json: unknown): unknown =>
  JSON.parse(
    JSON.stringify(json)
      .replaceAll(/"http:\/\/service\.test\/editor\/[^"]*"/g, '"https://edit.overtenai.com/run_4b7e?token=f00dfeed"')
      .replaceAll(/run_\w{20}/g, "run_4b7e")
      .replaceAll(/task_\w{20}/g, "task_9c1f")
      .replaceAll(base, "https://backend.overtenai.com/api/v1"),
  )

describe("the bodies that the pages describe are read", () => {
  const story = (...steps: ReadonlyArray<readonly ["submit" | "look", number, string]>) =>
    scripted(
      emulator(),
      steps.map(([stage, status, name]) => on(stage, { status, json: fixture(name) })),
    )

  it("completed at once", async () => {
    const { exit, seen } = await play(story(["submit", 200, "word.generate.completed"]), runBrief)
    const output = value(exit)
    expect(output).toMatchObject({
      run_id: "run_4b7e",
      task_id: "task_9c1f",
      credits_used: 5,
      duration: Duration.seconds(5),
    })
    expect(Redacted.value(output.editor?.link as never)).toContain("token=f00dfeed")
    expect(seen).toHaveLength(1)
  })

  it.each(["word.generate.queued", "word.generate.promoted"])("%s, then running, then completed", async (name) => {
    const handler = story(["submit", 202, name], ["look", 200, "tasks.running"], ["look", 200, "tasks.completed"])
    const { exit, seen } = await play(handler, runBrief)
    expect(value(exit)).toMatchObject({ run_id: "run_4b7e", task_id: "task_9c1f", duration: Duration.seconds(5) })
    expect(seen.slice(1).map(({ path }) => path)).toEqual(["/api/v1/tasks/task_9c1f", "/api/v1/tasks/task_9c1f"])
  })

  it("failed", async () => {
    const { exit } = await play(story(["submit", 202, "word.generate.queued"], ["look", 200, "tasks.failed"]), runSlow)
    expect(failure(exit)).toMatchObject({ _tag: "Failed", code: "upstream_error" })
  })

  it("402, 422 and preflight_failed", async () => {
    const at = async (status: number, name: string) =>
      failure((await play(story(["submit", status, name]), runBrief)).exit)
    const text = "Insufficient credits. Required: 5, balance: 3."
    expect(await at(402, "word.generate.402")).toMatchObject({ evidence: { message: { _tag: "EndUser", text } } })
    expect(await at(422, "word.generate.422")).toMatchObject({ reason: { issues: [{ path: ["body", "prompt"] }] } })
    expect(await at(400, "preflight.400")).toMatchObject({ reason: { issues: [{ path: ["images"] }] } })
  })
})

describe("the emulator gives them, field for field", () => {
  it("completed at once", async () => {
    const { json, status } = await ask({}, call("POST", "/word/generate", { body: request }))
    expect([status, canonical(json)]).toEqual([200, fixture("word.generate.completed")])
  })

  it("queued, and promoted by the ceiling after 300 seconds", async () => {
    const queued = await ask({}, generate({ async: true }))
    expect([queued.status, canonical(queued.json)]).toEqual([202, fixture("word.generate.queued")])
    const now = Effect.clockWith((clock) => clock.currentTimeMillis)
    const [promoted, took] = await ask(
      { work: "10 minutes" },
      Effect.gen(function* () {
        const began = yield* now
        return [yield* generate(), (yield* now) - began] as const
      }),
    )
    expect([promoted.status, canonical(promoted.json), took]).toEqual([202, fixture("word.generate.promoted"), 300_000])
  })

  it.each([
    ["tasks.running", "1 second", {}],
    ["tasks.completed", "10 seconds", {}],
    ["tasks.failed", "10 seconds", { failing: "upstream_error" }],
  ] as const)("%s", async (name, pause, options) => {
    const looked = await ask(
      options,
      Effect.gen(function* () {
        const { json } = yield* generate({ async: true })
        yield* Effect.sleep(pause)
        return yield* call("GET", `/tasks/${json.task_id}`)
      }),
    )
    expect([looked.status, canonical(looked.json)]).toEqual([200, fixture(name)])
  })

  it("402, 422 and preflight_failed", async () => {
    const poor = await ask({ credits: 8 }, Effect.andThen(generate(), generate()))
    expect([poor.status, poor.json]).toEqual([402, fixture("word.generate.402")])
    const unfit = await ask({ shape: "detail" }, generate({ prompt: "" }))
    expect([unfit.status, unfit.json]).toEqual([422, fixture("word.generate.422")])
    const body = { format: "word", prompt: "p" }
    const lacking = await ask({ missing: () => ["images"] }, call("POST", "/preflight", { body }))
    expect([lacking.status, lacking.json]).toEqual([400, fixture("preflight.400")])
  })
})

describe("the emulator refuses what the service refuses", () => {
  it.each([
    ["no prompt", {}, 400, "invalid_request", "/prompt: Field required"],
    ["a bad enum value", { prompt: "p", mode: "dream" }, 400, "invalid_request", "/mode: "],
    ["an empty prompt", { prompt: "" }, 422, "validation_error", "/prompt: must have 1 to 10000 characters"],
    ["a time-out out of bounds", { prompt: "p", timeout_ms: 9999 }, 422, "validation_error", "/timeout_ms: "],
    ["a key that is no text", { prompt: "p", idempotency_key: 7 }, 422, "validation_error", "/idempotency_key: "],
    ["a list", [], 400, "invalid_request", "not an object"],
  ])("%s", async (_, body, status, error, message) => {
    const answer = await ask({}, call("POST", "/word/generate", { body }))
    expect(answer).toMatchObject({ status, json: { success: false, error, message: expect.stringContaining(message) } })
  })

  it("nulls are fields that were not sent, and fields it does not know are ignored", async () => {
    const nulls = {
      run_id: null,
      init_file: null,
      webhook_url: null,
      idempotency_key: null,
      timeout_ms: null,
      tempo: 120,
    }
    expect((await ask({}, generate(nulls))).status).toBe(200)
  })

  it.each(["{", "", "'"])("a body that is not JSON (%o)", async (text) => {
    expect(await ask({}, call("POST", "/word/generate", { text }))).toMatchObject({ status: 400 })
  })

  it.each([
    [{ authorization: "Bearer a" }, 200],
    [{ "x-api-key": "a" }, 200],
    [{ authorization: "Bearer b" }, 401],
    [{ "x-api-key": "b" }, 401],
    [{ authorization: "Basic a" }, 401],
    [{}, 401],
  ])("the key in %o", async (headers, status) => {
    expect((await ask({ apiKey: "a" }, call("GET", "/verify", { headers }))).status).toBe(status)
  })

  it("what it does not know, and verbs it does not take", async () => {
    const answers = await ask(
      {},
      Effect.forEach(
        [
          call("GET", "/tasks/task_1"),
          call("GET", "/runs/run_1/download"),
          call("GET", "/files/file_1"),
          call("GET", "/images/img_1"),
          call("POST", "/word/generat", { body: {} }),
          call("GET", "http://service.test/word/generate"),
          call("GET", "/word/generate"),
          call("GET", "/preflight"),
        ],
        Effect.map(({ status }) => status),
      ),
    )
    expect(answers).toEqual([404, 404, 404, 404, 404, 404, 405, 405])
  })

  it("another body under a known key; the same body joins the work", async () => {
    const answers = await ask(
      { work: "1 minute" },
      Effect.all(
        [
          generate({ idempotency_key: "k" }),
          generate({ idempotency_key: "k" }),
          generate({ idempotency_key: "k", mode: "ask" }),
        ],
        { concurrency: "unbounded" },
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 409])
    expect(answers[1].json.task_id).toBe(answers[0].json.task_id)
  })

  it("a form without a file, with a purpose it does not know, or that is none", async () => {
    const form = (text: string) =>
      call("POST", "/files", {
        text,
        headers: { authorization: "Bearer k", "content-type": "multipart/form-data; boundary=b" },
      })
    const part = (name: string, value: string) =>
      `--b\r\ncontent-disposition: form-data; name="${name}"${name === "file" ? '; filename="a"' : ""}\r\n\r\n${value}\r\n`
    const statuses = await ask(
      {},
      Effect.forEach(
        [
          form(`${part("file", "x")}--b--\r\n`),
          form(`${part("purpose", "init")}--b--\r\n`),
          form(`${part("purpose", "fun")}${part("file", "x")}--b--\r\n`),
          form("--"),
        ],
        Effect.map(({ status }) => status),
      ),
    )
    expect(statuses).toEqual([201, 400, 400, 400])
  })
})

describe("limits", () => {
  it("requests in a minute, by tier: whole seconds until there is room again", async () => {
    for (const [tier, requests] of [
      ["free", 10],
      ["pro", 60],
      ["enterprise", 600],
    ] as const) {
      const answers = await ask(
        { tier },
        Effect.gen(function* () {
          const many = yield* Effect.forEach(Array.from({ length: requests + 1 }), () => call("GET", "/verify"))
          yield* Effect.sleep("1 minute")
          return [...many, yield* call("GET", "/verify")]
        }),
      )
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(requests + 1)
      expect(answers[requests]).toMatchObject({
        status: 429,
        headers: { "retry-after": "60" },
        json: { error: "rate_limit_exceeded" },
      })
    }
  })

  it.each([
    ["429", [202, 202, 429, 202]],
    ["503", [202, 202, 503, 202]],
    ["queue", [202, 202, 202, 202]],
  ] as const)("one run too many is answered %s", async (crowded, expected) => {
    const [statuses, third] = await ask(
      { tier: "free", crowded, work: "1 minute" },
      Effect.gen(function* () {
        const first = yield* generate({ async: true })
        yield* Effect.sleep("10 seconds")
        const second = yield* generate({ async: true })
        const third = yield* generate({ async: true })
        yield* Effect.sleep("55 seconds")
        const look = crowded === "queue" ? yield* call("GET", `/tasks/${third.json.task_id}`) : third
        yield* Effect.sleep("60 seconds")
        return [[first.status, second.status, third.status, (yield* generate({ async: true })).status], look] as const
      }),
    )
    expect(statuses).toEqual(expected)
    // The first place is free after a minute; then the third begins.
    if (crowded === "queue") expect(third.json.status).toBe("running")
    if (crowded === "429") expect(third.headers["retry-after"]).toBe("50")
  })
})

it("every answer of the API has a request id of its own, and says that it is going to be retired when it is", async () => {
  const answers = await ask(
    { deprecated: { sunset: "Sun, 06 Nov 2034 08:49:37 GMT" }, apiKey: "k" },
    Effect.all([generate(), call("GET", "/tasks/x"), call("GET", "/nothing"), call("GET", "/verify", { headers: {} })]),
  )
  const ids = answers.map(({ headers }) => headers["x-request-id"])
  expect(new Set(ids).size).toBe(4)
  for (const { headers } of answers) {
    expect(headers["x-request-id"]).toMatch(/^req_/)
    expect(headers).toMatchObject({ "x-deprecated": "true", sunset: "Sun, 06 Nov 2034 08:49:37 GMT" })
  }
})

it("runs and tasks are kept for 30 days after they have ended, and not longer", async () => {
  const statuses = await ask(
    {},
    Effect.gen(function* () {
      const { json } = yield* generate()
      const both = Effect.forEach([`/tasks/${json.task_id}`, `/runs/${json.run_id}/download`], (path) =>
        Effect.map(call("GET", path), ({ status }) => status),
      )
      yield* Effect.sleep(Duration.subtract(Duration.days(30), Duration.millis(1)))
      const before = yield* both
      yield* Effect.sleep("1 millis")
      return [before, yield* both]
    }),
  )
  expect(statuses).toEqual([
    [200, 302],
    [410, 410],
  ])
})

it("an editor's link lives for 15 minutes, and a look brings another one", async () => {
  const statuses = await ask(
    {},
    Effect.gen(function* () {
      const { json } = yield* generate()
      const open = (url: string) => Effect.map(call("GET", url, { headers: {} }), ({ status }) => status)
      const first = yield* open(json.edit_url)
      yield* Effect.sleep("15 minutes")
      const dead = yield* open(json.edit_url)
      const looked = yield* call("GET", `/tasks/${json.task_id}`)
      return [first, dead, yield* open(looked.json.result.edit_url)]
    }),
  )
  expect(statuses).toEqual([200, 403, 200])
})

it("a document that is asked for too early is a conflict", async () => {
  const early = await ask(
    {},
    Effect.gen(function* () {
      const { json } = yield* generate({ async: true })
      return yield* call("GET", `/runs/${json.run_id}/download`)
    }),
  )
  expect(early).toMatchObject({ status: 409, json: { error: "conflict" } })
})

it("the ledger counts tasks, uploads and requests", async () => {
  const service = emulator()
  const file = { name: "a", type: "text/plain", content: new Uint8Array(3) }
  value((await play(service.handler, Effect.andThen(Client.run(Overten.imagesUpload({ file })), runBrief))).exit)
  const { operations, requests, uploads } = await ledger(service)
  expect(operations).toMatchObject([{ operation: "word.generate", posts: 1, looks: 0 }])
  expect(uploads).toMatchObject([{ name: "a", size: 3, purpose: undefined }])
  expect(requests).toEqual([
    { stage: "submit", method: "POST", path: "/api/v1/images", status: 201 },
    { stage: "submit", method: "POST", path: "/api/v1/word/generate", status: 200 },
  ])
})

it("ids are the same for the same seed, and others for another", async () => {
  const id = async (seed: number) => (await ask({ seed }, generate())).json.task_id
  expect(await id(1)).toBe(await id(1))
  expect(await id(1)).not.toBe(await id(2))
})
