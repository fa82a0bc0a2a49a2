/** What a provider says of one API. */
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"
import type * as Effect from "effect/Effect"
import type * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { Cadence } from "@tenuto/core/Contract"
import type { Artifact } from "@tenuto/core/Artifact"
import type { Evidence, Stage } from "@tenuto/core/Evidence"
import type { Handle } from "@tenuto/core/Handle"
import type { Request } from "@tenuto/core/Lifecycle"
import type { Observation } from "@tenuto/core/Observation"
import type { Reason } from "@tenuto/core/Reason"
import type { Renewal } from "@tenuto/core/Remote"
import type * as Budget from "../Budget.ts"
import type * as Delay from "../Delay.ts"
import type * as Deprecation from "../Deprecation.ts"
import type * as Exchange from "../Exchange.ts"
import type * as Multipart from "../Multipart.ts"
import type * as Credential from "./Credential.ts"
import type { Unanswered, Unsent } from "../Transport.ts"
import type * as Verdict from "../Verdict.ts"

/**
 * A request relative to the base.
 *
 * Where a service or a caller names something in it, `path` is the list of its segments: each is encoded, and one that no
 * path can hold as it is (nothing, `.`, `..`, half a character) is refused before anything is sent. As text it begins
 * with a slash. An absolute address that a service gave stands for itself, and is refused when it leads away from the
 * base's origin.
 */
export interface Call {
  readonly method: string
  readonly path: string | ReadonlyArray<string>
  readonly query?: Readonly<Record<string, string>>
  /**
   * Headers of this call in lower case, such as `idempotency-key`. They win over `accept` and `content-type` of
   * `application/json`, which are sent unless a call says otherwise; never over the credential or the type of a form.
   */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Schema.Json
  /** A form with files, in place of a body. */
  readonly form?: Multipart.Written
}

/** What stands around a body. */
export interface Answered {
  /** The address that was asked, for what an answer says relative to it. */
  readonly url: string
  readonly status: number
  readonly headers: Exchange.Headers
  readonly now: DateTime.Utc
}

/** What a link may be got with: one exchange with the service, and the service's own verdict on an answer. */
export interface Means {
  readonly exchange: (call: Call) => Effect.Effect<Exchange.Response, Unsent | Unanswered>
  readonly addressOf: (call: Call) => string
  readonly judged: (
    response: Exchange.Response,
    now: DateTime.Utc,
  ) => { readonly truth: string; readonly reason: Reason; readonly evidence: Evidence }
  readonly reasonOf: (failure: Unsent | Unanswered) => Reason
}

/** Gets the link of a file; `undefined` for one that a look brings. */
export type Link = (artifact: Artifact, means: Means) => Effect.Effect<Renewal> | undefined

/** What the answer to a submit establishes. `observation` is given only where the service's page lets us trust it. */
export interface Accepted {
  readonly handle: Handle
  readonly observation?: Observation
  /** How long the body asks to be left alone, where it says so; headers are read by http. */
  readonly retryAfter?: Duration.Duration
}

/** What an answer shows of the work, and how long its body asks to be left alone, where it says so. */
export type Observed = Observation & { readonly retryAfter?: Duration.Duration }

/**
 * What a reader makes of an answer. It fails with one sentence that says what is wrong with an answer it cannot read, or
 * with `Verdict.refused` where a success (2xx) is none: then the verdicts judge it.
 */
export type Reading<A> = Result.Result<A, string | Verdict.Refused>

/**
 * One operation's place in the API.
 *
 * `accepted` and `observed` see the JSON of a success (2xx), or `undefined` where the body is empty; `accepted` also where
 * it is no JSON, for a handle may stand in a header. `accepted` also sees
 * a refusal whose verdict `adopts`, and `observed` what `cancel` and `answer` are answered, unless `cancelled` and `answered` do.
 *
 * What there is of the result of work that failed, was cancelled or expired goes into the observation's `output`: JSON in
 * which files stand as artifacts. It need not satisfy the operation's schema, and reaches the caller with the failure.
 */
