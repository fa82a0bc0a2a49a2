/**
 * The port to a service: perform one deed once, answer with what it established.
 *
 * It never retries, never waits between deeds, and never fails: whatever happens is an answer.
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Schema from "effect/Schema"
import type { Artifact } from "./Artifact.ts"
import type { Cadence } from "./Contract.ts"
import type { EventOf, Request } from "./Lifecycle.ts"
import type { Handle } from "./Handle.ts"
import type { Observation } from "./Observation.ts"

/**
 * One thing to do. It ends within `within`, or answers that it did not; a look may be held open for `hold`. A submit that is
 * `isRepeatable` does nothing twice if it arrives twice; where that is not said, it must not arrive twice.
 */
export type Deed =
  | {
      readonly _tag: "Submit"
      readonly request: Request
      readonly isRepeatable?: boolean
      readonly within: Duration.Duration
    }
  | {
      readonly _tag: "Look"
      readonly handle: Handle
      readonly hold?: Duration.Duration
      readonly within: Duration.Duration
    }
  | { readonly _tag: "Cancel"; readonly handle: Handle; readonly within: Duration.Duration }
  | {
      readonly _tag: "Answer"
      readonly handle: Handle
      readonly input: Schema.Json
      readonly within: Duration.Duration
    }

type Unstamped<E> = E extends unknown ? Omit<E, "at" | "began" | "hold"> : never

/** What the deed established; the driver adds the instant. */
export type Answer = Unstamped<EventOf<"Accepted" | "Rejected" | "Uncertain" | "Observed" | "Unseen" | "Lost">>

/** A file's link, fresh; or why there is none. */
export type Renewal =
  | { readonly _tag: "Renewed"; readonly artifact: Artifact }
  | Extract<Answer, { readonly _tag: "Unseen" | "Lost" }>

/** Who works: the name that the caller gave an account, or the credential, for which a journal finds a name. */
export type Account = string | Redacted.Redacted<string>

/** One service at one origin. */
export interface Shape {
  /** Where it is; handles from elsewhere are refused. */
  readonly origin: string
  /** For whom it works: entries of a journal belong to accounts. Absent where there is no credential. */
  readonly account?: Account
  /**
   * Perform one deed once. `Submit` is answered with `Accepted`, `Rejected` or `Uncertain`; `Look`, `Cancel` and `Answer`
   * with `Observed`, `Unseen` or `Lost`. Anything else counts as no answer.
   */
  readonly perform: (deed: Deed) => Effect.Effect<Answer>
  /** How often to look, where that depends on what was configured, such as a tier; the contract's own when absent. */
  readonly cadence?: Cadence
  /**
   * Wait for a place in the budget that all work on one credential shares, first come, first served. Where none comes
   * within the span, nothing is waited for: the answer says how long it would take.
   */
  readonly admit?: (deed: Deed["_tag"], within: Duration.Duration) => Effect.Effect<Duration.Duration | undefined>
  /** Read what a delivery shows of the work; `undefined` where it only says that there is something to see. */
  readonly heard?: (handle: Handle, body: Schema.Json) => Observation | undefined
  /** Get a fresh link for a file; `undefined` where one more look brings it. */
  readonly renew?: (artifact: Artifact, within: Duration.Duration) => Effect.Effect<Renewal> | undefined
  /** What a request for a file at this address carries as credential; `undefined` for an address at another origin. */
  readonly credential?: (
    address: string,
  ) => Effect.Effect<Readonly<Record<string, string | Redacted.Redacted<string>>>> | undefined
}

/** Identifies the remote of one service in a program's requirements. */
export interface Remote<Service extends string> {
  readonly _: unique symbol
  readonly service: Service
}

/**
 * Name the key under which the remote of a service is provided.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as Handle from "@tenuto/core/Handle"
 * import * as Remote from "@tenuto/core/Remote"
 *
 * // A test double: it takes everything, and every look says that the work goes on.
 * export const layer = Layer.succeed(Remote.of("soundpiece"), {
 *   origin: "https://api.soundpiece.co",
 *   perform: (deed) =>
 *     Effect.succeed<Remote.Answer>(
 *       deed._tag === "Submit"
 *         ? { _tag: "Accepted", handle: Handle.of(deed.request, { id: "op_1" }) }
 *         : { _tag: "Observed", observation: { _tag: "Pending", word: "processing" } },
 *     ),
 * })
 * ```
 */
export const of = <const Service extends string>(service: Service): Context.Key<Remote<Service>, Shape> =>
  Context.Service<Remote<Service>, Shape>(`@tenuto/core/Remote/${service}`)
