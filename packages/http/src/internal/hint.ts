/** Puts together what an answer says of when to come back: in its headers, in its body, and in what cannot be meant. */
import * as Duration from "effect/Duration"
import { isPending } from "@tenuto/core/Observation"
import type * as Remote from "@tenuto/core/Remote"
import * as Delay from "../Delay.ts"

/** What a reader can establish. */
export type Read = Extract<Remote.Answer, { readonly _tag: "Accepted" | "Observed" }>

interface Hint {
  readonly retryAfter?: Duration.Duration
  readonly unusedHint?: string
}

/** The longest of several hints; one that cannot be meant is reported and used for nothing. */
export const longest = (unused: string | undefined, ...hints: ReadonlyArray<Duration.Duration | undefined>): Hint => {
  let retryAfter: Duration.Duration | undefined
  const problems = unused === undefined ? [] : [unused]
  for (const hint of hints) {
    if (hint === undefined || Delay.isMeant(hint)) retryAfter = Delay.longer(retryAfter, hint)
    else problems.push(`retryAfter: ${Duration.toSeconds(hint)} s`)
  }
  return {
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(problems.length === 0 ? {} : { unusedHint: problems.join("; ") }),
  }
}

/** What stands in the body and what stands around it are both to be kept. */
export const hinted = (answer: Read, { retryAfter, unused }: Delay.Hints): Read => {
  const { retryAfter: own, ...rest } = answer
  const { unusedHint, ...hint } = longest(unused, own, retryAfter)
  if (unusedHint === undefined) return { ...rest, ...hint }
  if (rest._tag === "Accepted") return { ...rest, ...hint, unusedHint }
  const { observation } = rest
  return { ...rest, ...hint, observation: isPending(observation) ? { ...observation, unusedHint } : observation }
}
