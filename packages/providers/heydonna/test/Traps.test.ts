import { Effect, Fiber } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Remedy from "@tenuto/core/Remedy"
import * as HeyDonna from "@tenuto/heydonna"
import {
  audioUrl,
  created,
  emulator,
  failure,
  faulty,
  lists,
  looks,
  on,
  play,
  posts,
  renderings,
  runProject,
  scripted,
  title,
  value,
} from "./stage.ts"

const untold = HeyDonna.createProject({ title, audioUrl })
const refs = (seen: Parameters<typeof posts>[0]) =>
  posts(seen).map(({ body }) => (body as { readonly externalRef?: unknown }).externalRef)

describe("contradictions", () => {
  it.each(["completed", "ready", "transcribed", "finalized"])("C-HD-1 %s is a success", async (word) => {
    const { exit, seen } = await play(emulator({ words: [word] }).handler, runProject)
    expect(value(exit)).toMatchObject({ status: word })
    expect(looks(seen)).toHaveLength(1)
  })

  it("C-HD-1 transcribed can be a step on the way, where it is said so", async () => {
    const service = emulator({ words: ["transcribed", "ready"], work: "15 seconds" })
    const { exit, seen } = await play(service.handler, runProject, "memory", { transcribed: "pending" })
    expect(value(exit).status).toBe("ready")
    expect(looks(seen)).toHaveLength(2)
    const late = await play(emulator({ words: ["transcribed"] }).handler, runProject, "memory", {
      transcribed: "pending",
    })
    expect(failure(late.exit)).toMatchObject({ _tag: "Overdue", last: { _tag: "Pending", word: "transcribed" } })
  })

  it.each(["Completed", "complete", "success", "processing", "queued", "error", "cancelled", ""])(
    "C-HD-1 %o is on no page: it ends nothing",
    async (word) => {
      const { exit } = await play(emulator({ words: [word] }).handler, runProject)
      expect(failure(exit)).toMatchObject({ _tag: "Overdue", last: { _tag: "Unrecognised", word } })
    },
  )

  it("C-HD-2 looks keep the recommended distance, 15 seconds, and the floor is 5", async () => {
    expect(HeyDonna.contract.cadence).toMatchObject({ _tag: "Interval" })
    const { seen } = await play(emulator({ work: "40 seconds" }).handler, runProject)
    expect(looks(seen).map(({ at }) => at)).toEqual([15, 30, 45])
    const settled = await play(
      emulator({ work: "1 seconds" }).handler,
      Effect.flatMap(Client.submit(untold), (handle) =>
        Client.settle(HeyDonna.createProject, { ...handle, entry: "x" }),
      ),
    )
    value(settled.exit)
  })

  it.each([
    ["30", 45_000, 45],
    ["60", 1000, 60],
    ["30", 30_000, 30],
  ])("C-HD-3 Retry-After %s s and retryAfterMs %s ms: the longer one is kept", async (header, retryAfterMs, wait) => {
    const json = { error: "Rate limit exceeded", retryAfterMs }
    const answer = on("submit", { status: 429, headers: { "retry-after": header }, json })
    const { seen } = await play(scripted(emulator(), [answer]), runProject)
    expect(posts(seen).map(({ at }) => at)).toEqual([0, wait])
  })

  it.each([`hd_ext_${"a".repeat(48)}`, `hd_ext_${"b".repeat(65)}`, "anything-at-all"])(
    "C-HD-4 a key of any form goes out as it is (%s)",
    async (apiKey) => {
      const { exit, seen } = await play(emulator().handler, runProject, "memory", { apiKey })
      value(exit)
      expect(seen.map(({ headers }) => headers["authorization"])).toEqual([`Bearer ${apiKey}`, `Bearer ${apiKey}`])
    },
  )
})

