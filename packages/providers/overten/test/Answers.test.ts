import { Effect, Random } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Remedy from "@tenuto/core/Remedy"
import * as Overten from "@tenuto/overten"
import {
  emulator,
  failure,
  keysOf,
  ledger,
  looks,
  on,
  play,
  posts,
  refusal,
  runBrief,
  runSlow,
  scripted,
  slow,
  value,
} from "./stage.ts"

const remedyOf = (error: unknown) => Remedy.of(error as Remedy.Trouble, Overten.contract)._tag
const said = (text: string) => ({ _tag: "EndUser", text })
const what = "run, file or image in this organisation"

/** Every status of the page that refuses, with its code, its reason and what is left to do. */
const refusals = [
  ["400 invalid_request", 400, { _tag: "Invalid", issues: [] }, "FixRequest"],
  ["400 preflight_failed", 400, { _tag: "Invalid" }, "FixRequest"],
  ["401 invalid_api_key", 401, { _tag: "Unauthenticated" }, "Authenticate"],
  ["402 insufficient_credits", 402, { _tag: "Unpaid" }, "Pay"],
  ["403 forbidden", 403, { _tag: "Forbidden" }, "Authenticate"],
  ["404 not_found", 404, { _tag: "NotFound", what }, "FixRequest"],
  ["409 conflict", 409, { _tag: "Conflict", over: "KeyOrState" }, "FixRequest"],
  ["410 gone", 410, { _tag: "Gone" }, "StartAnew"],
  ["413 payload_too_large", 413, { _tag: "TooLarge" }, "FixRequest"],
  ["422 validation_error", 422, { _tag: "Invalid" }, "FixRequest"],
  ["501 not_implemented", 501, { _tag: "NotImplemented" }, "Escalate"],
] as const
const codeOf = (row: string) => row.split(" ")[1] ?? ""

