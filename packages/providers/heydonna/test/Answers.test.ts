import { Effect, type Schema } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Remedy from "@tenuto/core/Remedy"
import * as HeyDonna from "@tenuto/heydonna"
import {
  audioUrl,
  carriers,
  created,
  emulator,
  failure,
  faulty,
  looks,
  on,
  play,
  posts,
  runProject,
  scripted,
  title,
  value,
} from "./stage.ts"

const remedyOf = (error: unknown) => Remedy.of(error as Remedy.Trouble, HeyDonna.contract)
const said = (error: string, more: Readonly<Record<string, Schema.Json>> = {}): Schema.Json => ({ error, ...more })
const undownloaded = said("Failed to download audio from the provided URL", { details: "Failed to fetch source URL" })
const missing = { _tag: "Invalid", issues: [{ path: ["title"], message: "is missing" }] }

describe("4.5 error bodies, HTTP layer: at submit", () => {
  it.each([
    ["400 missing required field", 400, "Missing required field: title", missing, "FixRequest"],
    ["400 invalid JSON", 400, "Invalid JSON", { _tag: "Invalid", issues: [] }, "FixRequest"],
    ["401 invalid key", 401, "Invalid API key", { _tag: "Unauthenticated" }, "Authenticate"],
    ["403 templateId not found", 403, "Template not found", { _tag: "NotFound", what: "template" }, "FixRequest"],
    ["404 there is no such call", 404, "Not found", { _tag: "NotFound", what: "endpoint" }, "FixRequest"],
    [
      "422 no template available",
      422,
      "No template available for this project type.",
      { _tag: "Invalid" },
      "FixRequest",
    ],
  ] as const)("%s: it never started, and nothing is sent again", async (_, status, error, reason, remedy) => {
    const service = emulator()
    const { exit, seen, took } = await play(
      scripted(service, [on("submit", { status, json: said(error) })]),
      runProject,
    )
    const told = failure(exit)
    const evidence = { stage: "submit", status, message: { _tag: "Developer", text: error } }
    expect(told).toMatchObject({ _tag: "Rejected", reason, evidence, reference: "order-7" })
    expect(remedyOf(told)._tag).toBe(remedy)
    expect([seen.length, took, (await created(service)).length]).toEqual([1, 0, 0])
  })

  it.each([
    ["as the page shows it", { "retry-after": "30" }, { retryAfterMs: 30000 }, 30],
    ["with the header only", { "retry-after": "7" }, {}, 7],
    ["with the body only", {}, { retryAfterMs: 1500 }, 1.5],
    ["with neither: a minute is assumed", {}, {}, 60],
    ["with what is no time", { "retry-after": "soon" }, { retryAfterMs: "30000" }, 60],
    ["with nothing to wait for", { "retry-after": "0" }, { retryAfterMs: -1 }, 60],
  ] as const)("429 %s: it is sent again when it may be, and not before", async (_, headers, more, wait) => {
    const service = emulator()
    const limited = { status: 429, headers, json: said("Rate limit exceeded", more) }
    const { exit, seen } = await play(scripted(service, [on("submit", limited)]), runProject)
    value(exit)
    expect(posts(seen).map(({ at }) => at)).toEqual([0, wait])
    expect(await created(service)).toHaveLength(1)
  })

  it.each([
    ["as long as it says", { "retry-after": "30" }, 30],
    ["for a minute, where it says nothing", {}, 60],
  ] as const)("429 told to one holds back all who share the key, %s", async (_, headers, wait) => {
    const limited = { status: 429, headers, json: said("Rate limit exceeded") }
    const another = Effect.delay(Client.run(HeyDonna.createProject({ title: "2", audioUrl })), "10 seconds")
    const { exit, seen } = await play(
      scripted(emulator(), [on("submit", limited)]),
      Effect.all([runProject, another], { concurrency: "unbounded" }),
    )
    value(exit)
    expect(posts(seen).map(({ at }) => at)).toEqual([0, wait, wait + 1]) // one by one
  })

  it("429 that asks for more than the wait allows ends it at once", async () => {
    const limited = { status: 429, json: said("Rate limit exceeded", { retryAfterMs: 86_400_000 }) }
    const { exit, took } = await play(scripted(emulator(), [on("submit", limited)]), runProject)
    expect(failure(exit)).toMatchObject({ _tag: "Rejected", reason: { _tag: "RateLimited" } })
    expect(took).toBe(0)
  })

  it("500 unexpected: a project may have been created, so nothing is sent again", async () => {
    const answer = on("submit", { status: 500, json: said("Internal server error", { details: "trace" }) })
    const { exit, seen } = await play(scripted(emulator(), [answer]), runProject)
    const error = failure(exit)
    expect(error).toMatchObject({ _tag: "Uncertain", reason: { _tag: "Internal" }, reference: "order-7" })
    expect(remedyOf(error)).toEqual({ _tag: "Reconcile", by: "order-7" })
    expect(seen).toHaveLength(1)
  })

  it("502 failed to download audio: it never started, and asks for another link", async () => {
    const { exit, seen } = await play(
      scripted(emulator(), [on("submit", { status: 502, json: undownloaded })]),
      runProject,
    )
    const error = failure(exit)
    expect(error).toMatchObject({ _tag: "Rejected", reason: { _tag: "SourceUnusable", problem: "Unreachable" } })
    expect(remedyOf(error)).toEqual({ _tag: "FixRequest" })
    expect(seen).toHaveLength(1)
  })
})

