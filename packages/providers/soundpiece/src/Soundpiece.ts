/**
 * Soundpiece: songs, instrumentals, samples, remixes and stems.
 *
 * Everything here is data with its source (`S000`, `S001` and the contract's numbers are explained in FACTS.md); the
 * machine that acts on it is `@tenuto/core`. It never sends anything by itself.
 *
 * @example
 * ```ts
 * import * as Duration from "effect/Duration"
 * import * as Soundpiece from "@tenuto/soundpiece"
 *
 * const source = { url: "https://example.test/take.flac" }
 * const lyrics = "Hold the note"
 * export const drafts = [
 *   Soundpiece.newSong({ lyrics, prompt: "Slow waltz" }, { key: "550e8400-e29b-41d4-a716-446655440000" }),
 *   Soundpiece.newSong({ lyrics, reference: source }),
 *   Soundpiece.newInstrumental({ prompt: "Slow waltz" }),
 *   Soundpiece.newSample({ prompt: "One cello note", duration: Duration.seconds(4), loopable: true }),
 *   Soundpiece.newFx({ prompt: "A door", duration: Duration.seconds(2) }),
 *   Soundpiece.remixSong({ source, lyrics, prompt: "March", n_variations: 3 }),
 *   Soundpiece.remixInstrumental({ source }),
 *   Soundpiece.separateStems({ source }),
 *   Soundpiece.autoCutDown({ source, target_duration: Duration.seconds(30) }),
 * ]
 * ```
 */
import * as Duration from "effect/Duration"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Contract from "@tenuto/core/Contract"
import { developer } from "@tenuto/core/Evidence"
import * as Operation from "@tenuto/core/Operation"
import type { Remote } from "@tenuto/core/Remote"
import * as Budget from "@tenuto/http/Budget"
import * as Delay from "@tenuto/http/Delay"
import * as Provider from "@tenuto/http/Provider"
import type { Transport } from "@tenuto/http/Transport"
import type { Webhook } from "@tenuto/http/Webhook"
import * as Delivery from "./internal/delivery.ts"
import * as Endpoint from "./internal/endpoint.ts"
import * as Input from "./internal/inputs.ts"
import * as Reasons from "./internal/reasons.ts"
import { routes } from "./internal/routes.ts"
import * as Wire from "./internal/wire.ts"

/** What the service promises: keys are checked, looks are long polls; no page offers to cancel. */
export const contract = Contract.make({
  idempotency: { _tag: "Keyed", field: "idempotency_key" }, // S001 "Every PUT accepts an idempotency_key"
  cadence: {
    _tag: "LongPoll",
    hold: Duration.seconds(20), // S001 "or after 20 seconds if it's still running"
    floor: Duration.seconds(1), // ours: T-SP-9, an answer that comes at once must not become a tight loop
  },
  delays: {
    limited: { _tag: "Exponential", base: Duration.seconds(1), cap: Duration.minutes(1) }, // contract 2.9, 2^n
    unavailable: { _tag: "Exponential", base: Duration.seconds(1), cap: Duration.minutes(1) }, // S000 "exponential backoff"
    otherwise: { _tag: "Exponential", base: Duration.seconds(1), cap: Duration.minutes(1) }, // S000 "exponential backoff"
  },
  limits: {
    wait: Duration.minutes(5), // S001 sample: timeout=300
    answer: Duration.seconds(30), // ours; together with the hold it exceeds the 20 s of a long poll
    sends: 8, // ours
  },
  support: "business@soundpiece.co.uk", // S000 "Reporting persistent issues"
})

const service = "soundpiece"

/** The result of most operations: one or more files. */
export type Tracks = typeof Wire.Tracks.Type
/** The result of operations that give exactly one file. */
export type OneTrack = typeof Wire.OneTrack.Type
/** One audio file: FLAC, 44.1 kHz (S001). `duration` is a `Duration`, where the service says it; `kind` is there for stems. */
export type Track = Wire.Track

const define = <const Name extends string, Input, Output, const Code extends string>(
  name: Name,
  input: Operation.Definition<string, Name, Input, Output, Code>["input"],
  output: Operation.Definition<string, Name, Input, Output, Code>["output"],
  failures: ReadonlyArray<Code>,
) => Operation.make({ service, name, contract, input, output, codes: failures })

/**
 * A song from lyrics and a prompt, or from lyrics and a reference track.
 *
 * Lyrics have 1 to 3000 characters, a prompt 1 to 1024. Source: S000, S001, contract 2.1.
 */
