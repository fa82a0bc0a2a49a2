/** Covers the globals for as long as a scope is open, when they are free. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { during } from "./clock.ts"
import type { Engine } from "./engine.ts"
import { cover, turnstile } from "./globals.ts"

export const covering = (engine: Engine): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    yield* Effect.acquireRelease(Effect.promise(turnstile), (leave) => Effect.sync(leave))
    yield* during(() => cover(engine))
  })