describe("4.5 error bodies, HTTP layer: at a look nothing is said of the work", () => {
  it.each([429, 500, 502, 503, 504, 409, 422])("%s is looked past", async (status) => {
    const service = emulator({ work: "10 seconds" })
    const { exit, seen } = await play(scripted(service, [on("look", { status, json: said("x") }, 2)]), runProject)
    expect(value(exit).status).toBe("completed")
    // Nothing comes sooner than the cadence, whatever went wrong.
    const times = looks(seen).map(({ at }) => at)
    for (const [index, at] of times.entries()) expect(at - (times[index - 1] ?? 0)).toBeGreaterThanOrEqual(15)
    expect(posts(seen)).toHaveLength(1)
  })

  it("429, which is on no page for a look, is waited out: as asked, else a minute", async () => {
    const at = async (json: Schema.Json) => {
      const { exit, seen } = await play(scripted(emulator(), [on("look", { status: 429, json })]), runProject)
      value(exit)
      return looks(seen).map(({ at }) => at)
    }
    expect(await at(said("x", { retryAfterMs: 40_000 }))).toEqual([15, 55])
    expect(await at(said("x"))).toEqual([15, 75])
  })

  it.each([
    ["400 invalid ID format", 400, { _tag: "Invalid" }],
    ["401 revoked key", 401, { _tag: "Unauthenticated" }],
    ["403 no page", 403, { _tag: "Forbidden" }],
  ] as const)("%s ends the wait and keeps the handle", async (_, status, reason) => {
    const { exit, seen } = await play(scripted(emulator(), [on("look", { status, json: said("x") })]), runProject)
    const handle = { service: "heydonna", reference: "order-7" }
    expect(failure(exit)).toMatchObject({ _tag: "Unseen", reason, evidence: { status }, handle })
    expect(looks(seen)).toHaveLength(1)
  })

  it("404 project not found: the service no longer knows it", async () => {
    const answer = on("look", { status: 404, json: said("Project not found") })
    const { exit, seen } = await play(scripted(emulator(), [answer]), runProject)
    const error = failure(exit)
    expect(error).toMatchObject({ _tag: "Lost", reason: { _tag: "NotFound", what: "project" } })
    expect(remedyOf(error)).toMatchObject({
      _tag: "Escalate",
      report: expect.stringContaining("support@heydonna.chat"),
    })
    expect(looks(seen)).toHaveLength(1)
  })
})

describe("6.5 looks: what is on no page, as on the other services", () => {
  it("410: the service no longer knows it", async () => {
    const { exit, seen } = await play(scripted(emulator(), [on("look", { status: 410, json: said("x") })]), runProject)
    expect(failure(exit)).toMatchObject({ _tag: "Lost", reason: { _tag: "Gone" } })
    expect(looks(seen)).toHaveLength(1)
  })

  it("501: looking again changes nothing, so the wait ends and the handle is kept", async () => {
    const answer = on("look", { status: 501, json: said("x") })
    const { exit, seen } = await play(scripted(emulator(), [answer]), runProject)
    expect(failure(exit)).toMatchObject({
      _tag: "Unseen",
      reason: { _tag: "NotImplemented" },
      handle: { reference: "order-7" },
    })
    expect(looks(seen)).toHaveLength(1)
  })
})

describe("4.5 operation layer", () => {
  it("failed: the work failed, no code says why, and nothing is started anew by itself", async () => {
    const { exit, seen } = await play(emulator({ words: ["failed"] }).handler, runProject)
    const error = failure(exit)
    expect(error).toMatchObject({ _tag: "Failed", reason: { _tag: "Unclassified" }, handle: { also: {} } })
    expect(error).not.toHaveProperty("code")
    expect(remedyOf(error)).toEqual({ _tag: "StartAnew" })
    expect([posts(seen).length, looks(seen).length]).toEqual([1, 1])
  })
})

