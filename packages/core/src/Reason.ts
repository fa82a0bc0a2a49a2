/**
 * Why something went wrong: one closed set of reasons for every service, with an open tail.
 *
 * A reason says why, never what is true of the work (that is a `Failure`'s tag) and never what to do (that is a `Remedy`).
 *
 * @example
 * ```ts
 * import * as Duration from "effect/Duration"
 * import * as Reason from "@tenuto/core/Reason"
 *
 * const reason: Reason.Reason = { _tag: "RateLimited", retryAfter: Duration.seconds(30) }
 * console.log(Reason.describe(reason)) // the service is limiting our requests
 * console.log(Duration.format(Reason.retryAfter(reason) ?? Duration.zero)) // 30s
 * ```
 */
import type * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { Span } from "./internal/span.ts"

/** One thing that is wrong with an input, and where. */
export const Issue = Schema.Struct({
  path: Schema.Array(Schema.Union([Schema.String, Schema.Finite])),
  message: Schema.String,
  code: Schema.optionalKey(Schema.String),
})
export type Issue = typeof Issue.Type

/** A field that is one value, not a structure of its own. */
const Plain = Schema.Union([Schema.String, Schema.Finite, Schema.Boolean, Schema.Null])

const hint = { retryAfter: Schema.optionalKey(Span) }

/** Every reason, as a schema. `retryAfter` is a `Duration`, and milliseconds in JSON. */
export const Reason = Schema.Union([
  /** The service could not be reached, or it stopped talking. */
  Schema.TaggedStruct("Unreachable", { problem: Schema.String }),
  Schema.TaggedStruct("RateLimited", hint),
  Schema.TaggedStruct("Unavailable", hint),
  Schema.TaggedStruct("Unauthenticated", {}),
  Schema.TaggedStruct("Forbidden", {}),
  Schema.TaggedStruct("Unpaid", {}),
  Schema.TaggedStruct("QuotaExhausted", {}),
  Schema.TaggedStruct("Invalid", { issues: Schema.Array(Issue) }),
  Schema.TaggedStruct("NotFound", { what: Schema.String }),
  Schema.TaggedStruct("Gone", {}),
  /** The service has one answer for what never was and for what it no longer keeps. */
  Schema.TaggedStruct("NotFoundOrGone", { what: Schema.String }),
  Schema.TaggedStruct("Retired", { replacement: Schema.optionalKey(Schema.String) }),
  /** `over` says with what, where the service has one answer for several: a key that is taken, a state that forbids it. */
  Schema.TaggedStruct("Conflict", { over: Schema.optionalKey(Schema.Literals(["Key", "State", "KeyOrState"])) }),
  /** The service takes this only in another form: these fields, under another key. */
  Schema.TaggedStruct("UpgradeRequired", { ...hint, changes: Schema.Record(Schema.String, Plain) }),
  Schema.TaggedStruct("TooLarge", {}),
  Schema.TaggedStruct("Timeout", {}),
  /** The service remembers keys for a time, which is over: sent again under the same key it might start a second time. */
  Schema.TaggedStruct("KeyExpired", {}),
  Schema.TaggedStruct("NotImplemented", {}),
  Schema.TaggedStruct("PolicyViolation", {}),
  Schema.TaggedStruct("SourceUnusable", {
    problem: Schema.Literals(["Unreachable", "FormatUnsupported", "TooShort", "TooLong", "Unknown"]),
  }),
  Schema.TaggedStruct("Upstream", {}),
  Schema.TaggedStruct("Internal", {}),
  /** It does not go on before its caller answers. */
  Schema.TaggedStruct("InputRequired", {}),
  /** The answer is not what the service promises to send. */
  Schema.TaggedStruct("Malformed", { problem: Schema.String }),
  /** A code or word that is not in the service's pages as they were read. */
  Schema.TaggedStruct("Unrecognised", { code: Schema.String }),
  /** The service documents no code for it: whatever it says is for people. */
  Schema.TaggedStruct("Unclassified", {}),
])
export type Reason = typeof Reason.Type
/** The name of a reason, such as `RateLimited`. */
export type Tag = Reason["_tag"]

/** Read how long the service asked us to wait, when it did. */
export const retryAfter = (reason: Reason): Duration.Duration | undefined =>
  reason._tag === "RateLimited" || reason._tag === "Unavailable" || reason._tag === "UpgradeRequired"
    ? reason.retryAfter
    : undefined

/** Say a reason in words for a developer. */
export const describe = (reason: Reason): string => {
  switch (reason._tag) {
    case "Unreachable":
      return `the service could not be reached (${reason.problem})`
    case "RateLimited":
      return "the service is limiting our requests"
    case "Unavailable":
      return "the service is unavailable for now"
    case "Unauthenticated":
      return "the credential is missing, wrong or revoked"
    case "Forbidden":
      return "the credential does not allow this"
    case "Unpaid":
      return "the account lacks the credit for it"
    case "QuotaExhausted":
      return "the account's quota is used up"
    case "Invalid":
      return [
        "the request is invalid",
        ...reason.issues.map(({ message, path }) => `${path.join(".")}: ${message}`),
      ].join("; ")
    case "NotFound":
      return `the service knows no such ${reason.what}`
    case "Gone":
      return "it existed and is gone"
    case "NotFoundOrGone":
      return `the service knows no such ${reason.what}, or no longer keeps it`
    case "Retired":
      return [
        "the service has retired this endpoint",
        ...(reason.replacement === undefined ? [] : [reason.replacement]),
      ].join(": ")
    case "Conflict":
      return conflicts[reason.over ?? "State"]
    case "UpgradeRequired":
      return `the service takes this only with ${JSON.stringify(reason.changes)}`
    case "TooLarge":
      return "it is larger than the service takes"
    case "Timeout":
      return "the answer did not come in time"
    case "KeyExpired":
      return "the service may no longer remember the key it was sent under"
    case "NotImplemented":
      return "the service does not offer this"
    case "PolicyViolation":
      return "the service's content policy refuses it"
    case "SourceUnusable":
      return `the source file cannot be used (${reason.problem})`
    case "Upstream":
      return "a service behind the service failed"
    case "Internal":
      return "the service failed inside"
    case "InputRequired":
      return "the service asks for input before it goes on"
    case "Malformed":
      return `the answer is malformed: ${reason.problem}`
    case "Unrecognised":
      return `the service answered with the unknown code ${reason.code}`
    case "Unclassified":
      return "the service does not say why in a form that a program could read"
  }
}

const conflicts = {
  Key: "its key was used with another body",
  State: "it conflicts with work the service already has",
  KeyOrState: "its key was used with another body, or what it is about is in a state that forbids it for now",
} as const
