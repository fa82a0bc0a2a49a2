/** Covers the globals for as long as a scope is open, when they are free. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { during } from "./clock.ts"
import type { Engine } from "./engine.ts"
import { cover, turnstile } from "./globals.ts"

/** Wait for the globals to be free. A turn that comes when nobody waits for it any more is passed on. */
const turn = Effect.callback<() => void>((resume) => {
  let isWanted = true
  void turnstile().then((leave) => (isWanted ? resume(Effect.succeed(leave)) : leave()))
  return Effect.sync(() => {
    isWanted = false
  })
})

export const covering = (engine: Engine): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    yield* Effect.acquireRelease(turn, (leave) => Effect.sync(leave), { interruptible: true })
    yield* during(() => cover(engine))
  })
