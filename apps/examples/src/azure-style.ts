/**
 * A service in the style of Azure, as data: the answer to a submit is empty and says in a header where to look.
 *
 * The service does not exist. Its style has pages: `LRO`, `Repeatability` and `Errors` are chapters of the Microsoft Azure
 * REST API Guidelines (github.com/microsoft/api-guidelines, azure/Guidelines.md). What they leave open is marked as ours.
 */
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Contract from "@tenuto/core/Contract"
import { developer } from "@tenuto/core/Evidence"
import * as Handle from "@tenuto/core/Handle"
import type { Observation } from "@tenuto/core/Observation"
import * as Operation from "@tenuto/core/Operation"
import type { Reason } from "@tenuto/core/Reason"
import * as Json from "@tenuto/http/Json"
import * as Provider from "@tenuto/http/Provider"
import * as Verdict from "@tenuto/http/Verdict"

const service = "antiphon"
export const contract = Contract.make({
  idempotency: { _tag: "Unkeyed" }, // Repeatability: a service may leave it out, as this one does
  cadence: { _tag: "Hinted", otherwise: Duration.seconds(5), floor: Duration.seconds(1) }, // ours, where no Retry-After comes
  retention: { _tag: "Kept", for: Duration.hours(24) }, // LRO: status monitors are kept for 24 hours at least
  cancellation: "Offered",
})
const Song = Schema.Struct({ title: Schema.NonEmptyString, bars: Schema.Int })
const input = Schema.Struct({ lyrics: Schema.NonEmptyString })
const codes = ["LyricsRefused", "VoiceUnavailable", "OutOfCapacity"] as const
export const render = Operation.make({ service, name: "render", contract, input, output: Song, codes })
export const operations = { render }

type Refusal = readonly [status: number, Verdict.Row<"submit">["truth"], Reason, source: string]
const refusals: ReadonlyArray<Refusal> = [
  [400, "Rejected", { _tag: "Invalid", issues: [] }, "Errors: the request is wrong"],
  [401, "Rejected", { _tag: "Unauthenticated" }, "RFC 9110 15.5.2"],
  [403, "Rejected", { _tag: "Forbidden" }, "Errors: the caller may not"],
  [404, "Rejected", { _tag: "NotFound", what: "endpoint" }, "RFC 9110 15.5.5"],
  [405, "Rejected", { _tag: "NotImplemented" }, "RFC 9110 15.5.6"],
  [409, "Rejected", { _tag: "Conflict", over: "State" }, "Errors: it does not fit the state of things"],
  [429, "Rejected", { _tag: "RateLimited" }, "RFC 6585 4, with Retry-After"],
  [500, "Uncertain", { _tag: "Internal" }, "ours: it may have acted first"],
  [503, "Uncertain", { _tag: "Unavailable" }, "ours: it may have acted first"],
]
const gone = { status: 404, truth: "Lost", reason: { _tag: "NotFoundOrGone", what: "status monitor" } } as const
const failure = { stage: "settle", truth: "Failed", source: "ours" } as const
export const verdicts: ReadonlyArray<Verdict.Verdict> = [
  { stage: "look", ...gone, source: "LRO: a monitor that was purged, or never was" },
  { stage: "cancel", ...gone, source: "LRO: a monitor that was purged, or never was" },
  ...refusals.flatMap(([status, truth, reason, source]): ReadonlyArray<Verdict.Verdict> => [
    { stage: "submit", status, truth, reason, source },
    { stage: "look", status, truth: "Unseen", reason, source },
    { stage: "cancel", status, truth: "Unseen", reason, source },
  ]),
  { ...failure, code: "LyricsRefused", reason: { _tag: "PolicyViolation" } },
  { ...failure, code: "VoiceUnavailable", reason: { _tag: "Upstream" } },
  { ...failure, code: "OutOfCapacity", reason: { _tag: "QuotaExhausted" } },
]

const text = Schema.optional(Schema.NullOr(Schema.String))
const Trouble = Schema.Struct({ code: text, message: text }) // Errors: the same in a refusal and in a monitor
const readRefusal = Json.decoder(Schema.Struct({ error: Trouble }), "the error")
const Monitor = Schema.Struct({
  status: Schema.NonEmptyString,
  percentComplete: Schema.optional(Schema.NullOr(Schema.Finite)),
  error: Schema.optional(Schema.NullOr(Trouble)),
  result: Schema.optional(Schema.Unknown),
})
const readMonitor = Json.decoder(Monitor, "the status monitor")
const readSong = Json.decoder(Song, "the result")

const said = ({ code, message }: typeof Trouble.Type) => ({
  ...(code == null ? {} : { code }),
  ...(message == null ? {} : { message: developer(message) }),
})
const observed = (body: unknown): Result.Result<Observation, string> =>
  Result.flatMap(readMonitor(body), ({ error, percentComplete: percent, result, status: word }) => {
    if (word === "Succeeded") return Result.map(readSong(result), (output) => ({ _tag: "Succeeded", word, output }))
    if (word === "Failed") return Result.succeed(Verdict.failed(verdicts, { word, ...said(error ?? {}) }))
    if (word === "Canceled") return Result.succeed({ _tag: "Cancelled", word })
    if (word !== "NotStarted" && word !== "Running") return Result.succeed({ _tag: "Unrecognised", word })
    const progress = percent == null ? {} : { progress: Math.min(Math.max(percent, 0), 100) / 100 }
    return Result.succeed({ _tag: "Pending", word, ...progress })
  })
const place = ({ id, locator }: Handle.Handle) => locator ?? ["operations", id]

const endpoint: Provider.Endpoint = {
  submit: ({ input }) => ({ method: "POST", path: "/songs:render", body: input }),
  accepted: (body, request, { headers }) => {
    const location = headers["operation-location"] // LRO: an absolute URL; relative ones are met as well
    const url = location === undefined ? null : URL.parse(location, `${request.origin}/songs:render`)
    if (url === null) return Result.fail("the answer has no Operation-Location that can be read")
    const id = headers["operation-id"] || url.pathname.split("/").at(-1) || url.pathname
    const observation = Result.getOrUndefined(observed(body)) // LRO: the body, if there is one, is the monitor
    return Result.succeed({
      handle: Handle.of(request, { id, locator: url.href }),
      ...(observation === undefined ? {} : { observation }),
    })
  },
  look: (handle) => ({ method: "GET", path: place(handle) }),
  observed,
  cancel: (handle) => ({ method: "DELETE", path: place(handle) }), // ours: the guidelines name no verb
  cancelled: (body) => (body === undefined ? Result.succeed({ _tag: "Pending", word: "cancelling" }) : observed(body)),
}
export const table: Provider.Table<"antiphon"> = {
  service,
  base: "https://api.antiphon.test",
  credential: (apiKey) => ({ "api-key": apiKey }),
  endpoints: { render: endpoint },
  verdicts,
  trouble: ({ body }) => said(Result.getOrUndefined(readRefusal(body))?.error ?? {}),
  requestId: "x-ms-request-id",
}
export const layer = (settings: Provider.Settings) => Provider.layer(table, settings)
