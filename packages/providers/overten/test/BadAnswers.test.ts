import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Overten from "@tenuto/overten"
import type { Script } from "@tenuto/testkit"
import {
  carriers,
  emulator,
  failure,
  faulty,
  looks,
  on,
  play,
  posts,
  runBrief,
  runSlow,
  scripted,
  value,
} from "./stage.ts"

const queued = { task_id: "task_1", run_id: "run_1", status: "queued" }
const accepted = on("submit", { status: 202, json: queued })
const ok = (json: Script.Answer["json"]) => (json === undefined ? { status: 200 } : { status: 200, json })
const html = "<h1>It works!</h1>"

/** Answers that do not tell what they should, at any stage. */
const unreadable: ReadonlyArray<readonly [string, Script.Answer]> = [
  ["HTML", { status: 200, headers: { "content-type": "text/html" }, text: html }],
  ["HTML that says it is JSON", { status: 200, headers: { "content-type": "application/json" }, text: html }],
  ["nothing", { status: 200, text: "" }],
  [
    "JSON that breaks off",
    { status: 200, headers: { "content-type": "application/json" }, text: '{"task_id":"task_1"' },
  ],
  ["null", ok(null)],
  ["a list", ok([queued])],
  ["an empty object", ok({})],
  ["a task in an envelope", ok({ task: queued })],
]

/** Answers to a look that are about something else, or have ended with nothing. */
const unfit: ReadonlyArray<readonly [string, Script.Answer]> = [
  ["the id of another task", ok({ ...queued, task_id: "task_2" })],
  ["no status", ok({ task_id: "task_1" })],
  ["a status that is a number", ok({ ...queued, status: 3 })],
  ["a result that is text", ok({ ...queued, status: "completed", result: "done" })],
  ["a link that is no text", ok({ ...queued, status: "completed", result: { download_url: { f00d: 1 } } })],
]

describe("at submit, an answer that cannot be read leaves the truth uncertain", () => {
  it.each([
    ...unreadable,
    ["a task without an id", ok({ status: "queued" })] as const,
    ["a task whose id is a number", ok({ ...queued, task_id: 7 })] as const,
  ])("%s", async (_, answer) => {
    const once = await play(scripted(emulator(), [on("submit", answer)]), runSlow)
    value(once.exit)
    expect(posts(once.seen)).toHaveLength(2)
    const always = await play(scripted(emulator(), [on("submit", answer, 1000)]), runSlow)
    expect(failure(always.exit)).toMatchObject({
      _tag: "Uncertain",
      reason: { _tag: "Malformed" },
      evidence: { status: 200 },
    })
    expect(posts(always.seen)).toHaveLength(8)
  })

  it.each([
    ["no status", { task_id: "task_1", run_id: "run_1" }],
    ["a status that is a number", { ...queued, status: 202 }],
    ["a result that cannot be read", { ...queued, status: "completed", download_url: 7 }],
  ])("but a task that is named has been taken, with %s", async (_, json) => {
    const done = on("look", ok({ ...queued, status: "completed", result: { summary: "Done" } }))
    const { exit, seen } = await play(scripted(emulator(), [on("submit", { status: 200, json }), done]), runBrief)
    expect(value(exit)).toEqual({ run_id: "run_1", summary: "Done" })
    expect(posts(seen)).toHaveLength(1)
  })
})

describe("at a look, an answer that cannot be read is one failed look", () => {
  it.each([...unreadable, ...unfit])("%s", async (_, answer) => {
    const { exit, seen, took } = await play(scripted(emulator(), [accepted, on("look", answer, 1000)]), runSlow)
    const error = failure(exit)
    expect(error).toMatchObject({
      _tag: "Overdue",
      reason: { _tag: "Malformed" },
      evidence: { stage: "look", status: 200 },
    })
    expect(took).toBeLessThanOrEqual(1800)
    expect(looks(seen).length).toBeLessThanOrEqual(40)
    expect(`${error.message}${JSON.stringify(error)}`).not.toContain("f00d")
  })

  it("and the next one that can be read counts", async () => {
    const { exit, seen } = await play(faulty(emulator(), "html=200@look:2", "empty-body@look"), runSlow)
    value(exit)
    expect(looks(seen)).toHaveLength(4)
  })
})

