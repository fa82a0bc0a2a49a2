/**
 * What an answer means: stage × status × code to a truth and a reason, as a table with a source for every row.
 *
 * The same table drives the client, the generated pages and `tenuto explain`; nothing else judges a status.
 *
 * @example
 * ```ts
 * import * as Soundpiece from "@tenuto/soundpiece"
 * import * as Verdict from "@tenuto/http/Verdict"
 *
 * const lost = Verdict.judge(Soundpiece.table.verdicts, { stage: "look", status: 422 })
 * console.log(lost.truth, lost.source) // Lost S000 "a referenced entity (operation id etc.) wasn't found"
 * console.log(Verdict.judge([], { stage: "submit", status: 500 }).truth) // Uncertain: no row, the careful reading
 * ```
 */
import type * as Duration from "effect/Duration"
import * as Record from "effect/Record"
import * as Redacted from "effect/Redacted"
import type { Tree } from "@tenuto/core/Artifact"
import type { Evidence, Stage } from "@tenuto/core/Evidence"
import type { Observation } from "@tenuto/core/Observation"
import type { Issue, Reason } from "@tenuto/core/Reason"

/** What can be true after an answer at each stage. */
interface Truths {
  readonly draft: "Rejected"
  readonly submit: "Rejected" | "Uncertain"
  readonly look: "Unseen" | "Lost"
  readonly cancel: "Unseen" | "Lost"
  readonly download: "Unseen" | "Lost"
  readonly settle: "Failed"
}

/** One row of one stage. A field that is absent matches anything; the first row that matches wins. */
export interface Row<At extends Stage> {
  readonly stage: At
  readonly status?: number | "3xx" | "4xx" | "5xx"
  readonly code?: string
  readonly truth: Truths[At]
  /** The work may have been taken all the same: where the answer names it, it was. */
  readonly adopts?: boolean
  /** What is asked for or found out at run time (a hint, issues, a replacement, an unknown code) is filled in. */
  readonly reason: Reason
  /** Where the service says so. */
  readonly source: string
}

/** One row of any stage. */
export type Verdict = { readonly [At in Stage]: Row<At> }[Stage]

/** What a service's error says, read by its own provider from the body and the headers. */
export interface Trouble {
  readonly code?: string
  readonly message?: NonNullable<Evidence["message"]>
  readonly issues?: ReadonlyArray<Issue>
  readonly retryAfter?: Duration.Duration
  readonly also?: Readonly<Record<string, string>>
  /** What is said beside the message and nobody may see: kept in memory, never printed. */
  readonly details?: string
}

/** What was seen: where, and what it said. */
export interface Seen extends Trouble {
  readonly stage: Stage
  readonly status?: number
}

/** What holds where a service's own table is silent. */
const careful = ({ stage, status = 0 }: Seen): Verdict => {
  const reason: Reason = status >= 500 ? { _tag: "Internal" } : { _tag: "Unrecognised", code: "" }
  const source = "no page says; the careful reading"
  switch (stage) {
    case "draft":
      return { stage, truth: "Rejected", reason, source }
    case "submit":
      // Whoever answers 4xx has refused the request; whoever answers 3xx or 5xx may have acted on it first, and so may
      // whoever lost patience (408, 499) or finds that the work is there already (409).
      return { stage, truth: isRefusal(status) ? "Rejected" : "Uncertain", reason, source }
    case "settle":
      return { stage, truth: "Failed", reason, source }
    case "look":
    case "cancel":
    case "download":
      return { stage, truth: "Unseen", reason, source }
  }
}

const isRefusal = (status: number): boolean =>
  status >= 400 && status < 500 && status !== 408 && status !== 409 && status !== 499

/** Judge an answer by the first row that matches. Total: where no row does, the careful reading holds. */
export const judge = (table: ReadonlyArray<Verdict>, seen: Seen): Verdict => {
  const found = table.find((candidate) => matches(candidate, seen)) ?? careful(seen)
  return { ...found, reason: hinted(found.truth, fill(found.reason, seen), seen) }
}

