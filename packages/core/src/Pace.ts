/**
 * When to act next: floors, hints, ladders, ranges and long polls; pure arithmetic on instants.
 *
 * It never sleeps and never draws a die; both come in as arguments.
 *
 * Law 6: never sooner than asked. Every pause is at least what the service asked and at least the contract's floor;
 * chance only ever lengthens it, by a quarter at most. So many clients that were asked to come back in 30 s come back
 * between 30 and 37.5 s, and not in one instant.
 *
 * @example
 * ```ts
 * import * as DateTime from "effect/DateTime"
 * import * as Duration from "effect/Duration"
 * import * as Pace from "@tenuto/core/Pace"
 * import * as Soundpiece from "@tenuto/soundpiece"
 *
 * const at = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
 * const trouble = { _tag: "RateLimited", retryAfter: Duration.seconds(30) } as const
 * const looks = Pace.missed(Pace.none, { began: at, ended: at, trouble })
 * const next = Pace.nextLook(Soundpiece.contract, at, looks, 0)
 * console.log(DateTime.formatIso(next)) // 2026-01-01T00:00:30.000Z
 * ```
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import type { Cadence, Contract, Delay } from "./Contract.ts"
import { Instant, later, longest } from "./internal/instant.ts"
import * as Reason from "./Reason.ts"
import { pure } from "./internal/pure.ts"

/** What is remembered of the looks so far; all that the next one depends on. */
export const Looks = /* @__PURE__ */ pure(() =>
  Schema.Struct({
    began: Schema.optionalKey(Instant),
    ended: Schema.optionalKey(Instant),
    /** Looks in a row that came back before their hold was over, with nothing new. */
    early: Schema.Int,
    /** Looks in a row that failed. */
    missed: Schema.Int,
    /** A delivery said that there is something to see. */
    prompted: Schema.optionalKey(Schema.Boolean),
    /** Until when the service wants to be left alone, and when it said so. */
    until: Schema.optionalKey(Instant),
    toldAt: Schema.optionalKey(Instant),
    /** Why the last look failed, when it did. */
    trouble: Schema.optionalKey(Reason.Reason),
  }),
)
export type Looks = typeof Looks.Type

/** No look yet. */
export const none: Looks = { early: 0, missed: 0 }

/** A long poll that lasted less than this part of its hold came back early. */
const heldEnough = 0.9
/** A contract that names no floor still asks for no hot loop. */
const least = Duration.millis(100)
/** By how much, at most, chance lengthens a pause. */
const spread = 0.25

/** Remember that the work was accepted; the service may say at once when it wants to be looked at. */
export const accepted = (at: DateTime.Utc, retryAfter: Duration.Duration | undefined): Looks => ({
  ...none,
  ...asked({}, at, retryAfter),
})

/**
 * Remember a look that came back while the work goes on. `hold` is what was asked for, when the look was a long poll.
 *
 * What comes while the service wants to be left alone came without our asking, and changes no pace.
 */
export const returned = (
  looks: Looks,
  look: {
    readonly began: DateTime.Utc
    readonly ended: DateTime.Utc
    readonly hold?: Duration.Duration
    readonly retryAfter?: Duration.Duration
  },
): Looks => {
  const { began, ended, hold, retryAfter } = look
  if (looks.until !== undefined && DateTime.isLessThan(began, looks.until)) return looks
  const isEarly =
    hold !== undefined && Duration.toMillis(DateTime.distance(began, ended)) < Duration.toMillis(hold) * heldEnough
  return { began, ended, early: isEarly ? looks.early + 1 : 0, missed: 0, ...asked({}, ended, retryAfter) }
}

/** Remember that a delivery asks for a look: the next one comes as soon as it may. */
export const prompted = (looks: Looks): Looks => ({ ...looks, prompted: true })

/** Remember that no look may be had before a span is over: nothing was asked, and nothing failed. */
export const postponed = (looks: Looks, at: DateTime.Utc, span: Duration.Duration): Looks => ({
  ...looks,
  ...asked(looks, at, span),
})

/** Remember a look that failed. */
export const missed = (
  looks: Looks,
  look: { readonly began: DateTime.Utc; readonly ended: DateTime.Utc; readonly trouble: Reason.Reason },
): Looks => ({
  ...look,
  early: looks.early,
  missed: looks.missed + 1,
  ...asked(looks, look.ended, Reason.retryAfter(look.trouble)),
})

/** A shorter wish to be left alone does not replace a longer one. */
const asked = (
  { toldAt, until }: Pick<Looks, "until" | "toldAt">,
  at: DateTime.Utc,
  retryAfter: Duration.Duration | undefined,
): Pick<Looks, "until" | "toldAt"> => {
  const wanted = retryAfter === undefined ? undefined : later(at, retryAfter)
  if (wanted !== undefined && (until === undefined || DateTime.isGreaterThan(wanted, until)))
    return { until: wanted, toldAt: at }
  return { ...(until === undefined ? {} : { until }), ...(toldAt === undefined ? {} : { toldAt }) }
}

