import { Duration, Effect } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Remedy from "@tenuto/core/Remedy"
import * as Overten from "@tenuto/overten"
import { emulator, failure, looks, on, play, runBrief, runSlow, scripted, slow, value } from "./stage.ts"

const accepted = on("submit", { status: 202, json: { task_id: "task_1", run_id: "run_1", status: "queued" } })
const task = (fields: object, count = 1) =>
  on("look", { status: 200, json: { task_id: "task_1", run_id: "run_1", ...fields } as never }, count)
const settled = (...steps: ReadonlyArray<ReturnType<typeof on>>) =>
  play(scripted(emulator(), [accepted, ...steps]), Client.run(slow, { within: "2 minutes" }))

describe("3.5 task states", () => {
  it("3.5 queued, then running with its phase, then completed with its result", async () => {
    const service = emulator({ queue: "1 minute", work: "1 minute" })
    const program = Effect.gen(function* () {
      const handle = yield* Client.submit(slow)
      const look = Client.look(Overten.wordGenerate, handle)
      const first = yield* look
      yield* Effect.sleep("90 seconds")
      return [first, yield* look, yield* Client.settle(Overten.wordGenerate, handle)]
    })
    expect(value((await play(service.handler, program)).exit)).toMatchObject([
      { _tag: "Pending", word: "queued" },
      { _tag: "Pending", word: "running", phase: "generating" },
      { credits_used: 5, duration: Duration.minutes(1) },
    ])
  })

  it("3.5 running with a phase that is no text is running", async () => {
    const { exit } = await settled(
      task({ status: "running", phase: { step: 2 } }),
      task({ status: "completed", result: { summary: "x" } }),
    )
    expect(value(exit)).toMatchObject({ summary: "x" })
  })

  it("3.5 completed: every field of the result, and the run and the task", async () => {
    const result = {
      summary: "Done",
      credits_used: 7,
      duration_ms: 93_500,
      download_url: "https://backend.overtenai.com/x",
      edit_url: "https://edit.example/?token=f00d",
    }
    const output = value((await settled(task({ status: "completed", result }))).exit)
    expect(output).toMatchObject({
      run_id: "run_1",
      summary: "Done",
      credits_used: 7,
      duration: Duration.millis(93_500),
    })
    expect(output.document).toMatchObject({ name: "document", handle: { id: "task_1", also: { run_id: "run_1" } } })
    expect(output.document).not.toHaveProperty("link")
    expect(output.editor).toMatchObject({ name: "editor" })
  })

  it("3.5 completed with a result of nulls is a success without files", async () => {
    const nulls = {
      summary: null,
      credits_used: null,
      duration_ms: null,
      download_url: null,
      edit_url: null,
      run_id: null,
      task_id: null,
    }
    expect(value((await settled(task({ status: "completed", result: nulls, error: null }))).exit)).toEqual({
      run_id: "run_1",
    })
  })

  it("3.5 failed: typed, with its code", async () => {
    const error = failure((await play(emulator({ failing: "upstream_error" }).handler, runSlow)).exit)
    expect(error).toMatchObject({ _tag: "Failed", code: "upstream_error", reason: { _tag: "Upstream" } })
    expect(Remedy.of(error as Remedy.Trouble, Overten.contract)).toEqual({ _tag: "StartAnew" })
  })

  it("3.5 cancelled", async () => {
    const { exit, seen } = await play(emulator({ outcome: () => "cancelled" }).handler, runSlow)
    expect(failure(exit)).toMatchObject({ _tag: "Cancelled", handle: { id: expect.stringMatching(/^task_/) } })
    expect(looks(seen)).toHaveLength(1)
  })

  it("3.5 expired: queued for 24 hours and never begun", async () => {
    const program = Effect.gen(function* () {
      const handle = yield* Client.submit(slow)
      // Nobody looks two times a minute for a whole day.
      yield* Effect.sleep("1430 minutes")
      return yield* Client.settle(Overten.wordGenerate, handle, { within: "1 day" })
    })
    const { exit, took } = await play(emulator({ outcome: () => "expired" }).handler, program)
    expect(failure(exit)).toMatchObject({ _tag: "Expired" })
    expect(took).toBe(86_400)
  })

  it("an unknown word is neither a success nor a failure", async () => {
    const { exit } = await settled(task({ status: "marinating" }, 99))
    expect(failure(exit)).toMatchObject({ _tag: "Overdue", last: { _tag: "Unrecognised", word: "marinating" } })
  })
})

describe("the error of a failed task may have any shape", () => {
  const developer = (text: string) => ({ _tag: "Developer", text })
  it.each([
    ["an object", { code: "internal_error", message: "Oops" }, { _tag: "Internal" }, "internal_error", "Oops"],
    ["an error body", { error: "upstream_error", message: "Oops" }, { _tag: "Upstream" }, "upstream_error", "Oops"],
    ["an object of types", { type: "internal_error", detail: "Oops" }, { _tag: "Internal" }, "internal_error", "Oops"],
    ["a code", "insufficient_credits", { _tag: "Unpaid" }, "insufficient_credits", undefined],
    ["an unknown code", "vibe_mismatch", { _tag: "Unrecognised", code: "vibe_mismatch" }, "vibe_mismatch", undefined],
    ["a sentence", "The model went home.", { _tag: "Unclassified" }, undefined, "The model went home."],
    ["a list", [1, { code: "x" }], { _tag: "Unclassified" }, undefined, undefined],
    ["a number", 7, { _tag: "Unclassified" }, undefined, undefined],
    ["nothing", null, { _tag: "Unclassified" }, undefined, undefined],
    ["a name every object has", "constructor", { _tag: "Unrecognised", code: "constructor" }, "constructor", undefined],
    ["codes that are none", { code: 7, message: ["x"] }, { _tag: "Unclassified" }, undefined, undefined],
  ])("%s", async (_, error, reason, code, message) => {
    const failed = failure((await settled(task({ status: "failed", error }))).exit)
    expect(failed).toMatchObject({ _tag: "Failed", reason })
    const { evidence } = failed as { readonly evidence: { readonly code?: string; readonly message?: object } }
    // S002 calls the message of an error body safe; of a task's nothing is said.
    expect([evidence.code, evidence.message]).toEqual([code, message === undefined ? undefined : developer(message)])
  })

  it("a message beside the code counts", async () => {
    const failed = failure((await settled(task({ status: "failed", error: "internal_error", message: "Oops" }))).exit)
    expect(failed).toMatchObject({ code: "internal_error", evidence: { message: developer("Oops") } })
  })

  it.each(["object", "code", "sentence"] as const)("and the emulator tells it as %s", async (telling) => {
    const failed = failure((await play(emulator({ failing: "internal_error", telling }).handler, runSlow)).exit)
    expect(failed).toMatchObject({ _tag: "Failed" })
    expect((failed as { readonly code?: string }).code).toBe(telling === "sentence" ? undefined : "internal_error")
  })
})

describe("work that fails while it is waited for", () => {
  it("is told by an error that names it, and a look tells how it ended", async () => {
    const { exit, seen } = await play(emulator({ failing: "upstream_error" }).handler, runBrief)
    expect(failure(exit)).toMatchObject({ _tag: "Failed", code: "upstream_error" })
    expect(seen.map(({ method }) => method)).toEqual(["POST", "GET"])
  })
})
