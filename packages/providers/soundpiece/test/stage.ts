/** Plays a program against a handler under virtual time, and keeps everything that could be seen of it. */
import { Clock, Effect, Exit, Layer, Schema } from "effect"
import type { Scope } from "effect"
import * as Client from "@tenuto/core/Client"
import * as Journal from "@tenuto/core/Journal"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import type { Remote } from "@tenuto/core/Remote"
import { Transport } from "@tenuto/http/Transport"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Fault from "@tenuto/testkit/Fault"
import * as Script from "@tenuto/testkit/Script"
import * as Timeline from "@tenuto/testkit/Timeline"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import * as Soundpiece from "@tenuto/soundpiece"
import * as Service from "@tenuto/soundpiece/Emulator"

export const apiKey = "spk_4f9d2c71e8"
export const carriers = ["memory", "loopback"] as const
export type Carrier = (typeof carriers)[number]

/** A request as the service saw it; `at` in seconds of virtual time. */
export interface Seen {
  readonly at: number
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

export interface Played<A, E> {
  readonly exit: Exit.Exit<A, E | VirtualClock.Deadlock | VirtualClock.StuckIo>
  readonly seen: ReadonlyArray<Seen>
  readonly timeline: string
  /** Every event that a journal was given, as JSON. */
  readonly journal: string
  /** How long it took, in seconds of virtual time. */
  readonly took: number
}

type Needs = Remote<"soundpiece"> | Journal.Journal | Transport | Timeline.Timeline | Scope.Scope

const parsed = (body: Uint8Array): unknown => {
  const text = new TextDecoder().decode(body)
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

export const play = <A, E>(
  handler: Emulator.Handler,
  program: Effect.Effect<A, E, Needs>,
  carrier: Carrier = "memory",
): Promise<Played<A, E | Emulator.Unserved>> => {
  const seen: Array<Seen> = []
  const rows: Array<string> = []
  const encodeEvent = Schema.encodeSync(Schema.fromJsonString(Lifecycle.Event))
  const journal = Layer.effect(
    Journal.Journal,
    Effect.map(Journal.Journal, (inner) => ({
      ...inner,
      claim: (entry: string) =>
        Effect.map(inner.claim(entry), (page) => ({
          ...page,
          append: (events: ReadonlyArray<Lifecycle.Event>) => {
            rows.push(...events.map((event) => encodeEvent(event)))
            return page.append(events)
          },
        })),
    })),
  ).pipe(Layer.provide(Journal.layerMemory))

  const stage = (base: string, transport: Layer.Layer<Transport>) =>
    Soundpiece.layer({ apiKey, baseUrl: `${base}/v1` }).pipe(
      Layer.provideMerge(Layer.mergeAll(Timeline.transport(VirtualClock.transport(transport)), journal)),
    )
  return Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const began = clock.currentTimeMillisUnsafe()
    const watched: Emulator.Handler = (request) =>
      Effect.suspend(() => {
        const url = new URL(request.url)
        const at = (clock.currentTimeMillisUnsafe() - began) / 1000
        const query = Object.fromEntries(url.searchParams)
        seen.push({
          at,
          method: request.method,
          path: url.pathname,
          query,
          headers: request.headers,
          body: parsed(request.body),
        })
        return handler(request)
      })
    const exit = yield* Effect.gen(function* () {
      if (carrier === "memory") {
        return yield* Effect.provide(program, stage("http://soundpiece.test", Emulator.layerMemory(watched)))
      }
      const { url } = yield* Emulator.serve(watched)
      return yield* Effect.provide(program, stage(url, NodeTransport.layer))
    }).pipe(Effect.scoped, VirtualClock.guard, Effect.exit)
    const took = (clock.currentTimeMillisUnsafe() - began) / 1000
    return { exit, seen, timeline: yield* Timeline.text, journal: rows.join("\n"), took }
  }).pipe(Effect.provide(Timeline.layer().pipe(Layer.provideMerge(VirtualClock.layer()))), Effect.runPromise)
}

export const emulator = (options?: Service.Options): Service.Emulator => Effect.runSync(Service.make(options))

/** An emulator with a story before it. */
export const scripted = (service: Service.Emulator, steps: ReadonlyArray<Script.Step>): Emulator.Handler =>
  Effect.runSync(Script.apply(service.handler, Script.make(steps), { stageOf: service.stage }))

/** An emulator with faults before it, as `name[=number]@stage[:count]`. */
export const faulty = (service: Service.Emulator, ...faults: ReadonlyArray<string>): Emulator.Handler =>
  Effect.runSync(
    Effect.flatMap(Effect.forEach(faults, Fault.parse), (planned) =>
      Fault.apply(service.handler, planned, { stageOf: service.stage }),
    ),
  )

export const on = Script.on

export const value = <A, E>(exit: Exit.Exit<A, E>): A => {
  if (Exit.isSuccess(exit)) return exit.value
  throw new Error(`it failed: ${JSON.stringify(exit)}`)
}

export const failure = <A, E>(exit: Exit.Exit<A, E>): E => {
  if (Exit.isFailure(exit)) {
    for (const reason of exit.cause.reasons) if (reason._tag === "Fail") return reason.error
  }
  throw new Error(`it did not fail: ${JSON.stringify(exit)}`)
}

export const song = Soundpiece.newSong({ lyrics: "Hold the note", prompt: "Slow waltz" })
export const runSong = Client.run(song)
export const puts = (seen: ReadonlyArray<Seen>) => seen.filter(({ method }) => method === "PUT")
export const gets = (seen: ReadonlyArray<Seen>) =>
  seen.filter(({ method, path }) => method === "GET" && path.startsWith("/v1/"))
export const keysOf = (seen: ReadonlyArray<Seen>): ReadonlyArray<unknown> =>
  puts(seen).map(({ body }) => (body as { readonly idempotency_key?: unknown }).idempotency_key)
