/** What is promised, row by row as it stands in the table, whoever acts on it. */
import { Duration } from "effect"
import { describe, expect, it } from "vitest"
import * as Contract from "@tenuto/core/Contract"
import * as Pace from "@tenuto/core/Pace"
import * as Verdict from "@tenuto/http/Verdict"
import * as Whisul from "@tenuto/whisul"

const { contract, table } = Whisul
const seconds = (delay: Contract.Delay, die: number) =>
  Array.from({ length: 7 }, (_, index) => Duration.toSeconds(Pace.pauseOf(delay, undefined, index + 1, die)))

describe("the contract", () => {
  it("5.5 429: 5, 10, 20, 40, 60, 60 … seconds, for one request and for all on the key", () => {
    const ladder = [5, 10, 20, 40, 60, 60, 60]
    expect(seconds(contract.delays.limited, 0)).toEqual(ladder)
    expect(table.budget?.rules).toEqual([{ deeds: ["Submit", "Look"], backoff: contract.delays.limited }])
  })

  it("5.5 500: 10 to 30 seconds", () => {
    expect(seconds(contract.delays.unavailable, 0)).toEqual([10, 10, 10, 10, 10, 10, 10])
    expect(Math.max(...seconds(contract.delays.unavailable, 1))).toBe(30)
  })

  it("ours: 1, 2, 4 … seconds after any other trouble, at most a minute; a request is sent at most 8 times", () => {
    expect(seconds(contract.delays.otherwise, 0)).toEqual([1, 2, 4, 8, 16, 32, 60])
    expect(contract.limits.sends).toBe(8)
  })

  it("5.6 no key: what may have started is not sent again", () => {
    expect(contract.idempotency).toEqual({ _tag: "Unkeyed" })
    expect(Contract.isRepeatable(contract)).toBe(false)
  })

  it("5.7 every 10 seconds, never sooner than 5; ten minutes in all", () => {
    expect(contract.cadence).toEqual({ _tag: "Interval", every: Duration.seconds(10), floor: Duration.seconds(5) })
    expect(contract.limits.wait).toEqual(Duration.minutes(10))
  })

  it("what no page offers is not offered: no cancelling, no retention, no address for support", () => {
    expect(contract).toMatchObject({ cancellation: "None", retention: { _tag: "Undocumented" } })
    expect(contract).not.toHaveProperty("support")
    expect(table.endpoints["generate"]).not.toHaveProperty("cancel")
  })

  it("5.0 the base is the page's", () => {
    expect(table.base).toBe("https://whisul.com/api")
  })
})

describe("verdicts", () => {
  const page = /^S004 "/
  const none = /^no page/
  it.each([
    ["submit", 400, "Rejected", "Invalid", page],
    ["submit", 401, "Rejected", "Unauthenticated", page],
    ["submit", 403, "Rejected", "Forbidden", none],
    ["submit", 404, "Rejected", "NotFound", none],
    ["submit", 408, "Uncertain", "Timeout", none],
    ["submit", 413, "Rejected", "TooLarge", none],
    ["submit", 429, "Rejected", "RateLimited", page],
    ["submit", 500, "Uncertain", "Internal", /C-WH-5/],
    ["submit", 503, "Uncertain", "Internal", /C-WH-5/],
    ["look", 401, "Unseen", "Unauthenticated", page],
    ["look", 403, "Unseen", "Forbidden", none],
    ["look", 404, "Lost", "NotFoundOrGone", page],
    ["look", 410, "Lost", "Gone", none],
    ["look", 429, "Unseen", "RateLimited", page],
    ["look", 500, "Unseen", "Unavailable", page],
    ["look", 501, "Unseen", "NotImplemented", none],
    ["look", 502, "Unseen", "Unavailable", /taken as 500 is/],
    ["settle", undefined, "Failed", "Unclassified", page],
  ] as const)("5.5 %s %s: %s, %s", (stage, status, truth, reason, source) => {
    const verdict = Verdict.judge(table.verdicts, { stage, ...(status === undefined ? {} : { status }) })
    expect(verdict).toMatchObject({ truth, reason: { _tag: reason } })
    expect(verdict.source).toMatch(source)
  })

  it("no code of a job means anything: none is documented", () => {
    const verdict = Verdict.judge(table.verdicts, { stage: "settle", code: "tos_violation" })
    expect(verdict.reason).toEqual({ _tag: "Unclassified" })
  })
})