describe("T-HD-1 a POST whose answer is lost is never sent again by itself", () => {
  it("T-HD-1 without a reference of the caller's one is minted, sent, and told", async () => {
    const service = emulator()
    const { exit, journal, seen } = await play(faulty(service, "reset-after-commit@submit"), Client.run(untold))
    const error = failure(exit)
    const [reference] = refs(seen)
    expect(reference).toMatch(/^[0-9a-f-]{36}$/)
    expect(error).toMatchObject({ _tag: "Uncertain", reference })
    expect(error.message).toContain(reference)
    expect(await created(service)).toMatchObject([{ externalRef: reference }])
    // Ahead of the deed: it stands in the journal before the first byte left.
    expect(journal.split("\n")[0]).toContain(String(reference))
  })

  it("T-HD-1 asking again under the same reference sends nothing either: only a person can tell", async () => {
    const twice = Effect.andThen(Effect.exit(runProject), Effect.andThen(Effect.sleep("1 day"), runProject))
    const { exit, seen } = await play(faulty(emulator(), "reset-after-commit@submit"), twice)
    expect(failure(exit)).toMatchObject({ _tag: "Uncertain", reference: "order-7" })
    expect(posts(seen)).toHaveLength(1)
  })

  it("T-HD-1 a process that died before the answer leaves it in doubt, and its successor sends nothing", async () => {
    const program = Effect.gen(function* () {
      const first = yield* Effect.forkChild(runProject, { startImmediately: true })
      yield* Effect.sleep("1 minute")
      yield* Fiber.interrupt(first)
      return yield* Client.recover([HeyDonna.createProject])
    })
    const { exit, seen } = await play(faulty(emulator(), "hang-after-commit@submit"), program)
    expect(value(exit)).toMatchObject([
      { result: { _tag: "Failure", failure: { _tag: "Uncertain", reference: "order-7" } } },
    ])
    expect(posts(seen)).toHaveLength(1)
  })

  it("T-HD-1 after a refusal that proves nothing was created, it is sent again under the same reference", async () => {
    const service = emulator()
    const { exit, seen } = await play(faulty(service, "429=2@submit:2", "refused@submit"), Client.run(untold))
    value(exit)
    expect(new Set(refs(seen)).size).toBe(1)
    expect(posts(seen)).toHaveLength(4)
    expect(await created(service)).toHaveLength(1)
  })

  it("T-HD-1 two drafts without a reference are two projects, each under its own", async () => {
    const service = emulator()
    value((await play(service.handler, Effect.all([Client.submit(untold), Client.submit(untold)]))).exit)
    expect(new Set((await created(service)).map(({ externalRef }) => externalRef)).size).toBe(2)
  })
})

describe("T-HD-2 the POST fetches the recording before it answers", () => {
  it.each([31, 300, 599])("T-HD-2 an answer after %s seconds is an answer", async (seconds) => {
    const service = emulator()
    const { exit } = await play(faulty(service, `slow-head=${seconds}@submit`), runProject)
    value(exit)
    expect(await created(service)).toHaveLength(1)
  })

  it("T-HD-2 after ten minutes we give up, and say that it may have started", async () => {
    const { exit, seen, took } = await play(faulty(emulator(), "hang-after-commit@submit"), runProject)
    expect(failure(exit)).toMatchObject({ _tag: "Uncertain", reason: { _tag: "Timeout" } })
    expect([seen.length, took]).toEqual([1, 600])
  })

  it("T-HD-2 a look has nothing to fetch: it is given up sooner", async () => {
    const { exit, seen } = await play(faulty(emulator(), "hang-before-commit@look"), runProject)
    value(exit)
    expect(looks(seen).map(({ at }) => at)).toEqual([15, 60])
  })
})

describe("T-HD-3 502 speaks of the recording only where the service says so", () => {
  const sentence = "Failed to download audio from the provided URL"
  it.each([
    ["with details", { error: sentence, details: "Failed to fetch source URL (status 403): https://..." }],
    ["without", { error: sentence }],
    ["in other words that begin alike", { error: "Failed to download audio: timeout", details: { status: 504 } }],
  ])("T-HD-3 its own sentence, %s: nothing was created", async (_, json) => {
    const { exit, seen } = await play(scripted(emulator(), [on("submit", { status: 502, json })]), runProject)
    expect(failure(exit)).toMatchObject({
      _tag: "Rejected",
      reason: { _tag: "SourceUnusable", problem: "Unreachable" },
    })
    expect(seen).toHaveLength(1)
  })

  it.each([
    ["a gateway's page", { status: 502, headers: { "content-type": "text/html" }, text: "<h1>Bad Gateway</h1>" }],
    ["a page that quotes it", { status: 502, headers: { "content-type": "text/html" }, text: sentence }],
    ["nothing", { status: 502, text: "" }],
    ["another sentence", { status: 502, json: { error: "Bad Gateway" } }],
    ["another member", { status: 502, json: { message: sentence } }],
    ["the sentence inside another", { status: 502, json: { error: `Upstream said: ${sentence}` } }],
    ["the sentence under another status", { status: 500, json: { error: sentence } }],
  ])("T-HD-3 %s: a project may have been created", async (_, answer) => {
    const { exit, seen } = await play(scripted(emulator(), [on("submit", answer)]), runProject)
    expect(failure(exit)).toMatchObject({ _tag: "Uncertain", reference: "order-7" })
    expect(seen).toHaveLength(1)
  })

  it("T-HD-3 a recording that could be fetched later is asked for by the caller, under the same reference", async () => {
    const refused = on("submit", { status: 502, json: { error: sentence } })
    const again = HeyDonna.createProject({ title, audioUrl: `${audioUrl}1` }, { reference: "order-7" })
    const program = Effect.andThen(Effect.exit(runProject), Client.run(again))
    const service = emulator()
    value((await play(scripted(service, [refused]), program)).exit)
    expect(await created(service)).toMatchObject([{ externalRef: "order-7" }])
  })
})