describe.each(carriers)("carried by %s, faults of the wire are survived", (carrier) => {
  it.each([
    "html",
    "html=200",
    "empty-body",
    "huge-body",
    "invalid-json",
    "wrong-type",
    "wrong-shape",
    "wrong-length",
    "truncated",
    "drop-mid-body",
    "garbage",
    "reset-after-commit",
    "hang-after-commit",
    "slow-head=40",
    "slow-body",
    "unknown-field",
    "redirect",
  ])("%s, at submit and at a look", async (fault) => {
    const { exit, seen } = await play(faulty(emulator(), `${fault}@submit`, `${fault}@look`), runSlow, { carrier })
    expect(value(exit)).toMatchObject({ credits_used: 5 })
    expect(seen.length).toBeLessThanOrEqual(5)
  })
})

it("an answer that takes its 300 seconds is waited for, and one that never comes is not", async () => {
  const held = await play(emulator({ work: "299 seconds" }).handler, runBrief)
  value(held.exit)
  expect(held.took).toBe(299)
  const hung = await play(faulty(emulator(), "hang-before-commit@submit"), runBrief)
  value(hung.exit)
  expect(posts(hung.seen)[1]?.at).toBeGreaterThan(330)
})

it("fields nobody knows are ignored, wherever they are", async () => {
  const extra = { future: { deep: [1] } }
  const done = ok({ ...extra, ...queued, status: "completed", result: { ...extra, summary: "Done" }, error: null })
  const { exit } = await play(scripted(emulator(), [accepted, on("look", done)]), runSlow)
  expect(value(exit)).toEqual({ run_id: "run_1", summary: "Done" })
})

it("what decorates an answer and is odd is left out, and the document is not", async () => {
  const odd = { run_id: 7, credits_used: "f00d", duration_ms: -1, summary: ["f00d"], edit_url: 9, task_id: null }
  const result = { ...odd, download_url: "https://files.example/a.docx" }
  const done = ok({ ...queued, task_id: 7, run_id: {}, phase: 3, message: [], status: "completed", result })
  const { exit, seen } = await play(scripted(emulator(), [accepted, on("look", done)]), runSlow)
  const { document, ...rest } = value(exit)
  expect(document?.handle.id).toBe("task_1")
  expect(rest).toEqual({ run_id: "run_1" })
  expect(looks(seen)).toHaveLength(1)
})

it("the code of a refusal counts, whatever stands beside it", async () => {
  const refused = { success: "no", error: "insufficient_credits", message: { text: "pay" }, run_id: 7 }
  const { exit } = await play(scripted(emulator(), [on("submit", { status: 402, json: refused })]), runSlow)
  expect(failure(exit)).toMatchObject({ _tag: "Rejected", evidence: { code: "insufficient_credits" } })
})

it("ids of any form are taken, and asked for as they are", async () => {
  const ids = { task_id: "task/../9 c1?f", run_id: "run #4" }
  const document = { download_url: "https://backend.overtenai.com/api/v1/runs/x/download" }
  const steps = [
    on("submit", { status: 202, json: { ...ids, status: "queued" } }),
    on("look", ok({ ...ids, status: "completed", result: document })),
  ]
  const { exit, seen } = await play(scripted(emulator(), steps), runSlow)
  expect(value(exit).document?.handle).toMatchObject({ id: ids.task_id, also: { run_id: ids.run_id } })
  // What the path holds is the id and nothing else.
  expect(seen[1]?.path).toBe("/api/v1/tasks/task%2F..%2F9%20c1%3Ff")
})

it("a task whose run is named only by its result has a document all the same", async () => {
  const result = { run_id: "run_9", download_url: "https://backend.overtenai.com/x" }
  const steps = [
    on("submit", { status: 202, json: { task_id: "task_1", status: "queued" } }),
    on("look", ok({ task_id: "task_1", status: "completed", result })),
  ]
  const { exit } = await play(
    scripted(emulator(), steps),
    Client.run(Overten.wordGenerate({ prompt: "p", async: true })),
  )
  expect(value(exit)).toMatchObject({ run_id: "run_9", document: { handle: { also: { run_id: "run_9" } } } })
})
