/**
 * Why something went wrong: one closed set of reasons for every service, with an open tail.
 *
 * A reason says why, never what is true of the work (that is a `Failure`'s tag) and never what to do (that is a `Remedy`).
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

const hint = { retryAfter: Schema.optionalKey(Span) }

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
  Schema.TaggedStruct("Retired", { replacement: Schema.optionalKey(Schema.String) }),
  Schema.TaggedStruct("Conflict", {}),
  Schema.TaggedStruct("TooLarge", {}),
  Schema.TaggedStruct("Timeout", {}),
  Schema.TaggedStruct("NotImplemented", {}),
  Schema.TaggedStruct("PolicyViolation", {}),
  Schema.TaggedStruct("SourceUnusable", {
    problem: Schema.Literals(["Unreachable", "FormatUnsupported", "TooShort", "TooLong", "Unknown"]),
  }),
  Schema.TaggedStruct("Upstream", {}),
  Schema.TaggedStruct("Internal", {}),
  /** The answer is not what the service promises to send. */
  Schema.TaggedStruct("Malformed", { problem: Schema.String }),
  /** A code or word that is not in the service's pages as they were read. */
  Schema.TaggedStruct("Unrecognised", { code: Schema.String }),
]).pipe(Schema.toTaggedUnion("_tag"))
export type Reason = typeof Reason.Type
export type Tag = Reason["_tag"]

/** How long the service asked us to wait, when it did. */
export const retryAfter = (reason: Reason): Duration.Duration | undefined =>
  reason._tag === "RateLimited" || reason._tag === "Unavailable" ? reason.retryAfter : undefined

/** Say a reason in words for a developer. */
export const describe: (reason: Reason) => string = Reason.match({
  Unreachable: ({ problem }) => `the service could not be reached (${problem})`,
  RateLimited: () => "the service is limiting our requests",
  Unavailable: () => "the service is unavailable for now",
  Unauthenticated: () => "the credential is missing, wrong or revoked",
  Forbidden: () => "the credential does not allow this",
  Unpaid: () => "the account lacks the credit for it",
  QuotaExhausted: () => "the account's quota is used up",
  Invalid: ({ issues }) =>
    issues.length === 0
      ? "the request is invalid"
      : `the request is invalid: ${issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ")}`,
  NotFound: ({ what }) => `the service knows no such ${what}`,
  Gone: () => "it existed and is gone",
  Retired: ({ replacement }) =>
    `the service has retired this endpoint${replacement === undefined ? "" : `: ${replacement}`}`,
  Conflict: () => "it conflicts with work the service already has",
  TooLarge: () => "it is larger than the service takes",
  Timeout: () => "the answer did not come in time",
  NotImplemented: () => "the service does not offer this",
  PolicyViolation: () => "the service's content policy refuses it",
  SourceUnusable: ({ problem }) => `the source file cannot be used (${problem})`,
  Upstream: () => "a service behind the service failed",
  Internal: () => "the service failed inside",
  Malformed: ({ problem }) => `the answer is malformed: ${problem}`,
  Unrecognised: ({ code }) => `the service answered with the unknown code ${code}`,
})
