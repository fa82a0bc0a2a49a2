/**
 * Whisul: a song from a prompt.
 *
 * Everything here is data with its source (`S004` and the contract's numbers are explained in FACTS.md); the machine that
 * acts on it is `@tenuto/core`. It never sends anything by itself.
 *
 * The service takes no key: a request whose answer was lost is never sent again by itself, and is `Uncertain`.
 *
 * @example
 * ```ts
 * import * as DateTime from "effect/DateTime"
 * import * as Duration from "effect/Duration"
 * import * as Effect from "effect/Effect"
 * import * as Client from "@tenuto/core/Client"
 * import * as Whisul from "@tenuto/whisul"
 *
 * const beat = Whisul.generate({ prompt: "a relaxing lo-fi hip hop beat" }) // a value; nothing has left
 * export const program = Client.run(beat, { within: "15 minutes" }).pipe(
 *   Effect.map(({ duration, finished_at, song, tags = [], title = "untitled" }) => ({
 *     song, // an artifact: `Download.stream` fetches it
 *     says: [
 *       title,
 *       ...tags,
 *       ...(duration === undefined ? [] : [Duration.format(duration)]),
 *       ...(finished_at === undefined ? [] : [DateTime.formatIso(finished_at)]),
 *     ].join(", "),
 *   })),
 *   Effect.catchTag("Uncertain", ({ message }) => Effect.succeed({ song: undefined, says: message })), // a person decides
 * )
 * ```
 */
import * as Duration from "effect/Duration"
import type * as Layer from "effect/Layer"
import * as Contract from "@tenuto/core/Contract"
import { developer } from "@tenuto/core/Evidence"
import * as Operation from "@tenuto/core/Operation"
import type { Remote } from "@tenuto/core/Remote"
import * as Budget from "@tenuto/http/Budget"
import * as Provider from "@tenuto/http/Provider"
import type { Transport } from "@tenuto/http/Transport"
import * as Endpoint from "./internal/endpoint.ts"
import * as Reasons from "./internal/reasons.ts"
import * as Wire from "./internal/wire.ts"

/** S004 "On first 429: wait 5 seconds … double the wait time, up to a maximum of 60 seconds". */
const ladder: Contract.Delay = {
  _tag: "Ladder",
  steps: [Duration.seconds(5), Duration.seconds(10), Duration.seconds(20), Duration.seconds(40), Duration.seconds(60)],
}

/** What the service promises: no key, no hold, no cancelling; jobs expire "after an extended period", which none says. */
export const contract = Contract.make({
  idempotency: { _tag: "Unkeyed" }, // contract 5.6: no page names a key or a reference
  cadence: {
    _tag: "Interval",
    every: Duration.seconds(10), // S004 "once every 5–10 seconds", the polite end
    floor: Duration.seconds(5), // S004 "Avoid polling … more frequently"
  },
  delays: {
    limited: ladder,
    unavailable: { _tag: "Range", min: Duration.seconds(10), max: Duration.seconds(30) }, // S004 "after 10–30 seconds"
    otherwise: { _tag: "Exponential", base: Duration.seconds(1), cap: Duration.minutes(1) }, // ours
  },
  limits: {
    wait: Duration.minutes(10), // ours; W:/guides/polling-jobs "within a few minutes"
    answer: Duration.seconds(30), // ours
    sends: 8, // ours
  },
})

const service = "whisul"

/**
 * A finished song.
 *
 * `song` is there always; `image` and what else the service says of it, where it can be read. `duration` is a `Duration`,
 * `started_at` and `finished_at` are instants in UTC.
 */
export type Song = typeof Wire.Song.Type

/** A song from a prompt of at least one character. The service documents no failure codes. Source: S004, contract 5.1. */
export const generate = /* @__PURE__ */ Operation.make({
  service,
  name: "generate",
  contract,
  input: Wire.Request,
  output: Wire.Song,
  codes: [],
})

/** Every operation by the service's own name: the names that `connect` goes by. */
export const operations = { generate }

/** Whisul as a table. */
export const table: Provider.Table<"whisul"> = {
  service,
  base: "https://whisul.com/api", // W:/api-reference/compose
  credential: Provider.bearer, // S004 "Authorization: Bearer YOUR_API_KEY"
  endpoints: { generate: Endpoint.generate },
  verdicts: Reasons.verdicts,
  trouble: ({ body }) => {
    const said = Endpoint.said(body)
    return said === undefined ? {} : { message: developer(said) } // contract 5.11: developers only
  },
  budget: /* @__PURE__ */ Budget.of({ deeds: ["Submit", "Look"], backoff: ladder }), // T-WH-7: only how to back off is known
}

/**
 * Connect to Whisul. Needs a `Transport`.
 *
 * @example
 * ```ts
 * import * as Layer from "effect/Layer"
 * import * as Whisul from "@tenuto/whisul"
 * import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
 *
 * export const whisul = Whisul.layer({ apiKey: "…" }).pipe(Layer.provideMerge(NodeTransport.layer))
 * ```
 */
export const layer = (settings: Provider.Settings): Layer.Layer<Remote<"whisul">, never, Transport> =>
  Provider.layer(table, settings)
