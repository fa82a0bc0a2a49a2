import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { developer, endUser, secret, Stage } from "@tenuto/core/Evidence"
import * as Contract from "@tenuto/core/Contract"
import * as Reason from "@tenuto/core/Reason"
import * as Remedy from "@tenuto/core/Remedy"
import * as Verdict from "@tenuto/http/Verdict"

const row = (
  stage: "submit" | "look",
  fields: Partial<Verdict.Row<"submit"> | Verdict.Row<"look">>,
  reason: Reason.Reason = { _tag: "Internal" },
): Verdict.Verdict => {
  const { code, status, truth } = fields
  const where = { ...(code === undefined ? {} : { code }), ...(status === undefined ? {} : { status }) }
  return stage === "submit"
    ? { stage, truth: truth === "Rejected" ? truth : "Uncertain", reason, source: "a page", ...where }
    : { stage, truth: truth === "Lost" ? truth : "Unseen", reason, source: "a page", ...where }
}
const refusals = new Set(Array.from({ length: 100 }, (_, index) => index + 400))
refusals.delete(408)
refusals.delete(499)
refusals.delete(409)
refusals.add(501) // RFC 9110, 15.6.2: the service has nothing to fulfil it with
const stages = Stage.literals
const statuses = [undefined, ...Array.from({ length: 500 }, (_, index) => index + 100)]
const codes = [undefined, "known", "unknown", "", "constructor", "__proto__"]
const retryAfter = Duration.seconds(30)
const second = Duration.seconds(1)
const contract = Contract.make({
  idempotency: { _tag: "Keyed", field: "key" },
  cadence: { _tag: "Interval", every: second, floor: second },
})

describe("laws", () => {
  it("judging is total: every stage, status and code has a truth that fits its stage and a reason that is one", () => {
    const isReason = Schema.is(Reason.Reason)
    const table = [
      row("look", { code: "known" }, { _tag: "Forbidden" }),
      row("submit", { status: 200, truth: "Rejected" }),
    ]
    const fits = {
      draft: ["Rejected"],
      submit: ["Rejected", "Uncertain"],
      look: ["Unseen", "Lost"],
      cancel: ["Unseen", "Lost"],
      download: ["Unseen", "Lost"],
      answer: ["Unseen", "Lost"],
      settle: ["Failed"],
    }
    for (const stage of stages) {
      for (const status of statuses) {
        for (const code of codes) {
          for (const hint of [{}, { retryAfter }]) {
            const seen = {
              stage,
              ...hint,
              ...(status === undefined ? {} : { status }),
              ...(code === undefined ? {} : { code }),
            }
            const { reason, truth } = Verdict.judge(table, seen)
            if (!fits[stage].includes(truth)) assert.fail(`${stage} ${status} ${code}: ${truth}`)
            if (!isReason(reason)) assert.fail(`${stage} ${status} ${code}: no reason`)
          }
        }
      }
    }
  })

  it("only a 4xx and a 501 prove by themselves that nothing was started, and none of 408, 409 and 499 does", () => {
    for (const status of statuses) {
      const { truth } = Verdict.judge([], { stage: "submit", ...(status === undefined ? {} : { status }) })
      assert.strictEqual(truth === "Rejected", status !== undefined && refusals.has(status), String(status))
    }
  })

  it("never sooner than asked: a hint is kept with every trouble that is done again by itself", () => {
    for (const stage of ["submit", "look", "cancel", "download"] as const) {
      for (const status of statuses) {
        const seen = { stage, retryAfter, ...(status === undefined ? {} : { status }) }
        const { reason, truth } = Verdict.judge([], seen)
        const remedy = Remedy.of({ _tag: truth, reason, evidence: Verdict.evidenceOf(seen) }, contract)
        if (Remedy.isAutomatic(remedy))
          assert.deepStrictEqual(Reason.retryAfter(reason), retryAfter, `${stage} ${status}`)
      }
    }
    for (const _tag of ["Internal", "Upstream", "Timeout"] as const) {
      const { reason } = Verdict.judge([row("look", {}, { _tag })], { stage: "look", status: 502, retryAfter })
      assert.deepStrictEqual(reason, { _tag: "Unavailable", retryAfter })
    }
  })

  it("a hint makes nothing sendable that was not: a refusal nobody can read stays unrecognised", () => {
    const { reason } = Verdict.judge([], { stage: "submit", status: 418, retryAfter })
    assert.deepStrictEqual(reason, { _tag: "Unrecognised", code: "418" })
  })
})

describe("a table", () => {
  it("is read from the top: the first row that matches wins", () => {
    const table = [
      row("look", { status: 404, code: "gone", truth: "Lost" }),
      row("look", { status: 404 }, { _tag: "Forbidden" }),
      row("look", { status: "4xx" }, { _tag: "Conflict" }),
    ]
    const tagOf = (seen: Omit<Verdict.Seen, "stage">) => {
      const { reason, truth } = Verdict.judge(table, { stage: "look", ...seen })
      return `${truth} ${reason._tag}`
    }
    assert.strictEqual(tagOf({ status: 404, code: "gone" }), "Lost Internal")
    assert.strictEqual(tagOf({ status: 404, code: "other" }), "Unseen Forbidden")
    assert.strictEqual(tagOf({ status: 404 }), "Unseen Forbidden")
    assert.strictEqual(tagOf({ status: 499 }), "Unseen Conflict")
    assert.strictEqual(tagOf({ status: 399 }), "Unseen Unrecognised")
    assert.strictEqual(tagOf({}), "Unseen Unclassified")
  })

  it("is asked about one stage at a time", () => {
    const table = [row("submit", { status: 404, truth: "Rejected" }, { _tag: "Forbidden" })]
    assert.strictEqual(Verdict.judge(table, { stage: "look", status: 404 }).truth, "Lost")
  })
})

