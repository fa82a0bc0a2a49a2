/**
 * A sliding window: how many requests a key may make in any span, and when there is room again.
 *
 * It never holds a request back and answers nothing: a refusal is worded by the service. A request that was refused
 * takes no room.
 *
 * Law: in any span, wherever it begins, at most so many are admitted; one that comes when there is room is.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Window from "@tenuto/testkit/Window"
 *
 * const twice = Effect.gen(function* () {
 *   const window = yield* Window.make({ requests: 1, window: "1 minute" })
 *   yield* window.admit("key")
 *   const wait = yield* window.admit("key")
 *   return wait === undefined ? "admitted" : Window.retryAfter(wait)
 * })
 * console.log(await Effect.runPromise(twice)) // 60
 * ```
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** At most `requests` in any span of `window`. */
export interface Limit {
  readonly requests: number
  readonly window: Duration.Input
}

/** What was admitted lately. */
export interface Window {
  /** Let one request in, or say after how long the next one has room. */
  readonly admit: (key: string) => Effect.Effect<Duration.Duration | undefined>
}

/** Open a window. Without a limit everybody is admitted. */
export const make = (limit: Limit | undefined): Effect.Effect<Window> =>
  Effect.sync((): Window => {
    if (limit === undefined) return { admit: () => Effect.undefined }
    const span = Duration.toMillis(Duration.fromInputUnsafe(limit.window))
    const admitted = new Map<string, ReadonlyArray<number>>()
    return {
      admit: (key) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          const recent = (admitted.get(key) ?? []).filter((at) => at > now - span)
          const hasRoom = recent.length < limit.requests
          admitted.set(key, hasRoom ? [...recent, now] : recent)
          return hasRoom ? undefined : Duration.millis((recent[0] ?? now) + span - now)
        }),
    }
  })

/** Write a wait as `retry-after` does: whole seconds, rounded up, never 0. */
export const retryAfter = (wait: Duration.Duration): string => String(Math.max(1, Math.ceil(Duration.toSeconds(wait))))
