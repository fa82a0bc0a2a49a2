/** Lets one request to a service go wrong, as a word of a story says. */
import * as Effect from "effect/Effect"
import { answer, type Behaviour, json } from "../Behaviour.ts"
import type { Handler, Request } from "../Handler.ts"
import type { Answer } from "../Script.ts"
import type { Service } from "./cast.ts"
import type { Past } from "./past.ts"
import { inTurn } from "./steps.ts"
import { faultOf, nameOf } from "./word.ts"

export interface Disturbed {
  readonly service: Service
  readonly past: Past
  /** Answers of the suite's own, by name. */
  readonly answers: Readonly<Record<string, Answer>> | undefined
  /** Whoever asked dies. */
  readonly dies: Effect.Effect<never>
  /** Say what is played, unless that says itself. */
  readonly note: (word: string) => Effect.Effect<void>
}

export const disturbing =
  ({ answers, dies, note, past, service: { handler, hooks } }: Disturbed) =>
  (word: string, request: Request): ReturnType<Handler> => {
    const name = nameOf(word)
    if (name === "pass") return handler(request)
    if (name === "crash-before-commit") return Effect.andThen(note(word), dies)
    if (name === "crash-after-commit") return note(word).pipe(Effect.andThen(handler(request)), Effect.andThen(dies))
    const fixed = answers?.[name]
    if (fixed !== undefined) {
      const { headers, json: body, status, text } = fixed
      const seen: Behaviour = body === undefined ? answer(status, text, headers) : json(status, body, headers)
      return Effect.as(note(word), seen)
    }
    return Effect.flatMap(Effect.orDie(faultOf(word)), ({ fault, parameter, stage }) =>
      inTurn(handler, [{ stage, count: 1, name: fault.name, parameter }], hooks, past)(request),
    )
  }