export const newSong = /* @__PURE__ */ define("create.new_song", Input.NewSong, Wire.Tracks, Reasons.song)
/** An instrumental from a prompt of 1 to 1024 characters, or from a reference track. Source: contract 2.1. */
export const newInstrumental = /* @__PURE__ */ define(
  "create.new_instrumental",
  Input.NewInstrumental,
  Wire.Tracks,
  Reasons.referenced,
)
/** A sample of a given length, from a prompt of 1 to 1024 characters. Source: contract 2.1. */
export const newSample = /* @__PURE__ */ define("create.new_sample", Input.NewSample, Wire.OneTrack, Reasons.generated)
/**
 * A sound effect of a given length, from a prompt of 1 to 1024 characters.
 *
 * No page shows its result; one file is what its sibling gives. Source: contract 2.1.
 */
export const newFx = /* @__PURE__ */ define("create.new_fx", Input.NewFx, Wire.OneTrack, Reasons.generated)
/** One to three variations on a song, one unless told otherwise. Source: contract 2.1. */
export const remixSong = /* @__PURE__ */ define("create.remix_song", Input.RemixSong, Wire.Tracks, Reasons.referenced)
/** One to three variations on an instrumental, one unless told otherwise. Source: contract 2.1. */
export const remixInstrumental = /* @__PURE__ */ define(
  "create.remix_instrumental",
  Input.RemixInstrumental,
  Wire.Tracks,
  Reasons.referenced,
)
/** A track taken apart; each file says its `kind`: vocals, drums, bass, other. Source: contract 2.1. */
export const separateStems = /* @__PURE__ */ define(
  "adapt.separate_stems",
  Input.SeparateStems,
  Wire.Tracks,
  Reasons.adapted,
)
/** A track cut down to a length. Source: contract 2.1. */
export const autoCutDown = /* @__PURE__ */ define(
  "adapt.auto_cut_down",
  Input.AutoCutDown,
  Wire.OneTrack,
  Reasons.adapted,
)

/** Every operation by the service's own name: the names that `connect` goes by. */
export const operations = {
  "create.new_song": newSong,
  "create.new_instrumental": newInstrumental,
  "create.new_sample": newSample,
  "create.new_fx": newFx,
  "create.remix_song": remixSong,
  "create.remix_instrumental": remixInstrumental,
  "adapt.separate_stems": separateStems,
  "adapt.auto_cut_down": autoCutDown,
} as const

/**
 * How deliveries are proved and read, for `Webhook.receive`: ask for them with `callback_url`.
 *
 * The account has to have a signing secret (`whsec_…`), else the service sends none and says nothing. Source: contract 2.11.
 */
export const webhook: Webhook = Delivery.webhook

const readRefusal = Schema.decodeUnknownResult(Wire.Refused)
const isFault = Schema.is(Wire.Fault)

/** The API as a table: what {@link layer} connects to and what `tenuto explain` reads. */
export const table: Provider.Table<"soundpiece"> = {
  service,
  base: "https://api.soundpiece.co/v1", // S001
  credential: Provider.bearer, // S001 "Authorization: Bearer spk_<your-key>"
  endpoints: Object.fromEntries(Object.entries(routes).map(([route, facts]) => [route, Endpoint.make(route, facts)])),
  verdicts: Reasons.verdicts,
  // Contract 2.9: one budget for the account, no number.
  budget: /* @__PURE__ */ Budget.of({ deeds: ["Submit", "Look"], backoff: contract.delays.limited }),
  trouble: ({ body, headers, now }) => {
    const retryAfter = Delay.retryAfter(headers, now) // contract 2.9: seconds; absent or 0 means exponential
    const hint = retryAfter === undefined ? {} : { retryAfter }
    const refusal = readRefusal(body)
    if (refusal._tag === "Failure") return hint
    const { detail } = refusal.success
    if (typeof detail === "string") return { ...hint, message: developer(detail) } // contract 2.14: developers only
    return {
      ...hint,
      issues: detail.filter(isFault).map(({ loc, msg, type }) => ({ path: loc, message: msg, code: type })),
    }
  },
}

/**
 * Connect to Soundpiece. Needs a `Transport`.
 *
 * @example
 * ```ts
 * import * as Layer from "effect/Layer"
 * import * as Soundpiece from "@tenuto/soundpiece"
 * import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
 *
 * export const soundpiece = Soundpiece.layer({ apiKey: "spk_…" }).pipe(Layer.provideMerge(NodeTransport.layer))
 * ```
 */
export const layer = (settings: Provider.Settings): Layer.Layer<Remote<"soundpiece">, never, Transport> =>
  Provider.layer(table, settings)
