import { describe, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Contract from "@tenuto/core/Contract"
import type * as Failure from "@tenuto/core/Failure"
import * as Reason from "@tenuto/core/Reason"
import * as Remedy from "@tenuto/core/Remedy"
import { contract, hum } from "./choir.ts"

const truths = [
  "Rejected",
  "Uncertain",
  "Unseen",
  "Failed",
  "Overdue",
  "InputRequired",
  "Cancelled",
  "Expired",
  "Lost",
] as const
type Row = readonly [keyed: string, unkeyed: string]
/** What each reason comes to: after a rejection, an unseen look and a failure. The other truths need no reason. */
const passing = ["Resend", "Look", "StartAnew"] as const
const table: Readonly<Record<Reason.Tag, readonly [rejected: string, unseen: string, failed: string]>> = {
  Unreachable: passing,
  RateLimited: passing,
  Unavailable: passing,
  Timeout: passing,
  Upstream: passing,
  Internal: passing,
  Malformed: ["Escalate", "Look", "Escalate"],
  Unrecognised: ["Escalate", "Look", "Escalate"],
  Unauthenticated: ["Authenticate", "Authenticate", "Authenticate"],
  Forbidden: ["Authenticate", "Authenticate", "Authenticate"],
  Unpaid: ["Pay", "Pay", "Pay"],
  QuotaExhausted: ["Pay", "Pay", "Pay"],
  InputRequired: ["FixRequest", "FixRequest", "FixRequest"],
  Invalid: ["FixRequest", "FixRequest", "FixRequest"],
  NotFound: ["FixRequest", "FixRequest", "FixRequest"],
  Conflict: ["FixRequest", "FixRequest", "FixRequest"],
  TooLarge: ["FixRequest", "FixRequest", "FixRequest"],
  PolicyViolation: ["FixRequest", "FixRequest", "FixRequest"],
  SourceUnusable: ["FixRequest", "FixRequest", "FixRequest"],
  Retired: ["Migrate", "Migrate", "Migrate"],
  Gone: ["StartAnew", "StartAnew", "StartAnew"],
  NotFoundOrGone: ["FixRequest", "FixRequest", "FixRequest"],
  UpgradeRequired: ["Resend", "FixRequest", "FixRequest"],
  Unclassified: ["Escalate", "Look", "StartAnew"],
  NotImplemented: ["Escalate", "Escalate", "Escalate"],
  KeyExpired: ["Escalate", "Escalate", "Escalate"],
}

const reasons: Readonly<Record<Reason.Tag, Reason.Reason>> = {
  Unreachable: { _tag: "Unreachable", problem: "refused" },
  RateLimited: { _tag: "RateLimited" },
  Unavailable: { _tag: "Unavailable" },
  Timeout: { _tag: "Timeout" },
  Upstream: { _tag: "Upstream" },
  Internal: { _tag: "Internal" },
  Malformed: { _tag: "Malformed", problem: "not JSON" },
  Unrecognised: { _tag: "Unrecognised", code: "E99" },
  Unauthenticated: { _tag: "Unauthenticated" },
  Forbidden: { _tag: "Forbidden" },
  Unpaid: { _tag: "Unpaid" },
  QuotaExhausted: { _tag: "QuotaExhausted" },
  InputRequired: { _tag: "InputRequired" },
  Invalid: { _tag: "Invalid", issues: [{ path: ["song", 1], message: "too long" }] },
  NotFound: { _tag: "NotFound", what: "song" },
  Conflict: { _tag: "Conflict" },
  TooLarge: { _tag: "TooLarge" },
  PolicyViolation: { _tag: "PolicyViolation" },
  SourceUnusable: { _tag: "SourceUnusable", problem: "TooShort" },
  Retired: { _tag: "Retired", replacement: "v2/sing" },
  Gone: { _tag: "Gone" },
  NotFoundOrGone: { _tag: "NotFoundOrGone", what: "song" },
  UpgradeRequired: { _tag: "UpgradeRequired", changes: { async: true } },
  Unclassified: { _tag: "Unclassified" },
  NotImplemented: { _tag: "NotImplemented" },
  KeyExpired: { _tag: "KeyExpired" },
}

const expected = (truth: Failure.Tag, tag: Reason.Tag): Row => {
  const [rejected, unseen, failed] = table[tag]
  const rows: Readonly<Record<Failure.Tag, Row>> = {
    Rejected: [rejected, rejected],
    Uncertain: [tag === "KeyExpired" ? "Reconcile" : "Resend", "Reconcile"],
    Unseen: [unseen, unseen],
    Failed: [failed, failed],
    Overdue: ["Look", "Look"],
    InputRequired: ["Answer", "Answer"],
    Cancelled: ["StartAnew", "StartAnew"],
    Expired: ["StartAnew", "StartAnew"],
    Lost: ["Escalate", "Escalate"],
  }
  return rows[truth]
}

const of = (truth: Failure.Tag, reason: Reason.Reason, promises: Contract.Contract) =>
  Remedy.of({ _tag: truth, reason, evidence: { stage: "submit" } }, promises)

describe("laws", () => {
  it("never twice by accident: without a key only what never started is sent again by itself", () => {
    for (const truth of truths) {
      for (const reason of Object.values(reasons)) {
        if (of(truth, reason, hum.contract)._tag === "Resend") expect(truth).toBe("Rejected")
      }
    }
  })

  it("an answer is the caller's: it is never given by itself", () => {
    for (const reason of Object.values(reasons)) {
      expect(Remedy.isAutomatic(of("InputRequired", reason, contract))).toBe(false)
    }
  })

  it("starting anew is never automatic", () => {
    for (const truth of ["Failed", "Cancelled", "Expired", "Lost"] as const) {
      for (const reason of Object.values(reasons)) {
        expect(Remedy.isAutomatic(of(truth, reason, contract))).toBe(false)
      }
    }
  })
})

describe("a remedy", () => {
  for (const truth of truths) {
    it(`of ${truth} is known for every reason`, () => {
      for (const reason of Object.values(reasons)) {
        const remedies = [of(truth, reason, contract)._tag, of(truth, reason, hum.contract)._tag]
        expect([reason._tag, ...remedies]).toEqual([reason._tag, ...expected(truth, reason._tag)])
      }
    })
  }

  it("carries what is needed: the pause, the key, the reference, the replacement, the report", () => {
    const retryAfter = Duration.seconds(30)
    expect(of("Rejected", { _tag: "RateLimited", retryAfter }, contract)).toEqual({
      _tag: "Resend",
      after: retryAfter,
      sameKey: true,
    })
    expect(of("Rejected", { _tag: "RateLimited" }, hum.contract)).toMatchObject({
      after: Duration.zero,
      sameKey: false,
    })
    expect(of("Overdue", { _tag: "Unavailable", retryAfter }, contract)).toEqual({ _tag: "Look", after: retryAfter })
    expect(of("Rejected", reasons.Retired, contract)).toEqual({ _tag: "Migrate", to: "v2/sing" })
    const doubt = {
      _tag: "Uncertain",
      reason: reasons.Timeout,
      evidence: { stage: "submit" },
      reference: "mine",
    } as const
    expect(Remedy.of(doubt, hum.contract)).toEqual({ _tag: "Reconcile", by: "mine" })
    const promises = Contract.make({ ...contract, support: "help@choir.test" })
    const lost = { _tag: "Lost", reason: reasons.Gone, evidence: { stage: "look", requestId: "r-1" } } as const
    expect(Remedy.of(lost, promises)).toEqual({
      _tag: "Escalate",
      report: "report to help@choir.test; it existed and is gone; request r-1",
    })
  })
})

describe("a reason", () => {
  it("is said in words, each in its own", () => {
    const words = Object.values(reasons).map((reason) => Reason.describe(reason))
    expect(new Set(words).size).toBe(words.length)
    expect(Reason.describe(reasons.Invalid)).toContain("song.1: too long")
    expect(words.every((text) => text.length > 10)).toBe(true)
  })

  it("knows a request to wait where there can be one", () => {
    const retryAfter = Duration.seconds(3)
    expect(Reason.retryAfter({ _tag: "Unavailable", retryAfter })).toEqual(retryAfter)
    expect(Object.values(reasons).map((reason) => Reason.retryAfter(reason))).toEqual(
      Object.values(reasons).map(() => undefined),
    )
  })
})
