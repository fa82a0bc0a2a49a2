/** Runners give a matcher whatever their user has: this tells what it is. */
import type { Run, Violation } from "../Checks.ts"
import type { Kit } from "../Kit.ts"

export const isKit = (value: object): value is Pick<Kit<unknown>, "judge" | "transcript"> =>
  "judge" in value && typeof value.judge === "function" && "transcript" in value

/** Whatever is judged of a client that asks for nothing is green for nothing. */
export const silent = ({ exchanges }: Pick<Run, "exchanges">, way: string): ReadonlyArray<Violation> =>
  exchanges.length > 0 ? [] : [{ check: "asks", says: `nothing was asked of the service: ${way}` }]

export const isRun = (value: object): value is Run => "exchanges" in value && Array.isArray(value.exchanges)

/** What cannot be judged fails a matcher, and its `not` too. */
export const unjudged = (runner: object, message: string) => ({
  pass: Reflect.get(runner, "isNot") === true,
  message: () => message,
})
