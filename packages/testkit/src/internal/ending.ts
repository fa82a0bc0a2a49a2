/** Reads from a failure how a story ended. */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import type { Violation } from "./story.ts"

export const tagOf = (failure: unknown): string =>
  typeof failure === "object" && failure !== null && "_tag" in failure && typeof failure._tag === "string"
    ? failure._tag
    : "Failure"

/** A request that never left the draft says nothing about the work. */
export const isOfDraft = (failure: unknown): boolean =>
  typeof failure === "object" &&
  failure !== null &&
  "evidence" in failure &&
  (failure.evidence as { readonly stage?: unknown }).stage === "draft"

/** What ended the run itself: a stall of the clock, or a defect. */
export const ended = (exit: Exit.Exit<unknown, unknown>): ReadonlyArray<Violation> => {
  if (Exit.isSuccess(exit)) return []
  const thrown = Cause.squash(exit.cause)
  const says = thrown instanceof Error ? thrown.message : String(thrown)
  return [{ check: tagOf(thrown) === "Failure" ? "defect" : tagOf(thrown), says }]
}
