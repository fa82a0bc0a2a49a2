import { Effect, Random } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Remedy from "@tenuto/core/Remedy"
import * as Whisul from "@tenuto/whisul"
import {
  answers,
  beat,
  carriers,
  emulator,
  failure,
  faulty,
  fixture,
  gaps,
  gets,
  handleOf,
  ledgerOf,
  on,
  play,
  posts,
  runBeat,
  scripted,
  times,
  value,
} from "./stage.ts"

const remedyOf = (error: unknown) => Remedy.of(error as Remedy.Trouble, Whisul.contract)
const within = (seconds: number, least: number, most = least * 1.25) => {
  expect(seconds).toBeGreaterThanOrEqual(least)
  expect(seconds).toBeLessThanOrEqual(most + 0.001)
}
const limited = (stage: "submit" | "look", count: number, headers = {}) =>
  on(stage, { status: 429, headers, json: { error: "Rate limit exceeded" } }, count)

describe("the status of a job", () => {
  const told = (job: unknown) =>
    play(scripted(emulator(), [answers("look", 200, job, 99)]), Effect.exit(Client.run(beat, { within: "1 minute" })))
  const { started_at, ...unstarted } = fixture("jobs.running")

  it("5.4 running: the work goes on, without a result, an error or an end", async () => {
    const { exit, seen } = await told({ ...unstarted, started_at })
    expect(failure(value(exit))).toMatchObject({ _tag: "Overdue", last: { _tag: "Pending", word: "running" } })
    expect(times(gets(seen))).toEqual([10, 20, 30, 40, 50])
  })

  it("5.4 completed: the work succeeded", async () => {
    const { exit, seen } = await told(fixture("jobs.completed"))
    expect(value(value(exit))).toMatchObject({ title: "Midnight Grid", bpm: 140 })
    expect(gets(seen)).toHaveLength(1)
  })

  it.each([
    ["a sentence", "Generation failed due to an internal error."],
    ["null", null],
    ["nothing at all", undefined],
    ["no text", ""],
    ["a structure that no page has", { code: "oops" }],
  ])("5.4 failed: the work failed, whether its error is %s", async (_, error) => {
    const { exit, seen } = await told({ ...fixture("jobs.failed"), error })
    const failed = failure(value(exit))
    expect(failed).toMatchObject({ _tag: "Failed", reason: { _tag: "Unclassified" }, evidence: { stage: "settle" } })
    const message = typeof error === "string" && error !== "" ? { _tag: "Developer", text: error } : undefined
    expect((failed as { readonly evidence: { readonly message?: unknown } }).evidence.message).toEqual(message)
    expect(failed).not.toHaveProperty("code")
    expect(remedyOf(failed)).toEqual({ _tag: "StartAnew" })
    expect([posts(seen).length, gets(seen).length]).toEqual([1, 1])
  })

  it.each(["queued", "Completed", "FAILED", "", "constructor"])(
    "5.4 %o, a word that no page has, is neither a success nor a failure",
    async (status) => {
      const { exit, seen } = await told({ ...fixture("jobs.completed"), status })
      expect(failure(value(exit))).toMatchObject({ _tag: "Overdue", last: { _tag: "Unrecognised", word: status } })
      expect(times(gets(seen))).toEqual([10, 20, 30, 40, 50])
    },
  )
})

