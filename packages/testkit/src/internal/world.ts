/** A service, its carrier and its clock: what a kit and a control stand on. */
import { Transport } from "@tenuto/http/Transport"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import type { Courier } from "../Courier.ts"
import * as Emulator from "../Emulator.ts"
import * as Fault from "../Fault.ts"
import type { Answering } from "../Kit.ts"
import * as Timeline from "../Timeline.ts"
import * as Transcript from "../Transcript.ts"
import { transportTo } from "./answering.ts"
import { current } from "./clock.ts"
import type { Engine } from "./engine.ts"

/** What a provider's emulator offers. */
export interface Subject<Ledger> {
  readonly handler: Emulator.Handler
  readonly ledger: Effect.Effect<Ledger>
  /** What faults have to know of it. Default: GET is a look, everything else a submit. */
  readonly hooks?: Fault.Hooks
  readonly courier?: Courier
}

export interface Settings<Clock> {
  /** Its time; `Layer.empty`: the real one. */
  readonly clock: Layer.Layer<Clock>
  readonly faults: ReadonlyArray<string>
  /** Where it is in memory, or how it is served. */
  readonly at: string | Emulator.ServeOptions
  readonly receiver: Answering | undefined
}

export interface World<Ledger, Clock> {
  readonly url: string
  readonly engine: Engine | undefined
  readonly context: Context.Context<Timeline.Timeline | Transport | Clock>
  readonly ledger: Effect.Effect<Ledger>
  /** Put more faults before the service. */
  readonly fault: (names: ReadonlyArray<string>) => Effect.Effect<void, Fault.Unrecognised>
  /** Take all of them away. */
  readonly mend: () => void
  /** Do something under its clock. */
  readonly here: <A, E>(effect: Effect.Effect<A, E, Timeline.Timeline | Clock>) => Effect.Effect<A, E>
}

/** Build it in a scope; it ends with the scope. */
export const build = <Ledger, Clock>(
  making: Effect.Effect<Subject<Ledger>>,
  { at, clock, faults, receiver }: Settings<Clock>,
): Effect.Effect<World<Ledger, Clock>, Emulator.Unserved | Fault.Unrecognised, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const base = yield* Layer.buildWithScope(Layer.provideMerge(Timeline.layer(), clock), scope)
    const here: World<Ledger, Clock>["here"] = (effect) => Effect.provideContext(effect, base)
    const engine = yield* Effect.provideContext(current, base)

    const service = yield* here(making)
    const { hooks = { stageOf: Transcript.byVerb } } = service
    let handler = service.handler
    const fault = (names: ReadonlyArray<string>) =>
      Effect.gen(function* () {
        handler = yield* Fault.apply(handler, yield* Effect.forEach(names, Fault.parse), hooks)
      })
    yield* here(fault(faults))

    const watched = Timeline.service((request) => handler(request))
    const wire = yield* here(Layer.buildWithScope(Emulator.layerMemory(watched), scope))
    const url = typeof at === "string" ? at : (yield* here(Scope.provide(Emulator.serve(watched, at), scope))).url
    if (service.courier !== undefined) {
      const letters = transportTo(receiver ?? ((request) => globalThis.fetch(request)))
      yield* here(Effect.forkIn(Effect.provideService(service.courier.deliveries, Transport, letters), scope))
    }
    return {
      url,
      engine,
      context: Context.merge(base, wire),
      ledger: here(service.ledger),
      fault: (names) => here(fault(names)),
      mend: () => {
        handler = service.handler
      },
      here,
    }
  })
