/** One operation of a service that does not exist, as a table. */
import * as Effect from "effect/Effect"
import * as Duration from "effect/Duration"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Artifact from "@tenuto/core/Artifact"
import * as Contract from "@tenuto/core/Contract"
import { developer } from "@tenuto/core/Evidence"
import * as Handle from "@tenuto/core/Handle"
import type { Request as Asked } from "@tenuto/core/Lifecycle"
import * as Operation from "@tenuto/core/Operation"
import * as Remote from "@tenuto/core/Remote"
import * as Delay from "@tenuto/http/Delay"
import type { Request, Response } from "@tenuto/http/Exchange"
import * as Json from "@tenuto/http/Json"
import * as Provider from "@tenuto/http/Provider"
import { type Limits, Transport, Unanswered, Unsent } from "@tenuto/http/Transport"

export const apiKey = "key-0123456789"
export const base = "https://api.service.test/v1"
export const within = Duration.seconds(7)
export { Unanswered, Unsent }

const Accepted = Schema.Struct({ id: Schema.String })
const Seen = Schema.Struct({ status: Schema.String })
const accepted = Json.decoder(Accepted, "the answer")
const seen = Json.decoder(Seen, "the answer")

export const table: Provider.Table<"service"> = {
  service: "service",
  base,
  credential: Provider.bearer,
  requestId: "X-Request-Id",
  endpoints: {
    sing: {
      submit: ({ input, key }) => ({ method: "POST", path: "/songs", body: { key: key ?? null, input } }),
      accepted: (body, request) => Result.map(accepted(body), ({ id }) => ({ handle: Handle.of(request, { id }) })),
      look: ({ id, locator }, hold) => ({
        method: "GET",
        path: locator ?? "/songs",
        query: { id, ...(hold === undefined ? {} : { wait: "true" }) },
      }),
      observed: (body) => Result.map(seen(body), ({ status }) => ({ _tag: "Pending", word: status })),
    },
    stop: {
      submit: () => ({ method: "POST", path: "/", query: {} }),
      accepted: () => Result.fail("never"),
      look: () => ({ method: "GET", path: "/" }),
      observed: () => Result.succeed({ _tag: "Cancelled", word: "stopped" }),
      cancel: ({ id }) => ({ method: "DELETE", path: ["songs", id] }),
    },
  },
  verdicts: [
    { stage: "submit", status: 422, truth: "Rejected", reason: { _tag: "Invalid", issues: [] }, source: "a page" },
    { stage: "submit", status: 503, truth: "Uncertain", reason: { _tag: "Unavailable" }, source: "a page" },
    { stage: "look", status: 404, truth: "Lost", reason: { _tag: "Gone" }, source: "a page" },
    { stage: "cancel", status: 404, truth: "Lost", reason: { _tag: "Gone" }, source: "a page" },
  ],
  trouble: ({ body, headers, now }) => {
    const retryAfter = Delay.retryAfter(headers, now)
    const text = typeof body === "object" && body !== null ? Reflect.get(body, "detail") : undefined
    return {
      ...(retryAfter === undefined ? {} : { retryAfter }),
      ...(typeof text === "string" ? { message: developer(text) } : {}),
    }
  },
}

export const request: Asked = {
  entry: "service/sing/k1",
  service: "service",
  origin: "https://api.service.test",
  operation: "sing",
  input: { lyrics: "Hold the note ü", count: 2 },
  key: "k1",
}

export const handle: Handle.Handle = {
  version: 1,
  service: "service",
  origin: "https://api.service.test",
  operation: "sing",
  id: "song 1/ü&id=2",
}

/** One request as a transport was given it. */
export interface Sent {
  readonly request: Request
  readonly limits: Limits
}
export type Answered = Effect.Effect<Response, Unsent | Unanswered>

const encoder = new TextEncoder()
export const answer = (status: number, body: unknown = {}, headers: Readonly<Record<string, string>> = {}): Answered =>
  Effect.succeed({
    status,
    headers: { ...(typeof body === "string" ? {} : { "content-type": "application/json" }), ...headers },
    body: encoder.encode(typeof body === "string" ? body : JSON.stringify(body)),
  })

/** A remote over a transport that answers what it is told, and keeps what it was asked. */
export const remote = (
  respond: (sent: Sent) => Answered,
  settings: Partial<Provider.Settings> = {},
  changes: Partial<Provider.Table<"service">> = {},
) => {
  const sent: Array<Sent> = []
  const transport = Layer.succeed(Transport, {
    send: (asked, limits) =>
      Effect.suspend(() => {
        sent.push({ request: asked, limits })
        return respond({ request: asked, limits })
      }),
    open: () => Effect.die("nothing is downloaded here"),
  })
  const shape = Effect.provide(
    Effect.service(Remote.of("service")),
    Provider.layer({ ...table, ...changes }, { apiKey, ...settings } as Provider.Settings).pipe(
      Layer.provide(transport),
    ),
  )
  const perform = (deed: Remote.Deed) => Effect.flatMap(shape, (service) => service.perform(deed))
  return {
    sent,
    shape,
    origin: Effect.map(shape, ({ origin }) => origin),
    submit: (asked: Asked = request, more: { readonly isRepeatable?: boolean } = {}) =>
      perform({ _tag: "Submit", request: asked, within, ...more }),
    look: (held: Handle.Handle = handle, hold?: Duration.Duration) =>
      perform({ _tag: "Look", handle: held, within, ...(hold === undefined ? {} : { hold }) }),
    cancel: (held: Handle.Handle = { ...handle, operation: "stop" }) =>
      perform({ _tag: "Cancel", handle: held, within }),
  }
}

/** An operation whose result is one file. */
export const sing = Operation.make({
  service: "service",
  name: "sing",
  contract: Contract.make({
    idempotency: { _tag: "Unkeyed" },
    cadence: { _tag: "Interval", every: Duration.seconds(1), floor: Duration.seconds(1) },
  }),
  input: Schema.Struct({}),
  output: Schema.Struct({ audio: Artifact.Embedded }),
  codes: [],
})
