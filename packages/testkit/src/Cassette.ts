/**
 * Exchanges with a service, recorded once and played again on the clock: plain JSON, with the instants and without the
 * secrets.
 *
 * It never repeats an answer: equal requests get their answers in the order in which they were recorded, each once, and
 * a request that nothing is left for is answered 501, which `verify` tells. It holds no deliveries: a webhook is no
 * request of ours. It writes no file: `render` gives the text, and `AtomicFile` of `@tenuto/transport-node` writes it
 * whole or not at all.
 *
 * Laws: no secret is in the text, and the same secret has the same name everywhere, so a link that came with one answer
 * is known when it is fetched. A run played under `VirtualClock` from `startedAt` happens at the recorded instants.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as Client from "@tenuto/core/Client"
 * import * as Journal from "@tenuto/core/Journal"
 * import * as Soundpiece from "@tenuto/soundpiece"
 * import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
 * import * as Cassette from "@tenuto/testkit/Cassette"
 * import * as Emulator from "@tenuto/testkit/Emulator"
 * import * as VirtualClock from "@tenuto/testkit/VirtualClock"
 *
 * const run = Client.run(Soundpiece.newSong({ lyrics: "Hold the note", prompt: "Slow waltz" }))
 * const soundpiece = Layer.mergeAll(Soundpiece.layer({ apiKey: "spk_test" }), Journal.layerMemory)
 *
 * const record = Effect.gen(function* () {
 *   const { handler } = yield* SoundpieceEmulator.make({ work: "50 seconds" })
 *   const transport = Cassette.recording(Emulator.layerMemory(handler))
 *   return yield* Effect.provide(Effect.andThen(run, Cassette.recorded), Layer.provideMerge(soundpiece, transport))
 * })
 * const cassette = await Effect.runPromise(Effect.flatten(VirtualClock.run(record)))
 *
 * const replay = Effect.gen(function* () {
 *   const { handler, verify } = yield* Cassette.play(yield* Cassette.parse(Cassette.render(cassette)))
 *   yield* Effect.provide(run, Layer.provide(soundpiece, Emulator.layerMemory(handler)))
 *   yield* verify
 * })
 * await Effect.runPromise(Effect.flatten(VirtualClock.run(replay)))
 * ```
 */
import { Transport } from "@tenuto/http/Transport"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { json } from "./Behaviour.ts"
import type { Handler } from "./Handler.ts"
import { Exchange } from "./internal/recorded.ts"
import * as Playing from "./internal/playing.ts"
import * as Shelf from "./internal/shelf.ts"
import type { Secrecy } from "./internal/secrecy.ts"
import { type Take, taping } from "./internal/taping.ts"

export { Answered, Asked, Exchange, Failed } from "./internal/recorded.ts"
export type { Secrecy } from "./internal/secrecy.ts"

/** A recording, in the order in which requests were sent. */
export const Cassette = Schema.Struct({
  version: Schema.Literal(1).pipe(Schema.withConstructorDefault(Effect.succeed(1 as const))),
  startedAt: Schema.optionalKey(Schema.DateTimeUtcFromString),
  exchanges: Schema.Array(Exchange),
})
export type Cassette = typeof Cassette.Type

/** The text is not a cassette. */
export class Unreadable extends Schema.TaggedError<Unreadable>()("Unreadable", {
  problem: Schema.Literals(["NotJson", "Truncated", "Version", "Shape"]),
  /** A place in the text (`line 3, column 7`) or in the JSON (`exchanges.2.request.url`). */
  where: Schema.String,
  detail: Schema.String,
}) {
  override get message() {
    return `this is not a cassette: ${this.detail} at ${this.where}; ${ways[this.problem]}`
  }
}

const ways: Readonly<Record<Unreadable["problem"], string>> = {
  NotJson: "mend it, or record it again",
  Truncated: "record it again, and write it whole or not at all",
  Version: "play it with the kit that made it, or record it again",
  Shape: "mend it there, or record it again",
}

/** A request came for which nothing was left. */
export class Unmatched extends Schema.TaggedError<Unmatched>()("Unmatched", {
  method: Schema.String,
  path: Schema.String,
  /** How many requests like it were recorded, and have been answered. */
  played: Schema.Int,
  /** The most similar recorded request, by its place in the cassette. */
  nearest: Schema.optionalKey(Schema.Struct({ index: Schema.Int, request: Schema.String })),
  /** In what it differs: `body.prompt is "b", recorded "a"`. Secrets are withheld. */
  differences: Schema.Array(Schema.String),
}) {
  override get message() {
    const name = `${this.method} ${this.path}`
    if (this.played > 0) {
      return `${name} came once more than it was recorded (${this.played} times); record again, or find out why it is sent`
    }
    if (this.nearest === undefined) return `${name} was not recorded, and nothing else was`
    const { index, request } = this.nearest
    return `${name} was not recorded; the nearest is exchanges.${index}, ${request}: ${this.differences.join("; ")}`
  }
}

/** Recorded exchanges that nobody asked for. */
export class Unplayed extends Schema.TaggedError<Unplayed>()("Unplayed", { left: Schema.Array(Schema.String) }) {
  override get message() {
    return `recorded, and not asked for: ${this.left.join(", ")}`
  }
}

/** Keeps what goes through the transport it was made with. */
export class Recorder extends Context.Service<
  Recorder,
  {
    /** Everything so far, without secrets. What has no answer yet counts as given up. */
    readonly cassette: Effect.Effect<Cassette>
  }
