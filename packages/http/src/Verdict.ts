/**
 * What an answer means: stage × status × code to a truth and a reason, as a table with a source for every row.
 *
 * The same table drives the client, the generated pages and `tenuto explain`; nothing else judges a status. Behind the rows
 * of every table stand `defaults`: what HTTP itself means by a status. Where neither has a row, the careful reading holds.
 *
 * A service may put its refusals into answers with status 200. Its readers then say `refused`, and the table judges.
 *
 * @example
 * ```ts
 * import * as Soundpiece from "@tenuto/soundpiece"
 * import * as Verdict from "@tenuto/http/Verdict"
 *
 * const lost = Verdict.judge(Soundpiece.table.verdicts, { stage: "look", status: 422 })
 * console.log(lost.truth, lost.source) // Lost S000 "a referenced entity (operation id etc.) wasn't found"
 * console.log(Verdict.judge([], { stage: "look", status: 401 }).reason._tag) // Unauthenticated: what HTTP means by it
 * console.log(Verdict.judge([], { stage: "submit", status: 500 }).truth) // Uncertain: no row, the careful reading
 * ```
 */
import type * as Duration from "effect/Duration"
import * as Record from "effect/Record"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
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
  readonly answer: "Unseen" | "Lost"
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

/**
 * What a reader says of a 2xx whose body refuses: the table judges it like any other refusal. `status` takes the place of
 * the answer's own; `Table.trouble` reads the rest of what is not given here.
 */
export interface Refused extends Trouble {
  readonly _tag: "Refused"
  readonly status?: number
}

/**
 * Say that the body of a 2xx is a refusal.
 *
 * @example
 * ```ts
 * import * as Result from "effect/Result"
 * import type * as Provider from "@tenuto/http/Provider"
 * import * as Verdict from "@tenuto/http/Verdict"
 *
 * // A service that answers {"ok": false, "error": "invalid_auth"} with status 200.
 * export const observed: Provider.Endpoint["observed"] = (body: any) => {
 *   if (body?.ok === false) return Verdict.refused({ code: String(body.error) })
 *   return Result.succeed({ _tag: "Pending", word: String(body?.status) })
 * }
 * ```
 */
export const refused = (said: Omit<Refused, "_tag"> = {}): Result.Result<never, Refused> =>
  Result.fail({ _tag: "Refused", ...said })

/** What was seen: where, and what it said. */
export interface Seen extends Trouble {
  readonly stage: Stage
  readonly status?: number
  /** A hint that cannot be meant, word for word. */
  readonly unusedHint?: string
}

type Meaning = readonly [
  status: number,
  submit: Row<"submit">["truth"],
  reason: Reason,
  source: string,
  work?: readonly [truth: Row<"look">["truth"], reason: Reason],
]

/**
 * `submit` is what is true of a submit; `work` is what is true of work that was taken, where the status says anything of it.
 * A 408 and a 503 may come from a gateway that had passed the request on.
 */
const meanings: ReadonlyArray<Meaning> = [
  [401, "Rejected", { _tag: "Unauthenticated" }, "RFC 9110, 15.5.2"],
  [403, "Rejected", { _tag: "Forbidden" }, "RFC 9110, 15.5.4"],
  [
    404,
    "Rejected",
    { _tag: "NotFound", what: "endpoint" },
    "RFC 9110, 15.5.5",
    ["Lost", { _tag: "NotFoundOrGone", what: "work" }],
  ],
  [405, "Rejected", { _tag: "NotImplemented" }, "RFC 9110, 15.5.6"],
  [408, "Uncertain", { _tag: "Timeout" }, "RFC 9110, 15.5.9"],
  [410, "Rejected", { _tag: "Gone" }, "RFC 9110, 15.5.11", ["Lost", { _tag: "Gone" }]],
  [413, "Rejected", { _tag: "TooLarge" }, "RFC 9110, 15.5.14"],
  [429, "Rejected", { _tag: "RateLimited" }, "RFC 6585, 4"],
  [501, "Rejected", { _tag: "NotImplemented" }, "RFC 9110, 15.6.2"],
  [503, "Uncertain", { _tag: "Unavailable" }, "RFC 9110, 15.6.4"],
]

/** What HTTP itself means by a status: the last rows of every table, so that a row of the service's own replaces them. */
export const defaults: ReadonlyArray<Verdict> = [
  ...meanings.map(([status, truth, reason, source]): Verdict => ({ stage: "submit", status, truth, reason, source })),
  ...(["look", "cancel", "answer", "download"] as const).flatMap((stage) =>
    meanings.map(([status, , reason, source, work]): Verdict => {
      const [truth, own] = work ?? (["Unseen", reason] as const)
      return { stage, status, truth, reason: own, source }
    }),
  ),
]

/** What holds where no row does. */
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
    case "answer":
    case "download":
      return { stage, truth: "Unseen", reason, source }
  }
}

const isRefusal = (status: number): boolean =>
  status >= 400 && status < 500 && status !== 408 && status !== 409 && status !== 499

/** Judge an answer by the first row that matches, `defaults` last. Total: where no row does, the careful reading holds. */
export const judge = (table: ReadonlyArray<Verdict>, seen: Seen): Verdict => {
  const isMet = (row: Verdict) => matches(row, seen)
  const found = table.find(isMet) ?? defaults.find(isMet) ?? careful(seen)
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
    case "Unrecognised": {
      const code = seen.code ?? seen.status
      return code === undefined ? { _tag: "Unclassified" } : { _tag: "Unrecognised", code: String(code) }
    }
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
    case "Unclassified":
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
  ...(seen.unusedHint === undefined ? {} : { unusedHint: seen.unusedHint }),
  ...(requestId === undefined ? {} : { requestId }),
})
