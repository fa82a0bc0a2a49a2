import { Duration, Effect } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import { Transport } from "@tenuto/http/Transport"
import * as HeyDonna from "@tenuto/heydonna"
import type * as Service from "@tenuto/heydonna/Emulator"
import { created, emulator, failure, fixture, looks, play, project, runProject, value } from "./stage.ts"

const request = fixture("projects.create.request")
const base = "http://service.test"
const projects = `${base}/api/projects`
const templates = `${base}/api/templates`

interface Call {
  readonly body?: unknown
  readonly text?: string
  readonly key?: string
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
        { timeout: Duration.minutes(10), maxBytes: 10_000_000n },
      ),
    ),
    ({ body, headers, status }) => ({ status, headers, json: JSON.parse(new TextDecoder().decode(body) || "null") }),
  )
const post = (more: object = {}, key = "Bearer k") => call("POST", projects, { body: { ...request, ...more }, key })
const status = (id: string) => Effect.map(call("GET", `${projects}/${id}/status`), ({ json }) => json.status)
const ask = async <A>(options: Service.Options, program: Effect.Effect<A, unknown, Transport>): Promise<A> =>
  value((await play(emulator(options).handler, program)).exit)

describe("the emulator gives the examples of the pages, field for field", () => {
  it("created", async () => {
    const { json } = await ask({}, post())
    expect(Object.keys(json)).toEqual(Object.keys(fixture("projects.create.created")))
    expect(json).toEqual({
      projectId: expect.stringMatching(/^j\w{31}$/),
      transcriptId: expect.stringMatching(/^k\w{31}$/),
    })
  })

  it("400: a missing field", async () => {
    const { json, status } = await ask({}, call("POST", projects, { body: { audioUrl: request.audioUrl } }))
    expect([status, json]).toEqual([400, fixture("projects.create.400")])
  })

  it("401: another key than the one that is set", async () => {
    const { json, status } = await ask({ apiKey: "a" }, post({}, "Bearer b"))
    expect([status, json]).toEqual([401, fixture("projects.create.401")])
  })

  it("422: no template for the type", async () => {
    const { json, status } = await ask({ templates: [] }, post())
    expect([status, json]).toEqual([422, fixture("projects.create.422")])
  })

  it("429: in milliseconds, and in seconds", async () => {
    const limit = { requests: 1, window: "30 seconds" } as const
    const { headers, json, status } = await ask({ limit }, Effect.andThen(post(), post()))
    expect([status, json, headers["retry-after"]]).toEqual([429, fixture("projects.create.429"), "30"])
  })

  it("502: the recording cannot be had", async () => {
    const { json, status } = await ask({ source: () => 403 }, post())
    const { details, error } = fixture("projects.create.502")
    expect([status, json]).toEqual([502, { error, details: details.replace("https://...", request.audioUrl) }])
  })
})

