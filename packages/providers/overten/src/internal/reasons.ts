/** What the service's answers mean, row by row with the page that says so. */
import type { Reason } from "@tenuto/core/Reason"
import type { Row, Verdict } from "@tenuto/http/Verdict"

const invalid: Reason = { _tag: "Invalid", issues: [] }
const upgrade: Reason = { _tag: "UpgradeRequired", changes: { async: true } }

type Told = readonly [status: number, code: string, truth: Row<"submit">["truth"], reason: Reason, source: string]

/**
 * S002 "HTTP status codes" and "Error codes", at submit. Which code comes with which status is inferred, except for 400
 * and 402: so a code counts with any status of its class, and a status without a known code counts by itself.
 */
const told: ReadonlyArray<Told> = [
  [400, "invalid_request", "Rejected", invalid, 'S002 "Missing required field, bad enum value"'],
  [400, "preflight_failed", "Rejected", invalid, 'S002 "LLM validator rejected (missing assets)"'],
  [401, "invalid_api_key", "Rejected", { _tag: "Unauthenticated" }, 'S002 "Missing, malformed, or revoked sk_live_*"'],
  [402, "insufficient_credits", "Rejected", { _tag: "Unpaid" }, 'S002 "Org balance below the format\'s minimum"'],
  [403, "forbidden", "Rejected", { _tag: "Forbidden" }, 'S002 "Key OK but lacks permission"'],
  [
    404,
    "not_found",
    "Rejected",
    { _tag: "NotFound", what: "run, file or image in this organisation" },
    'S002 "ID doesn\'t exist OR belongs to another org"',
  ],
  [408, "sync_timeout_upgrade_async", "Rejected", upgrade, 'S002 "Resubmit with async: true; poll /tasks/{id}"'],
  [
    409,
    "conflict",
    "Rejected",
    { _tag: "Conflict", over: "KeyOrState" },
    'S002 "Idempotency key reused with different body, or resource in wrong state"',
  ],
  [410, "gone", "Rejected", { _tag: "Gone" }, 'S002 "Resource expired (30-day retention)"'],
  [413, "payload_too_large", "Rejected", { _tag: "TooLarge" }, 'S002 "File exceeds tier limit"'],
  [422, "validation_error", "Rejected", invalid, 'S002 "Pydantic field-level error"'],
  [
    429,
    "rate_limit_exceeded",
    "Rejected",
    { _tag: "RateLimited" },
    'S002 "Retry after the Retry-After header seconds"',
  ],
  [
    500,
    "internal_error",
    "Uncertain",
    { _tag: "Internal" },
    'S002 "Unhandled server exception"; no page says to retry',
  ],
  [
    501,
    "not_implemented",
    "Rejected",
    { _tag: "NotImplemented" },
    'S002 "the feature isn\'t available … Contact support"',
  ],
  [502, "upstream_error", "Uncertain", { _tag: "Upstream" }, 'S002 "Retry with exponential backoff"'],
  [503, "service_unavailable", "Rejected", { _tag: "Unavailable" }, 'S002 "Pool saturated … Retry after 30-60s"'],
]

const classOf = (status: number) => (status < 500 ? "4xx" : "5xx")

/**
 * T-OV-2: S002 wants the names of a run and a task taken "from any response (successful or not)", so where an answer that
 * may have left work behind names it, the work is adopted and not asked for again.
 */
const adopting = (status: number) => ([408, 500, 502].includes(status) ? { adopts: true } : {})

const byCode = told.map(([status, code, truth, reason, source]): Verdict => ({
  ...adopting(status),
  stage: "submit",
  status: classOf(status),
  code,
  truth,
  reason,
  source,
}))

const byStatus = told.map(([status, , truth, reason, source]): Verdict => {
  const row = { stage: "submit", status, truth, reason, source, ...adopting(status) } as const
  // S002 "response tells you to retry async": one that does not may come from whoever stands between.
  if (status !== 408) return row
  return {
    ...row,
    truth: "Uncertain",
    reason: { _tag: "Timeout" },
    source: "no page; whoever lost patience may have acted",
  }
})

/** What the same answer says to a question about work that was taken: nothing of the work, except that it is gone. */
const asked = (stage: "look" | "download") =>
  told.flatMap(([status, code, , refusal, source]): ReadonlyArray<Verdict> => {
    const isLost = status === 404 || status === 410
    const reason: Reason =
      status === 404
        ? { _tag: "NotFound", what: stage === "look" ? "task in this organisation" : "run in this organisation" }
        : status === 408
          ? { _tag: "Timeout" }
          : status === 409
            ? { _tag: "Conflict", over: "State" }
            : refusal
    const row = { stage, truth: isLost ? "Lost" : "Unseen", reason, source } as const
    return [
      { ...row, status: classOf(status), code },
      { ...row, status },
    ]
  })

/** Codes first: the first row that matches wins. */
const codesFirst = (rows: ReadonlyArray<Verdict>) => [
  ...rows.filter(({ code }) => code !== undefined),
  ...rows.filter(({ code }) => code === undefined),
]

/**
 * Codes a task may fail with. S002 says that the task "carries the structured failure" and shows no code of it: these are
 * the page's own that can be about work that was taken (I). Any other stays `Unrecognised`.
 */
export const failures = [
  "internal_error",
  "upstream_error",
  "service_unavailable",
  "insufficient_credits",
  "preflight_failed",
  "not_implemented",
] as const

const settle = told
  .filter(([, code]) => failures.some((known) => known === code))
  .map(([, code, , reason, source]): Verdict => ({ stage: "settle", code, truth: "Failed", reason, source }))

export const verdicts: ReadonlyArray<Verdict> = [
  ...byCode,
  ...byStatus,
  ...codesFirst(asked("look")),
  ...codesFirst(asked("download")),
  ...settle,
]
