import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Remedy from "@tenuto/core/Remedy"
import * as Soundpiece from "@tenuto/soundpiece"
import {
  carriers,
  emulator,
  failure,
  faulty,
  gets,
  keysOf,
  on,
  play,
  puts,
  runSong,
  scripted,
  song,
  value,
} from "./stage.ts"

const remedyOf = (error: Remedy.Trouble) => Remedy.of(error, Soundpiece.contract)._tag
const troubleOf = (error: unknown) => error as Remedy.Trouble
const detail = (text: string) => ({ detail: text })
const listed = {
  detail: [{ loc: ["body", "lyrics"], msg: "String should have at least 1 character", type: "string_too_short" }],
}
const issues = [
  { path: ["body", "lyrics"], message: "String should have at least 1 character", code: "string_too_short" },
]

/** Gaps between sends grow as 1, 2, 4 … seconds; chance lengthens them by a quarter at most. */
const expectBackoff = (times: ReadonlyArray<number>) => {
  for (let index = 1; index < times.length; index++) {
    const gap = (times[index] ?? 0) - (times[index - 1] ?? 0)
    const least = Math.min(2 ** (index - 1), 60)
    expect(gap).toBeGreaterThanOrEqual(least)
    expect(gap).toBeLessThanOrEqual(least * 1.25 + 0.001)
  }
}

describe("2.5 error bodies, HTTP layer: at submit", () => {
  it("200 accepted, or current state: the status still has to be checked", async () => {
    const failing = await play(emulator({ failing: "internal_error" }).handler, runSong)
    expect(failure(failing.exit)._tag).toBe("Failed")
    const ready = await play(emulator().handler, runSong)
    expect(value(ready.exit).outputs).toHaveLength(1)
  })

  it.each([
    [400, detail("malformed"), { _tag: "Invalid", issues: [] }, "FixRequest"],
    [401, detail("Missing or invalid Authorization header"), { _tag: "Unauthenticated" }, "Authenticate"],
    [404, detail("Not Found"), { _tag: "NotFound", what: "endpoint" }, "FixRequest"],
    [405, detail("Method Not Allowed"), { _tag: "Invalid" }, "FixRequest"],
    [410, detail("Use create.new_track"), { _tag: "Retired", replacement: "Use create.new_track" }, "Migrate"],
    [422, listed, { _tag: "Invalid", issues }, "FixRequest"],
    [422, detail("a referenced entity was not found"), { _tag: "Invalid", issues: [] }, "FixRequest"],
  ] as const)("%s: it never started, and nothing is sent again", async (status, json, reason, remedy) => {
    const service = emulator()
    const { exit, seen, took } = await play(scripted(service, [on("submit", { status, json })]), runSong)
    const error = failure(exit)
    expect(error).toMatchObject({ _tag: "Rejected", reason, evidence: { stage: "submit", status } })
    expect(remedyOf(troubleOf(error))).toBe(remedy)
    expect([seen.length, took]).toEqual([1, 0])
  })

  it("429: waits as long as Retry-After says and sends the same key again", async () => {
    const service = emulator()
    const body = detail("Rate limit exceeded; retry in 17 seconds")
    const limited = { status: 429, headers: { "retry-after": "17" }, json: body }
    const { exit, seen } = await play(scripted(service, [on("submit", limited)]), runSong)
    value(exit)
    expect(puts(seen).map(({ at }) => at)).toEqual([0, 17])
    expect(new Set(keysOf(seen)).size).toBe(1)
    expect((await Effect.runPromise(service.ledger)).operations).toHaveLength(1)
  })

  it.each([{}, { "retry-after": "0" }])("429 with %o: backs off by powers of two", async (headers) => {
    const { exit, seen } = await play(
      scripted(emulator(), [on("submit", { status: 429, headers, json: detail("slow") }, 4)]),
      runSong,
    )
    value(exit)
    expect(puts(seen)).toHaveLength(5)
    expectBackoff(puts(seen).map(({ at }) => at))
  })

  it("429 from the account's own budget is waited out", async () => {
    const service = emulator({ limit: { requests: 2, window: "1 minute" }, work: "30 seconds" })
    const { exit, seen } = await play(service.handler, runSong)
    value(exit)
    expect(seen.map(({ at }) => at)).toEqual([0, 0, 20, 60])
  })

  it.each([500, 502, 503, 504])("5xx: %s is sent again with the same key, ever further apart", async (status) => {
    const service = emulator()
    const { exit, seen } = await play(scripted(service, [on("submit", { status, json: detail("oops") }, 4)]), runSong)
    value(exit)
    expectBackoff(puts(seen).map(({ at }) => at))
    expect(new Set(puts(seen).map(({ body }) => JSON.stringify(body))).size).toBe(1)
    expect((await Effect.runPromise(service.ledger)).operations).toMatchObject([{ puts: 1 }])
  })

  it("5xx that lasts ends as uncertain, after a bounded number of sends, and tells the key", async () => {
    const { exit, seen } = await play(faulty(emulator(), "500@submit:always"), runSong)
    const error = failure(exit)
    expect(error).toMatchObject({ _tag: "Uncertain", key: keysOf(seen)[0], evidence: { status: 500 } })
    expect(puts(seen)).toHaveLength(8)
  })
})

