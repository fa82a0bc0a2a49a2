/**
 * What to do about a failure and who must: one total function of the truth, the reason and the contract.
 *
 * Only `Resend` and `Look` are ever done without asking; everything else is somebody's decision.
 *
 * Law 3: without a key nothing is sent again unless it is proved that it never left.
 */
import * as Duration from "effect/Duration"
import type * as Schema from "effect/Schema"
import { type Contract, isKeyed, isRepeatable } from "./Contract.ts"
import type { Evidence } from "./Evidence.ts"
import type { Tag } from "./Failure.ts"
import * as Reason from "./Reason.ts"

/**
 * What to do now. Spans are the least the service asks for; `Pace` may wait longer.
 *
 * `changes` are fields that the service wants to be different; they go out under another key (law 4).
 */
export type Remedy =
  | {
      readonly _tag: "Resend"
      readonly after: Duration.Duration
      readonly sameKey: boolean
      readonly changes?: Schema.JsonObject
    }
  | { readonly _tag: "Look"; readonly after: Duration.Duration }
  | { readonly _tag: "Answer" }
  | { readonly _tag: "FixRequest" }
  | { readonly _tag: "Authenticate" }
  | { readonly _tag: "Pay" }
  | { readonly _tag: "Reconcile"; readonly by?: string }
  | { readonly _tag: "StartAnew" }
  | { readonly _tag: "Migrate"; readonly to?: string }
  | { readonly _tag: "Escalate"; readonly report: string }

/** What a remedy depends on: any `Failure` has it. `reference` is the caller's own name for the work. */
export interface Trouble {
  readonly _tag: Tag
  readonly reason: Reason.Reason
  readonly evidence: Evidence
  readonly reference?: string
}

/**
 * Decide what to do about a failure. Total: every truth and reason has an answer.
 *
 * @example
 * ```ts
 * import * as Remedy from "@tenuto/core/Remedy"
 * import * as Soundpiece from "@tenuto/soundpiece"
 *
 * const trouble: Remedy.Trouble = { _tag: "Uncertain", reason: { _tag: "Timeout" }, evidence: { stage: "submit" } }
 * const remedy = Remedy.of(trouble, Soundpiece.contract)
 * console.log(remedy._tag, Remedy.isAutomatic(remedy)) // Resend true
 * const unkeyed = Remedy.of(trouble, { ...Soundpiece.contract, idempotency: { _tag: "Unkeyed" } })
 * console.log(unkeyed._tag, Remedy.isAutomatic(unkeyed)) // Reconcile false
 * ```
 */
export const of = (trouble: Trouble, contract: Contract): Remedy => {
  const after = Reason.retryAfter(trouble.reason) ?? Duration.zero
  switch (trouble._tag) {
    case "Rejected":
      return byReason(trouble, contract, { _tag: "Resend", after, sameKey: isKeyed(contract) })
    case "Uncertain":
      if (isRepeatable(contract) && trouble.reason._tag !== "KeyExpired")
        return { _tag: "Resend", after, sameKey: isKeyed(contract) }
      return { _tag: "Reconcile", ...(trouble.reference === undefined ? {} : { by: trouble.reference }) }
    case "Unseen":
      return byReason(trouble, contract, { _tag: "Look", after })
    case "Failed":
      return byReason(trouble, contract, { _tag: "StartAnew" })
    case "Overdue":
      return { _tag: "Look", after }
    case "InputRequired":
      return { _tag: "Answer" }
    case "Cancelled":
    case "Expired":
      return { _tag: "StartAnew" }
    case "Lost":
      return escalate(trouble, contract)
  }
}

/** Tell whether the driver may do it without asking. */
export const isAutomatic = (remedy: Remedy): remedy is Extract<Remedy, { readonly _tag: "Resend" | "Look" }> =>
  remedy._tag === "Resend" || remedy._tag === "Look"

/** `again` is what the truth allows for trouble that may pass by itself. */
const byReason = (trouble: Trouble, contract: Contract, again: Remedy): Remedy => {
  switch (trouble.reason._tag) {
    case "Unreachable":
    case "RateLimited":
    case "Unavailable":
    case "Timeout":
    case "Upstream":
    case "Internal":
      return again
    case "Malformed":
    case "Unrecognised":
      // A look may be repeated whatever it brought; a refusal that nobody can read is not sent again by itself.
      return trouble._tag === "Unseen" ? again : escalate(trouble, contract)
    case "Unauthenticated":
    case "Forbidden":
      return { _tag: "Authenticate" }
    case "Unpaid":
    case "QuotaExhausted":
      return { _tag: "Pay" }
    case "UpgradeRequired":
      return again._tag === "Resend"
        ? { ...again, sameKey: false, changes: trouble.reason.changes }
        : { _tag: "FixRequest" }
    case "InputRequired":
    case "Invalid":
    case "NotFound":
    case "NotFoundOrGone":
    case "Conflict":
    case "TooLarge":
    case "PolicyViolation":
    case "SourceUnusable":
      return { _tag: "FixRequest" }
    case "Retired":
      return {
        _tag: "Migrate",
        ...(trouble.reason.replacement === undefined ? {} : { to: trouble.reason.replacement }),
      }
    case "Gone":
      return { _tag: "StartAnew" }
    case "Unclassified":
      // Of work that failed nothing more is to be had; a refusal that nobody can read is not sent again by itself.
      return trouble._tag === "Rejected" ? escalate(trouble, contract) : again
    case "NotImplemented":
    case "KeyExpired":
      return escalate(trouble, contract)
  }
}

const escalate = (trouble: Trouble, contract: Contract): Remedy => ({
  _tag: "Escalate",
  report: [
    contract.support === undefined ? "report to the service" : `report to ${contract.support}`,
    Reason.describe(trouble.reason),
    trouble.evidence.requestId === undefined ? undefined : `request ${trouble.evidence.requestId}`,
  ]
    .filter((part) => part !== undefined)
    .join("; "),
})
