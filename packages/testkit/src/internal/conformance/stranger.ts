/** Deliveries that are not proved to come from the service now: a receiver refuses each, and nobody hears of it. */
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import type * as Case from "../../Case.ts"
import type { Delivered, Reception } from "./delivered.ts"
import { body, genuine, make, mute, others, refused, secret, signature, staged, taken } from "./delivered.ts"
import { same } from "./demand.ts"

type Tamper = Effect.Effect<Delivered, unknown>
const without = (name: string): Tamper =>
  rewritten(({ headers }) => ({ headers: Object.fromEntries(Object.entries(headers).filter(([one]) => one !== name)) }))
const rewritten = (change: (delivered: Delivered) => Partial<Delivered>): Tamper =>
  Effect.map(genuine(), (delivered) => ({ ...delivered, ...change(delivered) }))
const resigned = (change: (signature: string) => string): Tamper =>
  rewritten(({ headers }) => ({ headers: { ...headers, [signature]: change(headers[signature] ?? "") } }))
const from = (distance: Duration.Input): Tamper =>
  Effect.flatMap(DateTime.now, (now) => genuine({ timestamp: DateTime.addDuration(now, distance) }))

/** A time that is none, under a signature that fits. */
const timeless: Tamper = Effect.gen(function* () {
  const bytes = yield* Effect.fromResult(Base64.decode(secret.slice(6)))
  const data = new TextEncoder().encode(`msg_1.soon.${body}`)
  const tag = yield* Effect.promise(async () => {
    const { subtle } = globalThis.crypto
    const algorithm = { name: "HMAC", hash: "SHA-256" }
    const key = await subtle.importKey("raw", new Uint8Array(bytes), algorithm, false, ["sign"])
    return new Uint8Array(await subtle.sign("HMAC", key, data))
  })
  const headers = { "webhook-id": "msg_1", "webhook-timestamp": "soon", [signature]: `v1,${Base64.encode(tag)}` }
  return { method: "POST", headers, body }
})

/** What is left of it can be read. */
const shortened: Tamper = Effect.map(genuine({ body: `${body}\n` }), (delivered) => ({ ...delivered, body }))

const strangers: ReadonlyArray<readonly [what: string, exists: string, tamper: Tamper]> = [
  [
    "a delivery whose body was changed",
    "a package that ships no verifier",
    rewritten(() => ({ body: body.replace("op_1", "op_2") })),
  ],
  ["a delivery without a signature", "a check that is made only where there is something to check", without(signature)],
  ["a delivery without a time", "a time that is checked only where it is said", without("webhook-timestamp")],
  ["a delivery without a name", "a signature over one part less", without("webhook-id")],
  [
    "a delivery of 2001",
    "a timestamp of 2001 that is accepted",
    genuine({ timestamp: DateTime.makeUnsafe("2001-09-09T01:46:40Z") }),
  ],
  ["a delivery from a year ahead", "a timestamp a year ahead that is accepted", from("365 days")],
  ["a delivery from just behind the tolerance", "a tolerance in another unit", from("-6 minutes")],
  ["a delivery whose time is none", "a comparison with NaN, which is never too old", timeless],
  ["a delivery under another secret", "a check of the form alone", genuine({ secret: others[0] })],
  ["a delivery that was cut off", "a body that is trimmed before it is proved", shortened],
  [
    "a delivery under another name",
    "a signature that leaves the name out, so that one delivery is many",
    rewritten(({ headers }) => ({ headers: { ...headers, "webhook-id": "msg_2" } })),
  ],
  [
    "a signature without its version",
    "a signature without its v1, prefix that is accepted",
    resigned((it) => it.replace("v1,", "")),
  ],
  [
    "a signature of another version",
    "any version that is taken for the known one",
    resigned((it) => it.replace("v1,", "v9,")),
  ],
  ["a signature that was cut off", "a comparison that ends with the shorter one", resigned((it) => it.slice(0, 12))],
]

/** Every one of them is refused. */
export const cases: ReadonlyArray<Case.Case<Reception>> = strangers.map(([what, exists, tamper]) =>
  make(11, `${what} is refused, and nobody hears of it`, exists, (reception) =>
    Effect.gen(function* () {
      const { deliver, heard } = yield* staged(reception)
      const reply = yield* deliver(yield* tamper)
      yield* refused("it", reply)
      yield* same("what was heard", heard.length, 0)
      yield* mute("it", reply)
      yield* taken("a genuine one after it", yield* deliver(yield* genuine()))
      yield* same("what was heard after it", heard.length, 1)
    }),
  ),
)