>()("@tenuto/testkit/Cassette/Recorder") {}

/** Record what a transport sends, streamed bodies too. Instants count from when the layer is built. */
export const recording = <E, R>(
  layer: Layer.Layer<Transport, E, R>,
  secrecy?: Secrecy,
): Layer.Layer<Transport | Recorder, E, R> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const began = yield* Clock.currentTimeMillis
      const takes: Array<Take> = []
      const cassette = Effect.map(Clock.currentTimeMillis, (now) => ({
        version: 1 as const,
        startedAt: DateTime.makeUnsafe(began),
        exchanges: Shelf.exchanges(takes, now - began, secrecy),
      }))
      return Context.make(Recorder, { cassette }).pipe(Context.add(Transport, taping(yield* Transport, takes, began)))
    }),
  ).pipe(Layer.provide(layer))

/** What was recorded so far. */
export const recorded: Effect.Effect<Cassette, never, Recorder> = Recorder.use(({ cassette }) => cassette)

const encode = Schema.encodeSync(Cassette)

/** Write it as text. The same cassette gives the same text. */
export const render = (cassette: Cassette): string => `${JSON.stringify(encode(cassette), undefined, 2)}\n`

const decode = Schema.decodeUnknownResult(Cassette, { errors: "all", onExcessProperty: "error" })
const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

const lineOf = (text: string, offset: number): string => {
  const lines = text.slice(0, offset).split("\n")
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`
}

/** Read it from text. Errors: `Unreadable`. */
export const parse = (text: string): Effect.Effect<Cassette, Unreadable> =>
  Effect.gen(function* () {
    const value = yield* Effect.try({ try: (): unknown => JSON.parse(text), catch: () => faultOf(text) })
    const version = typeof value === "object" && value !== null && "version" in value ? value.version : undefined
    if (version !== 1) {
      const said = typeof version === "number" || typeof version === "string" ? String(version).slice(0, 20) : "unknown"
      const detail = `it is of version ${said}, and this kit reads version 1`
      return yield* new Unreadable({ problem: "Version", where: "version", detail })
    }
    return yield* Effect.fromResult(
      Result.mapError(decode(value), ({ issue }) => {
        const places = issuesOf(issue).issues.map(({ message, path }) => ({
          message,
          where: (path ?? []).map(stepOf).join("."),
        }))
        const where = places[0]?.where ?? "the whole"
        const more = places.length > 1 ? `, and ${places.length - 1} more` : ""
        return new Unreadable({
          problem: "Shape",
          where,
          detail: `${places[0]?.message ?? "it is something else"}${more}`,
        })
      }),
    )
  })

const stepOf = (part: PropertyKey | { readonly key: PropertyKey }): string =>
  String(typeof part === "object" ? part.key : part)

/** Whether more text could make it JSON; engines say that in words of their own. */
const mayGoOn = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    const said = error instanceof Error ? error.message : ""
    return /end of JSON|unterminated/i.test(said) || Number(/position (\d+)/.exec(said)?.[1] ?? 0) >= text.length
  }
}

/** Where the text stops being the beginning of JSON. The text itself is not repeated. */
const faultOf = (text: string): Unreadable => {
  const whole = text.trimEnd()
  if (mayGoOn(whole)) {
    return new Unreadable({ problem: "Truncated", where: lineOf(whole, whole.length), detail: "it breaks off" })
  }
  let [good, bad] = [0, whole.length]
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (mayGoOn(whole.slice(0, middle))) good = middle
    else bad = middle
  }
  return new Unreadable({ problem: "NotJson", where: lineOf(whole, good), detail: "it is not JSON" })
}

/** What may differ between a recorded request and the one that comes. */
export interface PlayOptions {
  /**
   * Names of JSON members, query parameters and headers that are minted fresh each time, such as keys and timestamps,
   * beside `idempotency_key` however it is spelled. Where the answers repeat such a text of 8 characters or more, they
   * repeat the fresh one.
   */
  readonly volatile?: ReadonlyArray<string>
}

/** A recording as a service. */
export interface Played {
  /** For `Emulator.layerMemory` and `Emulator.serve`. On another origin than the recorded ones the answers' links lead there. */
  readonly handler: Handler
  /** Check that everything recorded was asked for, and nothing else. Errors: `Unmatched`, `Unplayed`. */
  readonly verify: Effect.Effect<void, Unmatched | Unplayed>
}

/**
 * Play a cassette; each playing uses it up for itself. Each answer takes as long as it took, on the clock of the one who
 * asks; what went wrong goes wrong again, as far as a carrier can play it.
 */
export const play = (cassette: Cassette, options: PlayOptions = {}): Effect.Effect<Played> =>
  Effect.sync(() => {
    const deck = new Playing.Deck(cassette.exchanges, options.volatile ?? [])
    let unmatched: Unmatched | undefined
    const handler: Handler = (request) =>
      Effect.suspend(() => {
        const taken = deck.take(request)
        if (taken._tag === "Taken") return taken.behaviour
        const { _tag, ...difference } = taken
        const failure = new Unmatched(difference)
        unmatched ??= failure
        return Effect.succeed(json(501, { detail: failure.message }))
      })
    return {
      handler,
      verify: Effect.suspend((): Effect.Effect<void, Unmatched | Unplayed> => {
        if (unmatched !== undefined) return unmatched
        const { left } = deck
        return left.length === 0 ? Effect.void : new Unplayed({ left })
      }),
    }
  })
