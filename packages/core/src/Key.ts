/**
 * Mints the names we give to things: idempotency keys and journal entries.
 *
 * Law 4: a key is minted once, outside every retry. Provide your own minter to fix the names a test sees.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Key from "@tenuto/core/Key"
 *
 * const fixed = Effect.provideService(Key.mint, Key.Minter, Effect.succeed("order-7"))
 * console.log(await Effect.runPromise(fixed)) // order-7
 * ```
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

const uuid: Effect.Effect<string> = Effect.map(Random.Random, (random) =>
  "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx".replace(/[xy]/g, (place) => {
    const digit = Math.floor(random.nextDoubleUnsafe() * 16)
    return (place === "x" ? digit : 8 + (digit % 4)).toString(16)
  }),
)
