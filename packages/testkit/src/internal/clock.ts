/** The `Clock` face of an engine, and the way back from the current clock to its engine. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { Engine } from "./engine.ts"

const nanos = (millis: number): bigint => {
  const whole = Math.floor(millis)
  return BigInt(whole) * 1_000_000n + BigInt(Math.floor((millis - whole) * 1_000_000))
}

export class EngineClock implements Clock.Clock {
  readonly engine: Engine
  readonly currentTimeMillis: Effect.Effect<number>
  readonly currentTimeNanos: Effect.Effect<bigint>
  readonly monotonicTimeNanos: Effect.Effect<bigint>

  constructor(engine: Engine) {
    this.engine = engine
    this.currentTimeMillis = Effect.sync(() => this.currentTimeMillisUnsafe())
    this.currentTimeNanos = Effect.sync(() => this.currentTimeNanosUnsafe())
    this.monotonicTimeNanos = Effect.sync(() => this.monotonicTimeNanosUnsafe())
  }

  currentTimeMillisUnsafe(): number {
    return this.engine.now
  }

  currentTimeNanosUnsafe(): bigint {
    return nanos(this.engine.now)
  }

  monotonicTimeNanosUnsafe(): bigint {
    return nanos(this.engine.now - this.engine.start)
  }

  sleep(duration: Duration.Duration): Effect.Effect<void> {
    const millis = Duration.toMillis(duration)
    if (millis <= 0) return Effect.yieldNow
    return Effect.withFiber((fiber) => {
      const span = fiber.cache.span
      const label = () => (span?._tag === "Span" ? `a sleep in ${span.name}` : "a sleep")
      return wait(this.engine, this.engine.now + millis, label)
    })
  }
}

/** Wait for an instant; interrupting removes the timer. */
export const wait = (engine: Engine, instant: number, label: () => string, order?: number): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const remove = engine.at(instant, label, () => resume(Effect.void), order)
    return Effect.sync(remove)
  })

/** Let time pass, on a clock that is told; ends when all that is due in it has happened. */
export const pass = (engine: Engine, millis: number): Effect.Effect<void> =>
  Effect.callback<void>((resume) => engine.advance(millis, () => resume(Effect.void)))

type Begin = () => (() => void) | undefined

/** Begin something, do an effect, and end what was begun. */
export const within =
  (begin: Begin) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.acquireUseRelease(
      Effect.sync(begin),
      () => effect,
      (end) => Effect.sync(() => end?.()),
    )

/** Begin something, and end it when the scope closes. */
export const during = (begin: Begin) => Effect.acquireRelease(Effect.sync(begin), (end) => Effect.sync(() => end?.()))

/** Stop time until a promise settles, whoever waits for it. Under a live clock it changes nothing. */
export const holdUntil = (engine: Engine | undefined, promise: Promise<unknown>, label: string, parks = true): void => {
  const release = engine?.hold(label, parks)
  // What is no promise has settled.
  if (release !== undefined) void Promise.resolve(promise).then(release, release)
}

/** The engine of a fiber's clock, if that is a virtual one. */
export const engineOf = (fiber: Fiber.Fiber<unknown, unknown>): Engine | undefined => {
  const clock = fiber.getRef(Clock.Clock)
  return clock instanceof EngineClock ? clock.engine : undefined
}

/** The engine of the current clock. */
export const current: Effect.Effect<Engine | undefined> = Effect.withFiber((fiber) => Effect.succeed(engineOf(fiber)))
