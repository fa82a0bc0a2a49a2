/** Puts what is to happen before a service: requests use it up, in order. The one place where a stage meets a request. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { Behaviour } from "../Behaviour.ts"
import * as Credential from "../Credential.ts"
import type { Handler, Request } from "../Handler.ts"
import { chances, effects, resourceOf, unauthenticated, unavailable, type Words } from "./effects.ts"
import { Past } from "./past.ts"
import { played } from "./witness.ts"

/** What happens to the next `count` requests of a stage: the fault of this name, or what a handler of its own does. */
export interface Step<R> {
  readonly stage: string
  readonly count: number
  readonly name: string
  readonly parameter?: number | undefined
  readonly own?: Handler<R>
}

interface Hooks extends Words {
  readonly stageOf: (request: Request) => string | undefined
  /** Told the stage of each request that asks for a step. */
  readonly asked?: (stage: string | undefined) => void
}

/** Whether what is planned for a stage meets a request of one. A look that is held is a look. */
export const meets = (planned: string, actual: string | undefined): boolean =>
  planned === actual || (planned === "look" && actual === "long-poll")

/** What a request meets, whatever is planned for it, while the service is down or the key is revoked. */
export const refusalOf = (
  past: Past,
  hooks: Words,
  request: Request,
  stage: string | undefined,
  now: DateTime.Utc,
): Behaviour | undefined => {
  if (past.isRevoked && Credential.isCarried(request)) return unauthenticated(hooks)
  return past.isDown((planned) => meets(planned, stage), now) ? unavailable(hooks) : undefined
}

/** Put the steps before a service, and those that come to them; each call has a memory of its own, unless it is given one. */
export const inTurn = <R>(
  handler: Handler<R>,
  steps: ReadonlyArray<Step<R>>,
  hooks: Hooks,
  past: Past = new Past(),
): Handler<R> => {
  const used = new Map<Step<R>, number>()

  const respond = (
    request: Request,
    stage: string | undefined,
    now: DateTime.Utc,
  ): Effect.Effect<Behaviour, never, R> => {
    const refusal = refusalOf(past, hooks, request, stage, now)
    if (refusal !== undefined) return Effect.succeed(refusal)
    hooks.asked?.(stage)
    for (const step of steps) {
      const { count, name, own, parameter } = step
      const nth = used.get(step) ?? 0
      if (nth >= count || !meets(step.stage, stage)) continue
      const known = { ...hooks, parameter, stage: step.stage, request, now, past }
      if (own === undefined && chances[name]?.(known) === false) continue
      used.set(step, nth + 1)
      const does = own?.(request) ?? effects[name]?.around(known)(handler(request)) ?? handler(request)
      return own === undefined && effects[name] !== undefined
        ? Effect.andThen(played("service", name, request), does)
        : does
    }
    return handler(request)
  }

  return (request) =>
    Effect.flatMap(DateTime.now, (now) => {
      const stage = hooks.stageOf(request)
      const does = respond(request, stage, now)
      const isKept = meets("look", stage) && steps.some(({ name }) => name === "backwards")
      if (!isKept) return does
      return Effect.map(does, (behaviour) => {
        if (behaviour._tag === "Answered" && behaviour.response.status === 200) {
          past.keep(resourceOf(hooks, request), behaviour.response)
        }
        return behaviour
      })
    })
}
