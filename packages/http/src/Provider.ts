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
 *       look: ({ id }) => ({ method: "GET", path: `/songs/${encodeURIComponent(id)}` }),
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
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { Stage } from "@tenuto/core/Evidence"
import type { Handle } from "@tenuto/core/Handle"
import type { Request } from "@tenuto/core/Lifecycle"
import type { Observation } from "@tenuto/core/Observation"
import type { Reason } from "@tenuto/core/Reason"
import * as Remote from "@tenuto/core/Remote"
import type * as Exchange from "./Exchange.ts"
import * as Delay from "./Delay.ts"
import * as Json from "./Json.ts"
import * as Withheld from "./internal/Withheld.ts"
import { Transport, type Unanswered, Unsent } from "./Transport.ts"
import * as Verdict from "./Verdict.ts"

/** A request relative to the base. `path` begins with a slash; what a service or a caller names in it is encoded. */
export interface Call {
  readonly method: string
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Schema.Json
}

/** What the answer to a submit establishes. `observation` is given only where the service's page lets us trust it. */
export interface Accepted {
  readonly handle: Handle
  readonly observation?: Observation
}

/**
 * One operation's place in the API. Readers say in one sentence what is wrong with an answer they cannot read.
 *
 * `accepted` and `observed` see the JSON of a success (2xx) only; `observed` also reads what `cancel` is answered.
 */
export interface Endpoint {
  readonly submit: (request: Request) => Call
  readonly accepted: (body: unknown, request: Request) => Result.Result<Accepted, string>
  readonly look: (handle: Handle, hold: Duration.Duration | undefined) => Call
  readonly observed: (body: unknown, handle: Handle) => Result.Result<Observation, string>
  readonly cancel?: (handle: Handle) => Call
}

/** An answer that is not a success, for the provider's own reader of error bodies. */
export interface Refusal {
  readonly stage: Stage
  readonly status: number
  readonly headers: Exchange.Headers
  /** The body as JSON; `undefined` when it is none. */
  readonly body: unknown
  readonly now: DateTime.Utc
}

/** One API. */
export interface Table<Service extends string> {
  readonly service: Service
  /** The base of every path, without a slash at its end. */
  readonly base: string
  /** The headers that carry the credential; {@link bearer} is the usual one. */
  readonly credential: (apiKey: Redacted.Redacted<string>) => Readonly<Record<string, Exchange.Text>>
  /** By the name of the operation. */
  readonly endpoints: Readonly<Record<string, Endpoint>>
  /** What an answer that is no success means; the first row that matches wins. */
  readonly verdicts: ReadonlyArray<Verdict.Verdict>
  /** Reads the service's own error body. */
  readonly trouble: (refusal: Refusal) => Verdict.Trouble
  /** The header in which the service names an exchange, when it does. */
  readonly requestId?: string
}

/** What a user of the API configures. `baseUrl` replaces the service's own, for a proxy or an emulator. */
export interface Settings {
  readonly apiKey: string | Redacted.Redacted<string>
  readonly baseUrl?: string | undefined
}

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

/** An answer is read up to this many bytes. */
const maxBytes = 8n * 1024n * 1024n