describe("3.6 error bodies, HTTP layer: at submit", () => {
  it("3.6 200: the synchronous result settles at once", async () => {
    const { exit, seen, took } = await play(emulator({ work: "2 minutes" }).handler, runBrief)
    expect(value(exit)).toMatchObject({ credits_used: 5 })
    expect([seen.length, took]).toEqual([1, 120])
  })

  it("3.6 201: a file is uploaded", async () => {
    const file = { name: "a.txt", type: "text/plain", content: new TextEncoder().encode("La") }
    const { exit, seen } = await play(emulator().handler, Client.run(Overten.filesUpload({ file })))
    expect(value(exit)).toMatchObject({ id: expect.stringMatching(/^file_/), answer: { size: 2, purpose: "context" } })
    expect(seen).toHaveLength(1)
  })

  it("3.6 202: the task is looked at, and never submitted again", async () => {
    const service = emulator({ work: "10 minutes" })
    const { exit, seen, took } = await play(service.handler, runSlow)
    expect(value(exit)).toMatchObject({ credits_used: 5 })
    expect([posts(seen).length, took]).toEqual([1, 600])
    expect((await ledger(service)).operations).toHaveLength(1)
  })

  it("3.6 204: an answer without a body is read as what it is, a submit that may have been taken", async () => {
    const { exit } = await play(scripted(emulator(), [on("submit", { status: 204 }, 99)]), runSlow)
    expect(failure(exit)).toMatchObject({ _tag: "Uncertain", reason: { _tag: "Malformed" } })
  })

  it("3.6 302: at submit it is not followed", async () => {
    const moved = { status: 302, headers: { location: "http://elsewhere.invalid/" } }
    const { exit, seen } = await play(scripted(emulator(), [on("submit", moved)]), runSlow)
    value(exit)
    expect(seen.every(({ path }) => path.startsWith("/api/v1/"))).toBe(true)
  })

  it.each(refusals)("3.6 %s: it never started, and nothing is sent again", async (row, status, reason, remedy) => {
    const service = emulator()
    const answer = refusal(status, codeOf(row), "Please mend it.")
    const { exit, seen, took } = await play(scripted(service, [on("submit", answer)]), runBrief)
    const error = failure(exit)
    const evidence = { stage: "submit", status, code: codeOf(row), message: said("Please mend it.") }
    expect(error).toMatchObject({ _tag: "Rejected", reason, evidence })
    expect(remedyOf(error)).toBe(remedy)
    expect([seen.length, took]).toEqual([1, 0])
    expect((await ledger(service)).operations).toEqual([])
  })

  it.each(refusals)("3.6 %s: the status alone says the same", async (_, status, reason) => {
    const { exit, seen } = await play(scripted(emulator(), [on("submit", { status, text: "" })]), runBrief)
    expect(failure(exit)).toMatchObject({ _tag: "Rejected", reason, evidence: { status } })
    expect(seen).toHaveLength(1)
  })

  it("3.6: a code counts with any status of its class, and an unknown one leaves it to the status", async () => {
    const at = async (status: number, code: string) =>
      failure((await play(scripted(emulator(), [on("submit", refusal(status, code))]), runBrief)).exit)
    expect(await at(400, "insufficient_credits")).toMatchObject({ reason: { _tag: "Unpaid" } })
    expect(await at(403, "invalid_api_key")).toMatchObject({ reason: { _tag: "Unauthenticated" } })
    expect(await at(500, "not_implemented")).toMatchObject({ _tag: "Rejected", reason: { _tag: "NotImplemented" } })
    expect(await at(402, "wallet_on_fire")).toMatchObject({
      reason: { _tag: "Unpaid" },
      evidence: { code: "wallet_on_fire" },
    })
    expect(await at(418, "teapot")).toMatchObject({
      _tag: "Rejected",
      reason: { _tag: "Unrecognised", code: "teapot" },
    })
  })

  it("3.6 400 invalid_request: a path in a message that promises no pointer names no field", async () => {
    const answer = refusal(400, "invalid_request", "/prompt is required.")
    const { exit } = await play(scripted(emulator(), [on("submit", answer)]), runBrief)
    expect(failure(exit)).toMatchObject({ reason: { _tag: "Invalid", issues: [] } })
  })

  it("3.6 400 preflight_failed: what is missing is named", async () => {
    const { exit } = await play(emulator({ missing: () => ["images", "brand"] }).handler, runBrief)
    const issues = ["images", "brand"].map((name) => ({
      path: [name],
      message: "is missing",
      code: "preflight_failed",
    }))
    expect(failure(exit)).toMatchObject({ _tag: "Rejected", reason: { _tag: "Invalid", issues } })
    expect(failure(exit).message).toContain("images: is missing; brand: is missing")
  })

  it("3.6 408 sync_timeout_upgrade_async: sent once more with async, under another key", async () => {
    const service = emulator({ work: "10 minutes", ceiling: "refuse" })
    const { exit, seen } = await play(service.handler, runBrief)
    value(exit)
    expect(posts(seen).map(({ body }) => (body as { async?: boolean }).async)).toEqual([undefined, true])
    expect(new Set(keysOf(seen)).size).toBe(2)
  })

  it.each([
    ["/prompt: String should have at least 1 character", ["prompt"]],
    ["Bad value at /context_files/0/na~1me.", ["context_files", "0", "na/me."]],
    ["see https://apidocs.overtenai.com/errors", undefined],
  ])("3.6 422 validation_error: the pointer in %o says which field", async (message, path) => {
    const { exit } = await play(
      scripted(emulator(), [on("submit", refusal(422, "validation_error", message))]),
      runBrief,
    )
    const issues = path === undefined ? [] : [{ path, message, code: "validation_error" }]
    expect(failure(exit)).toMatchObject({ reason: { _tag: "Invalid", issues } })
  })

  it("3.6 429 rate_limit_exceeded: waits as long as Retry-After says and sends the same key again", async () => {
    const limited = refusal(429, "rate_limit_exceeded", "Slow down.", { "retry-after": "17" })
    const { exit, seen } = await play(scripted(emulator(), [on("submit", limited)]), runSlow)
    value(exit)
    expect(posts(seen).map(({ at }) => at)).toEqual([0, 17])
    expect(new Set(keysOf(seen)).size).toBe(1)
  })

  it("3.6 500 internal_error: sent again under the same key, a bounded number of times, and the exchange is named", async () => {
    const broken = refusal(500, "internal_error", "Our bug.", { "x-request-id": "req_7" })
    const { exit, seen } = await play(scripted(emulator(), [on("submit", broken, 99)]), runSlow)
    const error = failure(exit)
    expect(error).toMatchObject({ _tag: "Uncertain", reason: { _tag: "Internal" }, evidence: { requestId: "req_7" } })
    expect(posts(seen)).toHaveLength(8)
    expect(new Set(keysOf(seen)).size).toBe(1)
  })

  it("3.6 501 not_implemented: whom to tell, and which exchange", async () => {
    const refused = refusal(501, "not_implemented", "Not on your tier.", { "x-request-id": "req_9" })
    const { exit } = await play(scripted(emulator(), [on("submit", refused)]), runSlow)
    const remedy = Remedy.of(failure(exit) as Remedy.Trouble, Overten.contract)
    expect(remedy).toMatchObject({ _tag: "Escalate", report: expect.stringContaining("req_9") })
  })

  it("3.6 502 upstream_error: exponential backoff", async () => {
    const { exit, seen } = await play(scripted(emulator(), [on("submit", refusal(502, "upstream_error"), 5)]), runSlow)
    value(exit)
    const times = posts(seen).map(({ at }) => at)
    for (const [index, at] of times.slice(1).entries()) {
      const gap = at - (times[index] ?? 0)
      expect(gap).toBeGreaterThanOrEqual(2 ** index)
      expect(gap).toBeLessThanOrEqual(2 ** index * 1.25 + 0.001)
    }
    expect(times).toHaveLength(6)
  })

  it("3.6 503 service_unavailable: after 30 to 60 seconds, every time", async () => {
    const busy = refusal(503, "service_unavailable")
    const { exit, seen } = await play(scripted(emulator(), [on("submit", busy, 5)]), Random.withSeed(runSlow, 1))
    value(exit)
    const times = posts(seen).map(({ at }) => at)
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0))
    for (const gap of gaps) {
      expect(gap).toBeGreaterThanOrEqual(30)
      expect(gap).toBeLessThanOrEqual(60)
    }
    expect(new Set(gaps).size).toBeGreaterThan(1)
  })
})

