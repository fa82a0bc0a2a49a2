/** What each fault does with what the service would have done. */
import type { Response } from "@tenuto/http/Exchange"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import { answer, Behaviour, json } from "../Behaviour.ts"

/** Changes a body that is JSON. */
export type Edit = (body: Schema.Json) => Schema.Json

interface Knowledge {
  readonly parameter: number | undefined
  readonly unknownStatus?: Edit
  readonly unknownField?: Edit
  readonly wrongShape?: Edit
}

type Play = (known: Knowledge) => <R>(service: Effect.Effect<Behaviour, never, R>) => Effect.Effect<Behaviour, never, R>

/** The service does nothing, and this is seen. */
const instead =
  (behaviour: (known: Knowledge) => Behaviour): Play =>
  (known) =>
  () =>
    Effect.sync(() => behaviour(known))

/** The service acts, and this is seen in place of its answer. */
const afterwards =
  (behaviour: (known: Knowledge) => Behaviour): Play =>
  (known) =>
  (service) =>
    Effect.map(service, () => behaviour(known))

/** The service acts, and its answer is seen changed. What was no plain answer stays what it was. */
const changed =
  (change: (response: Response, known: Knowledge) => Behaviour): Play =>
  (known) =>
  (service) =>
    Effect.map(service, (behaviour) => (behaviour._tag === "Answered" ? change(behaviour.response, known) : behaviour))

const answered = (response: Response, part: Partial<Response>): Behaviour =>
  Behaviour.Answered({ response: { ...response, ...part } })

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const edited = (response: Response, edit: Edit): Behaviour => {
  const text = new TextDecoder().decode(response.body)
  const type = response.headers["content-type"] ?? ""
  if (!type.includes("json")) return Behaviour.Answered({ response })
  // It says that it is JSON, and JSON.parse gives nothing else.
  return answered(response, { body: bytes(JSON.stringify(edit(JSON.parse(text) as Schema.Json))) })
}

const isObject = (value: Schema.Json): value is { readonly [x: string]: Schema.Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Rebuild every object of a body, innermost first. */
const everywhere = (
  value: Schema.Json,
  edit: (object: { readonly [x: string]: Schema.Json }) => Schema.Json,
): Schema.Json => {
  if (Array.isArray(value)) return value.map((item: Schema.Json) => everywhere(item, edit))
  if (!isObject(value)) return value
  return edit(Object.fromEntries(Object.entries(value).map(([name, item]) => [name, everywhere(item, edit)])))
}

const strangeStatus: Edit = (body) =>
  everywhere(body, (object) => (typeof object["status"] === "string" ? { ...object, status: "quarantined" } : object))
const strangeField: Edit = (body) => everywhere(body, (object) => ({ ...object, unheard_of: { since: "tomorrow" } }))

const half = (response: Response): number => Math.floor(response.body.byteLength / 2)
const seconds = (known: Knowledge, otherwise: number) => Duration.seconds(known.parameter ?? otherwise)
const problem = (status: number, detail: string, headers: Readonly<Record<string, string>> = {}) =>
  json(status, { detail }, headers)

const page = "<!doctype html><html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>"

const named = {
  "reset-before-commit": instead(() => Behaviour.Reset()),
  "reset-after-commit": afterwards(() => Behaviour.Reset()),
  "hang-before-commit": instead(() => Behaviour.Hung()),
  "hang-after-commit": afterwards(() => Behaviour.Hung()),
  truncated: changed((response) => Behaviour.Truncated({ response, bytes: half(response), isReset: false })),
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
  "wrong-shape": changed((response, known) => edited(response, known.wrongShape ?? (() => []))),
  "unknown-status": changed((response, known) => edited(response, known.unknownStatus ?? strangeStatus)),
  "unknown-field": changed((response, known) => edited(response, known.unknownField ?? strangeField)),
  "401": instead(() => problem(401, "the key is missing, invalid or revoked")),
  "429": instead((known) => problem(429, "too many requests", { "retry-after": String(known.parameter ?? 1) })),
  "500": instead(() => problem(500, "internal error")),
  "502": instead(() => problem(502, "bad gateway")),
  "503": instead((known) =>
    problem(503, "unavailable", known.parameter === undefined ? {} : { "retry-after": String(known.parameter) }),
  ),
  redirect: instead(() => answer(302, "", { location: "http://elsewhere.invalid/" })),
  "expired-link": instead(() =>
    answer(403, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>", {
      "content-type": "application/xml",
    }),
  ),
  refused: instead(() => Behaviour.Refused()),
  "name-not-found": instead(() => Behaviour.Unnamed()),
} satisfies Record<string, Play>

export type Effects = typeof named
export const effects: Readonly<Record<string, Play>> = named