const connect = <Service extends string>(
  table: Table<Service>,
  settings: Settings,
  transport: Transport["Service"],
): Remote.Shape => {
  const base = (settings.baseUrl ?? table.base).replace(/\/+$/, "")
  // A path put after a query or a fragment would be no path.
  const origin = /[?#]/.test(base) ? nowhere : originOf(base)
  const apiKey = Redacted.isRedacted(settings.apiKey) ? settings.apiKey : Redacted.make(settings.apiKey)
  const headers = { accept: "application/json", ...table.credential(apiKey) }
  const withheld = Withheld.from(Redacted.value(apiKey))

  // Law 10: neither a base that is none nor a path that leaves it gets to see the credential.
  const exchange = (call: Call, timeout: Duration.Duration) => {
    const url = urlOf(base, call)
    return origin !== nowhere && originOf(url) === origin
      ? transport.send(requestOf(url, headers, call), { timeout, maxBytes })
      : Effect.fail(new Unsent({ problem: "InvalidRequest", detail: astray(origin) }))
  }

  const judged = (stage: Stage, { body, headers, status }: Exchange.Response, now: DateTime.Utc) => {
    const parsed = Json.read(headers, body)
    const refusal = { stage, status, headers, body: Result.getOrUndefined(parsed), now }
    const seen = Verdict.shown({ stage, status, ...table.trouble(refusal) })
    const verdict = Verdict.judge(table.verdicts, seen)
    return { truth: verdict.truth, reason: verdict.reason, evidence: Verdict.evidenceOf(seen, requestIdOf(headers)) }
  }

  const requestIdOf = (headers: Exchange.Headers) =>
    table.requestId === undefined ? undefined : headers[table.requestId.toLowerCase()]

  /** One exchange, and what it establishes. */
  const ask = <A extends Remote.Answer>(
    stage: "submit" | "look" | "cancel",
    call: Call,
    within: Duration.Duration,
    read: (body: unknown) => Result.Result<A, string>,
  ): Effect.Effect<Remote.Answer> => {
    const doubt = stage === "submit" ? "Uncertain" : "Unseen"
    const refused = stage === "submit" ? "Rejected" : "Lost"
    const answered = (response: Exchange.Response, now: DateTime.Utc): Remote.Answer => {
      if (!isSuccess(response)) {
        const { evidence, reason, truth } = judged(stage, response, now)
        return { _tag: truth === refused ? refused : doubt, reason, evidence }
      }
      const retryAfter = Delay.retryAfter(response.headers, now)
      const answer = Result.flatMap(Json.read(response.headers, response.body), (body) => readable(read, body))
      if (Result.isSuccess(answer)) return { ...answer.success, ...(retryAfter === undefined ? {} : { retryAfter }) }
      const evidence = Verdict.evidenceOf({ stage, status: response.status }, requestIdOf(response.headers))
      const malformed: Reason = { _tag: "Malformed", problem: answer.failure }
      return {
        _tag: doubt,
        reason: retryAfter === undefined ? malformed : { _tag: "Unavailable", retryAfter },
        evidence,
      }
    }
    return exchange(call, within).pipe(
      Effect.flatMap((response) => Effect.map(DateTime.now, (now) => answered(response, now))),
      Effect.catch((failure): Effect.Effect<Remote.Answer> => {
        const isProof = stage === "submit" && failure._tag === "Unsent"
        return Effect.succeed({ _tag: isProof ? "Rejected" : doubt, reason: reasonOf(failure), evidence: { stage } })
      }),
      Effect.map(withheld),
    )
  }

  const perform = (deed: Remote.Deed): Effect.Effect<Remote.Answer> => {
    const { operation } = deed._tag === "Submit" ? deed.request : deed.handle
    const endpoint = Object.hasOwn(table.endpoints, operation) ? table.endpoints[operation] : undefined
    if (deed._tag === "Submit") {
      const { request, within } = deed
      if (endpoint === undefined) return unknownOperation("Rejected", "submit", operation)
      return ask("submit", endpoint.submit(request), within, (body) =>
        Result.map(endpoint.accepted(body, request), (accepted) => ({ _tag: "Accepted", ...accepted })),
      )
    }
    const { handle, within } = deed
    const stage = deed._tag === "Look" ? "look" : "cancel"
    const call = deed._tag === "Look" ? endpoint?.look(handle, deed.hold) : endpoint?.cancel?.(handle)
    if (endpoint === undefined || call === undefined) return unknownOperation("Unseen", stage, operation)
    return ask(stage, call, within, (body) =>
      Result.map(endpoint.observed(body, handle), (observation) => ({ _tag: "Observed", observation })),
    )
  }
  return { origin, perform: (deed) => Effect.suspend(() => perform(deed)) }
}

const urlOf = (base: string, { path, query }: Call): string => {
  const search = new URLSearchParams(query).toString()
  return `${base}${path}${search === "" ? "" : `?${search}`}`
}

const requestOf = (
  url: string,
  headers: Readonly<Record<string, Exchange.Text>>,
  { body, method }: Call,
): Exchange.Request =>
  body === undefined
    ? { method, url, headers }
    : { method, url, headers: { ...headers, "content-type": "application/json" }, body: Json.write(body) }

/** The origin of what is no base for paths. */
const nowhere = "nowhere"

const originOf = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url === undefined || !/^https?:$/.test(url.protocol) ? nowhere : url.origin
}

const astray = (origin: string): string =>
  origin === nowhere
    ? "the base url is not an absolute http or https url without query and fragment; correct baseUrl"
    : `the path of the request leads away from ${origin}, where the credential belongs`

const isSuccess = ({ status }: Exchange.Response): boolean => status >= 200 && status < 300

/** A reader that throws is our defect, and an answer that nobody could read all the same. */
const readable = <A>(read: (body: unknown) => Result.Result<A, string>, body: unknown): Result.Result<A, string> =>
  Result.flatMap(Result.try({ try: () => read(body), catch: () => "its reader cannot read it" }), (answer) => answer)

const unknownOperation = (_tag: "Rejected" | "Unseen", stage: Stage, name: string): Effect.Effect<Remote.Answer> =>
  Effect.succeed({ _tag, reason: { _tag: "NotFound", what: `operation ${name}` }, evidence: { stage } })

const reasonOf = (failure: Unsent | Unanswered): Reason => {
  switch (failure.problem) {
    case "InvalidRequest":
      return { _tag: "Invalid", issues: [{ path: ["request"], message: failure.detail }] }
    case "Timeout":
      return { _tag: "Timeout" }
    case "TooLarge":
    case "Malformed":
      return { _tag: "Malformed", problem: failure.detail }
    default:
      return { _tag: "Unreachable", problem: failure.detail }
  }
}
