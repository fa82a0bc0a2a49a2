/**
 * A service in the style of Google, as data: every answer is an `Operation`, and what went wrong is a number.
 *
 * The service does not exist. Its style has pages: `AIP-151` and `AIP-193` at google.aip.dev, and in googleapis/googleapis
 * `lro` (google/longrunning/operations.proto), `rpc` (google/rpc/code.proto, error_details.proto). The rest is ours.
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
import * as Delay from "@tenuto/http/Delay"
import * as Json from "@tenuto/http/Json"
import * as Provider from "@tenuto/http/Provider"
import * as Verdict from "@tenuto/http/Verdict"

const service = "ostinato"
export const contract = Contract.make({
  idempotency: { _tag: "Unkeyed" }, // AIP-155 lets a service take a `request_id`; this one does not
  cadence: { _tag: "Interval", every: Duration.seconds(5), floor: Duration.seconds(1) }, // ours
  cancellation: "Offered", // lro: CancelOperation, best effort
})
const Song = Schema.Struct({ title: Schema.NonEmptyString, bars: Schema.Int })
const input = Schema.Struct({ lyrics: Schema.NonEmptyString })
const codes = ["3", "4", "8", "13", "14"] as const // ours; any other number may come
export const render = Operation.make({ service, name: "render", contract, input, output: Song, codes })
export const operations = { render }

type Row = readonly [number, Pick<Verdict.Seen, "status" | "code">, Verdict.Row<"submit">["truth"], Reason]
/** rpc: the number stands in an operation; a refusal has a status and a name, and a gateway's has no name. */
const rows: ReadonlyArray<Row> = [
  [9, { code: "FAILED_PRECONDITION" }, "Rejected", { _tag: "Conflict", over: "State" }],
  [3, { status: 400 }, "Rejected", { _tag: "Invalid", issues: [] }], // INVALID_ARGUMENT
  [11, { status: 400 }, "Rejected", { _tag: "Invalid", issues: [] }], // OUT_OF_RANGE
  [16, { status: 401 }, "Rejected", { _tag: "Unauthenticated" }], // UNAUTHENTICATED
  [7, { status: 403 }, "Rejected", { _tag: "Forbidden" }], // PERMISSION_DENIED
  [5, { status: 404 }, "Rejected", { _tag: "NotFound", what: "resource" }], // NOT_FOUND
  [10, { code: "ABORTED" }, "Rejected", { _tag: "Conflict", over: "State" }], // AIP-151: another one is under way
  [6, { status: 409 }, "Rejected", { _tag: "Conflict" }], // ALREADY_EXISTS
  [8, { status: 429 }, "Rejected", { _tag: "RateLimited" }], // RESOURCE_EXHAUSTED
  [1, { status: 499 }, "Uncertain", { _tag: "Unclassified" }], // CANCELLED: the request was, not the work
  [12, { status: 501 }, "Rejected", { _tag: "NotImplemented" }], // UNIMPLEMENTED
  [14, { status: 503 }, "Uncertain", { _tag: "Unavailable" }], // UNAVAILABLE: sending again is not always safe
  [4, { status: 504 }, "Uncertain", { _tag: "Timeout" }], // DEADLINE_EXCEEDED: it may have succeeded all the same
  [2, { code: "UNKNOWN" }, "Uncertain", { _tag: "Unclassified" }],
  [13, { status: 500 }, "Uncertain", { _tag: "Internal" }], // INTERNAL
  [15, { status: 500 }, "Uncertain", { _tag: "Internal" }], // DATA_LOSS
]
const gone = { code: "NOT_FOUND", truth: "Lost", reason: { _tag: "NotFoundOrGone", what: "operation" } } as const
const source = "rpc"
export const verdicts: ReadonlyArray<Verdict.Verdict> = [
  { stage: "look", ...gone, source: "AIP-151: operations may expire" },
  { stage: "cancel", ...gone, source: "AIP-151: operations may expire" },
  ...rows.flatMap(([code, refusal, truth, reason]): ReadonlyArray<Verdict.Verdict> => [
    { stage: "submit", ...refusal, truth, reason, source },
    { stage: "look", ...refusal, truth: "Unseen", reason, source },
    { stage: "cancel", ...refusal, truth: "Unseen", reason, source },
    { stage: "settle", code: String(code), truth: "Failed", reason, source },
  ]),
]