/** Find when the service may be asked again by its own wish, where it has one; `die` is in [0, 1). */
export const resumed = ({ toldAt, until }: Looks, die: number): DateTime.Utc | undefined =>
  until === undefined ? undefined : later(until, times(DateTime.distance(toldAt ?? until, until), spread * die))

/**
 * Find the earliest instant of the next look.
 *
 * `die` is in [0, 1).
 */
export const nextLook = (contract: Contract, acceptedAt: DateTime.Utc, looks: Looks, die: number): DateTime.Utc => {
  const schedule = bySchedule(contract, acceptedAt, looks)
  const due = DateTime.max(schedule, resumed(looks, die) ?? schedule)
  if (looks.trouble === undefined || looks.ended === undefined) return due
  const pause = afterTrouble(contract, looks.trouble, looks.missed, die)
  return DateTime.max(due, later(looks.ended, pause))
}

/** Read how long the service may hold the next look open; `undefined` where it holds none. */
export const hold = (contract: Contract): Duration.Duration | undefined =>
  contract.cadence._tag === "LongPoll" ? contract.cadence.hold : undefined

const bySchedule = (contract: Contract, acceptedAt: DateTime.Utc, looks: Looks): DateTime.Utc => {
  const { cadence } = contract
  const floor = Duration.max(cadence.floor, least)
  if (looks.began === undefined || looks.ended === undefined) {
    if (looks.prompted === true) return acceptedAt
    return cadence._tag === "LongPoll"
      ? acceptedAt
      : later(acceptedAt, Duration.max(every(cadence, acceptedAt, looks), floor))
  }
  if (looks.prompted === true) return later(looks.ended, floor)
  if (cadence._tag !== "LongPoll") return later(looks.ended, Duration.max(every(cadence, looks.ended, looks), floor))
  // A hold that was kept asks for the next look at once; one that was not asks for more and more room.
  const room = Duration.min(times(floor, doubled(looks.early - 1)), Duration.max(cadence.hold, floor))
  return DateTime.max(looks.ended, later(looks.began, room))
}

/** What the service said with its last answer stands in the place of what its page says, where the cadence is `Hinted`. */
const every = (
  cadence: Exclude<Cadence, { readonly _tag: "LongPoll" }>,
  from: DateTime.Utc,
  { until }: Looks,
): Duration.Duration => {
  if (cadence._tag === "Interval") return cadence.every
  return until !== undefined && DateTime.isGreaterThan(until, from) ? Duration.zero : cadence.otherwise
}

/**
 * Find the pause after trouble, before a look or a send that comes next.
 *
 * `count` is how many looks failed in a row, or how many times the request was sent; `die` is in [0, 1).
 */
export const afterTrouble = (
  contract: Contract,
  trouble: Reason.Reason,
  count: number,
  die: number,
): Duration.Duration => {
  const { limited, otherwise, unavailable } = contract.delays
  const delay = trouble._tag === "RateLimited" ? limited : trouble._tag === "Unavailable" ? unavailable : otherwise
  return pauseOf(delay, Reason.retryAfter(trouble), count, die)
}

/** Find the pause after the first, second, … trouble in a row, with the hint that came with it; `die` is in [0, 1). */
export const pauseOf = (
  delay: Delay,
  hint: Duration.Duration | undefined,
  count: number,
  die: number,
): Duration.Duration =>
  delay._tag === "Assumed"
    ? spreadOver(hint ?? delay.pause, die)
    : Duration.max(spreadOver(hint ?? Duration.zero, die), length(delay, Math.max(1, count), die))

const length = (delay: Exclude<Delay, { readonly _tag: "Assumed" }>, count: number, die: number): Duration.Duration => {
  switch (delay._tag) {
    case "Exponential":
      return spreadOver(Duration.min(times(delay.base, doubled(count - 1)), delay.cap), die)
    case "Ladder":
      return spreadOver(delay.steps[Math.min(count, delay.steps.length) - 1] ?? delay.steps[0], die)
    case "Range":
      return Duration.max(delay.min, between(delay.min, delay.max, die))
  }
}

const between = (min: Duration.Duration, max: Duration.Duration, die: number): Duration.Duration =>
  Duration.millis(Math.ceil(Duration.toMillis(min) * (1 - die) + Duration.toMillis(max) * die))

const doubled = (count: number): number => 2 ** Math.min(Math.max(0, count), 40)

/** Chance lengthens a pause by a quarter at most; `die` is in [0, 1). */
export const spreadOver = (pause: Duration.Duration, die: number): Duration.Duration => times(pause, 1 + spread * die)

/** Rounded up, for a pause is never sooner than asked; never longer than the longest. */
const times = (duration: Duration.Duration, factor: number): Duration.Duration =>
  Duration.min(Duration.millis(Math.ceil(Duration.toMillis(duration) * factor)), longest)
