/** What a case demands of what it saw; it fails with a sentence that says what was seen instead. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Fiber from "effect/Fiber"
import * as Duration from "effect/Duration"

export const demand = (isTrue: boolean, otherwise: string): Effect.Effect<void, string> =>
  isTrue ? Effect.void : Effect.fail(otherwise)

export const same = (what: string, seen: unknown, wanted: unknown): Effect.Effect<void, string> =>
  demand(Equal.equals(seen, wanted), `${what}: ${show(seen)} in place of ${show(wanted)}`)

/** A process that others keep from running wakes late: what was ready meanwhile has its turn before the next part begins. */
const parts = 20
const pass = (span: Duration.Input): Effect.Effect<void> =>
  Effect.repeat(Effect.sleep(Duration.times(Duration.fromInputUnsafe(span), 1 / parts)), { times: parts - 1 })

/** End within a span, or break the law; what cannot be interrupted is left behind. */
export const within =
  (span: Duration.Input, what: string) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | string, R> =>
    Effect.flatMap(Effect.forkDetach(effect), (fiber) =>
      Effect.raceFirst(
        Fiber.join(fiber),
        Effect.andThen(pass(span), () => Effect.fail(`${what} did not come about`)),
      ).pipe(Effect.ensuring(Effect.sync(() => fiber.interruptUnsafe()))),
    )

/** How many milliseconds something takes. */
export const elapsed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const began = yield* Clock.currentTimeMillis
    const value = yield* effect
    return { value, took: (yield* Clock.currentTimeMillis) - began }
  })

const show = (value: unknown): string => {
  const text = JSON.stringify(value ?? null, (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part))
  return text.slice(0, 300)
}