const { optional, Struct } = Schema // JSON of protocol buffers leaves out what is false, zero or empty
const text = optional(Schema.String)
const Work = Struct({
  name: Schema.NonEmptyString,
  done: optional(Schema.Boolean),
  metadata: optional(Struct({ progressPercent: optional(Schema.Finite), state: text })),
  error: optional(Struct({ code: optional(Schema.Int), message: text })),
  response: optional(Schema.Unknown),
})
const readWork = Json.decoder(Work, "the operation")
const readSong = Json.decoder(Song, "the response")
const Refusal = Struct({ status: text, message: text, details: optional(Schema.Array(Schema.Unknown)) })
const readRefusal = Json.decoder(Struct({ error: Refusal }), "the error")
const type = Schema.Literal("type.googleapis.com/google.rpc.RetryInfo")
const isRetryInfo = Schema.is(Struct({ "@type": type, retryDelay: Schema.String }))
const delay = (detail: unknown) =>
  isRetryInfo(detail) ? Delay.millis(Number(/^([\d.]+)s$/.exec(detail.retryDelay)?.[1]) * 1000) : undefined
const observe = ({ done, error, metadata, response }: typeof Work.Type): Result.Result<Observation, string> => {
  const { progressPercent: percent = 0, state: word = done === true ? "done" : "running" } = metadata ?? {}
  const progress = Math.min(Math.max(percent, 0), 100) / 100
  if (done !== true) return Result.succeed({ _tag: "Pending", word, progress })
  if (error === undefined) return Result.map(readSong(response), (output) => ({ _tag: "Succeeded", word, output }))
  if (error.code === 1) return Result.succeed({ _tag: "Cancelled", word }) // lro: so ends what was cancelled
  const message = error.message === undefined ? undefined : developer(error.message)
  return Result.succeed(Verdict.failed(verdicts, { word, code: String(error.code ?? 0), message }))
}
const path = ({ id }: Handle.Handle): string => `/v1/${id.split("/").map(encodeURIComponent).join("/")}`
export const table: Provider.Table<"ostinato"> = {
  service,
  base: "https://ostinato.test",
  credential: Provider.bearer,
  endpoints: {
    render: {
      submit: ({ input }) => ({ method: "POST", path: "/v1/songs:render", body: input }),
      accepted: (body, request) =>
        Result.map(readWork(body), (work) => {
          const handle = Handle.of(request, { id: work.name })
          const observation = Result.getOrUndefined(observe(work)) // lro: `done` may be true at once
          return observation === undefined ? { handle } : { handle, observation }
        }),
      look: (handle) => ({ method: "GET", path: path(handle) }),
      observed: (body) => Result.flatMap(readWork(body), observe),
      cancel: (handle) => ({ method: "POST", path: `${path(handle)}:cancel`, body: {} }),
      cancelled: () => Result.succeed({ _tag: "Pending", word: "cancelling" }), // lro: the answer is empty
    },
  },
  verdicts,
  trouble: ({ body, headers, now }) => {
    const { details = [], message, status: code } = Result.getOrUndefined(readRefusal(body))?.error ?? {}
    const retryAfter = details.map(delay).reduce(Delay.longer, Delay.retryAfter(headers, now))
    const hint = retryAfter === undefined ? {} : { retryAfter }
    return { ...hint, ...(code && { code }), ...(message && { message: developer(message) }) }
  },
}
export const layer = (settings: Provider.Settings) => Provider.layer(table, settings)
