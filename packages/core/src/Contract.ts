/**
 * What a service promises: keys, cadence, delays, limits, retention, cancellation.
 *
 * It is data, each line with the page it comes from, and never decides anything:
 * `Remedy`, `Pace` and `Lifecycle` read it.
 */
import * as Duration from "effect/Duration"

/**
 * How a service recognises a request it has seen before.
 *
 * - `Keyed`: the same key in `field` means the same work for as long as the service remembers it (`for`), so an unanswered
 *   submit may be sent again until then. Where no page says how long, it counts as a day: the shortest span that is known
 *   of (https://docs.stripe.com/api/idempotent_requests).
 * - `Referenced`: `field` is echoed but not checked; a lost submit can be reconciled by hand, never sent again.
 * - `Unkeyed`: nothing.
 * - `Safe`: asking twice does nothing twice, as with a list or a dry run; it may be sent again whatever became of it.
 */
export type Idempotency =
  | { readonly _tag: "Keyed"; readonly field: string; readonly for?: Duration.Duration }
  | { readonly _tag: "Referenced"; readonly field: string }
  | { readonly _tag: "Unkeyed" }
  | { readonly _tag: "Safe" }

/**
 * How often the service wants to be looked at.
 *
 * - `LongPoll`: a look is held open by the service for up to `hold`; looks begin at least `floor` apart, and further
 *   apart each time one comes back early with nothing new.
 * - `Hinted`: look when the last answer says (`Retry-After` and the like; see `Delay` of http), else after `otherwise`; never sooner than `floor`.
 * - `Interval`: look every `every`, never sooner than `floor` after the last look ended.
 */
export type Cadence =
  | { readonly _tag: "LongPoll"; readonly hold: Duration.Duration; readonly floor: Duration.Duration }
  | { readonly _tag: "Hinted"; readonly otherwise: Duration.Duration; readonly floor: Duration.Duration }
  | { readonly _tag: "Interval"; readonly every: Duration.Duration; readonly floor: Duration.Duration }

/**
 * How long to pause after the first, second, … trouble in a row, and no less than a hint of the service.
 *
 * `Assumed` stands for a hint that is missing: one that is there replaces it, even by less.
 */
export type Delay =
  | { readonly _tag: "Exponential"; readonly base: Duration.Duration; readonly cap: Duration.Duration }
  | { readonly _tag: "Ladder"; readonly steps: readonly [Duration.Duration, ...ReadonlyArray<Duration.Duration>] }
  | { readonly _tag: "Range"; readonly min: Duration.Duration; readonly max: Duration.Duration }
  | { readonly _tag: "Assumed"; readonly pause: Duration.Duration }

/** How long a service keeps finished work. */
export type Retention = { readonly _tag: "Kept"; readonly for: Duration.Duration } | { readonly _tag: "Undocumented" }

/** The promises of one service. */
export interface Contract {
  readonly idempotency: Idempotency
  readonly cadence: Cadence
  /** Pauses by kind of trouble; a hint of the service always wins when it is longer. */
  readonly delays: { readonly limited: Delay; readonly unavailable: Delay; readonly otherwise: Delay }
  readonly limits: {
    /** How long a wait lasts when the caller does not say. */
    readonly wait: Duration.Duration
    /** How long one answer may take, over and above the hold of a long poll. */
    readonly answer: Duration.Duration
    /** How long the answer to a submit may take, where that is longer: some services do the work, or fetch a file, first. */
    readonly submit: Duration.Duration
    /**
     * The longest hint that is believed beyond the wait that it was given to. A longer one ends that wait, saying so; a
     * later wait asks anew, and other work on the same credential is not held back by it.
     */
    readonly hint: Duration.Duration
    /** How many times one request may be sent in all, every time for a lawful reason. */
    readonly sends: number
  }
  readonly retention: Retention
  readonly cancellation: "Offered" | "None"
  /** Where a person reports trouble that code cannot mend. */
  readonly support?: string
}

/** What has to be said about a service; the rest gets a careful default. */
export type Promises = Pick<Contract, "idempotency" | "cadence"> &
  Partial<Pick<Contract, "retention" | "cancellation" | "support">> & {
    readonly delays?: Partial<Contract["delays"]>
    readonly limits?: Partial<Contract["limits"]>
  }

/** The longest hint that a contract believes when it does not say. */
export const longestHint: Duration.Duration = /* @__PURE__ */ Duration.days(1)

const backoff = (base: Duration.Duration, cap: Duration.Duration): Delay => ({ _tag: "Exponential", base, cap })

/**
 * Describe a service.
 *
 * Units: every span is a `Duration`.
 *
 * @example
 * ```ts
 * import * as Duration from "effect/Duration"
 * import * as Contract from "@tenuto/core/Contract"
 *
 * export const contract = Contract.make({
 *   idempotency: { _tag: "Keyed", field: "idempotency_key" },
 *   cadence: { _tag: "LongPoll", hold: Duration.seconds(20), floor: Duration.seconds(1) },
 * })
 * ```
 */
export const make = (promises: Promises): Contract => ({
  retention: { _tag: "Undocumented" },
  cancellation: "None",
  ...promises,
  delays: {
    limited: backoff(Duration.seconds(1), Duration.minutes(1)),
    unavailable: backoff(Duration.seconds(1), Duration.minutes(1)),
    otherwise: backoff(Duration.millis(500), Duration.seconds(30)),
    ...promises.delays,
  },
  limits: {
    wait: Duration.minutes(5),
    answer: Duration.seconds(30),
    submit: promises.limits?.answer ?? Duration.seconds(30),
    hint: longestHint,
    sends: 8,
    ...promises.limits,
  },
})

/** Tell whether a request carries a key that the service checks. */
export const isKeyed = ({ idempotency }: Pick<Contract, "idempotency">): boolean => idempotency._tag === "Keyed"

/** Read how long the service remembers a key; `undefined` where it checks none. */
export const keyLife = ({ idempotency }: Pick<Contract, "idempotency">): Duration.Duration | undefined =>
  idempotency._tag === "Keyed" ? (idempotency.for ?? Duration.days(1)) : undefined

/** Tell whether an unanswered submit may be sent again: under its key, or because it does nothing twice. */
export const isRepeatable = (contract: Pick<Contract, "idempotency">): boolean =>
  isKeyed(contract) || contract.idempotency._tag === "Safe"
