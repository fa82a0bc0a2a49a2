/**
 * A clock that moves by itself, and only when nothing else can happen.
 *
 * ```text
 * no runnable task · no I/O in flight · no hold · some timer pending ──▶ jump to the earliest timer, fire that one
 * ```
 *
 * It is right in memory and over real loopback sockets: a request on the wire stops time, a request that its service
 * is working on does not, and neither does one whose both ends are here and whose bytes wait: for a reader, a writer, or
 * a free connection. It never sleeps in real time, and arms no process timer but the watchdog of stuck I/O.
 *
 * Law 12: same seed, same story. Of two timers at one instant the one set first fires first (or as the seed says), and
 * what it sets off has come to rest before the second fires.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as Client from "@tenuto/core/Client"
 * import * as Journal from "@tenuto/core/Journal"
 * import * as Soundpiece from "@tenuto/soundpiece"
 * import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
 * import * as Emulator from "@tenuto/testkit/Emulator"
 * import * as VirtualClock from "@tenuto/testkit/VirtualClock"
 *
 * const hour = Effect.gen(function* () {
 *   const { handler, ledger } = yield* SoundpieceEmulator.make({ work: "1 hour" })
 *   const soundpiece = Soundpiece.layer({ apiKey: "spk_test" }).pipe(Layer.provide(Emulator.layerMemory(handler)))
 *   const song = Soundpiece.newSong({ lyrics: "Hold the note", prompt: "Slow waltz" })
 *   yield* Effect.provide(Client.run(song, { within: "2 hours" }), [soundpiece, Journal.layerMemory])
 *   return (yield* ledger).requests.length
 * })
 * console.log(await Effect.runPromise(Effect.flatten(VirtualClock.run(hour)))) // 181: a submit, and 20 seconds a look
 * ```
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as Scheduler from "effect/Scheduler"
import * as Scope from "effect/Scope"
import { Transport } from "@tenuto/http/Transport"
import * as WebCrypto from "effect/crypto/WebCrypto"
import { counted } from "./internal/counted.ts"
import { heldCrypto } from "./internal/crypto.ts"
import { current, EngineClock, holdUntil, pass, within } from "./internal/clock.ts"
import { covering } from "./internal/covering.ts"
import { Engine } from "./internal/engine.ts"
import { travelling } from "./internal/travel.ts"
import type { Stall } from "./internal/watch.ts"

/** The run is not over, and nothing is left that could wake it. */
export class Deadlock extends Schema.TaggedError<Deadlock>()("Deadlock", {
  at: Schema.DateTimeUtcFromString,
  waiters: Schema.Array(Schema.String),
}) {
  override get message() {
    return `at ${DateTime.formatIso(this.at)} nothing can happen any more: no timer is pending and no I/O is held; waiting: ${list(this.waiters)}. If real I/O was under way, hold time meanwhile: kit.track(promise), or VirtualClock.hold(effect); or a timer was taken into a variable before the run: await kit.doctor(client) says so`
  }
}

/** I/O was under way for too long in real time without a sign of life. */
export class StuckIo extends Schema.TaggedError<StuckIo>()("StuckIo", {
  at: Schema.DateTimeUtcFromString,
  waiters: Schema.Array(Schema.String),
}) {
  override get message() {
    return `at ${DateTime.formatIso(this.at)} time stands still because I/O does not end: ${list(this.waiters)}. Answer it, interrupt it, or raise stuckAfter`
  }
}

/** The client asks again and again, and lets no time pass. */
export class HotLoop extends Schema.TaggedError<HotLoop>()("HotLoop", {
  at: Schema.DateTimeUtcFromString,
  waiters: Schema.Array(Schema.String),
}) {
  override get message() {
    return `at ${DateTime.formatIso(this.at)} requests go on and no time passes: ${list(this.waiters)}. Let the client wait between two looks, or raise mostAtOnce if it means to send so many at one instant`
  }
}

/** The client goes on and on. */
export class Endless extends Schema.TaggedError<Endless>()("Endless", {
  at: Schema.DateTimeUtcFromString,
  waiters: Schema.Array(Schema.String),
}) {
  override get message() {
    return `at ${DateTime.formatIso(this.at)} there is still no end: ${list(this.waiters)}. Give the client a deadline, or raise mostInAll if it means to send so many requests, or to be woken so often without one`
  }
}

/** Why a run cannot go on. */
export type Stalled = Deadlock | StuckIo | HotLoop | Endless

const stalls = { Deadlock, StuckIo, HotLoop, Endless }

/** Tell whether it was the clock that ended a run. */
export const isStalled = (error: unknown): error is Stalled =>
  Object.values(stalls).some((stall) => error instanceof stall)

const list = (waiters: ReadonlyArray<string>): string => (waiters.length === 0 ? "nobody known" : waiters.join("; "))

/** Where time begins, in which order things happen at one instant, and when I/O counts as stuck. */
export interface Options {
  /** The first instant. Default: 2026-01-01T00:00:00Z. */
  readonly start?: DateTime.Utc
  /** Another order of what happens at one instant, and another die. Default: the order in which it was set, and die 0. */
  readonly seed?: number
  /** Real time without progress after which I/O counts as stuck. Default: 5 seconds. */
  readonly stuckAfter?: Duration.Input
  /** Requests at one instant after which the client counts as one that lets no time pass. Default: 10,000. */
  readonly mostAtOnce?: number
  /**
   * Requests in one run after which the client counts as one that never ends, as does one that is woken ten times as
   * often and sends none. Default: 50,000.
   */
  readonly mostInAll?: number
  /**
   * Cover the host's own time too, for clients that are not ours: `Date`, `setTimeout`, `setInterval`, `setImmediate`,
   * `performance.now`, `process.hrtime`, `AbortSignal.timeout`, `node:timers`, `node:timers/promises`, and WebCrypto;
   * requests of `fetch`, undici and `node:http` stop time while they are on the wire, and `node:zlib` while it works. Chance comes from the seed:
   * `Math.random`, `crypto.randomUUID`, `crypto.getRandomValues`, `randomBytes`. One clock of a process at a time:
   * another waits. Default: no.
   */
  readonly globals?: boolean
  /**
   * When time moves: `freely`, whenever nothing else can happen (default); as `told` by `advance`; or, for a client in
   * another process, as told and while the service holds one of its requests (`held`).
   */
  readonly moves?: "freely" | "told" | "held"
}

