/**
 * One API as a table: base, credential, contract, endpoints, verdicts; gives a `Remote`.
 *
 * It sends the credential to its own base only, and judges an answer by the table only.
 *
 * Law 10: a credential goes to the configured origin only.
 *
 * @example
 * ```ts
 * import * as Duration from "effect/Duration"
 * import * as Result from "effect/Result"
 * import * as Schema from "effect/Schema"
 * import * as Contract from "@tenuto/core/Contract"
 * import * as Handle from "@tenuto/core/Handle"
 * import type { Observation } from "@tenuto/core/Observation"
 * import * as Operation from "@tenuto/core/Operation"
 * import * as Delay from "@tenuto/http/Delay"
 * import * as Json from "@tenuto/http/Json"
 * import * as Provider from "@tenuto/http/Provider"
 * import * as Verdict from "@tenuto/http/Verdict"
 *
 * const service = "choir"
 * const contract = Contract.make({
 *   idempotency: { _tag: "Keyed", field: "key" }, // /docs/keys "one key is one song"
 *   cadence: { _tag: "Interval", every: Duration.seconds(5), floor: Duration.seconds(1) }, // /docs/songs "every 5 s"
 * })
 * const input = Schema.Struct({ lyrics: Schema.NonEmptyString })
 * const output = Schema.Struct({ title: Schema.String })
 * export const sing = Operation.make({ service, name: "sing", contract, input, output, codes: ["explicit"] })
 * export const operations = { sing }
 *
 * const verdicts: ReadonlyArray<Verdict.Verdict> = [
 *   { stage: "submit", status: 402, truth: "Rejected", reason: { _tag: "Unpaid" }, source: "/docs/errors" },
 *   { stage: "submit", status: 429, truth: "Rejected", reason: { _tag: "RateLimited" }, source: "/docs/limits" },
 *   { stage: "look", status: 404, truth: "Lost", reason: { _tag: "NotFound", what: "song" }, source: "/docs/songs" },
 *   { stage: "settle", code: "explicit", truth: "Failed", reason: { _tag: "PolicyViolation" }, source: "/docs/songs" },
 * ]
 *
 * const word = Schema.NonEmptyString
 * const maybe = Schema.optionalKey(word)
 * const Song = Schema.Struct({ id: word, status: word, title: maybe, code: maybe })
 * const read = Json.decoder(Song, "the song")
 * const observe = ({ code, status: word, title }: typeof Song.Type): Result.Result<Observation, string> => {
 *   switch (word) {
 *     case "singing":
 *       return Result.succeed({ _tag: "Pending", word })
 *     case "sung":
 *       if (title === undefined) return Result.fail("the song is sung and has no title")
 *       return Result.succeed({ _tag: "Succeeded", word, output: { title } })
 *     case "failed": {
 *       const seen = code === undefined ? {} : { code }
 *       const { reason } = Verdict.judge(verdicts, { stage: "settle", ...seen })
 *       return Result.succeed({ _tag: "Failed", word, reason, ...seen })
 *     }
 *     default: // a word of tomorrow: neither a success nor a failure
 *       return Result.succeed({ _tag: "Unrecognised", word })
 *   }
 * }
 *
 * export const table: Provider.Table<"choir"> = {
 *   service,
 *   base: "https://api.choir.test/v1",
 *   credential: Provider.bearer,
 *   endpoints: {
 *     sing: {
 *       submit: ({ input, key }) => ({ method: "POST", path: "/songs", body: { ...input, key: key ?? null } }),
 *       accepted: (body, request) =>
 *         Result.map(read(body), ({ id }) => ({ handle: Handle.of(request, { id }) })),
 *       look: ({ id }) => ({ method: "GET", path: ["songs", id] }),
 *       observed: (body) => Result.flatMap(read(body), observe),
 *     },
 *   },
 *   verdicts,
 *   trouble: ({ headers, now }) => {
 *     const retryAfter = Delay.retryAfter(headers, now)
 *     return retryAfter === undefined ? {} : { retryAfter }
 *   },
 * }
 *
 * export const layer = (settings: Provider.Settings) => Provider.layer(table, settings)
 * ```
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Remote from "@tenuto/core/Remote"
import { connect } from "./internal/connection.ts"
import type { Settings, Table } from "./internal/table.ts"
import { Transport } from "./Transport.ts"

export type {
  Accepted,
  Answered,
  Call,
  Endpoint,
  Observed,
  Reading,
  Refusal,
  Settings,
  Table,
} from "./internal/table.ts"

/** Authenticate with `Authorization: Bearer <key>`. */
export const bearer: Table<string>["credential"] = (apiKey) => ({
  authorization: Redacted.make(`Bearer ${Redacted.value(apiKey)}`),
})

/**
 * Connect to the service. Needs a `Transport`.
 *
 * Nothing fails here: a base that is none rejects what is submitted, with the reason `Invalid`. An answer is read up to
 * 8 MiB.
 */
export const layer = <const Service extends string>(
  table: Table<Service>,
  settings: Settings,
): Layer.Layer<Remote.Remote<Service>, never, Transport> =>
  Layer.effect(
    Remote.of(table.service),
    Effect.map(Transport, (transport) => connect(table, settings, transport)),
  )
