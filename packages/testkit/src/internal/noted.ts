/** Where a fault says that it is played: into the exchange, or among the letters, of whoever keeps a transcript. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** Told the name of each fault when it is played. Default: nobody listens. */
export const Noted = Context.Reference<(fault: string) => void>("@tenuto/testkit/Noted", {
  defaultValue: () => () => {},
})

/** Say that a fault is played. */
export const note = (fault: string): Effect.Effect<void> => Effect.map(Noted, (noted) => noted(fault))
