/**
 * A service on a loopback port, and beside it a second port that controls it: for clients in any language.
 *
 * ```text
 * GET    /clock           {"now": "2026-01-01T00:00:20.000Z", "moves": "held"}
 * POST   /clock/advance   {"seconds": 20}                                 what is due in it has happened when it answers;
 *                                                                        a reset meanwhile ends it
 * GET    /faults          {"planned": ["503@look:2"]}
 * POST   /faults          {"faults": ["503@look:2"]}                      from now on, beside those planned before
 * DELETE /faults                                                         none from now on
 * GET    /ledger          what the service has done so far
 * GET    /timeline        text that stays the same: same story, same bytes
 * POST   /reset           {"seed": 0}                                     the service as new, at the same address
 * ```
 *
 * Under a clock that is `held`, time moves by itself while the service holds a request of the client, and otherwise as it is told:
 * a client in another process sleeps by telling it. Under one that is `told` it never moves by itself; `real` is real.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
 * import * as Control from "@tenuto/testkit/Control"
 *
 * const story = Effect.gen(function* () {
 *   const { control, url } = yield* Control.serve({ make: SoundpieceEmulator.make({ work: "1 hour" }), moves: "held" })
 *   console.log(`the service is at ${url}/v1`)
 *   const body = JSON.stringify({ seconds: 1800 })
 *   const told = yield* Effect.promise(() => fetch(`${control}/clock/advance`, { method: "POST", body }))
 *   return yield* Effect.promise(() => told.json())
 * })
 * console.log(await Effect.runPromise(Effect.scoped(story))) // { now: "2026-01-01T00:30:00.000Z", moves: "held" }
 * ```
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { Behaviour } from "./Behaviour.ts"
import * as Body from "./Body.ts"
import * as Emulator from "./Emulator.ts"
import type * as Fault from "./Fault.ts"
import { pass } from "./internal/clock.ts"
import { build, type Subject, type World } from "./internal/world.ts"
import * as Routes from "./Routes.ts"
import * as Timeline from "./Timeline.ts"
import * as VirtualClock from "./VirtualClock.ts"

export type { Subject } from "./internal/world.ts"

/** What is controlled, and where. */
export interface Options<Ledger, E = never> {
  /** Makes the service; a reset makes another. */
  readonly make: Effect.Effect<Subject<Ledger>, E>
  /** What goes wrong from the beginning, such as `503@look:2`; a reset plans it anew. Default: nothing. */
  readonly faults?: ReadonlyArray<string>
  /** How its time moves. Default: `held`. */
  readonly moves?: "real" | "held" | "told"
  /** The order of what happens at one instant. Default: 0. */
  readonly seed?: number
  /** Watches what a client of the service experiences. Default: nobody does. */
  readonly watch?: (handler: Emulator.Handler) => Emulator.Handler
  /** Where the service listens. Default: any free port of 127.0.0.1. */
  readonly service?: Emulator.ServeOptions
  /** Where the control listens. Default: any free port of 127.0.0.1. */
  readonly control?: Emulator.ServeOptions
}

/** Two addresses, without a slash at their ends, and what the service has done so far. */
export interface Controlled<Ledger = unknown> {
  readonly url: string
  readonly control: string
  readonly ledger: Effect.Effect<Ledger>
}

const { json } = Emulator

const refuse = (status: number, problem: string, way: string): Behaviour => json(status, { problem, way })

/** Farther than a hundred years at once nobody goes, and dates end. */
const farthest = 100 * 366 * 86_400
const Advance = Schema.Struct({ seconds: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: farthest })) })
const Faults = Schema.Struct({ faults: Schema.Array(Schema.String) })
const Reset = Schema.Struct({ seed: Schema.optionalKey(Schema.Int) })

const writeJson = Schema.encodeSync(Schema.fromJsonString(Schema.Unknown))

const index = {
  "GET /clock": "now, and how it moves",
  "POST /clock/advance": 'let time pass: {"seconds": 20}',
  "GET /faults": "what is planned to go wrong",
  "POST /faults": 'let more go wrong: {"faults": ["503@look:2"]}',
  "DELETE /faults": "let nothing go wrong from now on",
  "GET /ledger": "what the service has done so far",
  "GET /timeline": "what happened, and when, as text",
  "POST /reset": 'begin anew, at the same address: {"seed": 0}',
}

/** Read a body, and go on with it or say what is wrong with it. An empty one is an empty object. */
const reading = <A>(
  schema: Schema.Codec<A, Schema.Json>,
  then: (value: A) => Effect.Effect<Behaviour>,
): ((request: Emulator.Request) => Effect.Effect<Behaviour>) => {
  const decode = Schema.decodeUnknownResult(schema)
  return (request) => {
    const body = request.body.byteLength === 0 ? Result.succeed({}) : Body.json(request)
    if (Result.isFailure(body)) return Effect.succeed(refuse(400, "the body is not JSON", "send one JSON object"))
    const value = decode(body.success)
    return Result.isSuccess(value)
      ? then(value.success)
      : Effect.succeed(refuse(400, value.failure.message, "GET / shows what each path takes"))
  }
}

