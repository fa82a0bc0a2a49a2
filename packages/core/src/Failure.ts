/**
 * What is true of the work now (the tag), and why (the reason), with evidence.
 *
 * Every failure of every service is one of nine truths; a program decides by the truth and reads the reason for detail.
 *
 * ```text
 * Rejected   never started                       Cancelled  ended without result
 * Uncertain  may have started                    Expired    ended without result
 * Failed     started and ended badly             Lost       the service no longer knows it
 * Overdue    still going on; we stopped waiting  Unseen     one look failed; nothing learned
 * InputRequired  paused until its caller answers
 * ```
 *
 * Work that failed, was cancelled or expired may leave a part of its result: `output` holds it as JSON with artifacts, so
 * `Artifact.find` and downloads work on it. It need not satisfy the operation's schema; to see whether it does,
 * `Schema.decodeUnknownOption(operation.output)(failure.output)`.
 *
 * Law 2: a failed look is not a failed operation. Law 10: no secret appears in any rendering.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Client from "@tenuto/core/Client"
 * import * as Failure from "@tenuto/core/Failure"
 * import * as Soundpiece from "@tenuto/soundpiece"
 *
 * const song = Soundpiece.newSong({ lyrics: "Hold the note", prompt: "Slow waltz" })
 * export const program = Client.run(song).pipe(
 *   Effect.catchReason("Rejected", "Unpaid", () => Effect.succeed("top up the account, then send it again")),
 *   Effect.catchTag("Failed", ({ code }) => Effect.succeed(code === "tos_violation" ? "other lyrics" : "start anew")),
 *   Effect.catchIf(Failure.isFailure, ({ message }) => Effect.succeed(message)),
 * )
 * ```
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { Instant } from "./internal/instant.ts"
import { Tree } from "./Artifact.ts"
import { Evidence } from "./Evidence.ts"
import { Handle } from "./Handle.ts"
import { Ongoing } from "./Observation.ts"
import * as Reason from "./Reason.ts"
import { pure } from "./internal/pure.ts"

const about = {
  service: Schema.String,
  operation: Schema.String,
  reason: Reason.Reason,
  evidence: Evidence,
  at: Instant,
}
const sent = {
  ...about,
  key: Schema.optionalKey(Schema.String),
  reference: Schema.optionalKey(Schema.String),
  /** The journal's name for the attempt. */
  entry: Schema.optionalKey(Schema.String),
}
const held = { ...about, handle: Handle }
/** `output` is what there is of the result, when the service gives any: files keep their names and lose their links in JSON. */
const ended = { ...held, output: Schema.optionalKey(Tree) }

const remains = ({ output }: { readonly output?: Tree }): string =>
  output === undefined ? "it gives no result" : "a part of the result is in its output"

const why = (failure: { readonly reason: Reason.Reason; readonly evidence: Evidence }): string => {
  const { code, message, stage, status, unusedHint } = failure.evidence
  const hint = Reason.retryAfter(failure.reason) ?? failure.evidence.retryAfter
  const seen = [
    `at ${stage}`,
    status === undefined ? undefined : `status ${status}`,
    code === undefined ? undefined : `code ${code}`,
    message === undefined || message._tag === "Secret" ? undefined : JSON.stringify(message.text),
    hint === undefined ? undefined : `it asks for a pause of ${Duration.toSeconds(hint)} s`,
    unusedHint === undefined ? undefined : `it gives a hint that cannot be meant: ${JSON.stringify(unusedHint)}`,
  ].filter((part) => part !== undefined)
  return `${Reason.describe(failure.reason)} (${seen.join(", ")})`
}
const who = (failure: { readonly service: string; readonly operation: string }) =>
  `${failure.service} ${failure.operation}`

/** Never started. The caller may fix, wait, pay or authenticate, and send again. Raised by submit and run. */
export class Rejected extends Schema.TaggedError<Rejected>("@tenuto/core/Rejected")("Rejected", sent) {
  override get message() {
    return `${who(this)} never started: ${why(this)}`
  }
}

/** May have started: it was sent and no usable answer came. Resend under the same key, or reconcile. Raised by submit and run. */
export class Uncertain extends Schema.TaggedError<Uncertain>("@tenuto/core/Uncertain")("Uncertain", sent) {
  override get message() {
    const way =
      this.key !== undefined && this.reason._tag === "KeyExpired"
        ? `find out at the service what became of the key ${this.key} before you ask again under another one`
        : this.key !== undefined
          ? `send it again under the key ${this.key}; that cannot start it twice`
          : this.reference !== undefined
            ? `look for the reference ${this.reference} at the service before you send it again`
            : "ask the service before you send it again"
    return `${who(this)} may have started: ${why(this)}; ${way}`
  }
}

/** Started and ended badly. Starting new work is the caller's decision. Raised by settle and run. */
export class Failed extends Schema.TaggedError<Failed>("@tenuto/core/Failed")("Failed", {
  ...ended,
  code: Schema.optionalKey(Schema.String),
}) {
  override get message() {
    return `${who(this)} ${this.handle.id} failed: ${why(this)}`
  }
}

/** Was cancelled at the service, without the whole result. Raised by settle and run. */
export class Cancelled extends Schema.TaggedError<Cancelled>("@tenuto/core/Cancelled")("Cancelled", ended) {
  override get message() {
    return `${who(this)} ${this.handle.id} was cancelled at the service; ${remains(this)}`
  }
}

