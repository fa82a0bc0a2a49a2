/** What the service's answers mean, row by row with the page that says so. */
import type { Reason } from "@tenuto/core/Reason"
import type { Verdict } from "@tenuto/http/Verdict"

const http = "no page; what HTTP means by it"
const noEndpoint: Reason = { _tag: "NotFound", what: "endpoint" }

/** S004 "POST /generate". A key is not offered, so what may have started is never sent again (contract 5.6). */
const submit: ReadonlyArray<Verdict> = [
  {
    stage: "submit",
    status: 400,
    truth: "Rejected",
    reason: { _tag: "Invalid", issues: [] },
    source: 'S004 "rejected your request before any job was created"',
  },
  {
    stage: "submit",
    status: 401,
    truth: "Rejected",
    reason: { _tag: "Unauthenticated" },
    source: 'S004 "Your API key was missing, invalid, or expired"',
  },
  { stage: "submit", status: 403, truth: "Rejected", reason: { _tag: "Forbidden" }, source: http },
  { stage: "submit", status: 404, truth: "Rejected", reason: noEndpoint, source: http },
  { stage: "submit", status: 408, truth: "Uncertain", reason: { _tag: "Timeout" }, source: http },
  { stage: "submit", status: 413, truth: "Rejected", reason: { _tag: "TooLarge" }, source: http },
  {
    stage: "submit",
    status: 429,
    truth: "Rejected",
    reason: { _tag: "RateLimited" },
    source: 'S004 "Back off and retry after a delay"',
  },
  {
    stage: "submit",
    status: "5xx",
    truth: "Uncertain",
    reason: { _tag: "Internal" },
    source: "no page (C-WH-5: S004 lists 500 under GET only); it may have acted first",
  },
]

/** S004 "GET /jobs/": whatever is said of a look says nothing of the job, except that there is none. */
const look: ReadonlyArray<Verdict> = [
  {
    stage: "look",
    status: 401,
    truth: "Unseen",
    reason: { _tag: "Unauthenticated" },
    source: 'S004 "Every request … must include your API key" (not listed under GET)',
  },
  { stage: "look", status: 403, truth: "Unseen", reason: { _tag: "Forbidden" }, source: http },
  {
    stage: "look",
    status: 404,
    truth: "Lost",
    reason: { _tag: "NotFoundOrGone", what: "job" },
    source: 'S004 "The job_id does not exist or has expired" (T-WH-6)',
  },
  { stage: "look", status: 410, truth: "Lost", reason: { _tag: "Gone" }, source: http },
  {
    stage: "look",
    status: 429,
    truth: "Unseen",
    reason: { _tag: "RateLimited" },
    source: 'S004 "helps prevent hitting rate limits during job monitoring" (not listed under GET)',
  },
  {
    stage: "look",
    status: 500,
    truth: "Unseen",
    reason: { _tag: "Unavailable" },
    source: 'S004 "Retry the same request after 10–30 seconds"',
  },
  { stage: "look", status: 501, truth: "Unseen", reason: { _tag: "NotImplemented" }, source: http },
  {
    stage: "look",
    status: "5xx",
    truth: "Unseen",
    reason: { _tag: "Unavailable" },
    source: "no page; taken as 500 is",
  },
]

export const verdicts: ReadonlyArray<Verdict> = [
  ...submit,
  ...look,
  {
    stage: "settle",
    truth: "Failed",
    reason: { _tag: "Unclassified" },
    source: 'S004 "Read the error field for a description of what went wrong": text without a code',
  },
]
