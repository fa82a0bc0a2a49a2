/** What every case of a receiver stands on: a service that signs, an inbox that tells what it heard. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Inbox from "@tenuto/core/Inbox"
import * as Json from "@tenuto/http/Json"
import * as Signature from "@tenuto/http/Signature"
import type * as Webhook from "@tenuto/http/Webhook"
import * as Case from "../../Case.ts"
import { demand } from "./demand.ts"

/** A delivery as it is sent; names of headers in any case. */
export interface Delivered {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array<ArrayBuffer>
}

/** What the service is told. */
export interface Replied {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Sets up a receiver as its user would: for a service's webhook, with secrets and an inbox. */
export interface Reception {
  readonly serve: (
    webhook: Webhook.Webhook,
    settings: Webhook.Listening,
  ) => Effect.Effect<(delivered: Delivered) => Promise<Replied>, unknown, Scope.Scope>
  /**
   * The same, behind a middleware that has read the body: as `Bytes`, which it left, or as an `Object`. For a receiver that
   * frameworks put middlewares before; without it those cases are not told.
   */
  readonly behind?: (read: "Bytes" | "Object", ...of: Parameters<Reception["serve"]>) => ReturnType<Reception["serve"]>
}

export const signature = "webhook-signature"
export const secret = "whsec_aG9sZCB0aGUgbm90ZSwgYW5kIHRlbGwgbm9ib2R5"
export const others = [
  "whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldCwgbm90IG91cnM=",
  "whsec_dGhlIG9uZSB0aGF0IGNvbWVzIGFmdGVyIGl0",
] as const
export const words = "Für Elise, 5ung at n1ght"
export const body = JSON.stringify({ id: "op_1", event: "song.done", title: words }, undefined, 1)

const read = Json.decoder(Schema.Struct({ id: Schema.String, event: Schema.String }), "the delivery")
const webhookOf = (scheme: Signature.Scheme): Webhook.Webhook => ({
  service: "choir",
  scheme,
  tolerance: Duration.minutes(5),
  read: (given, headers) =>
    Result.map(read(given), ({ event, id }) => ({ id, name: headers["webhook-id"] ?? `${id} ${event}` })),
})

/** An inbox that tells what it heard. */
export const listening = () => {
  const heard: Array<Inbox.Delivery> = []
  const inbox = Inbox.makeMemory()
  const put = (delivery: Inbox.Delivery) =>
    Effect.tap(inbox.put(delivery), (said) => Effect.sync(() => void (said === "Taken" && heard.push(delivery))))
  return { heard, inbox: Inbox.make({ put, take: inbox.take }) }
}

interface Parts {
  readonly id: string
  readonly body: string
  readonly secret: string
  readonly timestamp: DateTime.Utc
  readonly scheme: Signature.Scheme
}

/** A delivery as the service sends it. */
export const genuine = (given: Partial<Parts> = {}) =>
  Effect.gen(function* () {
    const parts = { id: "msg_1", body, secret, scheme: Signature.standard, timestamp: yield* DateTime.now, ...given }
    const headers = yield* Signature.sign(parts.scheme, parts.secret, parts)
    const delivered: Delivered = {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: parts.body,
    }
    return delivered
  })

interface Stage {
  readonly deliver: (delivered: Delivered) => Effect.Effect<Replied>
  readonly heard: ReadonlyArray<Inbox.Delivery>
}

export const staged = ({ serve }: Reception, settings: Partial<Webhook.Listening> = {}, scheme = Signature.standard) =>
  Effect.gen(function* () {
    const { heard, inbox } = listening()
    const receive = yield* serve(webhookOf(scheme), { secrets: [secret], inbox, maxBytes: 4096n, ...settings })
    const stage: Stage = { heard, deliver: (delivered) => Effect.promise(() => receive(delivered)) }
    return stage
  })

export const make = (
  law: number,
  name: string,
  exists: string,
  judge: (reception: Reception) => Effect.Effect<void, unknown, Scope.Scope>,
) => Case.make({ law, name, exists }, judge)

export const taken = (what: string, { status }: Replied) =>
  demand(status >= 200 && status < 300, `${what} was answered ${status}, not taken`)
export const refused = (what: string, { status }: Replied) =>
  demand(status >= 400 && status < 500, `${what} was answered ${status}, not refused`)
export const troubled = (what: string, { status }: Replied) =>
  demand(status >= 500, `${what} was answered ${status}: it will not come again`)

/** Law 10: a stranger is told a status. */
export const mute = (what: string, { body, headers }: Replied) => {
  const told = `${JSON.stringify(headers)}\n${body}`
  const isTold = [secret, secret.slice(6), words, "op_1"].some((part) => told.includes(part))
  return demand(!isTold, `the answer to ${what} repeats the delivery or the secret`)
}
