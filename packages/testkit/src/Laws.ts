/**
 * The laws of the machine as data: put any `begin`, `apply`, `next` and `fold` before them.
 *
 * Each law tells stories by the hundred and lets the machine live through them; a broken one is shown the shortest story
 * found, with a line that replays it. It never sleeps and reads no clock.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Lifecycle from "@tenuto/core/Lifecycle"
 * import * as Laws from "@tenuto/testkit/Laws"
 *
 * for (const { law, name, run } of Laws.machine) {
 *   await Effect.runPromise(run(Lifecycle, { runs: 20 })) // in a test runner: one test for each
 *   console.log(`law ${law}: ${name}`)
 * }
 * ```
 */
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import { Broken, type Case } from "./Case.ts"
import { Hostile, type Machine, Plausible, play, type Story } from "./internal/stories.ts"
import * as Verdicts from "./internal/verdicts.ts"

export { Broken } from "./Case.ts"
export type { Machine } from "./internal/stories.ts"

/** How long to look for a story that breaks a law, and where to begin. */
export interface Options {
  /** Default: 500 stories. */
  readonly runs?: number
  /** The same seed tells the same stories. Default: 1. */
  readonly seed?: number | string
  /** Tell one broken story again. */
  readonly replay?: string | undefined
}

/** One law of the machine: a case that can be told how long to look. */
export interface Law extends Case<Machine> {
  /** Errors: `Broken`. */
  readonly run: (machine: Machine, options?: Options) => Effect.Effect<void, Broken>
}

// --- the table ----------------------------------------------------------------------------------

const stories = { plausible: Arbitrary.schema(Plausible), hostile: Arbitrary.schema(Hostile) }

const law = (
  number: number,
  name: string,
  exists: string,
  kind: keyof typeof stories,
  verdict: Verdicts.Verdict,
): Law => {
  const run = Effect.fnUntraced(function* (machine: Machine, options: Options = {}) {
    const judge = (story: Story) =>
      Effect.try({
        try: () => verdict(play(machine, story), machine),
        catch: (thrown) => `it threw: ${String(thrown)}`,
      }).pipe(Effect.flatMap((detail) => (detail === undefined ? Effect.succeed(true) : Effect.fail(detail))))
    const { replay, runs = 500, seed = 1 } = options
    const arbitrary: Arbitrary.Arbitrary<Story> = stories[kind]
    const result = yield* Arbitrary.checkEffect(
      arbitrary,
      judge,
      replay === undefined ? { runs, seed, size: 40 } : { replay },
    )
    if (result._tag === "Passed") return
    const broken = { law: number, name, detail: result._tag }
    if (result._tag !== "Falsified") return yield* new Broken(broken)
    const detail = result.failure._tag === "PropertyError" ? result.failure.error : "false"
    return yield* new Broken({ ...broken, detail, story: narrate(machine, result.shrunkInput), replay: result.replay })
  })
  return { law: number, name, exists, run, check: (machine) => Effect.runPromise(run(machine)) }
}

/** What happened in a story, one event a line; a machine that cannot live through it is shown the story itself. */
const narrate = (machine: Machine, story: Story): string => {
  try {
    return play(machine, story)
      .beats.map(({ event }) => Verdicts.writeEvent(event))
      .join("\n")
  } catch {
    return JSON.stringify(story)
  }
}

/** The laws that bind any machine; the name of each is the name of a test. */
export const machine: ReadonlyArray<Law> = [
  law(
    0,
    "every history has a state, and every state an action",
    "a state that nobody thought of",
    "hostile",
    Verdicts.isTotal,
  ),
  law(1, "settled is final", "a late look that reopens finished work", "hostile", Verdicts.isFinal),
  law(1, "seeing twice is seeing once", "an answer that is counted twice", "hostile", Verdicts.isSeenOnce),
  law(
    2,
    "a failed look is not a failed operation",
    "one 503 on a poll fails the poller for good",
    "hostile",
    Verdicts.isBlind,
  ),
  law(
    3,
    "never twice by accident: without a key nothing is sent again unless it is proved that it never left",
    "a POST that is sent again after its connection was reset",
    "hostile",
    Verdicts.isNeverTwice,
  ),
  law(
    3,
    "never twice by a key that is forgotten: what is in doubt is sent again only while the service remembers its key",
    "a resend, days later, under a key that the service knew for a day",
    "hostile",
    Verdicts.isForgetful,
  ),
  law(
    3,
    "what may have started is never called rejected",
    "a refusal taken for proof that nothing before it started",
    "hostile",
    Verdicts.isNeverDenied,
  ),
  law(
    4,
    "a changed body never goes out under an old key",
    "a second call whose input replaces the first's",
    "hostile",
    Verdicts.isSameBody,
  ),
  law(
    5,
    "a saved history is a saved operation",
    "a state with parts that no journal keeps",
    "hostile",
    Verdicts.isSaved,
  ),
  law(6, "never sooner than asked", "a hint that is thrown away, capped or shortened", "plausible", Verdicts.isPatient),
  law(
    8,
    "a question ends the wait and not the work, and is told again only after another look",
    "work that waits for its caller, polled until the deadline",
    "plausible",
    Verdicts.isAsked,
  ),
  law(
    9,
    "an unknown word is survived",
    "a status of tomorrow that is success, failure or a hot loop",
    "plausible",
    Verdicts.isSurvivor,
  ),
]
