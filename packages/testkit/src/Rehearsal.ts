/**
 * Plays a program against a service under virtual time, and keeps everything that could be seen of it: what the service
 * was sent and when, the timeline, the journal, how it ended and how long it took.
 *
 * It judges nothing. In memory and over a loopback port the same program tells the same story (law 12).
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Client from "@tenuto/core/Client"
 * import * as Soundpiece from "@tenuto/soundpiece"
 * import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
 * import * as Rehearsal from "@tenuto/testkit/Rehearsal"
 *
 * const { handler } = await Effect.runPromise(SoundpieceEmulator.make({ work: "50 seconds" }))
 * const { seen, took } = await Rehearsal.play({
 *   connect: (origin) => Soundpiece.layer({ apiKey: "spk_test", baseUrl: `${origin}/v1` }),
 *   handler,
 *   program: Client.run(Soundpiece.newSong({ lyrics: "Hold the note", prompt: "Slow waltz" })),
 * })
 * console.log(seen.map(({ at, method }) => `${at} s ${method}`), took) // [ "0 s PUT", "0 s GET", "20 s GET", "40 s GET" ] 50
 * ```
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Journal from "@tenuto/core/Journal"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import type { Headers } from "@tenuto/http/Exchange"
import type { Transport } from "@tenuto/http/Transport"
import * as Emulator from "./Emulator.ts"
import type { Handler } from "./Handler.ts"
import * as Timeline from "./Timeline.ts"
import * as VirtualClock from "./VirtualClock.ts"

/** A request as the service saw it. */
export interface Seen {
  /** Seconds of virtual time since the beginning. */
  readonly at: number
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Headers
  /** The body as JSON, or as text where it is none. */
  readonly body: unknown
}

/** Where the service is, for a program that has to be found there itself. */
export class Origin extends Context.Service<Origin, string>()("@tenuto/testkit/Rehearsal/Origin") {}

/** What a program may use in a rehearsal, beside the service it connects to. */
export type Stage = Origin | Journal.Journal | Transport | Timeline.Timeline | Scope.Scope

/** What is played. */
export interface Play<A, E, Service> {
  /** Connect to the service at this origin. */
  readonly connect: (origin: string) => Layer.Layer<Service, never, Transport>
  readonly handler: Handler
  readonly program: Effect.Effect<A, E, Service | Stage>
  /** Play over a loopback port with this transport; in memory when absent. */
  readonly transport?: Layer.Layer<Transport>
  /** Another order of what happens at one instant, and another die: see `VirtualClock`. */
  readonly seed?: number
}

/** What could be seen. */
export interface Played<A, E> {
  readonly exit: Exit.Exit<A, E | VirtualClock.Deadlock | VirtualClock.StuckIo | Emulator.Unserved>
  readonly seen: ReadonlyArray<Seen>
  readonly timeline: string
  /** Every event that the journal was given, as lines of JSON. */
  readonly journal: string
  /** Seconds of virtual time. */
  readonly took: number
}

const readJson = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Unknown))
const read = (body: Uint8Array): unknown => {
  const text = new TextDecoder().decode(body)
  return Result.getOrElse(readJson(text), () => text)
}
const writeEvent = Schema.encodeSync(Schema.fromJsonString(Lifecycle.Event))
const lazily = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | undefined
  return () => (made ??= { value: make() }).value
}

/** Play it. The promise is kept whatever the program does: how it ended stands in `exit`. */
export const play = <A, E, Service>(play: Play<A, E, Service>): Promise<Played<A, E>> => {
  const { connect, handler, program, seed, transport } = play
  const seen: Array<Seen> = []
  const rows: Array<Lifecycle.Event> = []
  const journal = Layer.effect(
    Journal.Journal,
    Effect.map(Journal.Journal, (inner) => ({
      ...inner,
      claim: (entry: string) =>
        Effect.map(inner.claim(entry), (page) => ({
          ...page,
          append: (events: ReadonlyArray<Lifecycle.Event>) => {
            rows.push(...events)
            return page.append(events)
          },
        })),
    })),
  ).pipe(Layer.provide(Journal.layerMemory))
  const staged = (origin: string, carrier: Layer.Layer<Transport>) =>
    connect(origin).pipe(
      Layer.provideMerge(
        Layer.mergeAll(Layer.succeed(Origin, origin), Timeline.transport(VirtualClock.transport(carrier)), journal),
      ),
    )
  return Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const began = clock.currentTimeMillisUnsafe()
    const elapsed = () => (clock.currentTimeMillisUnsafe() - began) / 1000
    const watched: Handler = (request) =>
      Effect.suspend(() => {
        const { pathname: path, searchParams } = new URL(request.url)
        const { headers, method } = request
        // Read when it is asked for: most bodies are never looked at.
        const body = lazily(() => read(request.body))
        const query = Object.fromEntries(searchParams)
        seen.push({
          at: elapsed(),
          method,
          path,
          query,
          headers,
          get body() {
            return body()
          },
        })
        return handler(request)
      })
    // Its scope closes before what carries it: what it forked still finds its transport when it is interrupted.
    const whole = Effect.scoped(program)
    const exit = yield* Effect.gen(function* () {
      if (transport === undefined) {
        return yield* Effect.provide(whole, staged("http://service.test", Emulator.layerMemory(watched)))
      }
      const { url } = yield* Emulator.serve(watched)
      return yield* Effect.provide(whole, staged(url, transport))
    }).pipe(Effect.scoped, VirtualClock.guard, Effect.exit)
    const entries = yield* Timeline.Timeline.use((timeline) => timeline.entries)
    const timeline = lazily(() => Timeline.render(entries))
    const journal = lazily(() => rows.map((event) => writeEvent(event)).join("\n"))
    return {
      exit,
      seen,
      took: elapsed(),
      get timeline() {
        return timeline()
      },
      get journal() {
        return journal()
      },
    }
  }).pipe(
    Effect.provide(Timeline.layer().pipe(Layer.provideMerge(VirtualClock.layer(seed === undefined ? {} : { seed })))),
    Effect.runPromise,
  )
}
