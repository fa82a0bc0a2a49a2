/**
 * How many requests a service allows on one credential, shared by all work that uses it: first come, first served.
 *
 * It only ever holds back. What the service says of its limit counts for everybody, not just for who was told.
 *
 * Law 6: never sooner than asked.
 *
 * @example
 * ```ts
 * import * as Duration from "effect/Duration"
 * import * as Effect from "effect/Effect"
 * import * as Budget from "@tenuto/http/Budget"
 *
 * const rule: Budget.Rule = { deeds: ["Submit"], requests: 2, window: Duration.minutes(1) }
 * const { admit } = Budget.of(rule).open()
 * const ask = admit("Submit", Duration.seconds(30)) // nobody waits for more than half a minute
 * const said = await Effect.runPromise(Effect.all([ask, ask, ask]))
 * console.log(said.map((wait) => (wait === undefined ? "now" : "no room"))) // [ "now", "now", "no room" ]
 * ```
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { type Delay, longestHint } from "@tenuto/core/Contract"
import * as Pace from "@tenuto/core/Pace"
import type { Answer, Deed } from "@tenuto/core/Remote"

/** One limit of a service, as its page states it. */
export interface Rule {
  /** What counts against it, and is held back by it. */
  readonly deeds: ReadonlyArray<Deed["_tag"]>
  /** How many requests there may be in any span of `window`; absent where the page names no number. */
  readonly requests?: number
  readonly window?: Duration.Duration
  /** How long all keep away after the first, second, … refusal in a row, and no less than the service asks. */
  readonly backoff?: Delay
  /** The longest hint that holds back all; a longer one counts for who was told. Default: a day, as in a `Contract`. */
  readonly hint?: Duration.Duration
}

/** The limits of a service as a table states them; each connection opens its own. */
export interface Budget {
  readonly rules: ReadonlyArray<Rule>
  readonly open: () => Open
}

/** What has been used up of the limits on one credential. */
export interface Open {
  /** Wait for a place under every limit that counts this; else say how long it would take, and wait for nothing. */
  readonly admit: (deed: Deed["_tag"], within: Duration.Duration) => Effect.Effect<Duration.Duration | undefined>
  /** Hear what became of a request: what one is told counts for all. */
  readonly heard: (deed: Deed["_tag"], answer: Answer) => Effect.Effect<void>
  /**
   * Hear that no request is left for a span. Says whether that holds back all that this deed counts with: not where no
   * limit counts it, nor for a span longer than a hint is believed.
   */
  readonly exhausted: (deed: Deed["_tag"], span: Duration.Duration) => Effect.Effect<boolean>
}

/** State the limits of a service. */
export const of = (...rules: ReadonlyArray<Rule>): Budget => ({
  rules,
  open: () => {
    const purses = rules.map(make)
    let moved = Deferred.makeUnsafe<void>()
    const counting = (deed: Deed["_tag"]) => purses.filter(({ rule }) => rule.deeds.includes(deed))
    return {
      admit: (deed, within) =>
        Effect.flatMap(now, (instant) => {
          const places = counting(deed).map((purse) => purse.take(instant))
          // Whoever stands behind works out anew when to go.
          const leave = () => {
            for (const place of places) place.leave()
            // Whoever wakes waits for the next one, not again for this.
            const before = moved
            moved = Deferred.makeUnsafe()
            Deferred.doneUnsafe(before, Effect.void)
          }
          const wait = (instant: number, until: number): Effect.Effect<Duration.Duration | undefined> => {
            // One instant for all limits: a place that is used later than it stands would be none.
            const spread = Math.max(instant, ...places.map((place) => place.free(true)))
            // Chance alone turns nobody away.
            const at = spread < until ? spread : Math.max(instant, ...places.map((place) => place.free(false)))
            for (const place of places) {
              place.at = at
              place.isUsed = at <= instant
            }
            if (at <= instant) return Effect.undefined
            if (at >= until) {
              leave()
              return Effect.succeed(Duration.millis(at - instant))
            }
            // Meanwhile the service may close: then those who wait move on, each in its order.
            return Effect.timeoutOption(Deferred.await(moved), Duration.millis(at - instant)).pipe(
              Effect.andThen(now),
              Effect.flatMap((then) => wait(then, until)),
            )
          }
          return Effect.onInterrupt(wait(instant, instant + Duration.toMillis(within)), () => Effect.sync(leave))
        }),
      heard: (deed, answer) =>
        Effect.flatMap(now, (instant) => {
          if (!("reason" in answer)) {
            for (const purse of counting(deed)) purse.taken(instant)
            return Effect.void
          }
          if (answer.reason._tag !== "RateLimited") return Effect.void
          const { retryAfter } = answer.reason
          return Effect.map(Random.next, (die) => {
            for (const purse of counting(deed)) purse.refused(instant, retryAfter, die)
          })
        }),
      exhausted: (deed, span) =>
        Effect.zipWith(now, Random.next, (instant, die) => {
          const held = counting(deed).filter((purse) => purse.believes(span))
          for (const purse of held) purse.closed(instant, span, die)
          return held.length > 0
        }),
    }
  },
})