/** Say that the work failed, for the reason that the table has for its code. */
export const failed = (
  table: ReadonlyArray<Verdict>,
  said: {
    readonly word: string
    readonly code?: string | undefined
    readonly message?: Evidence["message"] | undefined
    /** What there is of the result all the same. */
    readonly output?: Tree | undefined
  },
): Observation => {
  const code = said.code === undefined ? {} : { code: said.code }
  const message = said.message === undefined ? {} : { message: unsigned(said.message) }
  const { reason } = judge(table, { stage: "settle", ...code })
  const output = said.output === undefined ? {} : { output: said.output }
  return { _tag: "Failed", word: said.word, reason, ...code, ...message, ...output }
}

const matches = (row: Verdict, seen: Seen): boolean =>
  row.stage === seen.stage &&
  (row.code === undefined || row.code === seen.code) &&
  (row.status === undefined ||
    row.status === seen.status ||
    (typeof row.status === "string" && row.status.charAt(0) === String(seen.status).charAt(0)))

const fill = (reason: Reason, seen: Seen): Reason => {
  switch (reason._tag) {
    case "RateLimited":
    case "Unavailable":
    case "UpgradeRequired":
      return seen.retryAfter === undefined ? reason : { ...reason, retryAfter: seen.retryAfter }
    case "Invalid":
      return { _tag: "Invalid", issues: seen.issues ?? reason.issues }
    case "Retired": {
      const text = seen.message === undefined || seen.message._tag === "Secret" ? undefined : seen.message.text
      return text === undefined ? reason : { _tag: "Retired", replacement: text }
    }
    case "Unrecognised":
      return { _tag: "Unrecognised", code: seen.code ?? (seen.status === undefined ? "none" : String(seen.status)) }
    default:
      return reason
  }
}

/** Law 6: what is done again by itself waits as long as the service asks, whatever the table calls the trouble. */
const hinted = (truth: Verdict["truth"], reason: Reason, { retryAfter }: Seen): Reason => {
  if (retryAfter === undefined) return reason
  switch (reason._tag) {
    case "Internal":
    case "Upstream":
    case "Timeout":
      return { _tag: "Unavailable", retryAfter }
    case "Unrecognised":
      return truth === "Unseen" || truth === "Uncertain" ? { _tag: "Unavailable", retryAfter } : reason
    default:
      return reason
  }
}

/** A link in a service's text may be signed, and is often the caller's own: what follows its path is not shown. */
const cut = (text: string): string => text.replace(/(https?:\/\/[^\s"'<>?#]*)[?#][^\s"'<>]*/gi, "$1?…")
const unsigned = (message: NonNullable<Evidence["message"]>) =>
  message._tag === "Secret" ? message : { ...message, text: cut(message.text) }

/** What was seen, without the signed part of any link that the service repeats. */
export const shown = (seen: Seen): Seen => ({
  ...seen,
  ...(seen.code === undefined ? {} : { code: cut(seen.code) }),
  ...(seen.also === undefined ? {} : { also: Record.map(seen.also, cut) }),
  ...(seen.message === undefined ? {} : { message: unsigned(seen.message) }),
  ...(seen.issues === undefined
    ? {}
    : { issues: seen.issues.map((issue) => ({ ...issue, message: cut(issue.message) })) }),
})

/** The same of an observation: a service may put a link where a word or a code should be. */
export const said = <O extends Observation>(observation: O): O => ({
  ...observation,
  word: cut(observation.word),
  ...("phase" in observation ? { phase: cut(observation.phase) } : {}),
  ...("code" in observation ? { code: cut(observation.code) } : {}),
  ...("message" in observation ? { message: unsigned(observation.message) } : {}),
  ...("also" in observation ? { also: Record.map(observation.also, cut) } : {}),
})

/** Keep what was seen as the evidence of a failure; issues and hints belong to its reason. */
export const evidenceOf = (seen: Seen, requestId?: string): Evidence => ({
  stage: seen.stage,
  ...(seen.status === undefined ? {} : { status: seen.status }),
  ...(seen.code === undefined ? {} : { code: seen.code }),
  ...(seen.message === undefined ? {} : { message: seen.message }),
  ...(seen.also === undefined ? {} : { also: seen.also }),
  ...(seen.details === undefined ? {} : { details: Redacted.make(seen.details) }),
  ...(requestId === undefined ? {} : { requestId }),
})
