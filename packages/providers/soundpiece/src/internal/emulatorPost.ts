/** How the service delivers (contract 2.11): signed by Standard Webhooks, with the time of the first attempt on every attempt. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Signature from "@tenuto/http/Signature"
import * as Courier from "@tenuto/testkit/Courier"
import { Delivery } from "./delivery.ts"

/** No page says how often it is tried again: these pauses are ours. */
const pauses = ["5 seconds", "5 minutes", "30 minutes"] as const

export interface Options {
  readonly secret: string | Redacted.Redacted<string> | undefined
  readonly pauses: ReadonlyArray<Duration.Input> | undefined
}

export const courier = ({ pauses: given = pauses, secret }: Options): Effect.Effect<Courier.Courier> =>
  Courier.make({
    // T-SP-6: `first`, where Standard Webhooks says `at`. A secret that cannot be used is a mistake of whoever set it.
    sign: ({ body, first, id }) =>
      secret === undefined
        ? Effect.succeed({})
        : Effect.orDie(Signature.sign(Signature.standard, secret, { id, timestamp: first, body })),
    within: "10 seconds", // W:/webhooks "2xx within 10 s"
    pauses: given,
    userAgent: "Soundpiece-Emulator",
    forge: opposite,
  })

const decode = Schema.decodeUnknownOption(Delivery)

/** A forger claims the opposite of what is true. */
const opposite = (body: Schema.Json): Schema.Json => {
  const seen = decode(body)
  if (seen._tag === "None") return body
  const { data, type } = seen.value
  const [from, to] = data.status === "ready" ? ["ready", "failed"] : ["failed", "ready"]
  return { type: type.replace(new RegExp(`${from}$`), to), data: { id: data.id, status: to } }
}
