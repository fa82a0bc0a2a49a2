/**
 * Recorded exchanges, played back in the order in which they were recorded, each once.
 *
 * It never repeats an answer: a request without one left is answered 501, and `verify` says which.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Json from "@tenuto/http/Json"
 * import * as Emulator from "@tenuto/testkit/Emulator"
 * import * as Playback from "@tenuto/testkit/Playback"
 *
 * const headers = { "content-type": "application/json" }
 * const response = { status: 200, headers, body: Json.write({ id: "1", status: "sung" }) }
 * export const program = Effect.gen(function* () {
 *   const { handler, verify } = yield* Playback.make([{ method: "GET", path: "/v1/songs/1", response }])
 *   const transport = Emulator.layerMemory(handler) // provide it to the program under test
 *   return { transport, verify } // and verify at its end
 * })
 * ```
 */
import type { Response } from "@tenuto/http/Exchange"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Behaviour, json } from "./Behaviour.ts"
import type { Handler } from "./Handler.ts"

/** One exchange. Requests are told apart by method and path; a recorded query must match, an unrecorded one may be any. */
export interface Recorded {
  readonly method: string
  /** `/v1/create.new_song`, or with a query: `/v1/create.new_song?id=op_1`. */
  readonly path: string
  readonly response: Response
}

/** A request came for which nothing was left. */
export class Exhausted extends Schema.TaggedError<Exhausted>()("Exhausted", {
  method: Schema.String,
  path: Schema.String,
  played: Schema.Int,
}) {
  override get message() {
    return `${this.method} ${this.path} came once more than it was recorded (${this.played} times); record again, or find out why it is sent`
  }
}

/** Recorded exchanges that nobody asked for. */
export class Unplayed extends Schema.TaggedError<Unplayed>()("Unplayed", { left: Schema.Array(Schema.String) }) {
  override get message() {
    return `recorded, and not asked for: ${this.left.join(", ")}`
  }
}

/** A recording as a service. */
export interface Playback {
  readonly handler: Handler
  /** Check that everything recorded was asked for, and nothing else. Errors: `Exhausted`, `Unplayed`. */
  readonly verify: Effect.Effect<void, Exhausted | Unplayed>
}

const isMatch = (recorded: Recorded, method: string, url: URL): boolean => {
  if (recorded.method !== method) return false
  const wanted = new URL(recorded.path, url.origin)
  if (wanted.pathname !== url.pathname) return false
  return wanted.search === "" || sorted(wanted) === sorted(url)
}

const sorted = (url: URL): string => {
  const query = new URLSearchParams(url.search)
  query.sort()
  return query.toString()
}

/** Play a recording. Each playback uses it up for itself. */
export const make = (recording: ReadonlyArray<Recorded>): Effect.Effect<Playback> =>
  Effect.sync(() => {
    const left = recording.map((recorded) => ({ recorded, isPlayed: false }))
    let exhausted: Exhausted | undefined
    const handler: Handler = ({ method, url: text }) =>
      Effect.sync(() => {
        const url = new URL(text)
        const matching = left.filter(({ recorded }) => isMatch(recorded, method, url))
        const next = matching.find(({ isPlayed }) => !isPlayed)
        if (next === undefined) {
          const failure = new Exhausted({ method, path: url.pathname, played: matching.length })
          exhausted ??= failure
          return json(501, { detail: failure.message })
        }
        next.isPlayed = true
        return Behaviour.Answered({ response: next.recorded.response })
      })
    return {
      handler,
      verify: Effect.suspend((): Effect.Effect<void, Exhausted | Unplayed> => {
        if (exhausted !== undefined) return exhausted
        const names = left.flatMap(({ isPlayed, recorded }) =>
          isPlayed ? [] : [`${recorded.method} ${recorded.path}`],
        )
        return names.length === 0 ? Effect.void : new Unplayed({ left: names })
      }),
    }
  })