/** Was dropped by the service before it finished, without the whole result. Raised by settle and run. */
export class Expired extends Schema.TaggedError<Expired>("@tenuto/core/Expired")("Expired", ended) {
  override get message() {
    return `${who(this)} ${this.handle.id} expired at the service; ${remains(this)}`
  }
}

/** The service no longer knows it; it may have finished. Raised by look, cancel, answer, settle, run and downloads. */
export class Lost extends Schema.TaggedError<Lost>("@tenuto/core/Lost")("Lost", held) {
  override get message() {
    return `${who(this)} ${this.handle.id} is no longer known to the service; it may have finished: ${why(this)}`
  }
}

/** Still going on; we stopped waiting. Keep the handle and settle later. Raised by settle and run. */
export class Overdue extends Schema.TaggedError<Overdue>("@tenuto/core/Overdue")("Overdue", {
  ...held,
  last: Schema.optionalKey(Ongoing),
}) {
  override get message() {
    const last = this.last === undefined ? "" : `; it was last seen ${JSON.stringify(this.last.word)}`
    const isPlain = this.reason._tag === "Timeout" && this.evidence.stage === "settle"
    const isPaused = this.evidence.retryAfter !== undefined
    const cause = isPlain && !isPaused ? "" : `: ${why(this)}`
    return `${who(this)} ${this.handle.id} is still going on and the wait ended${cause}${last}; keep the handle and settle it later`
  }
}

/**
 * Paused until its caller answers `question`. Answer it (`Client.answer`), then settle: the wait goes on from there.
 *
 * Raised by settle and run, as soon as a look shows it.
 */
export class InputRequired extends Schema.TaggedError<InputRequired>("@tenuto/core/InputRequired")("InputRequired", {
  ...held,
  question: Tree,
}) {
  override get message() {
    return `${who(this)} ${this.handle.id} waits for its caller: ${why(this)}; answer it, then settle it`
  }
}

/**
 * One look failed; nothing was learned about the work. Look again.
 *
 * Raised by look, cancel, answer and downloads, and by settle and run where looking again cannot help.
 */
export class Unseen extends Schema.TaggedError<Unseen>("@tenuto/core/Unseen")("Unseen", {
  ...about,
  handle: Schema.optionalKey(Handle),
}) {
  override get message() {
    const work = this.handle === undefined ? who(this) : `${who(this)} ${this.handle.id}`
    return `${work} could not be seen; nothing is known to have changed: ${why(this)}`
  }
}

const failures = [Rejected, Uncertain, Failed, Cancelled, Expired, Lost, Overdue, InputRequired, Unseen] as const

/** Every failure, as a schema. */
export const Failure = /* @__PURE__ */ pure(() => Schema.Union(failures))
export type Failure = typeof Failure.Type
/** The name of a truth, such as `Overdue`. */
export type Tag = Failure["_tag"]

/** What `submit` can fail with. */
export type Submitting = Rejected | Uncertain

/** A `Failed` whose documented codes the compiler lists; a code of tomorrow arrives as a plain string. */
export type FailedWith<Code extends string> = Failed & { readonly code?: Code | (string & {}) }

/** What `settle` can fail with for an operation with these codes; `run` adds {@link Submitting}. */
export type Settling<Code extends string> =
  | FailedWith<Code>
  | Cancelled
  | Expired
  | Lost
  | Overdue
  | InputRequired
  | Unseen

/**
 * Choose by the code of work that failed. Every code that the operation documents has to be there, else it does not
 * compile; `otherwise` takes a code of tomorrow, and a failure without one.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Client from "@tenuto/core/Client"
 * import * as Failure from "@tenuto/core/Failure"
 * import * as Soundpiece from "@tenuto/soundpiece"
 *
 * const again = () => Effect.succeed("start it anew")
 * const other = () => Effect.succeed("choose another source")
 * export const program = Client.run(Soundpiece.separateStems({ source: { url: "https://example.test/take.wav" } })).pipe(
 *   Effect.catchTag(
 *     "Failed",
 *     Failure.byCode(
 *       Soundpiece.separateStems,
 *       {
 *         internal_error: again,
 *         generation_timeout: again,
 *         quota_exceeded: () => Effect.succeed("top up the account"),
 *         source_unreachable: other,
 *         source_format_unsupported: other,
 *         source_too_short: other,
 *         source_too_long: other,
 *       },
 *       ({ message }) => Effect.succeed(message),
 *     ),
 *   ),
 * )
 * ```
 */
export const byCode =
  <Code extends string, A>(
    _operation: { readonly codes: ReadonlyArray<Code> },
    cases: { readonly [_ in NoInfer<Code>]: (failure: FailedWith<Code>) => A },
    otherwise: (failure: FailedWith<Code>) => A,
  ) =>
  (failure: FailedWith<Code>): A => {
    const { code } = failure
    const isKnown = (name: string): name is Code => Object.hasOwn(cases, name)
    return code === undefined || !isKnown(code) ? otherwise(failure) : cases[code](failure)
  }

/**
 * Tell whether something that was thrown or caught is a failure of an operation, also one that another copy of this
 * package made: `instanceof` would say no of it.
 */
export const isFailure = (value: unknown): value is Failure => Schema.is(Failure)(value)