describe("POST /generate", () => {
  it("5.5 POST 202: the job is queued; its id is kept and looked at", async () => {
    const service = emulator()
    const { exit, seen } = await play(service.handler, runBeat)
    value(exit)
    const [job] = ledgerOf(service).operations
    expect(seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "POST /api/generate",
      `GET /api/jobs/${job?.id}`,
    ])
    expect(seen[0]?.body).toEqual({ prompt: "a relaxing lo-fi hip hop beat" })
    expect(seen[0]?.headers).toMatchObject({ "content-type": "application/json" })
  })

  it.each([
    ["400: no job was created; fix the request", 400, { _tag: "Invalid", issues: [] }, "FixRequest"],
    ["401: the key is missing, invalid or expired", 401, { _tag: "Unauthenticated" }, "Authenticate"],
  ] as const)("5.5 POST %s, and nothing is sent again", async (_, status, reason, remedy) => {
    const service = emulator()
    const { exit, seen, took } = await play(scripted(service, [answers("submit", status, { error: "x" })]), runBeat)
    const error = failure(exit)
    expect(error).toMatchObject({ _tag: "Rejected", reason, evidence: { stage: "submit", status } })
    expect(remedyOf(error)._tag).toBe(remedy)
    expect([seen.length, took, ledgerOf(service).operations.length]).toEqual([1, 0, 0])
  })

  it("5.5 POST 400: the page's own body is kept for developers", async () => {
    const { exit } = await play(scripted(emulator(), [answers("submit", 400, fixture("generate.400"))]), runBeat)
    const text = "The 'prompt' field is required and must not be empty."
    expect(failure(exit)).toMatchObject({ evidence: { message: { _tag: "Developer", text } } })
    expect(failure(exit).message).toContain(text)
  })

  it("5.5 POST 429: waits 5, 10, 20, 40, 60, 60 seconds and sends it again", async () => {
    const service = emulator()
    const { exit, seen } = await play(scripted(service, [limited("submit", 6)]), runBeat)
    value(exit)
    const ladder = [5, 10, 20, 40, 60, 60]
    expect(posts(seen)).toHaveLength(7)
    for (const [index, gap] of gaps(posts(seen)).entries()) within(gap, ladder[index] ?? 0)
    expect(ledgerOf(service).operations).toHaveLength(1)
  })

  it.each([
    ["longer than the ladder: kept", "17", 17, 17],
    ["shorter than the ladder: the ladder", "1", 5, 6.25],
    ["zero: the ladder", "0", 5, 6.25],
    ["no number: the ladder", "soon", 5, 6.25],
    ["a date: kept", "Thu, 01 Jan 2026 00:00:30 GMT", 30, 30],
  ])("5.5 POST 429 with a Retry-After %s", async (_, header, least, most) => {
    const { exit, seen } = await play(scripted(emulator(), [limited("submit", 1, { "retry-after": header })]), runBeat)
    value(exit)
    within(gaps(posts(seen))[0] ?? 0, least, most)
  })

  it("5.5 POST 429 that lasts ends as rejected: nothing has started", async () => {
    const service = emulator()
    const { exit, seen } = await play(scripted(service, [limited("submit", 999)]), runBeat)
    expect(failure(exit)).toMatchObject({ _tag: "Rejected", reason: { _tag: "RateLimited" } })
    expect(posts(seen)).toHaveLength(8)
    expect(ledgerOf(service).operations).toEqual([])
  })
})