describe("a table without rows", () => {
  const table: ReadonlyArray<readonly [number, string, string]> = [
    [401, "Rejected Unauthenticated Authenticate", "Unseen Unauthenticated Authenticate"],
    [403, "Rejected Forbidden Authenticate", "Unseen Forbidden Authenticate"],
    [404, "Rejected NotFound FixRequest", "Lost NotFoundOrGone Escalate"],
    [405, "Rejected NotImplemented Escalate", "Unseen NotImplemented Escalate"],
    [408, "Uncertain Timeout Resend", "Unseen Timeout Look"],
    [410, "Rejected Gone StartAnew", "Lost Gone Escalate"],
    [413, "Rejected TooLarge FixRequest", "Unseen TooLarge FixRequest"],
    [429, "Rejected RateLimited Resend", "Unseen RateLimited Look"],
    [501, "Rejected NotImplemented Escalate", "Unseen NotImplemented Escalate"],
    [503, "Uncertain Unavailable Resend", "Unseen Unavailable Look"],
  ]
  const told = (
    stage: "submit" | "look" | "cancel" | "download",
    status: number,
    rows: ReadonlyArray<Verdict.Verdict>,
  ) => {
    const { reason, source, truth } = Verdict.judge(rows, { stage, status })
    const remedy = Remedy.of({ _tag: truth, reason, evidence: { stage, status } }, contract)
    assert.match(source, /^RFC (9110|6585), \d/)
    return `${truth} ${reason._tag} ${remedy._tag}`
  }
  for (const [status, submitted, looked] of table) {
    it(`takes ${status} for what HTTP means by it: ${submitted} at submit, ${looked} at look`, () => {
      assert.strictEqual(told("submit", status, []), submitted)
      for (const stage of ["look", "cancel", "download"] as const) {
        assert.strictEqual(told(stage, status, [row("submit", { status })]), looked)
      }
    })
  }

  it("is what a row of the service's own replaces, for a status or for its class", () => {
    const own = { _tag: "Upstream" } as const
    for (const status of [404, "4xx"] as const) {
      assert.deepStrictEqual(Verdict.judge([row("look", { status }, own)], { stage: "look", status: 404 }).reason, own)
    }
  })
})

describe("what is found out at run time is filled in", () => {
  const filled = (reason: Reason.Reason, seen: Omit<Verdict.Seen, "stage">) =>
    Verdict.judge([row("look", {}, reason)], { stage: "look", ...seen }).reason

  it("a hint", () => {
    assert.deepStrictEqual(filled({ _tag: "RateLimited" }, { retryAfter }), { _tag: "RateLimited", retryAfter })
    assert.deepStrictEqual(filled({ _tag: "Unavailable" }, { retryAfter }), { _tag: "Unavailable", retryAfter })
    const own = { _tag: "RateLimited", retryAfter: Duration.seconds(9) } as const
    assert.deepStrictEqual(filled(own, {}), own)
  })

  it("issues", () => {
    const issues = [{ path: ["lyrics"], message: "too long" }]
    const own = [{ path: ["method"], message: "another verb" }]
    assert.deepStrictEqual(filled({ _tag: "Invalid", issues: [] }, { issues }), { _tag: "Invalid", issues })
    assert.deepStrictEqual(filled({ _tag: "Invalid", issues: own }, {}), { _tag: "Invalid", issues: own })
  })

  it("an unknown code, else the status; what has neither does not say why", () => {
    const unknown = { _tag: "Unrecognised", code: "" } as const
    assert.deepStrictEqual(filled(unknown, { status: 418, code: "teapot" }), { _tag: "Unrecognised", code: "teapot" })
    assert.deepStrictEqual(filled(unknown, { status: 418 }), { _tag: "Unrecognised", code: "418" })
    assert.deepStrictEqual(filled(unknown, {}), { _tag: "Unclassified" })
  })

  it("a replacement, but never from a secret text", () => {
    const retired = { _tag: "Retired" } as const
    assert.deepStrictEqual(filled(retired, { message: developer("use v2") }), {
      _tag: "Retired",
      replacement: "use v2",
    })
    assert.deepStrictEqual(filled(retired, { message: endUser("use v3") }), { _tag: "Retired", replacement: "use v3" })
    assert.deepStrictEqual(filled(retired, { message: secret("sk_live_1") }), retired)
    assert.deepStrictEqual(filled(retired, {}), retired)
  })
})

it("evidence holds what was seen, and a secret text without its words", () => {
  const seen = {
    stage: "look",
    status: 500,
    code: "x",
    message: secret("sk_live_1"),
    also: { run: "r1" },
    retryAfter,
  } as const
  const evidence = Verdict.evidenceOf(seen, "req_1")
  assert.deepStrictEqual(Object.keys(evidence).toSorted(), ["also", "code", "message", "requestId", "stage", "status"])
  assert.notInclude(JSON.stringify(evidence), "sk_live_1")
  assert.deepStrictEqual(Verdict.evidenceOf({ stage: "submit" }), { stage: "submit" })
})