describe("the emulator refuses what the service refuses", () => {
  it.each([
    ["a missing recording", { audioUrl: undefined }, "Missing required field: audioUrl"],
    ["an empty title", { title: "" }, "Missing required field: title"],
    ["null for a title", { title: null }, "Missing required field: title"],
    ["a recording that is no address", { audioUrl: "a.mp3" }, "Invalid field: audioUrl"],
    ["a type nobody knows", { projectType: "medical" }, "Invalid field: projectType"],
    ["1001 characters of details", { additionalDetails: "a".repeat(1001) }, "Invalid field: additionalDetails"],
    ["a reference that is a number", { externalRef: 7 }, "Invalid field: externalRef"],
    ["metadata that is a list", { metadata: "a" }, "Invalid field: metadata"],
  ])("400: %s", async (_, more, error) => {
    const service = emulator()
    const { json, status } = value((await play(service.handler, post(more))).exit)
    expect([status, json]).toEqual([400, { error }])
    expect(await created(service)).toEqual([])
  })

  it.each(["{", "", "[]", "7"])("400: a body that is no object (%o)", async (text) => {
    expect(await ask({}, call("POST", projects, { text }))).toMatchObject({
      status: 400,
      json: { error: "Invalid JSON" },
    })
  })

  it("null for what is absent, and a field nobody knows, are taken", async () => {
    expect(await ask({}, post({ jobId: null, externalRef: null, color: "red" }))).toMatchObject({ status: 201 })
  })

  it("no key is 401, everywhere", async () => {
    for (const [method, url] of [
      ["POST", projects],
      ["GET", templates],
      ["GET", `${projects}/j1/status`],
    ] as const) {
      for (const key of ["", "Bearer", "Basic a"]) {
        expect((await ask({}, call(method, url, { body: request, key }))).status).toBe(401)
      }
    }
  })

  it("403 for a template it does not have, and none for one it has", async () => {
    const options: Service.Options = { templates: [{ id: "t1", name: "Deposition", projectType: "legal" }] }
    expect(await ask(options, post({ templateId: "t2" }))).toMatchObject({
      status: 403,
      json: { error: expect.any(String) },
    })
    expect((await ask(options, post({ templateId: "t1" }))).status).toBe(201)
    expect((await ask(options, post({ projectType: "legal" }))).status).toBe(201)
    expect((await ask(options, post())).status).toBe(422)
    expect((await ask(options, call("GET", templates))).json).toEqual({ templates: options.templates })
  })

  it("404 for projects and calls it does not know, 400 for what is no id, 405 for verbs", async () => {
    const calls = [
      call("GET", `${projects}/j1/status`),
      call("GET", `${projects}/J-1/status`),
      call("GET", `${projects}/j1`),
      call("POST", `${base}/projects`, { body: request }),
      call("PUT", projects, { body: request }),
      call("DELETE", templates),
    ]
    const statuses = await ask(
      {},
      Effect.forEach(
        calls,
        Effect.map(({ status }) => status),
      ),
    )
    expect(statuses).toEqual([404, 400, 404, 404, 405, 405])
  })
})

describe("limits", () => {
  it("100 in any minute for each key, projects and lists together; a look is free", async () => {
    const many = Effect.forEach(
      Array.from({ length: 100 }, (_, index) => index),
      (index) => (index % 2 === 0 ? post() : call("GET", templates)),
    )
    const statuses = await ask(
      {},
      Effect.gen(function* () {
        const [first] = yield* many
        const id = first?.json.projectId
        const refused = [yield* post(), yield* call("GET", templates)]
        const others = [yield* post({}, "Bearer another"), yield* call("GET", `${projects}/${id}/status`)]
        yield* Effect.sleep("59 seconds")
        const late = yield* post()
        yield* Effect.sleep("1 second")
        return [...refused, ...others, late, yield* post()].map(({ headers, status }) => [
          status,
          headers["retry-after"],
        ])
      }),
    )
    expect(statuses).toEqual([
      [429, "60"],
      [429, "60"],
      [201, undefined],
      [200, undefined],
      [429, "1"],
      [201, undefined],
    ])
  })
})

describe("the words of a project", () => {
  const told = (options: Service.Options, seconds: ReadonlyArray<number>, more: object = {}) =>
    ask(
      options,
      Effect.gen(function* () {
        const { json } = yield* post(more)
        let now = 0
        const words: Array<string> = []
        for (const at of seconds) {
          yield* Effect.sleep((at - now) * 1000)
          now = at
          words.push(yield* status(json.projectId))
        }
        return words
      }),
    )

  it("processing, then completed, so that clients that know only completed and failed come to an end", async () => {
    expect(await told({}, [0, 4, 5, 500])).toEqual(["processing", "processing", "completed", "completed"])
  })

  it("others, one after the other", async () => {
    const options = { work: "1 minute", step: "10 seconds", words: ["transcribed", "ready", "finalized"] } as const
    const words = await told(options, [59, 60, 69, 70, 80, 800])
    expect(words).toEqual(["processing", "transcribed", "transcribed", "ready", "finalized", "finalized"])
    expect(await told({ pending: "transcribing", step: 0, words: ["ready", "finalized"] }, [1, 5])).toEqual([
      "transcribing",
      "finalized",
    ])
  })

  it("all can fail, or those that are chosen", async () => {
    expect(await told({ failing: "failed" }, [5])).toEqual(["failed"])
    const outcome: Service.Options["outcome"] = ({ externalRef, input }) =>
      externalRef === "7" && input.title === request.title ? ["failed"] : ["ready"]
    expect(await told({ outcome, failing: "failed" }, [5], { externalRef: "7" })).toEqual(["failed"])
    expect(await told({ outcome, failing: "failed" }, [5])).toEqual(["ready"])
  })

  it("the service's own loop, which knows two words, comes to an end", async () => {
    const wait = Effect.gen(function* () {
      const { json } = yield* post()
      for (let turn = 0; turn < 200; turn++) {
        const word = yield* status(json.projectId)
        if (["completed", "failed"].includes(word)) return [word, turn]
        yield* Effect.sleep("15 seconds")
      }
      return ["TimeoutError"]
    })
    expect(await ask({ work: "8 minutes" }, wait)).toEqual(["completed", 32])
    expect(await ask({ failing: "failed" }, wait)).toEqual(["failed", 1])
    // C-HD-1: against a service that says ready, that loop waits for nothing.
    expect(await ask({ words: ["ready"] }, wait)).toEqual(["TimeoutError"])
  })
})

