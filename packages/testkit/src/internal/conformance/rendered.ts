/** Everything that a program might print of a value. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { builtin } from "../builtin.ts"
import { demand } from "./demand.ts"

/** How Node.js shows a value; elsewhere there is no such thing. */
const inspect = (value: unknown): string =>
  builtin("node:util")?.inspect(value, { depth: 20, showHidden: true }) ?? String(value)

const textsOf = (value: unknown): ReadonlyArray<string> => [
  String(value),
  JSON.stringify([value]),
  inspect(value),
  ...(value instanceof Error ? [value.message, value.stack ?? ""] : []),
  ...(Exit.isExit(value) && Exit.isFailure(value) ? shown(value.cause) : []),
]

const shown = (cause: Cause.Cause<unknown>): ReadonlyArray<string> => [
  Cause.pretty(cause),
  ...cause.reasons.filter(Cause.isFailReason).flatMap(({ error }) => textsOf(error)),
]

/** Law 10: no rendering of these values holds one of the secrets. */
export const silent = (what: string, values: ReadonlyArray<unknown>, secrets: ReadonlyArray<string>) =>
  Effect.suspend(() => {
    const texts = values.flatMap(textsOf)
    const isTold = secrets.some((secret) => texts.some((text) => text.includes(secret)))
    return demand(!isTold, `${what} shows a secret`)
  })
