/** What the service's answers mean, row by row with the page that says so. */
import type { Reason } from "@tenuto/core/Reason"
import type { Verdict } from "@tenuto/http/Verdict"

const invalid: Reason = { _tag: "Invalid", issues: [] }
const wrongVerb: Reason = { _tag: "Invalid", issues: [{ path: ["method"], message: "this route takes another verb" }] }
const unusable = (problem: Extract<Reason, { readonly _tag: "SourceUnusable" }>["problem"]): Reason => ({
  _tag: "SourceUnusable",
  problem,
})

/** S000 "Status reference" at submit: 4xx never started; 5xx may have, and the key makes sending again safe. */
const submit: ReadonlyArray<Verdict> = [
  { stage: "submit", status: 400, truth: "Rejected", reason: invalid, source: 'S000 "400 Bad Request"' },
  {
    stage: "submit",
    status: 401,
    truth: "Rejected",
    reason: { _tag: "Unauthenticated" },
    source: 'S000 "401 … Don\'t retry"',
  },
  {
    stage: "submit",
    status: 403,
    truth: "Rejected",
    reason: { _tag: "Forbidden" },
    source: "no page; what HTTP means by it",
  },
  {
    stage: "submit",
    status: 404,
    truth: "Rejected",
    reason: { _tag: "NotFound", what: "endpoint" },
    source: 'S000 "Only returned when the endpoint URL itself doesn\'t exist"',
  },
  { stage: "submit", status: 405, truth: "Rejected", reason: wrongVerb, source: 'S000 "405 Method Not Allowed"' },
  {
    stage: "submit",
    status: 410,
    truth: "Rejected",
    reason: { _tag: "Retired" },
    source: 'S000 "The detail field points to the replacement"',
  },
  { stage: "submit", status: 422, truth: "Rejected", reason: invalid, source: 'S000 "422 Unprocessable Entity"' },
  {
    stage: "submit",
    status: 429,
    truth: "Rejected",
    reason: { _tag: "RateLimited" },
    source: 'S000 "back off using Retry-After, then send the same key again"',
  },
  { stage: "submit", status: "4xx", truth: "Rejected", reason: invalid, source: 'S000 "4xx — fix your request"' },
  {
    stage: "submit",
    status: 503,
    truth: "Uncertain",
    reason: { _tag: "Unavailable" },
    source: 'S000 "5xx … Retry safely"',
  },
  {
    stage: "submit",
    status: "5xx",
    truth: "Uncertain",
    reason: { _tag: "Internal" },
    source: 'S000 "5xx … Retry safely"',
  },
]

/** The same statuses at a look say nothing about the operation, except 422: no such operation (T-SP-1). */
const look: ReadonlyArray<Verdict> = [
  { stage: "look", status: 400, truth: "Unseen", reason: invalid, source: 'S000 "400 Bad Request"' },
  {
    stage: "look",
    status: 401,
    truth: "Unseen",
    reason: { _tag: "Unauthenticated" },
    source: 'S000 "401 … Don\'t retry"',
  },
  {
    stage: "look",
    status: 403,
    truth: "Unseen",
    reason: { _tag: "Forbidden" },
    source: "no page; what HTTP means by it",
  },
  {
    stage: "look",
    status: 404,
    truth: "Unseen",
    reason: { _tag: "NotFound", what: "endpoint" },
    source: 'S000 "Entity-not-found … is reported as a 422 … not a 404"',
  },
  { stage: "look", status: 405, truth: "Unseen", reason: wrongVerb, source: 'S000 "405 Method Not Allowed"' },
  { stage: "look", status: 410, truth: "Unseen", reason: { _tag: "Retired" }, source: 'S000 "410 Gone"' },
  {
    stage: "look",
    status: 422,
    truth: "Lost",
    reason: { _tag: "NotFound", what: "operation" },
    source: 'S000 "a referenced entity (operation id etc.) wasn\'t found"',
  },
  {
    stage: "look",
    status: 429,
    truth: "Unseen",
    reason: { _tag: "RateLimited" },
    source: 'S000 "Read the Retry-After header (seconds) and back off"',
  },
  { stage: "look", status: "4xx", truth: "Unseen", reason: invalid, source: 'S000 "4xx — fix your request"' },
  {
    stage: "look",
    status: 503,
    truth: "Unseen",
    reason: { _tag: "Unavailable" },
    source: 'S000 "5xx Transient server-side issue"',
  },
  {
    stage: "look",
    status: "5xx",
    truth: "Unseen",
    reason: { _tag: "Internal" },
    source: 'S000 "5xx Transient server-side issue"',
  },
]

/** S000 "Operation-level failures". A code that is not here stays `Unrecognised`: it could be a refusal (T-SP-3). */
const settle: ReadonlyArray<Verdict> = [
  {
    stage: "settle",
    code: "internal_error",
    truth: "Failed",
    reason: { _tag: "Internal" },
    source: 'S000 "Generic failure"',
  },
  {
    stage: "settle",
    code: "generation_timeout",
    truth: "Failed",
    reason: { _tag: "Timeout" },
    source: 'S000 "took longer than our hard timeout"',
  },
  {
    stage: "settle",
    code: "quota_exceeded",
    truth: "Failed",
    reason: { _tag: "QuotaExhausted" },
    source: 'S000 "out of monthly capacity"',
  },
  {
    stage: "settle",
    code: "source_unreachable",
    truth: "Failed",
    reason: unusable("Unreachable"),
    source: 'S000 "We couldn\'t fetch the URL"',
  },
  {
    stage: "settle",
    code: "source_format_unsupported",
    truth: "Failed",
    reason: unusable("FormatUnsupported"),
    source: 'S000 "we accept wav, mp3, flac"',
  },
  {
    stage: "settle",
    code: "source_too_short",
    truth: "Failed",
    reason: unusable("TooShort"),
    source: 'S000 "typically under 10 seconds"',
  },
  {
    stage: "settle",
    code: "source_too_long",
    truth: "Failed",
    reason: unusable("TooLong"),
    source: 'S000 "exceeds the maximum length"',
  },
  {
    stage: "settle",
    code: "tos_violation",
    truth: "Failed",
    reason: { _tag: "PolicyViolation" },
    source: 'S000 "rejected by our content policy"',
  },
  {
    stage: "settle",
    code: "content_policy",
    truth: "Failed",
    reason: { _tag: "PolicyViolation" },
    source: 'S001 "content_policy" (C-SP-1: the same as tos_violation)',
  },
]

export const verdicts: ReadonlyArray<Verdict> = [...submit, ...look, ...settle]

const common = ["internal_error", "generation_timeout", "quota_exceeded"] as const
const sourced = ["source_unreachable", "source_format_unsupported", "source_too_short", "source_too_long"] as const

/** Which codes which routes document: contract 2.6. */
export const codes = {
  song: [...common, ...sourced, "tos_violation", "content_policy"],
  referenced: [...common, ...sourced, "tos_violation"],
  generated: [...common, "tos_violation"],
  adapted: [...common, ...sourced],
} as const