describe("6.5 submit failure matrix, HeyDonna", () => {
  it.each(["refused", "name-not-found"])("not sent (%s): sent again, and one project is created", async (fault) => {
    const service = emulator()
    const { exit, seen } = await play(faulty(service, `${fault}@submit`), runProject)
    value(exit)
    expect((await created(service)).map(({ externalRef }) => externalRef)).toEqual(["order-7"])
    expect(posts(seen).length).toBe(2)
  })

  describe.each(carriers)("carried by %s", (carrier) => {
    it.each([
      ["reset-before-commit", 0],
      ["reset-after-commit", 1],
      ["hang-before-commit", 0],
      ["hang-after-commit", 1],
      ["truncated", 1],
      ["drop-mid-body", 1],
      ["garbage", 1],
    ])(
      "sent, no response (%s): the outcome is unknown, told with its reference, never sent again",
      async (fault, count) => {
        const service = emulator()
        const { exit, seen } = await play(faulty(service, `${fault}@submit`), runProject, carrier)
        const error = failure(exit)
        expect(error).toMatchObject({ _tag: "Uncertain", reference: "order-7" })
        expect(remedyOf(error)).toEqual({ _tag: "Reconcile", by: "order-7" })
        expect([posts(seen).length, (await created(service)).length]).toEqual([1, count])
      },
    )

    it("429: sent again after the time it names, and one project is created", async () => {
      const service = emulator()
      const { exit, seen } = await play(faulty(service, "429=20@submit"), runProject, carrier)
      value(exit)
      expect(posts(seen).map(({ at }) => at)).toEqual([0, 20])
      expect(await created(service)).toHaveLength(1)
    })

    it.each(["500", "502", "503=5", "html=502", "html=504", "redirect"])(
      "%s: the outcome is unknown",
      async (fault) => {
        const { exit, seen } = await play(faulty(emulator(), `${fault}@submit`), runProject, carrier)
        expect(failure(exit)).toMatchObject({ _tag: "Uncertain", reference: "order-7" })
        expect(seen).toHaveLength(1)
      },
    )
  })

  it("502 with the service's own sentence: a new source is needed", async () => {
    const answer = on("submit", { status: 502, json: undownloaded })
    expect(failure((await play(scripted(emulator(), [answer]), runProject)).exit)).toMatchObject({ _tag: "Rejected" })
  })

  it.each([402, 405, 410, 413, 415, 418, 451])("4xx other (%s): refused, and not sent again", async (status) => {
    const { exit, seen } = await play(scripted(emulator(), [on("submit", { status, json: said("x") })]), runProject)
    const error = failure(exit)
    expect(error).toMatchObject({ _tag: "Rejected", evidence: { status } })
    expect(Remedy.isAutomatic(remedyOf(error))).toBe(false)
    expect(seen).toHaveLength(1)
  })

  it.each([408, 409])("%s: on no page, and whoever says so may have acted: unknown, not sent again", async (status) => {
    const { exit, seen } = await play(scripted(emulator(), [on("submit", { status, json: said("x") })]), runProject)
    expect(failure(exit)).toMatchObject({ _tag: "Uncertain", reference: "order-7" })
    expect(seen).toHaveLength(1)
  })
})

describe("pace", () => {
  it("looks come 15 seconds after the last answer", async () => {
    const { exit, seen } = await play(emulator({ work: "50 seconds" }).handler, runProject)
    value(exit)
    expect(looks(seen).map(({ at }) => at)).toEqual([15, 30, 45, 60])
  })

  it("a wait lasts 50 minutes unless it is told otherwise, and leaves the handle", async () => {
    const { exit, seen, took } = await play(emulator({ work: "86400 seconds" }).handler, runProject)
    const last = { _tag: "Unrecognised", word: "processing" }
    expect(failure(exit)).toMatchObject({ _tag: "Overdue", last, handle: { id: expect.any(String) } })
    expect(took).toBeGreaterThan(50 * 60 - 16)
    expect(took).toBeLessThanOrEqual(50 * 60)
    expect(looks(seen)).toHaveLength(199)
  })

  it("a handle is enough: the next process settles it", async () => {
    const service = emulator()
    const handle = value((await play(service.handler, Client.submit(HeyDonna.createProject({ title, audioUrl })))).exit)
    expect(handle).toMatchObject({ also: { transcriptId: expect.any(String) }, reference: expect.any(String) })
    const { exit, seen } = await play(
      service.handler,
      Effect.delay(Client.settle(HeyDonna.createProject, handle), "1 minute"),
    )
    expect(value(exit)).toEqual({
      projectId: handle.id,
      transcriptId: handle.also?.["transcriptId"],
      status: "completed",
    })
    expect(seen.map(({ path }) => path)).toEqual([`/api/projects/${handle.id}/status`])
  })
})
