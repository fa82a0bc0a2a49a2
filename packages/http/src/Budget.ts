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
    const of = (deed: Deed["_tag"]) => purses.filter(({ rule }) => rule.deeds.includes(deed))
    return {
      admit: Effect.fnUntraced(function* (deed, within) {
        for (const { admit } of of(deed)) {
          const wait = yield* admit(within)
          if (wait !== undefined) return wait
        }
        return undefined
      }),
      heard: (deed, answer) =>
        Effect.forEach(
          of(deed),
          ({ refused, taken }) => {
            if (!("reason" in answer)) return taken
            return answer.reason._tag === "RateLimited" ? refused(answer.reason.retryAfter) : Effect.void
          },
          { discard: true },
        ),
    }
  },
})

/** One limit, and what has been used up of it. */
interface Purse {
  readonly rule: Rule
  /** Wait for a place; where none comes `within` the span, say how long it would take and wait for nothing. */
  readonly admit: (within: Duration.Duration) => Effect.Effect<Duration.Duration | undefined>
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
  /** When places were taken, or will be; in order. */
  let places: ReadonlyArray<number> = []
  let closedUntil = -Infinity
  let refusals = 0

  const placeAt = (instant: number): number => {
    places = places.filter((place) => place > instant - span)
    const before = places.at(-requests)
    const last = places.at(-1)
    return Math.max(
      instant,
      closedUntil,
      before === undefined ? -Infinity : before + span,
      // Who was refused comes back one by one: all at once would be refused again, and prolong the block.
      last === undefined || refusals === 0 ? -Infinity : last + margin,
    )
  }
  const give = (place: number) => {
    places = places.toSpliced(places.indexOf(place), 1)
  }
  const admit = (within: Duration.Duration): Effect.Effect<Duration.Duration | undefined> =>
    Effect.flatMap(now, (instant) => {
      const place = placeAt(instant)
      if (place - instant > 0 && place - instant >= Duration.toMillis(within)) {
        return Effect.succeed(Duration.millis(place - instant))
      }
      places = [...places, place]
      if (place <= instant) return Effect.undefined
      return Effect.sleep(Duration.millis(place - instant)).pipe(
        Effect.onInterrupt(() => Effect.sync(() => give(place))),
        Effect.andThen(now),
        Effect.flatMap((then) => {
          if (then >= closedUntil) return Effect.undefined
          // The service has closed meanwhile: the place is given back and another one is waited for.
          give(place)
          return admit(Duration.millis(Duration.toMillis(within) - (then - instant)))
        }),
      )
    })
  return {
    rule,
    admit,
    refused: (retryAfter) =>
      Effect.map(now, (instant) => {
        // Whoever was on the way when the service closed is refused with the first one, not after it.
        if (instant >= closedUntil) refusals++
        const pause =
          backoff === undefined || (backoff._tag === "Assumed" && retryAfter !== undefined)
            ? Duration.zero
            : Pace.pauseOf(backoff, refusals, 0)
        const closed = instant + Duration.toMillis(Duration.max(pause, retryAfter ?? Duration.zero))
        closedUntil = Math.max(closedUntil, closed)
      }),
    taken: Effect.sync(() => {
      refusals = 0
    }),
  }
}