describe("GET /jobs/{job_id}", () => {
  it("5.5 GET 200: what is true stands in the body", async () => {
    const { exit } = await play(emulator({ failing: "Out of ideas." }).handler, runBeat)
    expect(failure(exit)).toMatchObject({ _tag: "Failed" })
    value((await play(emulator().handler, runBeat)).exit)
  })

  it("5.5 GET 404: the job is unknown or gone, for good", async () => {
    const { exit, seen } = await play(scripted(emulator(), [answers("look", 404, { error: "x" })]), runBeat)
    const error = failure(exit)
    expect(error).toMatchObject({ _tag: "Lost", reason: { _tag: "NotFoundOrGone", what: "job" } })
    expect(remedyOf(error)._tag).toBe("Escalate")
    expect(gets(seen)).toHaveLength(1)
  })

  it("5.5 GET 500: the same look again after 10 to 30 seconds, and nothing is said of the job", async () => {
    const { exit, seen } = await play(
      scripted(emulator(), [answers("look", 500, { error: "x" }, 9)]),
      Random.withSeed(runBeat, 1),
    )
    expect(value(exit).title).toBe("Midnight Grid")
    expect(gets(seen)).toHaveLength(10)
    expect(new Set(gets(seen).map(({ path }) => path)).size).toBe(1)
    const pauses = gaps(gets(seen))
    for (const pause of pauses) within(pause, 10, 30)
    expect(Math.max(...pauses) - Math.min(...pauses)).toBeGreaterThan(5) // they are drawn, not fixed
  })

  it("5.5 GET 500 that lasts ends as overdue at the deadline, not as a failure", async () => {
    const { exit, took } = await play(scripted(emulator(), [answers("look", 500, {}, 999)]), runBeat)
    expect(failure(exit)).toMatchObject({ _tag: "Overdue", reason: { _tag: "Unavailable" }, evidence: { status: 500 } })
    expect(took).toBeLessThanOrEqual(600)
    expect(took).toBeGreaterThan(540)
  })

  it.each([502, 503, 504])("5.5 GET %s, undocumented: as 500", async (status) => {
    const { exit, seen } = await play(scripted(emulator(), [answers("look", status, {}, 3)]), runBeat)
    value(exit)
    for (const pause of gaps(gets(seen))) within(pause, 10, 30)
  })

  it("5.5 GET 503 with a Retry-After: kept", async () => {
    const busy = on("look", { status: 503, headers: { "retry-after": "90" }, json: {} })
    const { exit, seen } = await play(scripted(emulator(), [busy]), runBeat)
    value(exit)
    expect(gaps(gets(seen))).toEqual([90])
  })

  it("5.5 GET 429, undocumented: the ladder, and nothing is said of the job", async () => {
    const { exit, seen } = await play(
      scripted(emulator(), [limited("look", 6)]),
      Client.run(beat, { within: "20 minutes" }),
    )
    value(exit)
    const ladder = [10, 10, 20, 40, 60, 60] // never sooner than any other look
    for (const [index, gap] of gaps(gets(seen)).entries()) within(gap, ladder[index] ?? 0)
  })

  it.each([
    [401, { _tag: "Unauthenticated" }, "Authenticate"],
    [403, { _tag: "Forbidden" }, "Authenticate"],
    [501, { _tag: "NotImplemented" }, "Escalate"],
  ] as const)("5.5 GET %s, undocumented: ends the wait, not the work", async (status, reason, remedy) => {
    const service = emulator()
    const program = Effect.flatMap(Effect.flip(runBeat), (error) =>
      Effect.map(Client.settle(Whisul.generate, handleOf(error)), (song) => ({ error, song })),
    )
    const { exit, seen } = await play(scripted(service, [answers("look", status, { error: "x" })]), program)
    const { error, song } = value(exit)
    expect(error).toMatchObject({ _tag: "Unseen", reason, evidence: { stage: "look", status } })
    expect(remedyOf(error)._tag).toBe(remedy)
    expect(song.title).toBe("Midnight Grid")
    expect(posts(seen)).toHaveLength(1)
  })

  it("5.5 GET 410, undocumented: gone", async () => {
    const { exit } = await play(scripted(emulator(), [answers("look", 410, {})]), runBeat)
    expect(failure(exit)).toMatchObject({ _tag: "Lost", reason: { _tag: "Gone" } })
  })
})

