/** Listens for deliveries about one piece of work while its driver waits, and tells them as events. */
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { Handle } from "../Handle.ts"
import type * as Schema from "effect/Schema"
import type * as Lifecycle from "../Lifecycle.ts"
import { isPending } from "../Observation.ts"
import type { Shape } from "../Remote.ts"

/** What a driver waits with. Where there is no handle yet, each is the effect it is given. */
export interface Hearing {
  /** Wait, or be told by the next delivery: `Observed` where it brings an end of the work, else `Prompted`. */
  readonly whileWaiting: <A>(action: Lifecycle.Action, wait: Effect.Effect<A>) => Effect.Effect<A | Lifecycle.Event>
  /** Look, or stand in line for it, unless a delivery brings an end before; one that only prompts is kept for the next wait. */
  readonly unlessEnded: <A>(action: Lifecycle.Action, look: Effect.Effect<A>) => Effect.Effect<A | Lifecycle.Event>
}

/** Begin to listen for what a remote can read. */
export type Listen = (remote: Shape, tell: Effect.Effect<DateTime.Utc>) => Hearing

type Take = (service: string, id: string) => Effect.Effect<{ readonly body: Schema.Json }>

export const listen =
  (taking: Take): Listen =>
  (remote, tell) => {
    let kept: Lifecycle.Event | undefined
    const take = (handle: Handle): Effect.Effect<Lifecycle.Event> =>
      Effect.flatMap(taking(handle.service, handle.id), ({ body }) =>
        Effect.map(tell, (at): Lifecycle.Event => {
          const observation = remote.heard?.(handle, body)
          // Law 11: what does not end the work changes nothing but the time of the next look.
          return observation === undefined || isPending(observation)
            ? { _tag: "Prompted", at }
            : { _tag: "Observed", at, began: at, observation }
        }),
      ).pipe(Effect.catchDefect(() => Effect.never)) // An inbox that breaks must not end what polling finds.
    const next = (handle: Handle) =>
      Effect.suspend(() => {
        const first = kept
        kept = undefined
        return first === undefined ? take(handle) : Effect.succeed(first)
      })
    const end = (handle: Handle): Effect.Effect<Lifecycle.Event> =>
      Effect.flatMap(take(handle), (event) => {
        if (event._tag === "Observed") return Effect.succeed(event)
        kept = event
        return end(handle)
      })
    const against =
      (hear: (handle: Handle) => Effect.Effect<Lifecycle.Event>): Hearing["whileWaiting"] =>
      (action, effect) =>
        action._tag !== "Look" ? effect : Effect.raceFirst(hear(action.handle), effect)
    return { whileWaiting: against(next), unlessEnded: against(end) }
  }