describe("3.6 error bodies, HTTP layer: at a look nothing is said of the task", () => {
  it.each([
    ["429 rate_limit_exceeded", 429],
    ["500 internal_error", 500],
    ["502 upstream_error", 502],
    ["503 service_unavailable", 503],
    ["408 sync_timeout_upgrade_async", 408],
    ["504", 504],
  ])("3.6 %s: it is looked at again, and nothing is submitted again", async (row, status) => {
    const { exit, seen } = await play(scripted(emulator(), [on("look", refusal(status, codeOf(row)), 3)]), runSlow)
    value(exit)
    expect([posts(seen).length, looks(seen).length]).toEqual([1, 4])
  })

  it.each([
    ["401 invalid_api_key", 401, { _tag: "Unauthenticated" }],
    ["402 insufficient_credits", 402, { _tag: "Unpaid" }],
    ["403 forbidden", 403, { _tag: "Forbidden" }],
    ["409 conflict", 409, { _tag: "Conflict", over: "State" }],
    ["422 validation_error", 422, { _tag: "Invalid" }],
    ["501 not_implemented", 501, { _tag: "NotImplemented" }],
  ] as const)("3.6 %s: the wait ends and the handle is kept", async (row, status, reason) => {
    const { exit, seen } = await play(scripted(emulator(), [on("look", refusal(status, codeOf(row)), 99)]), runSlow)
    expect(failure(exit)).toMatchObject({ _tag: "Unseen", reason, handle: { id: expect.stringMatching(/^task_/) } })
    expect(looks(seen)).toHaveLength(1)
  })

  it.each([
    ["404 not_found", 404, { _tag: "NotFound", what: "task in this organisation" }],
    ["410 gone", 410, { _tag: "Gone" }],
  ] as const)("3.6 %s: the task is lost, not failed", async (row, status, reason) => {
    const { exit, seen } = await play(scripted(emulator(), [on("look", refusal(status, codeOf(row)))]), runSlow)
    expect(failure(exit)).toMatchObject({ _tag: "Lost", reason, evidence: { stage: "look", status } })
    expect(looks(seen)).toHaveLength(1)
  })

  it("3.6: a gateway in between that speaks of nothing being found loses nothing", async () => {
    const { exit } = await play(scripted(emulator(), [on("look", refusal(503, "not_found"))]), runSlow)
    value(exit)
  })

  it("a task that is kept no longer is gone", async () => {
    const service = emulator({ retention: "30 days" })
    const program = Effect.gen(function* () {
      const handle = yield* Client.submit(slow)
      yield* Effect.sleep("31 days")
      return yield* Client.look(Overten.wordGenerate, handle)
    })
    expect(failure((await play(service.handler, program)).exit)).toMatchObject({
      _tag: "Lost",
      reason: { _tag: "Gone" },
    })
  })

  it("looks that all fail end as overdue at the deadline, not as a failure", async () => {
    const { exit, took } = await play(
      scripted(emulator(), [on("look", refusal(503, "service_unavailable"), 999)]),
      runSlow,
    )
    expect(failure(exit)).toMatchObject({ _tag: "Overdue", reason: { _tag: "Unavailable" } })
    expect(took).toBeGreaterThan(1700)
    expect(took).toBeLessThanOrEqual(1800)
  })
})

it("the names of a run and a task are kept from any answer, whatever it says", async () => {
  const names = { run_id: "run_1", task_id: "task_1" }
  const answer = { status: 402, json: { success: false, error: "insufficient_credits", message: "No.", ...names } }
  const refused = await play(scripted(emulator(), [on("submit", answer)]), runSlow)
  expect(failure(refused.exit)).toMatchObject({ evidence: { also: names } })
  const unread = { status: 200, json: { ...names, status: ["completed"] } }
  const looked = await play(scripted(emulator(), [on("look", unread, 999)]), runSlow)
  expect(failure(looked.exit)).toMatchObject({ evidence: { also: names } })
})

it("a failed task is told with its run, its task and the exchange that said so", async () => {
  const service = emulator({ failing: "upstream_error" })
  const error = failure((await play(service.handler, runSlow)).exit)
  const [task] = (await ledger(service)).operations
  expect(error).toMatchObject({
    _tag: "Failed",
    handle: { id: task?.id, also: { run_id: task?.run } },
    evidence: { also: { run_id: task?.run }, requestId: expect.stringMatching(/^req_/) },
  })
})
