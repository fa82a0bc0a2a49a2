/** How a fault or a letter reaches a timeline that may be there: who plays it says so, and who writes it down hears it. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** What a fault is played on. */
interface Played {
  readonly method: string
  readonly url: string
}

/** Hears of every fault that is played. The default hears nothing. */
export const Witness = Context.Reference<
  (lane: "service" | "webhooks", fault: string, on: Played) => Effect.Effect<void>
>("@tenuto/testkit/Witness", { defaultValue: () => () => Effect.void })

/** Say that a fault is played now. */
export const played = (lane: "service" | "webhooks", fault: string, on: Played): Effect.Effect<void> =>
  Effect.flatMap(Witness, (tell) => tell(lane, fault, on))

/** Hear of the faults that are played meanwhile, beside whoever hears of them already. */
export const hearing =
  (hear: (lane: "service" | "webhooks", fault: string) => void) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Witness, (tell) =>
      Effect.provideService(effect, Witness, (lane, fault, on) => {
        hear(lane, fault)
        return tell(lane, fault, on)
      }),
    )

/** Told of a defect that an emulator survives, such as a letter that cannot be written. The default hears nothing. */
export const Breakage = Context.Reference<(defect: unknown) => void>("@tenuto/testkit/Breakage", {
  defaultValue: () => () => {},
})

/** On which lane a request is written down. */
export const Carried = Context.Reference<"wire" | "webhooks">("@tenuto/testkit/Carried", {
  defaultValue: () => "wire",
})

/** Say that a request is a letter. */
export const asLetter: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = Effect.provideService(
  Carried,
  "webhooks",
)
