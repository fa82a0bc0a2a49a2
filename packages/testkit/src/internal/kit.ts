/** Opens a kit: a service, its carrier and its clock, behind promises. */
import { Transport } from "@tenuto/http/Transport"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import type { Courier } from "../Courier.ts"
import * as Emulator from "../Emulator.ts"
import * as Fault from "../Fault.ts"
import type { Kit, LedgerOf, Options, Service, World } from "../Kit.ts"
import * as Timeline from "../Timeline.ts"
import * as VirtualClock from "../VirtualClock.ts"
import { handlerOf, transportTo } from "./answering.ts"
import { current } from "./clock.ts"
import { fetchOn } from "./fetching.ts"
import { cover, turnstile } from "./globals.ts"

/** What a provider's emulator is, beside what the public type says of it. */
interface Played<Ledger> {
  readonly handler: Emulator.Handler
  readonly ledger: Effect.Effect<Ledger>
  readonly stage?: Fault.Hooks["stageOf"]
  readonly courier?: Courier
}

const made = <S extends Service>(service: S): Effect.Effect<Played<LedgerOf<S>>> =>
  typeof service === "function"
    ? Effect.succeed({ handler: handlerOf(service), ledger: Effect.succeed(undefined as LedgerOf<S>) })
    : // The public type only hides that it is an effect.
      (service as unknown as Effect.Effect<Played<LedgerOf<S>>>)

const hooksOf = ({ courier, stage = () => undefined }: Played<unknown>): Fault.Hooks => ({
  stageOf: stage,
  ...(courier === undefined ? {} : { webhook: courier.plan }),
})

/** Requests of the global `fetch` to this origin stay in the process. */
const route = (origin: string, own: typeof globalThis.fetch): (() => void) => {
  const { fetch } = globalThis
  globalThis.fetch = (input, init) => {
    const text = input instanceof Request ? input.url : String(input)
    return URL.canParse(text) && new URL(text).origin === origin ? own(input, init) : fetch(input, init)
  }
  return () => {
    globalThis.fetch = fetch
  }
}

/** The error itself, not what wraps it. */
const settled = <A, E>(exit: Exit.Exit<A, E>): Promise<A> =>
  Exit.isSuccess(exit) ? Promise.resolve(exit.value) : Promise.reject(Cause.squash(exit.cause))

const run = <A, E>(effect: Effect.Effect<A, E>): Promise<A> => Effect.runPromiseExit(effect).then(settled)

export const open = async <S extends Service>(options: Options<S>): Promise<Kit<LedgerOf<S>>> => {
  const { carrier = "memory", globals = true, receiver, seed = 0, stuckAfter } = options
  const scope = Scope.makeUnsafe()
  const clock = VirtualClock.layer({ seed, moves: "told", ...(stuckAfter === undefined ? {} : { stuckAfter }) })
  const close = () => run(Scope.close(scope, Exit.void))

  const opening = Effect.gen(function* () {
    const base = yield* Layer.buildWithScope(Layer.provideMerge(Timeline.layer(), clock), scope)
    const engine = yield* Effect.provideContext(current, base)
    const rest = Effect.gen(function* () {
      const service = yield* made(options.service)
      const hooks = hooksOf(service)
      let handler = service.handler
      const fault = (names: ReadonlyArray<string>) =>
        Effect.gen(function* () {
          handler = yield* Fault.apply(handler, yield* Effect.forEach(names, Fault.parse), hooks)
        })
      yield* fault(options.faults ?? [])
      const watched = Timeline.service((request) => handler(request))
      const wire = yield* Layer.buildWithScope(Emulator.layerMemory(watched), scope)
      const served =
        carrier === "memory"
          ? (options.origin ?? "http://service.test")
          : (yield* Scope.provide(Emulator.serve(watched), scope)).url
      if (service.courier !== undefined) {
        const letters = transportTo(receiver ?? ((request) => globalThis.fetch(request)))
        yield* Effect.forkIn(Effect.provideService(service.courier.deliveries, Transport, letters), scope)
      }
      const world = yield* Effect.context<Timeline.Timeline | VirtualClock.VirtualClock>()
      return { fault, ledger: service.ledger, url: served, context: Context.merge(world, wire) }
    })
    const parts = yield* Effect.provideContext(rest, base)
    return { ...parts, engine }
  })
  const { context, engine, fault, ledger, url } = await run(
    Effect.onError(opening, () => Scope.close(scope, Exit.void)),
  )
  const here = <A, E>(effect: Effect.Effect<A, E, Timeline.Timeline | VirtualClock.VirtualClock>) =>
    run(Effect.provideContext(effect, context))
  const own = fetchOn(context)
  const fetch = carrier === "memory" ? own : (((input, init) => globalThis.fetch(input, init)) satisfies typeof own)

  const play = <A>(client: (world: World) => A | Promise<A>): Promise<A> =>
    here(
      Effect.gen(function* () {
        if (globals) {
          yield* Effect.acquireRelease(Effect.promise(turnstile), (leave) => Effect.sync(leave))
          yield* Effect.acquireRelease(
            Effect.sync(() => (engine === undefined ? undefined : cover(engine))),
            (uncover) => Effect.sync(() => uncover?.()),
          )
          if (carrier === "memory") {
            yield* Effect.acquireRelease(
              Effect.sync(() => route(new URL(url).origin, own)),
              (unroute) => Effect.sync(unroute),
            )
          }
        }
        yield* Effect.acquireRelease(
          Effect.sync(() => engine?.free()),
          (freeze) => Effect.sync(() => freeze?.()),
        )
        const playing = Effect.promise(async (signal) => {
          try {
            return Result.succeed(await client({ url, fetch, signal }))
          } catch (error) {
            return Result.fail(error)
          }
        })
        return yield* VirtualClock.guard(playing, { label: `the client ${client.name || "under test"}` })
      }).pipe(Effect.scoped),
    ).then((result) => (Result.isSuccess(result) ? result.success : Promise.reject(result.failure as Error)))

  return {
    url,
    fetch,
    run: play,
    advance: (by) => here(VirtualClock.VirtualClock.use(({ advance }) => advance(by))),
    track: (promise) => {
      const release = engine?.hold("a promise", true)
      if (release !== undefined) void promise.then(release, release)
      return promise
    },
    fault: (...names) => here(fault(names)),
    now: () => DateTime.toDateUtc(DateTime.makeUnsafe(engine?.now ?? 0)),
    ledger: () => here(ledger),
    timeline: () => Effect.runSyncWith(context)(Timeline.text),
    close,
    [Symbol.asyncDispose]: close,
  }
}
