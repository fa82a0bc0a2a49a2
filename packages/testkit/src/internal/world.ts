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
import { byVerb, make as record } from "../Transcript.ts"
import { transportTo } from "./answering.ts"
import { current } from "./clock.ts"
import type { Engine } from "./engine.ts"
import { later } from "./host.ts"
import { inForce } from "./hostTimers.ts"
import { inTurn, type Step } from "./steps.ts"
import type { Letter, Transcript } from "./transcribed.ts"
import { Breakage, hearing } from "./witness.ts"

/** What a provider's emulator offers. */
export interface Subject<Ledger> {
  readonly handler: Emulator.Handler
  readonly ledger: Effect.Effect<Ledger>
  /** What faults have to know of it. Default: as `Transcript.make` has it. */
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
  /** Told what the receiver throws. */
  readonly broke?: (thrown: unknown) => void
  /** Watches what a client experiences, faults included. */
  readonly watch?: (handler: Emulator.Handler) => Emulator.Handler
  /** Told the stage of each request that asks for a fault. */
  readonly asked?: (stage: string | undefined) => void
}

export interface World<Ledger, Clock> {
  readonly url: string
  readonly engine: Engine | undefined
  readonly context: Context.Context<Timeline.Timeline | Transport | Clock>
  readonly ledger: Effect.Effect<Ledger>
  /** Put more faults before the service. */
  readonly fault: (names: ReadonlyArray<string>) => Effect.Effect<void, Fault.Unrecognised>
  /** Take all of them away. */
  readonly mend: Effect.Effect<void>
  /** What the service saw and said so far. */
  readonly transcript: Transcript
  /** Do something under its clock. */
  readonly here: <A, E>(effect: Effect.Effect<A, E, Timeline.Timeline | Clock>) => Effect.Effect<A, E>
}

/** A service of one's own: what its verbs say, and no more. */
const plain: Fault.Hooks = { stageOf: byVerb, stages: ["submit", "look", "cancel"] }

/** Read `503@look:2`, or `pass@look`, which leaves the request as it is. */
const planOf = (
  text: string,
  handler: Emulator.Handler,
  isServed: boolean,
): Effect.Effect<{ readonly step?: Step<never>; readonly turn?: Fault.Turn }, Fault.Unrecognised> => {
  const [, stage, times = "1"] = /^pass@([a-z-]+)(?::(\d+|always))?$/.exec(text) ?? []
  const count = times === "always" ? Infinity : Number(times)
  if (stage === "webhook") return Effect.succeed({ turn: { fault: undefined, parameter: undefined, count } })
  if (stage !== undefined) return Effect.succeed({ step: { stage, count, name: "pass", own: handler } })
  return Effect.gen(function* () {
    const planned = yield* Fault.parse(text)
    const { count, fault, parameter, stage } = planned
    if (isServed && fault.carriers === "memory") {
      return yield* new Fault.Unrecognised({ given: text, problem: "Carrier", known: [] })
    }
    return stage === "webhook" ? { turn: planned } : { step: { stage, count, name: fault.name, parameter } }
  })
}

/** As long as a receiver outside of the clock is waited for in real time, before its time-out may pass. */
const patience = 5000

/** Post a letter to a real address. Time waits for the answer, be the globals covered (then it is seen) or not. */
const posting = (engine: Engine | undefined, request: Request): Promise<Response> => {
  // A letter goes where its address says, and no further.
  const answer = globalThis.fetch(new Request(request, { redirect: "manual" }))
  if (engine === undefined || engine === inForce()) return answer
  const release = engine.hold(`a webhook to ${new URL(request.url).host}`, true)
  const giveUp = later(patience, release)
  const end = () => {
    giveUp()
    release()
  }
  void answer.then(end, end)
  return answer
}

/** Build it in a scope; it ends with the scope. */
export const build = <Ledger, Clock, E>(
  making: Effect.Effect<Subject<Ledger>, E>,
  { asked: ask, at, broke = () => {}, clock, faults, receiver, watch = (whole) => whole }: Settings<Clock>,
): Effect.Effect<World<Ledger, Clock>, Emulator.Unserved | Fault.Unrecognised | E, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const asked = ask === undefined ? {} : { asked: ask }
    const base = yield* Layer.buildWithScope(Layer.provideMerge(Timeline.layer(), clock), scope)
    const here: World<Ledger, Clock>["here"] = (effect) => Effect.provideContext(effect, base)
    const engine = yield* Effect.provideContext(current, base)

    const service = yield* here(making)
    const { hooks = plain } = service
    const steps: Array<Step<never>> = []
    const fault = (names: ReadonlyArray<string>) =>
      Effect.gen(function* () {
        const planned = yield* Effect.forEach(names, (name) => planOf(name, service.handler, typeof at !== "string"))
        const turns = planned.flatMap(({ turn }) => turn ?? [])
        const more = planned.flatMap(({ step }) => step ?? [])
        yield* Fault.fit({ steps: more, turns }, hooks)
        steps.push(...more)
      })
    yield* here(fault(faults))

    const handler = inTurn(service.handler, steps, { ...hooks, ...asked })
    const recorder = yield* here(record(watch(handler), hooks))
    const watched = Timeline.service(recorder.handler)
    const wire = yield* here(Layer.buildWithScope(Emulator.layerMemory(watched), scope))
    const posted: Array<Letter> = []
    const url = typeof at === "string" ? at : (yield* here(Scope.provide(Emulator.serve(watched, at), scope))).url
    if (service.courier !== undefined) {
      // That nobody is at an address is no mistake of the test's own.
      const letters =
        receiver === undefined
          ? transportTo(
              (request) => posting(engine, request),
              () => {},
            )
          : transportTo(receiver, broke)
      const heard = hearing((lane, name) => {
        if (lane === "webhooks") posted.push({ at: ((engine?.now ?? 0) - (engine?.start ?? 0)) / 1000, fault: name })
      })
      const shown = Timeline.transport(Layer.succeed(Transport, letters))
      const deliveries = Effect.provideService(heard(service.courier.deliveries), Breakage, broke)
      yield* here(Effect.forkIn(Effect.provide(deliveries, shown), scope))
    }
    return {
      url,
      engine,
      context: Context.merge(base, wire),
      ledger: here(service.ledger),
      transcript: { start: recorder.start, exchanges: recorder.exchanges, letters: posted },
      fault: (names) => here(fault(names)),
      mend: Effect.andThen(
        Effect.sync(() => void (steps.length = 0)),
        service.courier?.forget ?? Effect.void,
      ),
      here,
    }
  })