interface Running<Ledger> {
  readonly scope: Scope.Closeable
  readonly world: World<Ledger, never>
  planned: ReadonlyArray<string>
}

/** Serve both until the scope closes. Errors: `Unserved`; `Unrecognised`, for a fault that is not known; those of `make`. */
export const serve = <Ledger, E extends { readonly message: string } = never>(
  options: Options<Ledger, E>,
): Effect.Effect<Controlled<Ledger>, Emulator.Unserved | Fault.Unrecognised | E, Scope.Scope> =>
  Effect.gen(function* () {
    const { faults = [], make, moves = "held" } = options
    const watch = options.watch === undefined ? {} : { watch: options.watch }

    const begin = Effect.fnUntraced(function* (seed: number, at: Emulator.ServeOptions) {
      const scope = yield* Scope.make()
      const clock: Layer.Layer<never> = moves === "real" ? Layer.empty : VirtualClock.layer({ moves, seed })
      const world = yield* Scope.provide(build(make, { ...watch, at, clock, faults, receiver: undefined }), scope)
      const running: Running<Ledger> = { scope, world, planned: faults }
      return running
    })

    let running = yield* begin(options.seed ?? 0, options.service ?? {})
    yield* Effect.addFinalizer((exit) => Effect.suspend(() => Scope.close(running.scope, exit)))
    const { port } = new URL(running.world.url)
    const turns = yield* Semaphore.make(1)

    const clock = Effect.suspend(() => running.world.here(DateTime.now)).pipe(
      Effect.map((now) => json(200, { now: DateTime.formatIso(now), moves })),
    )
    const planned = Effect.sync(() => json(200, { planned: running.planned }))

    const advance = reading(Advance, ({ seconds }) => {
      const { engine } = running.world
      if (engine === undefined) {
        const way = "serve with a clock that is held or told"
        return Effect.succeed(refuse(409, "the clock is real, and cannot be told", way))
      }
      return Effect.andThen(pass(engine, seconds * 1000), clock)
    })
    const plan = reading(Faults, ({ faults: more }) =>
      running.world.fault(more).pipe(
        Effect.andThen(
          Effect.suspend(() => {
            running.planned = [...running.planned, ...more]
            return planned
          }),
        ),
        Effect.catch((error) => Effect.succeed(refuse(400, error.message, "nothing was planned"))),
      ),
    )
    const reset = reading(Reset, ({ seed = options.seed ?? 0 }) =>
      Effect.gen(function* () {
        yield* Scope.close(running.scope, Exit.void)
        running = yield* begin(seed, { ...options.service, port: Number(port) })
        return yield* clock
      }).pipe(
        turns.withPermits(1),
        Effect.catch((error) => Effect.succeed(refuse(500, error.message, "begin the emulator anew"))),
      ),
    )
    const answer = (status: number, text: string, type: string) =>
      Emulator.answer(status, text, { "content-type": type })

    const { handler } = yield* Routes.make(
      [
        { method: "GET", path: "/", answer: () => Effect.succeed(json(200, index)) },
        { method: "GET", path: "/clock", answer: () => clock },
        { method: "POST", path: "/clock/advance", answer: advance },
        { method: "GET", path: "/faults", answer: () => planned },
        { method: "POST", path: "/faults", answer: plan },
        {
          method: "DELETE",
          path: "/faults",
          answer: () =>
            Effect.suspend(() => running.world.mend).pipe(
              Effect.andThen(
                Effect.suspend(() => {
                  running.planned = []
                  return planned
                }),
              ),
            ),
        },
        {
          method: "GET",
          path: "/ledger",
          answer: () =>
            Effect.map(running.world.ledger, (ledger) => answer(200, writeJson(ledger), "application/json")),
        },
        {
          method: "GET",
          path: "/timeline",
          answer: () =>
            Effect.map(running.world.here(Timeline.text), (text) => answer(200, text, "text/plain; charset=utf-8")),
        },
        { method: "POST", path: "/reset", answer: reset },
      ],
      {
        unknown: () => Effect.succeed(refuse(404, "there is nothing here", "GET / lists what there is")),
        wrongVerb: (_, allow) =>
          Effect.succeed(
            json(405, { problem: `this path takes ${allow}`, way: "GET / lists what there is" }, { allow }),
          ),
      },
    )
    const { url: control } = yield* Emulator.serve(handler, options.control)
    return { url: running.world.url, control, ledger: Effect.suspend(() => running.world.ledger) }
  })