describe("2.5 error bodies, HTTP layer: at a look nothing is said of the operation", () => {
  it.each([429, 500, 501, 502, 503])("%s is looked past", async (status) => {
    const service = emulator({ work: "30 seconds" })
    const { exit, seen } = await play(scripted(service, [on("look", { status, json: detail("x") }, 3)]), runSong)
    expect(value(exit).outputs).toHaveLength(1)
    expectBackoff(
      gets(seen)
        .slice(0, 4)
        .map(({ at }) => at),
    )
  })

  it("429 with Retry-After: the next look waits as long", async () => {
    const limited = { status: 429, headers: { "retry-after": "90" }, json: detail("x") }
    const { exit, seen } = await play(scripted(emulator(), [on("look", limited)]), runSong)
    value(exit)
    expect(gets(seen).map(({ at }) => at)).toEqual([0, 90])
  })

  it("429 with a Retry-After beyond the deadline ends the wait at once", async () => {
    const limited = { status: 429, headers: { "retry-after": "86400" }, json: detail("x") }
    const { exit, took } = await play(scripted(emulator(), [on("look", limited)]), runSong)
    expect(failure(exit)).toMatchObject({ _tag: "Overdue", reason: { _tag: "RateLimited" } })
    expect(took).toBe(0)
  })

  it.each([
    [400, { _tag: "Invalid" }],
    [401, { _tag: "Unauthenticated" }],
    [403, { _tag: "Forbidden" }],
    [404, { _tag: "NotFound", what: "endpoint" }],
    [405, { _tag: "Invalid" }],
    [410, { _tag: "Retired", replacement: "x" }],
  ] as const)("%s ends the wait and keeps the handle", async (status, reason) => {
    const { exit, took } = await play(scripted(emulator(), [on("look", { status, json: detail("x") })]), runSong)
    expect(failure(exit)).toMatchObject({
      _tag: "Unseen",
      reason,
      evidence: { status },
      handle: { service: "soundpiece" },
    })
    expect(took).toBe(0)
  })

  it("422: the service no longer knows it", async () => {
    const handle = {
      version: 1,
      service: "soundpiece",
      origin: "http://service.test",
      operation: "create.new_song",
      id: "op_" + "0".repeat(26),
    } as const
    const { exit, seen } = await play(emulator().handler, Client.settle(Soundpiece.newSong, handle))
    expect(failure(exit)).toMatchObject({ _tag: "Lost", reason: { _tag: "NotFound", what: "operation" } })
    expect(seen).toHaveLength(1)
  })

  it("looks that all fail end as overdue at the deadline, not as a failure, without haste", async () => {
    const { exit, seen, took } = await play(faulty(emulator(), "503@look:always"), runSong)
    expect(failure(exit)).toMatchObject({ _tag: "Overdue", reason: { _tag: "Unavailable" } })
    expect(took).toBeLessThanOrEqual(300)
    expect(gets(seen).length).toBeLessThanOrEqual(11)
  })
})

