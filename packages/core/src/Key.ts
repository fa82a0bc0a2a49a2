/**
 * Mints the names we give to things: idempotency keys and journal entries.
 *
 * Law 4: a key is minted once, outside every retry. Provide your own minter to fix the names a test sees.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"

/** Mints one fresh name. The default is a version 4 UUID drawn from Effect's `Random`. */
export const Minter = Context.Reference<Effect.Effect<string>>("@tenuto/core/Key/Minter", {
  defaultValue: () => uuid,
})

/** Mint a fresh name. */
export const mint: Effect.Effect<string> = Effect.flatten(Minter)

const hex = (length: number) =>
  Effect.map(Effect.replicateEffect(Random.nextIntBetween(0, 15), length), (digits) =>
    digits.map((digit) => digit.toString(16)).join(""),
  )

const uuid: Effect.Effect<string> = Effect.gen(function* () {
  const variant = yield* Random.nextIntBetween(8, 11)
  return `${yield* hex(8)}-${yield* hex(4)}-4${yield* hex(3)}-${variant.toString(16)}${yield* hex(3)}-${yield* hex(12)}`
})
