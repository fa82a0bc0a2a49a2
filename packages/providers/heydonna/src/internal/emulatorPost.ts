/** How the service delivers (contract 4.10): signed over the body alone, acknowledged within 5 seconds, tried again ever later. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Signature from "@tenuto/http/Signature"
import * as Courier from "@tenuto/testkit/Courier"
import * as Delivery from "./delivery.ts"
import * as Wire from "./wire.ts"

/** Where deliveries go. The service has this in the settings of a key. */
export interface Hook {
  readonly url: string
  readonly secret: string | Redacted.Redacted<string>
  /** How long it rests after each attempt that failed; after the last it is given up. Default: 5, 10, 20, 40, 80 seconds. */
  readonly pauses?: ReadonlyArray<Duration.Input>
}

/** W:/api-reference/webhooks/ "exponential backoff", "the retry window is limited": the numbers are ours. */
const doubling = ["5 seconds", "10 seconds", "20 seconds", "40 seconds", "80 seconds"] as const

export const courier = (hook: Hook | undefined): Effect.Effect<Courier.Courier> =>
  Courier.make({
    // A secret that cannot be used is a mistake of whoever set it.
    sign: ({ at, body, id }) =>
      hook === undefined
        ? Effect.succeed({})
        : Effect.orDie(Signature.sign(Delivery.scheme, hook.secret, { id, timestamp: at, body })),
    within: "5 seconds", // W:/api-reference/webhooks/ "Return 200 OK within 5 seconds"
    pauses: hook?.pauses ?? doubling,
    userAgent: "HeyDonna-Emulator",
    forge: opposite,
  })

const read = Schema.decodeUnknownOption(Wire.Delivery)
const encode = Schema.encodeSync(Wire.Delivery)

/** A forger claims the opposite of what is true. */
const opposite = (body: Schema.Json): Schema.Json => {
  const seen = read(body)
  if (seen._tag === "None") return body
  const isReady = seen.value.event === "project.ready"
  return encode({ ...seen.value, ...(isReady ? told.failed : told.ready) })
}

const told = {
  ready: { event: "project.ready", status: "ready" },
  failed: { event: "project.failed", status: "failed" },
} as const
