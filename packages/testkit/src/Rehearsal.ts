/**
 * Plays a program against a service under virtual time, and keeps everything that could be seen of it: the transcript of
 * the service, the timeline, the journal, how it ended and how long it took.
 *
 * It judges nothing: what it gives is what `Checks.judge` takes. In memory and over a loopback port the same program tells the same story (law 12).
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Client from "@tenuto/core/Client"
 * import * as Soundpiece from "@tenuto/soundpiece"
 * import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
 * import * as Rehearsal from "@tenuto/testkit/Rehearsal"
 *
 * const soundpiece = await Effect.runPromise(SoundpieceEmulator.make({ work: "50 seconds" }))
 * const { exchanges, operations, took } = await Rehearsal.play({
 *   connect: (origin) => Soundpiece.layer({ apiKey: "spk_test", baseUrl: `${origin}/v1` }),
 *   ...soundpiece, // its handler, its hooks and its ledger
 *   program: Client.run(Soundpiece.newSong({ lyrics: "Hold the note", prompt: "Slow waltz" })),
 * })
 * console.log(exchanges.map(({ at, stage }) => `${at} s ${stage}`), took) // [ "0 s submit", "0 s look", "20 s look", "40 s look" ] 50
 * console.log(operations?.length) // 1
 * ```
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Journal from "@tenuto/core/Journal"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import type { Transport } from "@tenuto/http/Transport"
import * as Coverage from "./Coverage.ts"
import * as Emulator from "./Emulator.ts"
import type { Handler } from "./Handler.ts"
import { lazily } from "./internal/lazily.ts"
import { hearing } from "./internal/witness.ts"
import * as Timeline from "./Timeline.ts"
import * as Transcript from "./Transcript.ts"
import * as VirtualClock from "./VirtualClock.ts"

/** A request as the service saw it, and what came of it. */
export type Seen = Transcript.Exchange

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
  /** Which stage a request belongs to: `hooks` of an emulator. Default: as `Transcript.make` has it. */
  readonly hooks?: Transcript.Options
  /** What the service has created: `ledger` of an emulator. */
  readonly ledger?: Effect.Effect<{ readonly operations: ReadonlyArray<Transcript.Created> }>
  /** Where time begins, and the seed of what happens at one instant. */
  readonly clock?: VirtualClock.Options
  /** Aborted, it ends everything; the promise is rejected. */
  readonly signal?: AbortSignal
  /** The service's name: under it the faults that were played count as covered. */
  readonly service?: string
}

/** What could be seen. */
export interface Played<A, E> extends Transcript.Transcript {
  readonly exit: Exit.Exit<A, E | VirtualClock.Stalled | Emulator.Unserved>
  /** The exchanges of the transcript. */
  readonly seen: ReadonlyArray<Seen>
  readonly timeline: string
  readonly entries: ReadonlyArray<Timeline.Entry>
  /** Every event that the journal was given, as lines of JSON. */
  readonly journal: string
  /** Seconds of virtual time. */
  readonly took: number
  /** Who waited for ever, where it could not go on. */
  readonly waiting: ReadonlyArray<string>
}

const waitersOf = (exit: Exit.Exit<unknown, unknown>): ReadonlyArray<string> =>
  Exit.isSuccess(exit)
    ? []
    : exit.cause.reasons.flatMap((reason) => {
        const error = reason._tag === "Fail" ? reason.error : undefined
        if (!VirtualClock.isStalled(error)) return []
        return error.waiters.length === 0 ? ["nobody known"] : error.waiters
      })

/** An exploration reads none of them: they are put into words when somebody does. */
const entriesOf = (timeline: Timeline.Timeline["Service"]) => lazily(() => Effect.runSync(timeline.entries))

const writeEvent = Schema.encodeSync(Schema.fromJsonString(Lifecycle.Event))
/** Play it. The promise is kept whatever the program does: how it ended stands in `exit`. */
export const play = <A, E, Service>(play: Play<A, E, Service>): Promise<Played<A, E>> => {
  const { connect, handler, hooks, ledger, program, service, signal, transport } = play
  const rows: Array<Lifecycle.Event> = []
  const journal = Layer.effect(
    Journal.Journal,
    Effect.map(Journal.Journal, (inner) => ({
      ...inner,
      claim: (entry: string, account: string) =>
        Effect.map(inner.claim(entry, account), (page) => ({
          ...page,
          append: (events: ReadonlyArray<Lifecycle.Event>) => {
            rows.push(...events)
            return page.append(events)
          },
        })),
    })),
  ).pipe(Layer.provide(Journal.layerMemory))
  const staged = (origin: string, carrier: Layer.Layer<Transport, never, Timeline.Timeline>) =>
    connect(origin).pipe(
      Layer.provideMerge(
        Layer.mergeAll(Layer.succeed(Origin, origin), Timeline.transport(VirtualClock.transport(carrier)), journal),
      ),
    )
  return Effect.gen(function* () {
    const began = yield* Clock.currentTimeMillis
    const elapsed = Effect.map(Clock.currentTimeMillis, (now) => (now - began) / 1000)
    const recorder = yield* Transcript.make(handler, hooks)
    const clock = yield* Clock.Clock
    const letters: Array<Transcript.Letter> = []
    const heard = hearing((lane, fault) => {
      if (lane === "webhooks") letters.push({ at: (clock.currentTimeMillisUnsafe() - began) / 1000, fault })
    })
    const watched = Timeline.service(recorder.handler)
    // Its scope closes before what carries it: what it forked still finds its transport when it is interrupted.
    const whole = Effect.scoped(program)
    const exit = yield* Effect.gen(function* () {
      if (transport === undefined) {
        return yield* Effect.provide(whole, staged("http://service.test", Emulator.layerMemory(watched)))
      }
      const { url } = yield* Emulator.serve(watched)
      return yield* Effect.provide(whole, staged(url, transport))
    }).pipe(heard, Timeline.watching, Effect.scoped, VirtualClock.guard, Effect.exit)
    const { exchanges, start } = recorder
    const created = ledger === undefined ? {} : { operations: (yield* ledger).operations }
    const transcript: Transcript.Transcript = { start, exchanges, letters, ...created }
    const entries = entriesOf(yield* Timeline.Timeline)
    if (service !== undefined) yield* Coverage.note(Coverage.of(service, transcript))
    const timeline = lazily(() => Timeline.render(entries()))
    const journal = lazily(() => rows.map((event) => writeEvent(event)).join("\n"))
    const took = yield* elapsed
    return {
      ...transcript,
      seen: exchanges,
      exit,
      get entries() {
        return entries()
      },
      took,
      waiting: waitersOf(exit),
      get timeline() {
        return timeline()
      },
      get journal() {
        return journal()
      },
    }
  }).pipe(
    Effect.provide(Timeline.layer().pipe(Layer.provideMerge(VirtualClock.layer(play.clock)))),
    Effect.orDie,
    (whole) => Effect.runPromise(whole, signal === undefined ? undefined : { signal }),
  )
}
