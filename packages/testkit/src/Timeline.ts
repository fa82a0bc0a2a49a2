/**
 * What happened, and when, as text that stays the same: for golden files and for eyes. `Report` makes a page of it.
 *
 * ```text
 * client     what the machine learned, what it sends, and how long it pauses and why      watching
 * wire       every request and how it ended                                               transport
 * service    what reached it, which fault was played, what it did                         service, Fault, Script
 * webhooks   every letter, its fault, and what its receiver made of it                    Courier, receiver
 * ```
 *
 * It shows methods, paths and statuses. It never shows a header, a body or the value of a query parameter that is not
 * an id; ids are renamed in the order in which they are first seen.
 *
 * Law 12: same seed, same story: byte-identical in memory and over sockets. Equal texts have equal hashes, and no others.
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
 * import * as Timeline from "@tenuto/testkit/Timeline"
 * import * as VirtualClock from "@tenuto/testkit/VirtualClock"
 *
 * const story = Effect.gen(function* () {
 *   const { handler } = yield* SoundpieceEmulator.make({ work: "30 seconds" })
 *   const transport = Timeline.transport(Emulator.layerMemory(handler))
 *   const soundpiece = Soundpiece.layer({ apiKey: "spk_test" }).pipe(Layer.provide(transport))
 *   const song = Client.run(Soundpiece.newSong({ lyrics: "Hold the note", prompt: "Slow waltz" }))
 *   yield* Timeline.watching(Effect.provide(song, [soundpiece, Journal.layerMemory]))
 *   return yield* Timeline.text
 * })
 * const told = VirtualClock.run(Effect.provide(story, Timeline.layer()))
 * console.log(await Effect.runPromise(Effect.flatten(told)))
 * ```
 */
import * as Client from "@tenuto/core/Client"
import type * as Lifecycle from "@tenuto/core/Lifecycle"
import type { Request } from "@tenuto/http/Exchange"
import { type Opened, Transport, type Unanswered, type Unsent } from "@tenuto/http/Transport"
import type { Receiver } from "@tenuto/http/Webhook"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type { Behaviour } from "./Behaviour.ts"
import * as Fault from "./Fault.ts"
import type { Handler } from "./Handler.ts"
import type { About, Entry, Evidence, Kind, Lane } from "./internal/entry.ts"
import { digest } from "./internal/hash.ts"
import { type IdPattern, idPatterns, naming } from "./internal/naming.ts"
import { lineOf, told, workOf } from "./internal/told.ts"
import { Carried, Witness } from "./internal/witness.ts"

export type { About, Entry, Evidence, Kind, Lane } from "./internal/entry.ts"
export { type IdPattern, idPatterns } from "./internal/naming.ts"

/** What may be said of an entry beside its text. */
export interface More {
  /** Default: `note`. */
  readonly kind?: Kind
  readonly until?: DateTime.Utc
  readonly about?: About
  readonly evidence?: Evidence
}

/** One thing that happened, in words. `detail` may be a request, which is shown as it may be. */
export interface Drawn extends More {
  readonly lane: Lane
  readonly what: string
  readonly detail: string | Pick<Request, "method" | "url">
}

/** The timeline of one run. */
export class Timeline extends Context.Service<
  Timeline,
  {
    /** Write down what happens now. Ids are renamed. */
    readonly record: (lane: Lane, what: string, detail?: string, more?: More) => Effect.Effect<void>
    /** Write down what happens now, and put it into words when somebody reads it. */
    readonly drawUnsafe: (make: () => Drawn | undefined) => void
    readonly entries: Effect.Effect<ReadonlyArray<Entry>>
    /** A request as it may be shown: `GET /v1/create.new_song?id=op#1&wait`. */
    readonly show: (request: Pick<Request, "method" | "url">) => string
  }
>()("@tenuto/testkit/Timeline") {}