/** How a hold is called in `StuckIo`, and whether a request without our transport's mark parks it (default: yes). */
export interface HoldOptions {
  readonly label?: string
  readonly parks?: boolean
}

/** The running clock: what is known only to it. */
export class VirtualClock extends Context.Service<
  VirtualClock,
  {
    /** When it began. */
    readonly start: DateTime.Utc
    /** How many timers are pending. */
    readonly timers: Effect.Effect<number>
    /** Let this much time pass, and everything that is due in it happen; ends when it has. */
    readonly advance: (by: Duration.Input) => Effect.Effect<void>
    /** Fails when the run cannot go on; never succeeds. While someone waits here, stalls are looked for. */
    readonly stalled: Effect.Effect<never, Stalled>
  }
>()("@tenuto/testkit/VirtualClock") {}

const epoch = DateTime.makeUnsafe("2026-01-01T00:00:00Z")

/** Give the clock, a die of the same seed, a scheduler it can count, and a `WebCrypto` that holds time while it computes. */
export const layer = (options: Options = {}): Layer.Layer<VirtualClock> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const start = options.start ?? epoch
      const engine = new Engine({
        start: DateTime.toEpochMillis(start),
        seed: options.seed,
        stuckAfter: Duration.toMillis(Duration.fromInputUnsafe(options.stuckAfter ?? "5 seconds")),
        mostAtOnce: options.mostAtOnce ?? 10_000,
        mostInAll: options.mostInAll ?? 50_000,
        moves: options.moves ?? "freely",
      })
      yield* Effect.addFinalizer(() => Effect.sync(() => engine.close()))
      if (options.globals === true) yield* covering(engine)
      const fail = (stall: Stall) => {
        const at = DateTime.makeUnsafe(engine.now)
        const waiters = stall.waiters
        return new stalls[stall._tag]({ at, waiters })
      }
      return Context.make(
        VirtualClock,
        VirtualClock.of({
          start,
          timers: Effect.sync(() => engine.pendingTimers),
          advance: (by) => pass(engine, Duration.toMillis(Duration.fromInputUnsafe(by))),
          stalled: Effect.callback((resume) => {
            const stop = engine.watch.listen((stall) => resume(Effect.fail(fail(stall))))
            return Effect.sync(stop)
          }),
        }),
      ).pipe(
        Context.add(Clock.Clock, new EngineClock(engine)),
        Context.add(Scheduler.Scheduler, counted(engine, yield* Scheduler.Scheduler)),
        Context.add(Random.Random, yield* Effect.service(Random.Random).pipe(Random.withSeed(options.seed ?? 0))),
        Context.add(WebCrypto.WebCrypto, heldCrypto(engine, yield* WebCrypto.WebCrypto)),
      )
    }),
  )

/**
 * Run an effect under the current virtual clock and fail when it can never end; `label` is how the failure calls it.
 *
 * Errors: `Deadlock`, `StuckIo`, `HotLoop`, `Endless`.
 */
export const guard = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  options?: Pick<HoldOptions, "label">,
): Effect.Effect<A, E | Stalled, R | VirtualClock> => {
  const guarded = Effect.raceFirst(
    effect,
    VirtualClock.use((clock) => clock.stalled),
  )
  const { label } = options ?? {}
  if (label === undefined) return guarded
  return Effect.flatMap(current, (engine) => within(() => engine?.watch.await(label))(guarded))
}

/** Run an effect to its exit under a fresh clock, in a scope of its own. Errors in the exit: as `guard` has them. */
export const run = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  options?: Options,
): Effect.Effect<Exit.Exit<A, E | Stalled>, never, Exclude<Exclude<R, Scope.Scope>, VirtualClock>> =>
  Effect.scoped(effect).pipe(guard, Effect.exit, Effect.provide(layer(options)))

/** Let this much time pass, for a clock that is told; ends when all that is due in it has happened. */
export const advance = (by: Duration.Input): Effect.Effect<void, never, VirtualClock> =>
  VirtualClock.use((clock) => clock.advance(by))

/** Stop time while an effect does real I/O. Under a live clock it changes nothing. */
export const hold = <A, E, R>(effect: Effect.Effect<A, E, R>, options?: HoldOptions): Effect.Effect<A, E, R> =>
  Effect.flatMap(current, (engine) =>
    within(() => engine?.hold(options?.label ?? "a hold", options?.parks ?? true))(effect),
  )

/** Stop time until a promise settles, whoever waits for it. */
export const track = (promise: Promise<unknown>, options?: HoldOptions): Effect.Effect<void> =>
  Effect.map(current, (engine) => holdUntil(engine, promise, options?.label ?? "a promise", options?.parks))

/**
 * Make a transport stop time while its requests are on the wire, and let it go on while their service works on them.
 *
 * It marks each request with a private header that every emulator strips. Under a live clock it changes nothing.
 */
export const transport = <E, R>(layer: Layer.Layer<Transport, E, R>): Layer.Layer<Transport, E, R> =>
  Layer.effect(Transport, Effect.map(Transport, travelling)).pipe(Layer.provide(layer))
