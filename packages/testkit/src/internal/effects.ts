/** What each fault does with what the service would have done. */
import type { Response } from "@tenuto/http/Exchange"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import { answer, Behaviour, json } from "../Behaviour.ts"
import * as Credential from "../Credential.ts"
import type { Request } from "../Handler.ts"
import { bytesOf, contentOf, isObject, type Members } from "./content.ts"
import type { Past } from "./past.ts"

/** Changes an answer that is an object of JSON. */
type Edit = (answer: Members) => Schema.Json

/** What a refusal is to say. */
export interface Refusal {
  readonly status: number
  readonly detail: string
  /** A code that nobody knows, for a service that has codes. */
  readonly code?: string
  /** A hint that stands in the body alone. */
  readonly retryAfter?: Duration.Duration
  readonly headers?: Readonly<Record<string, string>>
}

/** What makes a fault truthful for one service. */
export interface Words {
  /** Put a word nobody knows where the status is. Default: into every member named `status`. */
  readonly unknownStatus?: Edit
  /** Add what nobody asked for. Default: a member in every object. */
  readonly unknownField?: Edit
  /** Make a body valid JSON of a shape that means nothing. Default: an empty list. */
  readonly wrongShape?: Edit
  /** Let work have failed with a code nobody knows. Default: `error` beside every member named `status`. */
  readonly unknownFailure?: Edit
  /** Refuse a request in the service's own words. Default: a member `detail`, with the code and the hint beside it. */
  readonly refuse?: (refusal: Refusal) => Behaviour
  /** Say that the work is no longer known. Default: a refusal with 410. */
  readonly gone?: Behaviour
  /** Which work a look is about. Default: its URL. */
  readonly resourceOf?: (request: Request) => string
}

interface Knowledge extends Words {
  readonly parameter: number | undefined
  readonly stage: string
  readonly request: Request
  readonly now: DateTime.Utc
  readonly past: Past
}

/** What is seen of a request. */
interface Play {
  /** Whether the service does what it was asked for. */
  readonly acts: boolean
  readonly around: (
    known: Knowledge,
  ) => <R>(service: Effect.Effect<Behaviour, never, R>) => Effect.Effect<Behaviour, never, R>
}

/** The service does nothing, and this is seen. */
const instead = (behaviour: (known: Knowledge) => Behaviour): Play => ({
  acts: false,
  around: (known) => () => Effect.sync(() => behaviour(known)),
})

/** The service acts, and this is seen in place of its answer. */
const afterwards = (behaviour: (known: Knowledge) => Behaviour): Play => ({
  acts: true,
  around: (known) => (service) => Effect.map(service, () => behaviour(known)),
})

/** The service acts, and its answer is seen changed. What was no plain answer stays what it was. */
const changed = (change: (response: Response, known: Knowledge) => Behaviour): Play => ({
  acts: true,
  around: (known) => (service) =>
    Effect.map(service, (behaviour) => (behaviour._tag === "Answered" ? change(behaviour.response, known) : behaviour)),
})

const answered = (response: Response, part: Partial<Response>): Behaviour =>
  Behaviour.Answered({ response: { ...response, ...part } })

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Change a body that is JSON, and says so: as the service would, else as anybody's. */
const edited = (
  response: Response,
  own: Edit | undefined,
  otherwise: (body: Schema.Json) => Schema.Json,
): Behaviour => {
  const isDeclared = response.headers["content-type"] !== undefined
  const { json: body } = isDeclared ? contentOf(response.headers, response.body) : {}
  if (body === undefined) return Behaviour.Answered({ response })
  const json = own === undefined ? otherwise(body) : isObject(body) ? own(body) : body
  return answered(response, { body: bytesOf({ json }) })
}

/** Rebuild every object of a body, innermost first. */
const everywhere = (value: Schema.Json, edit: Edit): Schema.Json => {
  if (Array.isArray(value)) return value.map((item: Schema.Json) => everywhere(item, edit))
  if (!isObject(value)) return value
  return edit(Object.fromEntries(Object.entries(value).map(([name, item]) => [name, everywhere(item, edit)])))
}

const strangeStatus = (body: Schema.Json) =>
  everywhere(body, (object) => (typeof object["status"] === "string" ? { ...object, status: "quarantined" } : object))