it("T-HD-4 details are kept for the program and shown to nobody", async () => {
  const details = `Failed to fetch source URL (status 403): ${audioUrl}`
  const json = { error: "Failed to download audio from the provided URL", details }
  const { exit, timeline } = await play(scripted(emulator(), [on("submit", { status: 502, json })]), runProject)
  const error = failure(exit) as { readonly evidence?: { readonly details?: unknown } }
  expect(error.evidence?.details).toBeDefined()
  for (const text of [renderings(error), renderings(exit), timeline]) {
    expect(text).not.toContain("5ecre7")
    expect(text).not.toContain("Failed to fetch source URL")
  }
})

it("T-HD-5 403 speaks of a template and 404 of a project; neither of the key", async () => {
  const at = async (stage: "submit" | "look", status: number) =>
    failure((await play(scripted(emulator(), [on(stage, { status, json: { error: "x" } })]), runProject)).exit)
  const template = await at("submit", 403)
  expect(template).toMatchObject({ _tag: "Rejected", reason: { _tag: "NotFound", what: "template" } })
  expect(Remedy.of(template as Remedy.Trouble, HeyDonna.contract)).toEqual({ _tag: "FixRequest" })
  expect(await at("look", 404)).toMatchObject({ _tag: "Lost", reason: { _tag: "NotFound", what: "project" } })
})

describe("T-HD-6 looks are exempt from the limit, and so from our own", () => {
  const many = Array.from({ length: 150 }, (_, index) =>
    HeyDonna.createProject({ title: String(index), audioUrl }, { reference: String(index) }),
  )

  it("T-HD-6 150 projects at once keep to 100 in any minute, first come, first served, and no look waits", async () => {
    const service = emulator({ work: "100 seconds" })
    const { exit, seen } = await play(
      service.handler,
      Effect.forEach(many, (draft) => Client.run(draft), { concurrency: "unbounded" }),
    )
    expect(value(exit)).toHaveLength(150)
    expect(await created(service)).toHaveLength(150)
    // The service's own window agrees.
    const { requests } = await Effect.runPromise(service.ledger)
    expect(requests.filter(({ status }) => status === 429)).toEqual([])
    const sent = posts(seen)
    for (const { at } of sent) {
      expect(sent.filter((other) => other.at >= at && other.at < at + 60).length).toBeLessThanOrEqual(100)
    }
    expect(sent.map(({ body }) => (body as { readonly title: string }).title)).toEqual(
      many.map(({ input }) => input.title),
    )
    expect(sent.filter(({ at }) => at === 0)).toHaveLength(100)
    expect(Math.max(...sent.map(({ at }) => at))).toBeLessThan(62)
    // 100 looks every 15 seconds are 400 in a minute, while 50 submits wait for their place.
    for (const at of [15, 30, 45, 60]) expect(looks(seen).filter((look) => look.at === at)).toHaveLength(100)
  })

  it("T-HD-6 the list of templates counts against the same limit", async () => {
    const program = Effect.all(
      [
        Effect.forEach(many.slice(0, 100), (draft) => Client.submit(draft), { concurrency: "unbounded" }),
        Effect.delay(Client.run(HeyDonna.listTemplates({})), "1 second"),
      ],
      { concurrency: "unbounded" },
    )
    const { exit, seen } = await play(emulator().handler, program)
    value(exit)
    expect(lists(seen).map(({ at }) => at)).toEqual([61])
  })
})

it("T-HD-7 the first success settles: a finer one later changes nothing, in this process or from the journal", async () => {
  const service = emulator({ words: ["ready", "finalized"], work: "10 seconds" })
  const program = Effect.gen(function* () {
    const first = yield* runProject
    yield* Effect.sleep("1 hour")
    return [first.status, (yield* runProject).status]
  })
  const { exit, seen } = await play(service.handler, program)
  expect(value(exit)).toEqual(["ready", "ready"])
  expect([posts(seen).length, looks(seen).length]).toEqual([1, 1])
})