/** Begin a timeline now. It hears of every fault that is played where it is provided. */
export const layer = (options: { readonly ids?: ReadonlyArray<IdPattern> } = {}): Layer.Layer<Timeline> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const clock = yield* Clock.Clock
      const start = clock.currentTimeMillisUnsafe()
      const names = naming(options.ids ?? idPatterns)
      const entries: Array<Entry> = []
      const drawn: Array<{ readonly now: number; readonly make: () => Drawn | undefined }> = []
      const write = (now: number, { about, detail, evidence, kind = "note", lane, until, what }: Drawn) =>
        entries.push({
          at: Duration.millis(now - start),
          lane,
          kind,
          what: names.shown(what),
          detail: typeof detail === "string" ? names.shown(detail) : names.request(detail),
          ...(until === undefined ? {} : { until: Duration.millis(DateTime.toEpochMillis(until) - start) }),
          ...(about === undefined ? {} : { about: names.about(about) }),
          ...(evidence === undefined ? {} : { evidence: names.evidence(evidence) }),
        })
      const drawUnsafe = (make: () => Drawn | undefined) =>
        void drawn.push({ now: clock.currentTimeMillisUnsafe(), make })
      const timeline = Timeline.of({
        drawUnsafe,
        record: (lane, what, detail = "", more) =>
          Effect.sync(() => drawUnsafe(() => ({ ...more, lane, what, detail }))),
        entries: Effect.sync(() => {
          for (const { make, now } of drawn.splice(0)) {
            const told = make()
            if (told !== undefined) write(now, told)
          }
          return Array.from(entries)
        }),
        show: names.request,
      })
      return Context.make(Timeline, timeline).pipe(
        Context.add(Witness, (lane, fault, on) => {
          const told = (): Drawn => {
            const says = Fault.all.find(({ name }) => name === fault)?.says ?? ""
            return { lane, what: `fault ${fault}`, detail: on, kind: "fault", evidence: { fault, says } }
          }
          return Effect.sync(() => drawUnsafe(told))
        }),
      )
    }),
  )

// --- client -------------------------------------------------------------------------------------

/** Write down every step of the clients in an effect: what they learn, what they send, how long they pause and why. */
export const watching = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | Timeline> =>
  Effect.gen(function* () {
    const timeline = yield* Timeline
    const watch = yield* Client.Watcher
    const last = new Map<string, Lifecycle.Event>()
    return yield* Effect.provideService(effect, Client.Watcher, (step) =>
      Effect.flatMap(DateTime.now, (now) => {
        const work = workOf(step.state)
        const before = last.get(work)
        if (step._tag === "Happened") last.set(work, step.event)
        timeline.drawUnsafe(() => {
          const said = told(step, now, before)
          return said === undefined ? undefined : { ...said, lane: "client", detail: lineOf(said.about) }
        })
        return watch(step)
      }),
    )
  })

// --- wire ---------------------------------------------------------------------------------------

type Answer = Pick<Opened, "status" | "headers">

const facts = ({ headers, status }: Answer): Evidence => {
  const { "content-type": type, "retry-after": retryAfter } = headers
  return {
    status,
    ...(retryAfter === undefined ? {} : { "retry-after": retryAfter }),
    ...(type === undefined ? {} : { "content-type": type }),
  }
}

const ending = (exit: Exit.Exit<Answer, Unsent | Unanswered>): readonly [what: string, evidence: Evidence] => {
  if (Exit.isSuccess(exit)) return [`answered ${exit.value.status}`, facts(exit.value)]
  for (const reason of exit.cause.reasons) {
    if (reason._tag !== "Fail") continue
    const { _tag, problem } = reason.error
    return [`${_tag.toLowerCase()} ${problem}`, { problem }]
  }
  return ["given up", {}]
}

