/** What the service's answers mean, row by row with the page that says so. */
import type { Reason } from "@tenuto/core/Reason"
import type { Row, Verdict } from "@tenuto/http/Verdict"

const invalid: Reason = { _tag: "Invalid", issues: [] }
const upstream: Reason = { _tag: "Upstream" }

/**
 * Sentences that mean something of their own. The service has no codes (contract 4.5), so what such a sentence begins
 * with stands in a code's place: the table stays a table.
 */
export const sentences = { undownloaded: "Failed to download audio" } as const

/** What a sentence of the service stands for in the table, when it stands for something. */
export const codeOf = (sentence: string): string | undefined =>
  Object.values(sentences).find((beginning) => sentence.startsWith(beginning))

interface Refusal<Truth> {
  readonly status: number | "5xx"
  readonly code?: string
  readonly truth: Truth
  readonly reason: Reason
  readonly source: string
}

/**
 * At a submit. Nothing recognises a request that comes twice, so only what is known to come before a project is created
 * is a rejection; all else may have created one (T-HD-1). Other 4xx are on no page: the careful reading holds.
 */
const submit: ReadonlyArray<Refusal<Row<"submit">["truth"]>> = [
  { status: 400, truth: "Rejected", reason: invalid, source: 'S003 "400 … Missing required field, invalid JSON"' },
  {
    status: 401,
    truth: "Rejected",
    reason: { _tag: "Unauthenticated" },
    source: 'S003 "401 … invalid key, revoked key"',
  },
  {
    status: 403,
    truth: "Rejected",
    reason: { _tag: "NotFound", what: "template" },
    source: 'S003 "403 … templateId not found or not accessible with this key" (T-HD-5: it is not about the key)',
  },
  {
    status: 404,
    truth: "Rejected",
    reason: { _tag: "NotFound", what: "endpoint" },
    source: 'S003 "404 … Project not found": there is none yet, so it is what HTTP means by it',
  },
  {
    status: 408,
    truth: "Uncertain",
    reason: { _tag: "Timeout" },
    source: "no page; whoever lost patience may have acted first",
  },
  {
    status: 422,
    truth: "Rejected",
    reason: invalid,
    source:
      'S003 "422 … No template available for the requested project type"; also a job that is not in the job sheet',
  },
  { status: 429, truth: "Rejected", reason: { _tag: "RateLimited" }, source: 'S003 "429 … Rate limit exceeded"' },
  {
    status: 502,
    code: sentences.undownloaded,
    truth: "Rejected",
    reason: { _tag: "SourceUnusable", problem: "Unreachable" },
    source: 'S003 "502 … Failed to download audio from audioUrl"; the project comes after the download',
  },
  {
    status: 502,
    truth: "Uncertain",
    reason: upstream,
    source: "no page; without that sentence it is a gateway, which may have passed the request on (T-HD-3)",
  },
  {
    status: 503,
    truth: "Uncertain",
    reason: { _tag: "Unavailable" },
    source: "no page; what answers so may have acted first",
  },
  { status: "5xx", truth: "Uncertain", reason: { _tag: "Internal" }, source: 'S003 "500 … Unexpected server error"' },
]

/** At a look nothing is said of the work, unless there is none. */
const look: ReadonlyArray<Refusal<Row<"look">["truth"]>> = [
  { status: 400, truth: "Unseen", reason: invalid, source: 'S003 "400 … invalid ID format"' },
  { status: 401, truth: "Unseen", reason: { _tag: "Unauthenticated" }, source: 'S003 "401 … revoked key"' },
  {
    status: 403,
    truth: "Unseen",
    reason: { _tag: "Forbidden" },
    source: "S003 says 403 of templates only, and no template is asked for here: what HTTP means by it",
  },
  {
    status: 404,
    truth: "Lost",
    reason: { _tag: "NotFound", what: "project" },
    source: 'S003 "404 … Project not found or not accessible with this key"',
  },
  { status: 410, truth: "Lost", reason: { _tag: "Gone" }, source: "no page; what HTTP means by it" },
  {
    status: 429,
    truth: "Unseen",
    reason: { _tag: "RateLimited" },
    source: 'S003 "intentionally not rate-limited": should it come all the same, it is waited out',
  },
  { status: 501, truth: "Unseen", reason: { _tag: "NotImplemented" }, source: "no page; what HTTP means by it" },
  { status: 502, truth: "Unseen", reason: upstream, source: "no page; a gateway" },
  { status: 503, truth: "Unseen", reason: { _tag: "Unavailable" }, source: "no page; it passes" },
  { status: "5xx", truth: "Unseen", reason: { _tag: "Internal" }, source: 'S003 "500 … Unexpected server error"' },
]

/** No page shows a code, or any text, of work that failed (contract 4.4). */
const settle: Verdict = {
  stage: "settle",
  truth: "Failed",
  reason: { _tag: "Unclassified" },
  source: 'S003 "Terminal states: completed or failed"; no page says more of a failure',
}

export const verdicts: ReadonlyArray<Verdict> = [
  ...submit.map((row): Verdict => ({ stage: "submit", ...row })),
  ...look.map((row): Verdict => ({ stage: "look", ...row })),
  settle,
]
