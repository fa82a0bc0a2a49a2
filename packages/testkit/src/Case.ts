/**
 * One case of a conformance suite, as data: a law in words, the mistake it exists for, and a check of one subject.
 *
 * It depends on no test runner, and brings a clock of its own: whatever runs it may keep its own time. What goes on for too
 * long in real time has broken the law as well.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Case from "@tenuto/testkit/Case"
 *
 * const even: Case.Case<() => number> = Case.make(
 *   { law: 0, name: "a pair is even", exists: "a count that starts at one" },
 *   (count) => (count() % 2 === 0 ? Effect.void : Effect.fail(`it counted ${count()}`)),
 * )
 * const broken = await Effect.runPromise(Effect.flip(even.run(() => 3)))
 * console.log(broken.message) // law 0, a pair is even: it counted 3
 * ```
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/** A law does not hold. Where it was found in a story, `story` tells it and `replay` tells it again. */
export class Broken extends Schema.TaggedError<Broken>()("Broken", {
  law: Schema.Int,
  name: Schema.String,
  detail: Schema.String,
  story: Schema.optionalKey(Schema.String),
  replay: Schema.optionalKey(Schema.String),
}) {
  override get message() {
    const story = this.story === undefined ? "" : `\n${this.story}`
    const replay = this.replay === undefined ? "" : `\nreplay: ${this.replay}`
    return `law ${this.law}, ${this.name}: ${this.detail}${story}${replay}`
  }
}

/** What a case says of itself. */
export interface Words {
  /** The number of the law in the design; 0 is what the others stand on. */
  readonly law: number
  /** The law, as it is to be read in the list of a test runner. */
  readonly name: string
  /** The mistake it exists for. */
  readonly exists: string
}

/** One case. */
export interface Case<Subject> extends Words {
  /** Put a subject before the law. Errors: `Broken`. */
  readonly run: (subject: Subject) => Effect.Effect<void, Broken>
  /** The same, for code without Effect; it rejects with `Broken`. */
  readonly check: (subject: Subject) => Promise<void>
}

/** Real time after which a subject is taken not to end at all. */
const patience = "20 seconds"

/** A law is broken by whatever the judge fails with, by a defect, and by going on for ever. */
export const make = <Subject>(
  words: Words,
  judge: (subject: Subject) => Effect.Effect<void, unknown, Scope.Scope>,
): Case<Subject> => {
  const { law, name } = words
  const broken = (detail: string) => new Broken({ law, name, detail })
  const run = Effect.fnUntraced(
    function* (subject: Subject): Effect.fn.Return<void, Broken> {
      const judged = Effect.exit(Effect.scoped(Effect.suspend(() => judge(subject))))
      // Detached: what cannot be interrupted must not keep the verdict waiting.
      const fiber = yield* Effect.forkDetach(judged)
      const leave = Effect.sync(() => fiber.interruptUnsafe())
      const exit = yield* Fiber.join(fiber).pipe(
        Effect.onInterrupt(() => leave),
        Effect.timeoutOrElse({ duration: patience, orElse: () => broken(`it did not end within ${patience}`) }),
      )
      if (Exit.isFailure(exit)) return yield* broken(said(exit.cause))
    },
    Effect.provideService(Clock.Clock, Clock.Clock.defaultValue()),
  )
  return { ...words, run, check: (subject) => Effect.runPromise(run(subject)) }
}

const said = (cause: Cause.Cause<unknown>): string => {
  const failure = cause.reasons.find(Cause.isFailReason)?.error
  return typeof failure === "string" ? failure : String(failure ?? Cause.squash(cause))
}