const strangeField = (body: Schema.Json) =>
  everywhere(body, (object) => ({ ...object, unheard_of: { since: "tomorrow" } }))

const failure = { code: "unheard_of", message: "It failed in a way nobody has heard of." }
const strangeFailure = (body: Schema.Json) =>
  everywhere(body, (object) =>
    typeof object["status"] === "string" ? { ...object, status: "failed", error: failure } : object,
  )

const half = (response: Response): number => Math.floor(response.body.byteLength / 2)
const seconds = (known: Knowledge, otherwise: number) => Duration.seconds(known.parameter ?? otherwise)

const plainly = ({ code, detail, headers, retryAfter, status }: Refusal): Behaviour =>
  json(
    status,
    {
      detail,
      ...(code === undefined ? {} : { code }),
      ...(retryAfter === undefined ? {} : { retryAfterMs: Duration.toMillis(retryAfter) }),
    },
    headers,
  )
const refuse = (known: Knowledge, refusal: Refusal): Behaviour => (known.refuse ?? plainly)(refusal)
const refused = (status: number, detail: string): Play => instead((known) => refuse(known, { status, detail }))

const limited = (known: Knowledge, more: Partial<Refusal> = {}): Behaviour =>
  refuse(known, { status: 429, detail: "too many requests", ...more })
const limitedFor = (text: (known: Knowledge) => string): Play =>
  instead((known) => limited(known, { headers: { "retry-after": text(known) } }))
/** Whole, whatever its size: a number alone is written with an exponent from 10^21 on. */
const whole = (value: number): string => BigInt(Math.round(value)).toString()
const decimal = (value: number): string => (Number.isInteger(value) ? whole(value) : String(value))
/** A date has four digits for its year. */
const lastMillis = Date.UTC(9999, 11, 31, 23, 59, 59)
const later = (instant: DateTime.Utc, span: Duration.Duration): DateTime.Utc =>
  DateTime.makeUnsafe(Math.min(lastMillis, DateTime.toEpochMillis(instant) + Duration.toMillis(span)))
const httpDate = (instant: DateTime.Utc): string => DateTime.toDateUtc(instant).toUTCString()
/** None of them is a hint; taken for a number each makes a timer that fires at once. */
const rubbish = ["-30", "soon", "NaN", "Fri, 31 Feb 2026 00:00:00 GMT"] as const

/** The credential is good no longer. */
export const unauthenticated = (words: Words): Behaviour =>
  (words.refuse ?? plainly)({ status: 401, detail: "the key is missing, invalid or revoked" })
/** The service is down for a while. */
export const unavailable = (words: Words): Behaviour =>
  (words.refuse ?? plainly)({ status: 503, detail: "unavailable" })

/** Where a redirect leads: to another origin that listens too, so that it is seen who goes there, and with what. */
const elsewhere = (given: string): string => {
  const url = new URL("/elsewhere", given)
  const loopback: Readonly<Record<string, string>> = { "127.0.0.1": "localhost", localhost: "127.0.0.1" }
  url.hostname = loopback[url.hostname] ?? "elsewhere.test"
  return url.href
}
const nothing: Response = { status: 200, headers: {}, body: new Uint8Array(0) }
const page = "<!doctype html><html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>"

