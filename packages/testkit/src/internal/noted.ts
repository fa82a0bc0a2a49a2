/** What carriers and faults tell whoever keeps a transcript: the fault that is played, and the client that left early. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Behaviour } from "../Behaviour.ts"

/** Told the name of each fault when it is played. Default: nobody listens. */
export const Noted = Context.Reference<(fault: string) => void>("@tenuto/testkit/Noted", {
  defaultValue: () => () => {},
})

/** Say that a fault is played. */
export const note = (fault: string): Effect.Effect<void> => Effect.map(Noted, (noted) => noted(fault))

const leavings = new WeakMap<Behaviour, Effect.Effect<void>>()

/** What to do when the client leaves before this behaviour, of one exchange, has arrived whole. */
export const onLeaving = (behaviour: Behaviour, then: Effect.Effect<void>): void => void leavings.set(behaviour, then)

/** Say that the client left. */
export const leave = (behaviour: Behaviour): Effect.Effect<void> => leavings.get(behaviour) ?? Effect.void