/** One who goes under a limit, or waits to. */
interface Place {
  at: number
  isUsed: boolean
  /** From when on there is room for it, with what chance adds or without. */
  readonly free: (isSpread: boolean) => number
  /** Give it back, to whoever comes next. */
  readonly leave: () => void
}

/** One limit, and what has been used up of it. */
interface Purse {
  readonly rule: Rule
  /** Stand in line. */
  readonly take: (instant: number) => Place
  /** Whether a hint counts for all. */
  readonly believes: (hint: Duration.Duration) => boolean
  /** The service takes nothing for a span; `die`, in [0, 1), lengthens it. */
  readonly closed: (instant: number, span: Duration.Duration, die: number) => void
  /** The service refused a request for its limit. */
  readonly refused: (instant: number, retryAfter: Duration.Duration | undefined, die: number) => void
  /** The service took a request. */
  readonly taken: (instant: number) => void
}

/** Requests overtake each other on the way: what left a minute apart arrives a little less than a minute apart. */
const margin = 1000

const none: Delay = { _tag: "Ladder", steps: [Duration.zero] }

/** A clock that cannot be set back. */
const now: Effect.Effect<number> = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos / 1_000_000n))

const make = (rule: Rule): Purse => {
  const { backoff, hint = longestHint, requests = Infinity, window = Duration.zero } = rule
  const span = Duration.toMillis(window) + margin
  /** Who went within the last window, and who waits, in the order in which they asked. */
  const line: Array<Place> = []
  let closedUntil = -Infinity
  /** The same, with what chance adds: a fleet of processes does not come back in one instant. */
  let spreadUntil = -Infinity
  let refusals = 0
  const believes = (span: Duration.Duration) => Duration.isLessThanOrEqualTo(span, hint)
  const close = (instant: number, pauseFor: (die: number) => Duration.Duration, die: number) => {
    closedUntil = Math.max(closedUntil, instant + Duration.toMillis(pauseFor(0)))
    spreadUntil = Math.max(spreadUntil, instant + Duration.toMillis(pauseFor(die)))
  }

  return {
    rule,
    believes,
    closed: (instant, span, die) => {
      // Those who waited for it come back one by one, as after a refusal.
      refusals ||= 1
      close(instant, (chance) => Pace.spreadOver(span, chance), die)
    },
    take: (instant) => {
      while (line[0]?.isUsed === true && line[0].at + span <= instant) line.shift()
      const place: Place = {
        at: Infinity,
        isUsed: false,
        free: (isSpread) => {
          const index = line.indexOf(place)
          const past = (places: number, pause: number) => (line[index - places]?.at ?? -Infinity) + pause
          // Who was refused comes back one by one: all at once would be refused again, and prolong the block.
          return Math.max(
            isSpread ? spreadUntil : closedUntil,
            past(requests, span),
            refusals === 0 ? -Infinity : past(1, margin),
          )
        },
        leave: () => void line.splice(line.indexOf(place), 1),
      }
      line.push(place)
      return place
    },
    refused: (instant, retryAfter, die) => {
      // Whoever was on the way when the service closed is refused with the first one, not after it.
      if (instant >= closedUntil) refusals++
      const asked = retryAfter !== undefined && believes(retryAfter) ? retryAfter : undefined
      close(instant, (chance) => Pace.pauseOf(backoff ?? none, asked, refusals, chance), die)
    },
    // What was sent before the service closed says nothing of when it opens.
    taken: (instant) => {
      if (instant >= closedUntil) refusals = 0
    },
  }
}