describe("a recording is fetched before the answer", () => {
  it("it takes its time, and the work begins after it", async () => {
    const { exit, seen, took } = await play(emulator({ fetching: "2 minutes", work: "30 seconds" }).handler, runProject)
    expect(value(exit).status).toBe("completed")
    expect(looks(seen).map(({ at }) => at)).toEqual([135, 150])
    expect(took).toBe(150)
  })

  it("whoever leaves meanwhile leaves a project behind", async () => {
    const service = emulator({ fetching: "20 minutes" })
    const { exit, took } = await play(service.handler, runProject)
    expect(failure(exit)).toMatchObject({ _tag: "Uncertain", reason: { _tag: "Timeout" }, reference: "order-7" })
    expect(took).toBe(600)
    expect(await created(service)).toMatchObject([{ externalRef: "order-7" }])
  })

  it.each([[403], [404], [500], [302]])(
    "a host that answers %s is told of, and no project is created",
    async (code) => {
      const service = emulator({ source: ({ input }) => (input.audioUrl.includes("smith") ? code : 200) })
      const { exit } = await play(service.handler, runProject)
      expect(failure(exit)).toMatchObject({ _tag: "Rejected", reason: { _tag: "SourceUnusable" } })
      expect(await created(service)).toEqual([])
      value((await play(service.handler, Client.run(HeyDonna.createProject(request)))).exit)
      expect(await created(service)).toHaveLength(1)
    },
  )
})

it("each POST is another project, even under one reference; the ledger counts", async () => {
  const service = emulator()
  const program = Effect.gen(function* () {
    const posted = [yield* post({ externalRef: "7" }), yield* post({ externalRef: "7" })]
    yield* status(posted[1]?.json.projectId)
    yield* call("GET", templates)
    return posted.map(({ json }) => json)
  })
  const [first, second] = value((await play(service.handler, program)).exit)
  expect(first.projectId).not.toBe(second.projectId)
  expect(first.transcriptId.slice(1)).not.toBe(first.projectId.slice(1))
  const ledger = await Effect.runPromise(service.ledger)
  expect(ledger.operations).toEqual([
    { id: first.projectId, transcriptId: first.transcriptId, externalRef: "7", gets: 0 },
    { id: second.projectId, transcriptId: second.transcriptId, externalRef: "7", gets: 1 },
  ])
  expect(ledger.requests).toEqual([
    { stage: "submit", method: "POST", path: "/api/projects", status: 201 },
    { stage: "submit", method: "POST", path: "/api/projects", status: 201 },
    { stage: "look", method: "GET", path: `/api/projects/${second.projectId}/status`, status: 200 },
    { stage: "submit", method: "GET", path: "/api/templates", status: 200 },
  ])
})

it("ids are the same for the same seed, and others for another", async () => {
  const id = async (seed: number) => (await ask({ seed }, post())).json.projectId
  expect(await id(1)).toBe(await id(1))
  expect(await id(1)).not.toBe(await id(2))
})

it("the same seed gives the same story, in memory and over sockets", async () => {
  const stories = await Promise.all(
    (["memory", "loopback"] as const).map(async (carrier) => {
      const { exit, timeline } = await play(
        emulator({ seed: 7, work: "42 seconds" }).handler,
        Client.run(project),
        carrier,
      )
      value(exit)
      return timeline
    }),
  )
  expect(stories[0]).toContain("POST /api/projects")
  expect(stories[1]).toBe(stories[0])
})