describe("2.6 error codes, operation layer", () => {
  const unusable = (problem: string) => ({ _tag: "SourceUnusable", problem })
  it.each([
    ["internal_error", { _tag: "Internal" }, "StartAnew"],
    ["generation_timeout", { _tag: "Timeout" }, "StartAnew"],
    ["quota_exceeded", { _tag: "QuotaExhausted" }, "Pay"],
    ["source_unreachable", unusable("Unreachable"), "FixRequest"],
    ["source_format_unsupported", unusable("FormatUnsupported"), "FixRequest"],
    ["source_too_short", unusable("TooShort"), "FixRequest"],
    ["source_too_long", unusable("TooLong"), "FixRequest"],
    ["tos_violation", { _tag: "PolicyViolation" }, "FixRequest"],
    ["content_policy", { _tag: "PolicyViolation" }, "FixRequest"],
    ["constructor", { _tag: "Unrecognised", code: "constructor" }, "Escalate"],
    ["spectral_refusal", { _tag: "Unrecognised", code: "spectral_refusal" }, "Escalate"],
  ] as const)("%s", async (code, reason, remedy) => {
    const service = emulator({ outcome: () => ({ code, message: "Sorry" }) })
    const { exit, seen } = await play(service.handler, runSong)
    const error = failure(exit)
    expect(error).toMatchObject({ _tag: "Failed", code, reason })
    // S000: the message is for end users.
    expect(error).toMatchObject({ evidence: { code, message: { _tag: "EndUser", text: "Sorry" } } })
    expect(remedyOf(troubleOf(error))).toBe(remedy)
    expect([puts(seen).length, gets(seen).length]).toEqual([1, 1])
  })

  it("a failure without an error does not say why", async () => {
    const failed = on("look", { status: 200, json: { song: { id: "op_1", status: "failed", error: null } } })
    const submitted = on("submit", { status: 200, json: { song: { id: "op_1", status: "processing" } } })
    const { exit } = await play(scripted(emulator(), [submitted, failed]), runSong)
    expect(failure(exit)).toMatchObject({ _tag: "Failed", reason: { _tag: "Unclassified" } })
  })
})

describe("6.5 submit failure matrix, Soundpiece", () => {
  const once = (name: string, carrier: (typeof carriers)[number]) => {
    const service = emulator()
    return play(faulty(service, `${name}@submit`), runSong, carrier).then(async (played) => ({
      ...played,
      operations: (await Effect.runPromise(service.ledger)).operations,
    }))
  }

  it.each(["refused", "name-not-found"])("not sent (%s): sent again", async (fault) => {
    const { exit, operations, seen } = await once(fault, "memory")
    value(exit)
    expect([puts(seen).length, operations.length]).toEqual([2, 1])
  })

  describe.each(carriers)("carried by %s", (carrier) => {
    it.each([
      "reset-before-commit",
      "reset-after-commit",
      "hang-after-commit",
      "truncated",
      "drop-mid-body",
      "garbage",
    ])("sent, no response (%s): sent again with the same key, and one operation is created", async (fault) => {
      const { exit, operations, seen } = await once(fault, carrier)
      value(exit)
      expect(puts(seen)).toHaveLength(2)
      expect(new Set(keysOf(seen)).size).toBe(1)
      expect(operations).toHaveLength(1)
    })
  })

  it("429: sent again after Retry-After with the same key", async () => {
    const { exit, seen } = await once("429", "memory")
    value(exit)
    expect(puts(seen)[1]?.at).toBeGreaterThanOrEqual(1)
    expect(new Set(keysOf(seen)).size).toBe(1)
  })

  it.each(["500", "501", "502", "503"])("%s: sent again with the same key", async (status) => {
    const service = emulator()
    const answer = on("submit", { status: Number(status), json: detail("x") })
    const { exit, seen } = await play(scripted(service, [answer]), runSong)
    value(exit)
    expect(puts(seen)).toHaveLength(2)
    expect(new Set(keysOf(seen)).size).toBe(1)
  })

  it.each([402, 403, 409, 413, 418, 451])("4xx other (%s): not sent again", async (status) => {
    const { exit, seen } = await play(scripted(emulator(), [on("submit", { status, json: detail("x") })]), runSong)
    expect(failure(exit)).toMatchObject({ _tag: "Rejected", evidence: { status } })
    expect(seen).toHaveLength(1)
  })
})

describe("pace", () => {
  it("long polls follow one another every 20 seconds, to the millisecond, until the work ends", async () => {
    const { exit, seen, took } = await play(emulator({ work: "70500 millis" }).handler, runSong)
    value(exit)
    expect(gets(seen).map(({ at, query }) => [at, query["wait"]])).toEqual([0, 20, 40, 60].map((at) => [at, "true"]))
    expect(took).toBe(70.5)
  })

  it("the deadline cuts a long poll short", async () => {
    const { exit, took } = await play(
      emulator({ work: "10 minutes" }).handler,
      Client.run(song, { within: "30 seconds" }),
    )
    expect(failure(exit)).toMatchObject({ _tag: "Overdue", last: { _tag: "Pending", word: "processing" } })
    expect(took).toBe(30)
  })
})
