import { Effect, Exit } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import type { Handle } from "@tenuto/core/Handle"
import * as Operation from "@tenuto/core/Operation"
import * as Overten from "@tenuto/overten"
import {
  apiKey,
  carriers,
  emulator,
  failure,
  faulty,
  ledger,
  on,
  play,
  runBrief,
  runSlow,
  scripted,
  value,
} from "./stage.ts"

const prompt = "A brief"
const file = { name: "a.txt", type: "text/plain", content: new TextEncoder().encode("La") }
const office = "application/vnd.openxmlformats-officedocument"

/** One draft of every operation, its route, and what its result looks like. */
const drafts = {
  "word.generate": [
    Overten.wordGenerate({ prompt }),
    "POST /api/v1/word/generate",
    { credits_used: 5, document: { mediaType: `${office}.wordprocessingml.document` }, editor: { name: "editor" } },
  ],
  "excel.generate": [
    Overten.excelGenerate({ prompt }),
    "POST /api/v1/excel/generate",
    { document: { mediaType: `${office}.spreadsheetml.sheet` } },
  ],
  "slides.generate": [
    Overten.slidesGenerate({ prompt }),
    "POST /api/v1/slides/generate",
    { document: { mediaType: `${office}.presentationml.presentation` } },
  ],
  "slides.outline": [
    Overten.slidesOutline({ prompt }),
    "POST /api/v1/slides/outline",
    { credits_used: 5, answer: { outline: ["Beginning", "Middle", "End"] } },
  ],
  "excel.analyze": [
    Overten.excelAnalyze({ prompt }),
    "POST /api/v1/excel/analyze",
    { answer: { findings: ["No sheet"] } },
  ],
  "files.upload": [Overten.filesUpload({ file }), "POST /api/v1/files", { id: expect.stringMatching(/^file_/) }],
  "images.upload": [Overten.imagesUpload({ file }), "POST /api/v1/images", { id: expect.stringMatching(/^img_/) }],
  preflight: [Overten.preflight({ format: "word", prompt }), "POST /api/v1/preflight", { answer: { success: true } }],
  verify: [Overten.verify({}), "GET /api/v1/verify", { org_id: "org_emulated", status: "active", tier: "enterprise" }],
} as const satisfies Record<keyof typeof Overten.operations, readonly [Operation.Draft<Operation.Any>, string, object]>

type Name = keyof typeof drafts
const names = Object.keys(drafts) as ReadonlyArray<Name>
const run = (name: Name): Effect.Effect<unknown, unknown, Client.Needs<typeof Overten.wordGenerate>> =>
  Client.run<Operation.Any>(drafts[name][0]) as never

describe.each(carriers)("every operation, from input to output, carried by %s", (carrier) => {
  it.each(names)("%s", async (name) => {
    const [, route, output] = drafts[name]
    const { exit, seen } = await play(emulator({ apiKey }).handler, run(name), { carrier })
    expect(value(exit)).toMatchObject(output)
    expect(seen.map(({ method, path }) => `${method} ${path}`)).toEqual([route])
  })

  it.each(names.filter((name) => /generate|outline|analyze/.test(name)))("%s as a task", async (name) => {
    const service = emulator({ apiKey, work: "10 minutes" })
    const { exit, seen } = await play(service.handler, run(name), { carrier })
    expect(value(exit)).toMatchObject(drafts[name][2])
    expect(seen.slice(1).every(({ path }) => path.startsWith("/api/v1/tasks/task_"))).toBe(true)
    expect((await ledger(service)).operations).toMatchObject([{ operation: name, posts: 1 }])
  })
})

it("several tasks of one run: each is work of its own, and the file is the latest", async () => {
  const program = Effect.gen(function* () {
    const first = yield* runBrief
    const again = Overten.wordGenerate({
      prompt: "Shorter",
      ...(first.run_id === undefined ? {} : { run_id: first.run_id }),
    })
    return [first, yield* Client.run(again)] as const
  })
  const service = emulator()
  const [first, second] = value((await play(service.handler, program)).exit)
  expect(second.run_id).toBe(first.run_id)
  expect(second.task_id).not.toBe(first.task_id)
  expect((await ledger(service)).operations).toHaveLength(2)
})

it.each([
  ["run_nobody", { _tag: "NotFound" }],
  ["expired", { _tag: "Gone" }],
] as const)("a run that cannot be resumed (%s) is refused", async (kind, reason) => {
  const service = emulator()
  const program = Effect.gen(function* () {
    const { run_id = "" } = yield* runBrief
    yield* Effect.sleep("31 days")
    return yield* Client.run(Overten.wordGenerate({ prompt, run_id: kind === "expired" ? run_id : kind }))
  })
  expect(failure((await play(service.handler, program)).exit)).toMatchObject({ _tag: "Rejected", reason })
})