export interface Endpoint {
  readonly submit: (request: Request) => Call
  readonly accepted: (body: unknown, request: Request, answered: Answered) => Reading<Accepted>
  /** Absent for what settles at once and leaves nothing to look at. */
  readonly look?: (handle: Handle, hold: Duration.Duration | undefined) => Call
  readonly observed: (body: unknown, handle: Handle, answered: Answered) => Reading<Observed>
  readonly cancel?: (handle: Handle) => Call
  readonly cancelled?: Endpoint["observed"]
  /**
   * Sends an answer to the question of work that waits for its caller (`InputRequired`); `input` is what the caller gave.
   * Absent where the service takes none.
   */
  readonly answer?: (handle: Handle, input: Schema.Json) => Call
  readonly answered?: Endpoint["observed"]
  /** Reads what a verified delivery shows of the work; without it a delivery only prompts a look. */
  readonly delivered?: (body: Schema.Json, handle: Handle) => Reading<Observed>
  /** How a file's link is got, where that takes another request than a look: `Link.redirect`. */
  readonly link?: Link
}

/** An answer that is not a success, or that a reader called a refusal, for the provider's own reader of error bodies. */
export interface Refusal {
  readonly stage: Stage
  readonly status: number
  readonly headers: Exchange.Headers
  /** The body as JSON; `undefined` when it is none. */
  readonly body: unknown
  readonly now: DateTime.Utc
}

/** One API. */
export interface Table<Service extends string> {
  readonly service: Service
  /** The base of every path, without a slash at its end. */
  readonly base: string
  /** The headers that carry the credential; {@link bearer} is the usual one. */
  readonly credential: (apiKey: Redacted.Redacted<string>) => Readonly<Record<string, Exchange.Text>>
  /** By the name of the operation. */
  readonly endpoints: Readonly<Record<string, Endpoint>>
  /** What an answer that is no success means; the first row that matches wins, and `Verdict.defaults` come last. */
  readonly verdicts: ReadonlyArray<Verdict.Verdict>
  /** Reads the service's own error body. */
  readonly trouble: (refusal: Refusal) => Verdict.Trouble
  /** Headers of this service's own that say when to come back; `Delay` reads the usual ones of every answer. */
  readonly hints?: ReadonlyArray<Delay.Header>
  /** The header in which the service names an exchange, when it does. */
  readonly requestId?: string
  /** Reads further names for a support desk from any answer, such as a run or a task. */
  readonly names?: (body: unknown) => Readonly<Record<string, string>>
  /** The limits that all work on one credential shares. */
  readonly budget?: Budget.Budget
  /** Reads whether an endpoint is going to be retired; `Deprecation.of` reads the usual headers. */
  readonly deprecation?: typeof Deprecation.of
  /** How often to look, where that depends on what was configured. */
  readonly cadence?: Cadence
}

/**
 * What a user of the API configures. `baseUrl` replaces the service's own, for a proxy or an emulator.
 *
 * `apiKey` is text, or what gives it: a function, a function that gives a promise, or an effect. What gives it is asked for each
 * request, and once more when the service refuses the credential: where another value comes, the request is sent again
 * once. It is yours to cache. What throws, rejects or gives no text is a failure with the reason `Invalid` that names `apiKey`.
 *
 * `account` says whose work it is, for a journal that several accounts share. It is a digest of the credential unless you
 * name it; where `apiKey` is a function or an effect a name is required, so that the work is still found afterwards.
 */
export type Settings = {
  readonly baseUrl?: string | undefined
  /**
   * Let the credential go over plain `http:` to a host that is not this machine, such as a container or a proxy in a
   * private network. Default: false, so that a submit to such a base is rejected, with the reason `Invalid`; loopback
   * addresses, `localhost` and names under `.test` are always allowed.
   */
  readonly allowInsecureConnection?: boolean | undefined
} & (
  | { readonly apiKey: Credential.Key; readonly account?: string | undefined }
  | { readonly apiKey: Credential.Source; readonly account: string }
)
