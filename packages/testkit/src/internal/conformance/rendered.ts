/** Everything that a program might print of a value. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { demand } from "./demand.ts"

type Inspect = (value: unknown) => string

/** How Node.js shows a value; elsewhere there is no such thing. */
const inspecting: Effect.Effect<Inspect> = Effect.promise(() =>
  import("node:util").then(
    ({ inspect }) =>
      (value: unknown) =>
        inspect(value, { depth: 20, showHidden: true }),
    () => String,
  ),
)

const textsOf = (value: unknown, inspect: Inspect): ReadonlyArray<string> => [
  String(value),
  JSON.stringify([value]),
  inspect(value),
  ...(value instanceof Error ? [value.message, value.stack ?? ""] : []),
  ...(Exit.isExit(value) && Exit.isFailure(value) ? shown(value.cause, inspect) : []),
]

const shown = (cause: Cause.Cause<unknown>, inspect: Inspect): ReadonlyArray<string> => [
  Cause.pretty(cause),
  ...cause.reasons.filter(Cause.isFailReason).flatMap(({ error }) => textsOf(error, inspect)),
]

/** Law 10: no rendering of these values holds one of the secrets. */
export const silent = (what: string, values: ReadonlyArray<unknown>, secrets: ReadonlyArray<string>) =>
  Effect.flatMap(inspecting, (inspect) => {
    const texts = values.flatMap((value) => textsOf(value, inspect))
    const isTold = secrets.some((secret) => texts.some((text) => text.includes(secret)))
    return demand(!isTold, `${what} shows a secret`)
  })