describe("submit failure matrix, Whisul", () => {
  const once = async (name: string, carrier: (typeof carriers)[number] = "memory") => {
    const service = emulator()
    const played = await play(faulty(service, `${name}@submit`), runBeat, carrier)
    return { ...played, operations: ledgerOf(service).operations }
  }

  it.each(["refused", "name-not-found"])("6.5 not sent (%s): sent again", async (fault) => {
    const { exit, operations, seen } = await once(fault)
    value(exit)
    expect([posts(seen).length, operations.length]).toEqual([2, 1])
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
    ])("6.5 sent, no response (%s): ambiguous, and never sent again", async (fault, created) => {
      const { exit, operations, seen } = await once(fault, carrier)
      const error = failure(exit)
      expect(error).toMatchObject({ _tag: "Uncertain", evidence: { stage: "submit" } })
      expect(remedyOf(error)).toEqual({ _tag: "Reconcile" })
      expect([posts(seen).length, operations.length]).toEqual([1, created])
    })

    it("6.5 429: sent again, by the ladder", async () => {
      const { exit, operations, seen } = await once("429", carrier)
      value(exit)
      expect(posts(seen)).toHaveLength(2)
      within(gaps(posts(seen))[0] ?? 0, 5)
      expect(operations).toHaveLength(1)
    })

    it.each(["500", "502", "503", "503=30"])("6.5 %s: ambiguous, and never sent again", async (fault) => {
      const { exit, seen } = await once(fault, carrier)
      const error = failure(exit)
      expect(error).toMatchObject({ _tag: "Uncertain", evidence: { status: Number(fault.slice(0, 3)) } })
      expect(Remedy.isAutomatic(remedyOf(error))).toBe(false)
      expect(posts(seen)).toHaveLength(1)
    })
  })

  it.each([408, 501, 504, 520])("6.5 %s: ambiguous, and never sent again", async (status) => {
    const { exit, seen } = await play(scripted(emulator(), [answers("submit", status, {})]), runBeat)
    expect(failure(exit)).toMatchObject({ _tag: "Uncertain", evidence: { status } })
    expect(posts(seen)).toHaveLength(1)
  })

  it.each([402, 403, 404, 405, 410, 413, 415, 418, 422, 451])("6.5 4xx other (%s): not sent again", async (status) => {
    const { exit, seen } = await play(scripted(emulator(), [answers("submit", status, { error: "x" })]), runBeat)
    expect(failure(exit)).toMatchObject({ _tag: "Rejected", evidence: { status } })
    expect(seen).toHaveLength(1)
  })

  it("6.5 409, of which no page speaks: not sent again, and nothing is claimed", async () => {
    const { exit, seen } = await play(scripted(emulator(), [answers("submit", 409, { error: "x" })]), runBeat)
    expect(failure(exit)).toMatchObject({ _tag: "Uncertain", reason: { _tag: "Unrecognised", code: "409" } })
    expect(seen).toHaveLength(1)
  })

  it("6.5 asking again after a lost answer stays ambiguous, and sends nothing", async () => {
    const service = emulator()
    const keyed = Whisul.generate({ prompt: "La" }, { key: "order-7" })
    const program = Effect.gen(function* () {
      const first = yield* Effect.exit(Client.run(keyed))
      return { first, second: yield* Effect.exit(Client.run(keyed)) }
    })
    const { exit, seen } = await play(faulty(service, "reset-after-commit@submit"), program)
    expect(failure(value(exit).first)).toMatchObject({ _tag: "Uncertain" })
    expect(failure(value(exit).second)).toMatchObject({ _tag: "Uncertain" })
    expect(posts(seen)).toHaveLength(1)
  })
})

describe("pace", () => {
  it("looks are ten seconds apart, to the millisecond, until the work ends", async () => {
    const { exit, seen, took } = await play(emulator({ work: "95500 millis" }).handler, runBeat)
    value(exit)
    expect(times(gets(seen))).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100])
    expect(took).toBe(100)
  })

  it("a wait lasts ten minutes unless told otherwise, and keeps the handle", async () => {
    const { exit, took } = await play(emulator({ work: "1 hour" }).handler, runBeat)
    expect(failure(exit)).toMatchObject({ _tag: "Overdue", handle: { service: "whisul", operation: "generate" } })
    expect(took).toBeLessThanOrEqual(600)
    expect(took).toBeGreaterThanOrEqual(590)
  })

  it("cancelling is not offered, and says so", async () => {
    const program = Effect.flatMap(Client.submit(beat), (handle) => Client.cancel(Whisul.generate, handle))
    const { exit, seen } = await play(emulator().handler, program)
    expect(value(exit)).toEqual({ _tag: "NotOffered" })
    expect(seen).toHaveLength(1)
  })
})