const named = {
  "reset-before-commit": instead(() => Behaviour.Reset()),
  "reset-after-commit": afterwards(() => Behaviour.Reset()),
  "hang-before-commit": instead(() => Behaviour.Hung()),
  "hang-after-commit": afterwards(() => Behaviour.Hung()),
  truncated: changed((response) => Behaviour.Truncated({ response, bytes: half(response), isReset: false })),
  "hang-mid-body": changed((response) => Behaviour.Stalled({ response, bytes: half(response) })),
  "drop-mid-body": changed((response) => Behaviour.Truncated({ response, bytes: half(response), isReset: true })),
  "wrong-length": changed((response) => Behaviour.Misdeclared({ response, declared: half(response) })),
  garbage: afterwards(() => Behaviour.Garbled({ bytes: bytes("\u0000this is not HTTP\r\n\r\n") })),
  "slow-head": changed((response, known) => Behaviour.Slowed({ response, head: seconds(known, 20), piece: undefined })),
  "slow-body": changed((response, known) =>
    Behaviour.Slowed({
      response,
      head: Duration.zero,
      piece: { bytes: Math.max(1, Math.ceil(response.body.byteLength / 8)), every: seconds(known, 5) },
    }),
  ),
  html: instead((known) => answer(known.parameter ?? 502, page, { "content-type": "text/html" })),
  "empty-body": changed((response) => answered(response, { body: new Uint8Array(0) })),
  "huge-body": changed((response, known) => {
    const body = new Uint8Array(response.body.byteLength + Math.floor((known.parameter ?? 16) * 1024 * 1024)).fill(32)
    body.set(response.body)
    return answered(response, { body })
  }),
  "invalid-json": changed((response) => answered(response, { body: bytes('{"status":') })),
  "wrong-type": changed((response) =>
    answered(response, { headers: { ...response.headers, "content-type": "text/plain" } }),
  ),
  "wrong-shape": changed((response, known) => edited(response, known.wrongShape, () => [])),
  "unknown-status": changed((response, known) => edited(response, known.unknownStatus, strangeStatus)),
  "unknown-field": changed((response, known) => edited(response, known.unknownField, strangeField)),
  "unknown-failure": changed((response, known) => edited(response, known.unknownFailure, strangeFailure)),
  "unknown-code": instead((known) =>
    refuse(known, { status: known.parameter ?? 400, detail: "refused, as never before", code: "unheard_of" }),
  ),
  backwards: afterwards((known) =>
    Behaviour.Answered({ response: known.past.earlier(resourceOf(known, known.request)) ?? nothing }),
  ),
  "401": instead(unauthenticated),
  revoked: instead((known) => {
    known.past.isRevoked = true
    return unauthenticated(known)
  }),
  "403": refused(403, "the key may not do this"),
  "409": refused(409, "this does not go together with what is there"),
  gone: instead(
    (known) =>
      (known.stage === "download" ? undefined : known.gone) ??
      refuse(known, { status: 410, detail: "it was there, and is no more" }),
  ),
  "429": limitedFor((known) => decimal(known.parameter ?? 1)),
  "429-date": limitedFor((known) => httpDate(later(known.now, seconds(known, 30)))),
  "429-body": instead((known) => limited(known, { retryAfter: seconds(known, 30) })),
  "429-bare": instead((known) => limited(known)),
  "429-absurd": limitedFor((known) => whole((known.parameter ?? 30) * 86_400)),
  "429-garbage": limitedFor(({ past }) => rubbish[past.rubbish++ % rubbish.length] ?? ""),
  "skewed-date": instead((known) => {
    const there = later(known.now, Duration.hours(known.parameter ?? 5))
    const until = httpDate(later(there, Duration.seconds(30)))
    return limited(known, { headers: { date: httpDate(there), "retry-after": until } })
  }),
  "500": refused(500, "internal error"),
  "502": instead(() => plainly({ status: 502, detail: "bad gateway" })),
  "503": instead((known) => {
    const { parameter } = known
    const headers = parameter === undefined ? {} : { "retry-after": decimal(parameter) }
    return refuse(known, { status: 503, detail: "unavailable", headers })
  }),
  "504": instead(() => plainly({ status: 504, detail: "the gateway waited in vain" })),
  outage: instead((known) => {
    known.past.goDown(known.stage, DateTime.addDuration(known.now, seconds(known, 60)))
    return unavailable(known)
  }),
  redirect: instead(({ request }) => answer(302, "", { location: elsewhere(request.url) })),
  "expired-link": instead(() =>
    answer(403, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>", {
      "content-type": "application/xml",
    }),
  ),
  refused: instead(() => Behaviour.Refused()),
  "name-not-found": instead(() => Behaviour.Unnamed()),
  tls: instead(() => Behaviour.Untrusted()),
} satisfies Record<string, Play>

/** When a fault can strike, where that is not always. */
export const chances: { readonly [name: string]: ((known: Knowledge) => boolean) | undefined } = {
  // A link carries its own authority; what carries a key is no link.
  "expired-link": ({ request }) => !Credential.isCarried(request),
  // There is something to go back to.
  backwards: (known) => known.past.earlier(resourceOf(known, known.request)) !== undefined,
}

/** Which work a look is about. */
export const resourceOf = (words: Words, request: Request): string => words.resourceOf?.(request) ?? request.url

export type Effects = typeof named
export const effects: Readonly<Record<string, Play>> = named
