/** What the service delivers of its own accord: the operation without its envelope, under a type that names its route. */
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Json from "@tenuto/http/Json"
import * as Signature from "@tenuto/http/Signature"
import type { Webhook } from "@tenuto/http/Webhook"
import { pure } from "./pure.ts"
import * as Wire from "./wire.ts"

/** W:/webhooks `{"type": "<route>.<ready|failed>", "data": <operation>}`. */
export const Delivery = /* @__PURE__ */ pure(() => Schema.Struct({ type: Schema.String, data: Wire.Dto }))
export type Delivery = typeof Delivery.Type

/** What of it is read: see `Wire.Seen`. */
const Seen = /* @__PURE__ */ pure(() => Schema.Struct({ type: Schema.String, data: Wire.Seen }))

const decode = /* @__PURE__ */ pure(() => Json.decoder(Seen, "the delivery"))

/** T-SP-5: a route has a dot of its own, so what follows the last one is the status. */
const routeOf = ({ type }: Pick<Delivery, "type">): string => type.slice(0, Math.max(0, type.lastIndexOf(".")))

/** Read the operation that a delivery shows, if it is one of this route. */
export const open = (body: unknown, route: string): Result.Result<Wire.Seen, string> =>
  Result.flatMap(decode(body), (delivery) =>
    routeOf(delivery) === route
      ? Result.succeed(delivery.data)
      : Result.fail("the delivery is about another route than the work it was sent for"),
  )

export const webhook: Webhook = /* @__PURE__ */ pure(() => ({
  service: "soundpiece",
  scheme: Signature.standard, // W:/webhooks: webhook-id, webhook-timestamp, webhook-signature
  // T-SP-6: the timestamp is that of the first attempt on all of them, and no page says how long attempts go on. That a
  // delivery is not taken twice is the business of its id, which stays the same.
  tolerance: Duration.days(3),
  read: (body, headers) =>
    Result.flatMap(decode(body), ({ data: { id } }) => {
      const name = headers["webhook-id"]
      return name === undefined ? Result.fail("the delivery has no webhook-id") : Result.succeed({ id, name })
    }),
}))
