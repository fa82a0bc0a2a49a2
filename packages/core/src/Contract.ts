/**
 * What a service promises: keys, cadence, delays, limits, retention, cancellation.
 *
 * It is data, each line with the page it comes from, and never decides anything:
 * `Remedy`, `Pace` and `Lifecycle` read it.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

// --- keys ---------------------------------------------------------------------------------------

/**
 * How a service recognises a request it has seen before.
 *
 * - `Keyed`: the same key in `field` always means the same work, so an unanswered submit may be sent again.
 * - `Referenced`: `field` is echoed but not checked; a lost submit can be reconciled by hand, never sent again.
 * - `Unkeyed`: nothing.
 */
export const Idempotency = Schema.Union([
  Schema.TaggedStruct("Keyed", { field: Schema.String }),
  Schema.TaggedStruct("Referenced", { field: Schema.String }),
  Schema.TaggedStruct("Unkeyed", {}),
])
export type Idempotency = typeof Idempotency.Type

// --- cadence ------------------------------------------------------------------------------------

/**
 * How often the service wants to be looked at.
 *
 * - `LongPoll`: a look is held open by the service for up to `hold`; looks begin at least `floor` apart, and further
 *   apart each time one comes back early with nothing new.
 * - `Interval`: look every `every`, never sooner than `floor` after the last look ended.
 */
export const Cadence = Schema.Union([
  Schema.TaggedStruct("LongPoll", { hold: Schema.Duration, floor: Schema.Duration }),
  Schema.TaggedStruct("Interval", { every: Schema.Duration, floor: Schema.Duration }),
])
export type Cadence = typeof Cadence.Type

// --- delays -------------------------------------------------------------------------------------

/** How long to pause after the first, second, … trouble in a row when the service gives no hint. */
export const Delay = Schema.Union([
  Schema.TaggedStruct("Exponential", { base: Schema.Duration, cap: Schema.Duration }),
  Schema.TaggedStruct("Ladder", { steps: Schema.NonEmptyArray(Schema.Duration) }),
  Schema.TaggedStruct("Range", { min: Schema.Duration, max: Schema.Duration }),
])
export type Delay = typeof Delay.Type

const exponential = (base: Duration.Input, cap: Duration.Input): Delay => ({
  _tag: "Exponential",
  base: Duration.fromInputUnsafe(base),
  cap: Duration.fromInputUnsafe(cap),
})

/** Pauses by kind of trouble; a hint of the service always wins when it is longer. */
const Delays = Schema.Struct({
  limited: Delay.pipe(Schema.withConstructorDefault(Effect.succeed(exponential("1 second", "1 minute")))),
  unavailable: Delay.pipe(Schema.withConstructorDefault(Effect.succeed(exponential("1 second", "1 minute")))),
  otherwise: Delay.pipe(Schema.withConstructorDefault(Effect.succeed(exponential("500 millis", "30 seconds")))),
})

// --- limits -------------------------------------------------------------------------------------

const Limits = Schema.Struct({
  /** How long a wait lasts when the caller does not say. */
  wait: Schema.Duration.pipe(Schema.withConstructorDefault(Effect.succeed(Duration.minutes(5)))),
  /** How long one answer may take, over and above the hold of a long poll. */
  answer: Schema.Duration.pipe(Schema.withConstructorDefault(Effect.succeed(Duration.seconds(30)))),
  /** How many times one request may be sent in all, every time for a lawful reason. */
  sends: Schema.Int.check(Schema.isGreaterThan(0)).pipe(Schema.withConstructorDefault(Effect.succeed(8))),
})

/** How long a service keeps finished work. */
export const Retention = Schema.Union([
  Schema.TaggedStruct("Kept", { for: Schema.Duration }),
  Schema.TaggedStruct("Undocumented", {}),
])
export type Retention = typeof Retention.Type

// --- the whole ----------------------------------------------------------------------------------

/** The promises of one service. Build one with {@link make}; what is not said gets a careful default. */
export const Contract = Schema.Struct({
  idempotency: Idempotency,
  cadence: Cadence,
  delays: Delays.pipe(Schema.withConstructorDefault(Effect.sync(() => Delays.make({})))),
  limits: Limits.pipe(Schema.withConstructorDefault(Effect.sync(() => Limits.make({})))),
  retention: Retention.pipe(Schema.withConstructorDefault(Effect.succeed({ _tag: "Undocumented" as const }))),
  cancellation: Schema.Literals(["Offered", "None"]).pipe(
    Schema.withConstructorDefault(Effect.succeed("None" as const)),
  ),
  /** Where a person reports trouble that code cannot mend. */
  support: Schema.optionalKey(Schema.String),
})
export type Contract = typeof Contract.Type

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
export const make = (promises: typeof Contract["~type.make.in"]): Contract => Contract.make(promises)

/** Whether an unanswered submit may be sent again under its key. */
export const isKeyed = (contract: Contract): boolean => contract.idempotency._tag === "Keyed"
