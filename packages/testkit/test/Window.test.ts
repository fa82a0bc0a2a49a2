import { Duration, Effect, Exit } from "effect"
import { describe, expect, it } from "vitest"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"
import * as Window from "@tenuto/testkit/Window"

const value = async <A>(effect: Effect.Effect<A>): Promise<A> => {
  const exit = await Effect.runPromise(VirtualClock.run(effect))
  if (Exit.isSuccess(exit)) return exit.value
  throw new Error(String(exit))
}

/** Gaps in milliseconds, many of them 0, drawn from a seed. */
const gapsOf = (seed: number): ReadonlyArray<number> =>
  Array.from({ length: 120 }, (_, at) => {
    const drawn = Math.imul((seed * 977 + at * 131) ^ 0x9e3779b1, 0x85ebca6b) >>> 8
    return drawn % 3 === 0 ? 0 : drawn % 400
  })

interface Seen {
  readonly at: number
  readonly wait: number | undefined
}

const requests = 3
const span = 1000

const story = (seed: number) =>
  value(
    Effect.gen(function* () {
      const window = yield* Window.make({ requests, window: span })
      const seen: Array<Seen> = []
      let at = 0
      for (const gap of gapsOf(seed)) {
        at += gap
        if (gap > 0) yield* Effect.sleep(gap)
        const wait = yield* window.admit("key")
        seen.push({ at, wait: wait === undefined ? undefined : Duration.toMillis(wait) })
      }
      return seen
    }),
  )

const isIn = (from: number, seen: ReadonlyArray<Seen>) =>
  seen.filter(({ at, wait }) => wait === undefined && at >= from && at < from + span)

describe("laws", () => {
  const seeds = Array.from({ length: 12 }, (_, seed) => seed)

  it("in any span at most so many are admitted, wherever it begins", async () => {
    for (const seen of await Promise.all(seeds.map(story))) {
      for (const { at } of seen) {
        expect(isIn(at, seen).length).toBeLessThanOrEqual(requests)
        expect(isIn(at - span + 1, seen).length).toBeLessThanOrEqual(requests)
      }
    }
  })

  it("whoever comes when there is room is admitted, and a wait ends at the first instant with room", async () => {
    for (const seen of await Promise.all(seeds.map(story))) {
      for (const [index, { at, wait }] of seen.entries()) {
        const before = seen.slice(0, index)
        const used = isIn(at - span + 1, before)
        expect(wait === undefined).toBe(used.length < requests)
        if (wait === undefined) continue
        expect(isIn(at + wait - span + 1, before).length).toBe(
          used.filter((other) => other.at > at + wait - span).length,
        )
        expect(isIn(at + wait - span + 1, before).length).toBeLessThan(requests)
        expect(isIn(at + wait - span, before).length).toBe(requests)
      }
    }
  })
})

it("there is room at the very instant that was named, and not a millisecond before", async () => {
  const waits = await value(
    Effect.gen(function* () {
      const window = yield* Window.make({ requests: 1, window: "1 minute" })
      yield* window.admit("a")
      yield* Effect.sleep(59_999)
      const early = yield* window.admit("a")
      yield* Effect.sleep(early ?? "1 day")
      return [early, yield* window.admit("a")]
    }),
  )
  expect(waits).toEqual([Duration.millis(1), undefined])
})

it("each key has a window of its own", async () => {
  const waits = await value(
    Effect.gen(function* () {
      const window = yield* Window.make({ requests: 1, window: "1 minute" })
      return yield* Effect.forEach(["a", "b", "a"], window.admit)
    }),
  )
  expect(waits).toEqual([undefined, undefined, Duration.minutes(1)])
})

it("without a limit everybody is admitted, and a limit of none admits nobody", async () => {
  const waits = await value(
    Effect.gen(function* () {
      const open = yield* Window.make(undefined)
      const shut = yield* Window.make({ requests: 0, window: "5 seconds" })
      return [...(yield* Effect.replicateEffect(open.admit("a"), 100)), yield* shut.admit("a")]
    }),
  )
  expect(waits.slice(0, 100).every((wait) => wait === undefined)).toBe(true)
  expect(waits[100]).toEqual(Duration.seconds(5))
})

it("a wait is written in whole seconds, rounded up, and never as 0", () => {
  const written = [0, 1, 999, 1000, 1001, 29_500].map((millis) => Window.retryAfter(Duration.millis(millis)))
  expect(written).toEqual(["1", "1", "1", "1", "2", "30"])
})
