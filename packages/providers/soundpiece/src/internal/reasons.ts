/** What the service's answers mean, row by row with the page that says so. */
import type { Reason } from "@tenuto/core/Reason"
import type { Row, Verdict } from "@tenuto/http/Verdict"

const invalid: Reason = { _tag: "Invalid", issues: [] }
const wrongVerb: Reason = { _tag: "Invalid", issues: [{ path: ["method"], message: "this route takes another verb" }] }
const noEndpoint: Reason = { _tag: "NotFound", what: "endpoint" }

type Refusal = readonly [number | "4xx" | "5xx", Row<"submit">["truth"], Reason, source: string]

/** S000 "Status reference" at submit: 4xx never started; 5xx may have, and the key makes sending again safe. */
const refusals: ReadonlyArray<Refusal> = [
  [400, "Rejected", invalid, 'S000 "400 Bad Request"'],
  [401, "Rejected", { _tag: "Unauthenticated" }, 'S000 "401 … Don\'t retry"'],
  [403, "Rejected", { _tag: "Forbidden" }, "no page; what HTTP means by it"],
  [404, "Rejected", noEndpoint, 'S000 "Entity-not-found … is reported as a 422 … not a 404"'],
  [405, "Rejected", wrongVerb, 'S000 "405 Method Not Allowed"'],
  [408, "Uncertain", { _tag: "Timeout" }, "no page; whoever lost patience may have acted first"],
  [410, "Rejected", { _tag: "Retired" }, 'S000 "The detail field points to the replacement"'],
  [422, "Rejected", invalid, 'S000 "422 Unprocessable Entity"'],
  [429, "Rejected", { _tag: "RateLimited" }, 'S000 "back off using Retry-After, then send the same key again"'],
  ["4xx", "Rejected", invalid, 'S000 "4xx — fix your request"'],
  [503, "Uncertain", { _tag: "Unavailable" }, 'S000 "5xx … Retry safely"'],
  ["5xx", "Uncertain", { _tag: "Internal" }, 'S000 "5xx … Retry safely"'],
]

const submit = refusals.map(([status, truth, reason, source]): Verdict => ({
  stage: "submit",
  status,
  truth,
  reason,
  source,
}))

/** T-SP-1: at a look 422 means that there is no such operation. */
const unknown: Verdict = {
  stage: "look",
  status: 422,
  truth: "Lost",
  reason: { _tag: "NotFound", what: "operation" },
  source: 'S000 "a referenced entity (operation id etc.) wasn\'t found"',
}

/** Any other status says the same of a look, and nothing of the work. */
const look = refusals.map(([status, , reason, source]): Verdict =>
  status === 422 ? unknown : { stage: "look", status, truth: "Unseen", reason, source },
)

/** S000 "Operation-level failures". A code that is not here stays `Unrecognised`: it could be a refusal (T-SP-3). */
const failures: ReadonlyArray<readonly [code: string, Reason, source: string]> = [
  ["internal_error", { _tag: "Internal" }, 'S000 "Generic failure"'],
  ["generation_timeout", { _tag: "Timeout" }, 'S000 "took longer than our hard timeout"'],
  ["quota_exceeded", { _tag: "QuotaExhausted" }, 'S000 "out of monthly capacity"'],
  ["source_unreachable", { _tag: "SourceUnusable", problem: "Unreachable" }, 'S000 "We couldn\'t fetch the URL"'],
  [
    "source_format_unsupported",
    { _tag: "SourceUnusable", problem: "FormatUnsupported" },
    'S000 "we accept wav, mp3, flac"',
  ],
  ["source_too_short", { _tag: "SourceUnusable", problem: "TooShort" }, 'S000 "typically under 10 seconds"'],
  ["source_too_long", { _tag: "SourceUnusable", problem: "TooLong" }, 'S000 "exceeds the maximum length"'],
  ["tos_violation", { _tag: "PolicyViolation" }, 'S000 "rejected by our content policy"'],
  ["content_policy", { _tag: "PolicyViolation" }, 'S001 "content_policy" (C-SP-1: the same as tos_violation)'],
]

const settle = failures.map(([code, reason, source]): Verdict => ({
  stage: "settle",
  code,
  truth: "Failed",
  reason,
  source,
}))

export const verdicts: ReadonlyArray<Verdict> = [...submit, ...look, ...settle]

const common = ["internal_error", "generation_timeout", "quota_exceeded"] as const
const sourced = ["source_unreachable", "source_format_unsupported", "source_too_short", "source_too_long"] as const

/** Which codes a song documents; it may have a reference: contract 2.6. */
export const song = [...common, ...sourced, "tos_violation", "content_policy"] as const
/** Which codes a route documents that may have a reference. */
export const referenced = [...common, ...sourced, "tos_violation"] as const
/** Which codes a route documents that makes something from a prompt. */
export const generated = [...common, "tos_violation"] as const
/** Which codes a route documents that adapts a source. */
export const adapted = [...common, ...sourced] as const
