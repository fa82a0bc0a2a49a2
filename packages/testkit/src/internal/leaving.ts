/** What a carrier tells whoever keeps a transcript: that the client left before a behaviour had arrived whole. */
import * as Effect from "effect/Effect"
import type { Behaviour } from "../Behaviour.ts"

const leavings = new WeakMap<Behaviour, Effect.Effect<void>>()

/** What to do when the client leaves before this behaviour, of one exchange, has arrived whole. */
export const onLeaving = (behaviour: Behaviour, then: Effect.Effect<void>): void => void leavings.set(behaviour, then)

/** Say that the client left. */
export const leave = (behaviour: Behaviour): Effect.Effect<void> => leavings.get(behaviour) ?? Effect.void
