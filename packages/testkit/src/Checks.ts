/**
 * Judges a run of any client from what the service saw: Tenuto's or hand-written, with or without Effect.
 *
 * Each check is data. It reads a transcript, and what the caller knows besides; what a run does not tell, it does not
 * guess: without `operations` nobody counts them, without `secrets` none is looked for. Times are seconds since the
 * beginning of the transcript.
 *
 * | check | law | |
 * |---|---|---|
 * | `created-once` | 3 | one piece of work is created once |
 * | `one-key` | 4 | a resend carries the same key and the same body |
 * | `not-again-unkeyed` | 3 | without a key nothing is sent again that may have started |
 * | `as-asked` | 6 | never sooner than the service asked |
 * | `no-hot-loop` | 6 | a pause between requests for the same thing |
 * | `settled-is-final` | 1 | nothing is asked after the end |
 * | `as-told` | 2 | the client says of the work what the service said |
 * | `secret-kept` | 10 | no rendering shows a secret |
 * | `key-at-home` | 10 | the credential goes to the service only |
 * | `within-deadline` | 7 | nothing goes on after the caller's patience |
 * | `nothing-unhandled` | 7 | every promise is settled and heard |
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Client from "@tenuto/core/Client"
 * import * as Soundpiece from "@tenuto/soundpiece"
 * import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
 * import * as Checks from "@tenuto/testkit/Checks"
 * import * as Rehearsal from "@tenuto/testkit/Rehearsal"
 *
 * const apiKey = "spk_4f9d2c71e8"
 * const soundpiece = await Effect.runPromise(SoundpieceEmulator.make())
 * const played = await Rehearsal.play({
 *   connect: (origin) => Soundpiece.layer({ apiKey, baseUrl: `${origin}/v1` }),
 *   ...soundpiece,
 *   program: Client.run(Soundpiece.newSong({ lyrics: "Hold the note", prompt: "Slow waltz" }), { within: "1 minute" }),
 * })
 * const run = { ...played, claimed: "succeeded", deadline: 60, secrets: [apiKey], thrown: [played.exit] } as const
 * console.log(Checks.judge(run)) // []
 * ```
 */
import type { Check, Run } from "./internal/checks/check.ts"
import { createdOnce, notAgainUnkeyed, oneKey } from "./internal/checks/sending.ts"
import { asTold, keyAtHome, nothingUnhandled, secretKept } from "./internal/checks/telling.ts"
import { asAsked, noHotLoop, settledIsFinal, withinDeadline } from "./internal/checks/waiting.ts"
import type { Violation } from "./internal/story.ts"

export type { Check, Claim, Manners, Run } from "./internal/checks/check.ts"
export type { Violation } from "./internal/story.ts"

/** Every check there is. */
export const all: ReadonlyArray<Check> = [
  createdOnce,
  oneKey,
  notAgainUnkeyed,
  asAsked,
  noHotLoop,
  settledIsFinal,
  asTold,
  secretKept,
  keyAtHome,
  withinDeadline,
  nothingUnhandled,
]

/** Judge a run: everything that it did and must not do. */
export const judge = (run: Run, checks: ReadonlyArray<Check> = all): ReadonlyArray<Violation> =>
  checks.flatMap((check) => check.run(run))
