/** What the service delivers of its own accord: thin, so a delivery prompts a look and shows nothing (contract 3.11). */
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Json from "@tenuto/http/Json"
import * as Signature from "@tenuto/http/Signature"
import type { Webhook } from "@tenuto/http/Webhook"

/** Contract 3.11 "`event, run_id, task_id, agent_name, format, …`"; the rest of the page is not known. */
export const Delivery = Schema.Struct({
  event: Schema.NonEmptyString,
  run_id: Schema.optional(Schema.NullOr(Schema.String)),
  task_id: Schema.NonEmptyString,
  agent_name: Schema.optional(Schema.NullOr(Schema.String)),
  format: Schema.optional(Schema.NullOr(Schema.String)),
})

/** What of it is read. */
const Seen = Schema.Struct({ event: Schema.NonEmptyString, task_id: Schema.NonEmptyString })

const decode = Json.decoder(Seen, "the delivery")

/** What no page shows of the signature (T-OV-7). */
export interface Signing {
  /** How the time and the body join. Default: `{timestamp}.{body}`. */
  readonly signed?: Parameters<typeof Signature.timestamped>[0]["signed"]
  /** Whether the secret is its own text, or Base64 after `whsec_`. Default: `Text`. */
  readonly secret?: Signature.Seal["secret"]
}

/** `X-Overten-Signature: sha256=<hex_hmac>`, `X-Overten-Timestamp: <unix s>`. */
export const schemeOf = ({ secret = "Text", signed = "{timestamp}.{body}" }: Signing = {}): Signature.Scheme =>
  Signature.timestamped({ signature: "x-overten-signature", timestamp: "x-overten-timestamp", signed, secret })

export const webhookOf = (signing?: Signing): Webhook => ({
  service: "overten",
  scheme: schemeOf(signing),
  // No page says whether the time is that of the attempt or of the first one, nor for how long attempts go on. What is
  // replayed within it prompts one look more.
  tolerance: Duration.days(1),
  // T-OV-4: a run has several tasks, so the page's own (run_id, event) would drop what is new.
  read: (body) => Result.map(decode(body), ({ event, task_id: id }) => ({ id, name: `${id} ${event}` })),
})
