/**
 * What happened, and when, as text that stays the same: for golden files and for eyes.
 *
 * It shows methods, paths and statuses. It never shows a header, a body or the value of a query parameter that is not
 * an id; ids are renamed in the order in which they are first seen.
 *
 * Law 12: same seed, same story: byte-identical in memory and over sockets.
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
 *   yield* Effect.provide(song, [soundpiece, Journal.layerMemory])
 *   return yield* Timeline.text
 * })
 * const told = VirtualClock.run(Effect.provide(story, Timeline.layer()))
 * console.log(await Effect.runPromise(Effect.flatten(told)))
 * ```
 */
import { type Request, reveal } from "@tenuto/http/Exchange"
import { type Opened, Transport, type Unanswered, type Unsent } from "@tenuto/http/Transport"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type { Handler } from "./Handler.ts"

/** Who did it: the program, the wire between, or the service. */
export type Lane = "client" | "wire" | "service"

/** One thing that happened; `at` counts from the beginning of the timeline. */
export interface Entry {
  readonly at: Duration.Duration
  readonly lane: Lane
  readonly what: string
  readonly detail: string
}

/** Text that is an id, and the name it is shown under. The pattern must be global. */
export interface IdPattern {
  readonly name: string
  readonly pattern: RegExp
}

/** The timeline of one run. */
export class Timeline extends Context.Service<
  Timeline,
  {
    /** Write down what happens now. Ids in `detail` are renamed. */
    readonly record: (lane: Lane, what: string, detail?: string) => Effect.Effect<void>
    readonly entries: Effect.Effect<ReadonlyArray<Entry>>
    /** A request as it may be shown: `GET /v1/create.new_song?id=op#1&wait`. */
    readonly show: (request: Request) => string
  }
>()("@tenuto/testkit/Timeline") {}

/** The ids that are known without being told: words such as `op_7f3…`, UUIDs, and long runs of letters and digits. */
export const idPatterns: ReadonlyArray<IdPattern> = [
  { name: "id", pattern: /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi },
  { name: "op", pattern: /op_[0-9A-Za-z]+/g },
  { name: "id", pattern: /(?=[A-Za-z_-]*[0-9])(?=[0-9_-]*[A-Za-z])[0-9A-Za-z_-]{16,}/g },
]

/** Begin a timeline now. */
export const layer = (options: { readonly ids?: ReadonlyArray<IdPattern> } = {}): Layer.Layer<Timeline> =>
  Layer.effect(
    Timeline,
    Effect.gen(function* () {
      const start = yield* Clock.currentTimeMillis
      const patterns = options.ids ?? idPatterns
      const entries: Array<Entry> = []
      const names = new Map<string, string>()
      const counts = new Map<string, number>()
      const rename = (name: string) => (id: string) => {
        const known = names.get(id)
        if (known !== undefined) return known
        const count = (counts.get(name) ?? 0) + 1
        const fresh = `${name}#${count}`
        counts.set(name, count)
        names.set(id, fresh)
        return fresh
      }
      const renamed = (text: string): string =>
        patterns.reduce((shown, { name, pattern }) => shown.replace(pattern, rename(name)), text)
      return Timeline.of({
        record: (lane, what, detail = "") =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            entries.push({ at: Duration.millis(now - start), lane, what, detail: renamed(detail) })
          }),
        entries: Effect.sync(() => Array.from(entries)),
        show: (request) => {
          const text = reveal(request.url)
          if (!URL.canParse(text)) return `${request.method} ?`
          const url = new URL(text)
          const query = Array.from(url.searchParams, ([name, value]) => {
            const shown = renamed(value)
            return /^[a-z]+#\d+$/.test(shown) ? `${name}=${shown}` : name
          })
          return `${request.method} ${renamed(url.pathname)}${query.length === 0 ? "" : `?${query.join("&")}`}`
        },
      })
    }),
  )

const ending = (exit: Exit.Exit<{ readonly status: number }, Unsent | Unanswered>): string => {
  if (Exit.isSuccess(exit)) return `answered ${exit.value.status}`
  for (const reason of exit.cause.reasons) {
    if (reason._tag === "Fail") return `${reason.error._tag.toLowerCase()} ${reason.error.problem}`
  }
  return "given up"
}

/** Write down what a transport sends, and how that ends. */
export const transport = <E, R>(layer: Layer.Layer<Transport, E, R>): Layer.Layer<Transport, E, R | Timeline> =>
  Layer.effect(
    Transport,
    Effect.gen(function* () {
      const inner = yield* Transport
      const timeline = yield* Timeline
      const told = <A extends { readonly status: number }, R2>(
        request: Request,
        effect: Effect.Effect<A, Unsent | Unanswered, R2>,
      ): Effect.Effect<A, Unsent | Unanswered, R2> =>
        Effect.suspend(() => {
          const shown = timeline.show(request)
          return Effect.andThen(
            timeline.record("wire", "sent", shown),
            Effect.onExit(effect, (exit) => timeline.record("wire", ending(exit), shown)),
          )
        })
      return Transport.of({
        send: (request, limits) => told(request, inner.send(request, limits)),
        open: (request, limits) => told<Opened, Scope>(request, inner.open(request, limits)),
      })
    }),
  ).pipe(Layer.provide(layer))

type Scope = Effect.Services<ReturnType<Transport["Service"]["open"]>>

/** Write down what reaches a service, and what it does about it. */
export const service = <R>(handler: Handler<R>): Handler<R | Timeline> => {
  return (request) =>
    Effect.gen(function* () {
      const timeline = yield* Timeline
      const shown = timeline.show(request)
      yield* timeline.record("service", "received", shown)
      const behaviour = yield* Effect.onInterrupt(handler(request), () =>
        timeline.record("service", "client left", shown),
      )
      const status = "response" in behaviour ? ` ${behaviour.response.status}` : ""
      yield* timeline.record("service", `${behaviour._tag.toLowerCase()}${status}`, shown)
      return behaviour
    })
}

/** Render the text of a golden file: a first line with the version of the format, then a line per entry, in order. */
export const render = (entries: ReadonlyArray<Entry>): string => {
  const lines = entries.map(({ at, detail, lane, what }) =>
    `${String(Duration.toMillis(at)).padStart(10)} ms  ${lane.padEnd(7)}  ${what.padEnd(20)}  ${detail}`.trimEnd(),
  )
  return ["tenuto timeline v1", ...lines, ""].join("\n")
}

/** The current timeline's text. */
export const text: Effect.Effect<string, never, Timeline> = Timeline.use((timeline) =>
  Effect.map(timeline.entries, render),
)