describe("what is asked about nothing that was made", () => {
  it.each(["preflight", "verify"] as const)("%s is sent again whatever became of it", async (name) => {
    for (const fault of ["reset-after-commit", "500", "garbage"]) {
      const { exit, seen } = await play(faulty(emulator(), `${fault}@submit:2`), run(name))
      value(exit)
      expect(seen).toHaveLength(3)
    }
  })

  it.each(["files.upload", "images.upload"] as const)("%s is not: an upload may have arrived", async (name) => {
    const service = emulator()
    const { exit, seen } = await play(faulty(service, "reset-after-commit@submit"), run(name))
    expect(failure(exit)).toMatchObject({ _tag: "Uncertain" })
    expect([seen.length, (await ledger(service)).uploads.length]).toEqual([1, 1])
  })

  it("preflight says what is missing", async () => {
    const { exit } = await play(emulator({ missing: () => ["images"] }).handler, run("preflight"))
    expect(failure(exit)).toMatchObject({
      _tag: "Rejected",
      reason: { issues: [{ path: ["images"], message: "is missing" }] },
      evidence: {
        code: "preflight_failed",
        message: { _tag: "EndUser", text: expect.stringContaining('missing=["images"]') },
      },
    })
  })

  it("verify tells of a suspended organisation, to which all else is forbidden", async () => {
    const service = emulator({ isSuspended: true })
    expect(value((await play(service.handler, run("verify"))).exit)).toMatchObject({ status: "suspended" })
    const { exit } = await play(service.handler, runBrief)
    expect(failure(exit)).toMatchObject({ _tag: "Rejected", reason: { _tag: "Forbidden" } })
  })

  it("an upload is found again by its handle, in another process", async () => {
    const service = emulator()
    const found = async (draft: (typeof drafts)["files.upload" | "images.upload"][0]) => {
      const handle = value((await play(service.handler, Client.submit<Operation.Any>(draft) as never)).exit) as Handle
      const settling = Client.settle<Operation.Any>(draft.operation, handle) as never
      return [handle.id, value((await play(service.handler, settling)).exit)] as const
    }
    for (const name of ["files.upload", "images.upload"] as const) {
      const [id, output] = await found(drafts[name][0])
      expect(output).toMatchObject({ id, answer: { name: "a.txt" } })
    }
  })
})

describe("answers that no page shows", () => {
  it.each([
    ["at once, with a task", { task_id: "task_1", status: "completed", slides: [1] }, { answer: { slides: [1] } }],
    ["at once, without a task", { slides: [{ title: "La" }] }, { answer: { slides: [{ title: "La" }] } }],
    ["as a list", [1, 2], { answer: [1, 2] }],
  ])("%s: it is passed on as it stands", async (_, json, expected) => {
    const outline = Client.run(Overten.slidesOutline({ prompt }), { within: "1 minute" })
    const { exit } = await play(scripted(emulator(), [on("submit", { status: 200, json: json as never }, 99)]), outline)
    if (Array.isArray(json)) expect(failure(exit)).toMatchObject({ _tag: "Uncertain", reason: { _tag: "Malformed" } })
    else expect(value(exit)).toMatchObject(expected)
  })

  it.each([
    ["failed", { status: "failed", error: "internal_error" }],
    ["still queued", { run_id: "run_1", status: "queued" }],
    ["in a state nobody knows", { status: "paused" }],
    ["refused, under a status of success", { success: false, error: "upstream_error", message: "Sorry." }],
  ])("at once, without a task, and %s: never a success", async (_, json) => {
    const outline = Client.run(Overten.slidesOutline({ prompt }), { within: "1 minute" })
    const { exit } = await play(scripted(emulator(), [on("submit", { status: 200, json }, 99)]), outline)
    expect(failure(exit)).toMatchObject({ _tag: "Uncertain", reason: { _tag: "Malformed" } })
  })

  it("what gives access is left out of it", async () => {
    const json = {
      url: "https://cdn.example/a?signature=f00d",
      deep: [{ secret: "whsec_f00dfeed", key: `key ${apiKey}.` }],
      plain: "https://cdn.example/a",
    }
    const { exit } = await play(scripted(emulator(), [on("submit", { status: 201, json })]), run("files.upload"))
    expect(value(exit)).toEqual({
      answer: {
        url: "https://cdn.example/a?…",
        deep: [{ secret: "whsec_…", key: "key sk_live_…." }],
        plain: "https://cdn.example/a",
      },
    })
  })
})

describe("failure codes", () => {
  it.each(names.filter((name) => /generate|outline|analyze/.test(name)))(
    "%s lists the page's, and each arrives",
    async (name) => {
      const documented = [
        "internal_error",
        "upstream_error",
        "service_unavailable",
        "insufficient_credits",
        "preflight_failed",
        "not_implemented",
      ]
      expect(Overten.operations[name].codes).toEqual(documented)
      for (const code of documented) {
        const { exit } = await play(emulator({ failing: code, work: "6 minutes" }).handler, run(name))
        expect(failure(exit)).toMatchObject({ _tag: "Failed", code })
      }
    },
  )

  it("the compiler knows them", () => {
    const code: Operation.Code<typeof Overten.wordGenerate> = "upstream_error"
    // @ts-expect-error no page has it
    const other: Operation.Code<typeof Overten.wordGenerate> = "vibe_mismatch"
    // @ts-expect-error an upload has no task that could fail
    const none: Operation.Code<typeof Overten.filesUpload> = "upstream_error"
    // @ts-expect-error a document needs a prompt
    const draft = Overten.wordGenerate({ mode: "ask" })
    expect([code, other, none, draft.operation.name]).toEqual([
      "upstream_error",
      "vibe_mismatch",
      "upstream_error",
      "word.generate",
    ])
  })
})

it("the same seed gives the same story, in memory and over sockets", async () => {
  const stories = await Promise.all(
    carriers.map(async (carrier) => {
      const { exit, timeline } = await play(emulator({ seed: 7, work: "1 minute" }).handler, runSlow, { carrier })
      expect(Exit.isSuccess(exit)).toBe(true)
      return timeline
    }),
  )
  expect(stories[0]).toContain("GET /api/v1/tasks/")
  expect(stories[1]).toBe(stories[0])
})