/** Write down what a transport sends, and how that ends. A courier's letters stand in their own lane. */
export const transport = <E, R>(layer: Layer.Layer<Transport, E, R>): Layer.Layer<Transport, E, R | Timeline> =>
  Layer.effect(
    Transport,
    Effect.gen(function* () {
      const inner = yield* Transport
      const timeline = yield* Timeline
      const clock = yield* Clock.Clock
      const told = <A extends Answer, R2>(
        request: Request,
        effect: Effect.Effect<A, Unsent | Unanswered, R2>,
      ): Effect.Effect<A, Unsent | Unanswered, R2> =>
        Effect.flatMap(Carried, (lane) => {
          const { method, url } = request
          const detail = { method, url }
          const began = clock.currentTimeMillisUnsafe()
          const evidence = { bytes: request.body?.byteLength ?? 0 }
          timeline.drawUnsafe(() => ({ lane, what: "sent", detail, kind: "sends", evidence }))
          const carried = lane === "wire" ? effect : Effect.provideService(effect, Carried, "wire")
          return Effect.onExit(carried, (exit) =>
            Effect.sync(() => {
              const took = clock.currentTimeMillisUnsafe() - began
              const [what, facts] = ending(exit)
              timeline.drawUnsafe(() => {
                const evidence = { ...facts, took: Duration.format(Duration.millis(took)) }
                return { lane, what, detail, kind: "answers", evidence }
              })
            }),
          )
        })
      return Transport.of({
        send: (request, limits) => told(request, inner.send(request, limits)),
        open: (request, limits) => told<Opened, Scope>(request, inner.open(request, limits)),
      })
    }),
  ).pipe(Layer.provide(layer))

type Scope = Effect.Services<ReturnType<Transport["Service"]["open"]>>

// --- service and webhooks -----------------------------------------------------------------------

/** Write down what reaches a service, and what it does about it. */
export const service =
  <R>(handler: Handler<R>): Handler<R | Timeline> =>
  (request) =>
    Effect.flatMap(Timeline, (timeline) => {
      const { method, url } = request
      const detail = { method, url }
      const draw = (what: string, kind: Kind, evidence: Evidence) =>
        timeline.drawUnsafe(() => ({ lane: "service", what, detail, kind, evidence }))
      draw("received", "sends", { bytes: request.body.byteLength })
      return Effect.onExit(handler(request), (exit) =>
        Effect.sync(() => {
          if (Exit.isSuccess(exit)) draw(didOf(exit.value), "answers", seenOf(exit.value))
          else if (Exit.hasInterrupts(exit)) draw("client left", "answers", {})
        }),
      )
    })

const didOf = (behaviour: Behaviour): string =>
  `${behaviour._tag.toLowerCase()}${"response" in behaviour ? ` ${behaviour.response.status}` : ""}`

const seenOf = (behaviour: Behaviour): Evidence =>
  "response" in behaviour ? { ...facts(behaviour.response), bytes: behaviour.response.body.byteLength } : {}

/** Write down what a receiver makes of every letter. */
export const receiver = (receiver: Receiver): Effect.Effect<Receiver, never, Timeline> =>
  Timeline.use((timeline) =>
    Effect.succeed((incoming) =>
      Effect.tap(receiver(incoming), ({ outcome, problem, status }) => {
        const evidence = { outcome, status, ...(problem === undefined ? {} : { problem }) }
        return timeline.record("webhooks", outcome.toLowerCase(), `answered ${status}`, { evidence })
      }),
    ),
  )

// --- text ---------------------------------------------------------------------------------------

/** Render the text of a golden file: a first line with the version of the format, then a line per entry, in order. */
export const render = (entries: ReadonlyArray<Entry>): string => {
  const lines = entries.map(({ at, detail, lane, what }) =>
    `${String(Duration.toMillis(at)).padStart(10)} ms  ${lane.padEnd(8)}  ${what.padEnd(28)}  ${detail}`.trimEnd(),
  )
  return ["tenuto timeline v2", ...lines, ""].join("\n")
}

/** The current timeline's text. */
export const text: Effect.Effect<string, never, Timeline> = Timeline.use((timeline) =>
  Effect.map(timeline.entries, render),
)

/** The current timeline's entries. */
export const entries: Effect.Effect<ReadonlyArray<Entry>, never, Timeline> = Timeline.use(({ entries }) => entries)

/** Shorten a text to sixteen digits by which two runs can be compared. It guards nothing. */
export const hash = (text: string): string => digest(text) + digest(text, 0x9747b28c)
