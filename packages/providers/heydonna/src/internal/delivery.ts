/** What the service delivers of its own accord: that there is something to see, and no more (contract 4.10). */
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import * as Struct from "effect/Struct"
import * as Json from "@tenuto/http/Json"
import * as Signature from "@tenuto/http/Signature"
import type { Webhook } from "@tenuto/http/Webhook"
import { pure } from "./pure.ts"
import * as Wire from "./wire.ts"

/** What of it is read. */
const Seen = /* @__PURE__ */ pure(() => Wire.Delivery.mapFields(Struct.pick(["event", "projectId", "timestamp"])))
const decode = /* @__PURE__ */ pure(() => Json.decoder(Seen, "the delivery"))

/** W:/api-reference/webhooks/ `X-HeyDonna-Signature: sha256=<hex>` over the raw body, and nothing beside it. */
export const scheme: Signature.Scheme = /* @__PURE__ */ Signature.raw({ signature: "x-heydonna-signature" })

/**
 * T-HD-7: nothing but the body tells one delivery from another, and nothing says that it is new. So its event and time
 * name it, and all it can do is make us look.
 */
export const webhook: Webhook = /* @__PURE__ */ pure(() => ({
  service: "heydonna",
  scheme,
  tolerance: Duration.infinity, // no time is signed beside the body, so none is checked
  read: (body) =>
    Result.map(decode(body), ({ event, projectId, timestamp }) => ({
      id: projectId,
      name: [projectId, event, timestamp].join(" "),
    })),
  refusal: 403, // W:/api-reference/webhooks/ "Requests without a valid signature should be rejected with 403"
}))
