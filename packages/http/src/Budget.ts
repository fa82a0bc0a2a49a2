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
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Delay } from "@tenuto/core/Contract"
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
}

/** State the limits of a service. */
export const of = (...rules: ReadonlyArray<Rule>): Budget => ({
  rules,
  open: () => {
    const purses = rules.map(make)
    const counting = (deed: Deed["_tag"]) => purses.filter(({ rule }) => rule.deeds.includes(deed))
    return {
      admit: (deed, within) =>
        Effect.flatMap(now, (instant) => {
          const places = counting(deed).map((purse) => purse.take())
          const leave = () => places.forEach((place) => place.leave())
          const wait = (instant: number, until: number): Effect.Effect<Duration.Duration | undefined> => {
            // One instant for all limits: a place that is used later than it stands would be none.
            const at = Math.max(instant, ...places.map((place) => place.free()))
            for (const place of places) place.at = at
            if (at <= instant) {
              for (const place of places) place.before = place.ahead = undefined
              return Effect.undefined
            }
            if (at >= until) {
              leave()
              return Effect.succeed(Duration.millis(at - instant))
            }
            // Meanwhile the service may close: then those who wait move on, each in its order.
            return Effect.sleep(Duration.millis(at - instant)).pipe(
              Effect.andThen(now),
              Effect.flatMap((then) => wait(then, until)),
            )
          }
          return Effect.onInterrupt(wait(instant, instant + Duration.toMillis(within)), () => Effect.sync(leave))
        }),
      heard: (deed, answer) =>
        Effect.forEach(
          counting(deed),
          ({ refused, taken }) => {
            if (!("reason" in answer)) return taken
            return answer.reason._tag === "RateLimited" ? refused(answer.reason.retryAfter) : Effect.void
          },
          { discard: true },
        ),
    }
  },
})

/** One who goes under a limit, or waits to. */
interface Place {
  at: number
  /** Who goes a whole window earlier; nobody where that is over. */
  before: Place | undefined
  after: Place | undefined
  /** Who asked before it; nobody once it has gone. */
  ahead: Place | undefined
  /** From when on there is room for it. */
  readonly free: () => number
  /** Give it back, to whoever comes next. */
  readonly leave: () => void
}

/** One limit, and what has been used up of it. */
interface Purse {
  readonly rule: Rule
  /** Stand in line. */
  readonly take: () => Place
  /** The service refused a request for its limit. */
  readonly refused: (retryAfter: Duration.Duration | undefined) => Effect.Effect<void>
  /** The service took a request. */
  readonly taken: Effect.Effect<void>
}

/** Requests overtake each other on the way: what left a minute apart arrives a little less than a minute apart. */
const margin = 1000

/** A clock that cannot be set back. */
const now: Effect.Effect<number> = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos / 1_000_000n))

const make = (rule: Rule): Purse => {
  const { backoff, requests = Infinity, window = Duration.zero } = rule
  const span = Duration.toMillis(window) + margin
  /** The ends of as many lines as there may be requests; in each a window lies between one and the next. */
  const ends: Array<Place> = []
  let closedUntil = -Infinity
  let refusals = 0

  /** Who asked last. */
  let last: Place | undefined

  return {
    rule,
    take: () => {
      const isNew = ends.length < requests
      const before = isNew ? undefined : ends.reduce((one, other) => (other.at < one.at ? other : one))
      const place: Place = {
        at: Infinity,
        before,
        after: undefined,
        ahead: last,
        free: () =>
          Math.max(
            closedUntil,
            place.before === undefined ? -Infinity : place.before.at + span,
            // Who was refused comes back one by one: all at once would be refused again, and prolong the block.
            place.ahead === undefined || refusals === 0 ? -Infinity : place.ahead.at + margin,
          ),
        leave: () => {
          const { after, ahead, before } = place
          place.at = ahead?.at ?? -Infinity
          if (before !== undefined) before.after = after
          if (after !== undefined) after.before = before
          else if (ends.includes(place)) ends.splice(ends.indexOf(place), 1, ...(before === undefined ? [] : [before]))
        },
      }
      last = place
      if (requests === Infinity) return place
      if (before === undefined) ends.push(place)
      else {
        before.after = place
        ends[ends.indexOf(before)] = place
      }
      return place
    },
    refused: (retryAfter) =>
      Effect.map(now, (instant) => {
        // Whoever was on the way when the service closed is refused with the first one, not after it.
        if (instant >= closedUntil) refusals++
        const pause = backoff === undefined ? retryAfter : Pace.pauseOf(backoff, retryAfter, refusals, 0)
        closedUntil = Math.max(closedUntil, instant + Duration.toMillis(pause ?? Duration.zero))
      }),
    taken: Effect.sync(() => {
      refusals = 0
    }),
  }
}
