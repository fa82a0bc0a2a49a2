/** `tenuto replay`: tells a story again that an exploration found red, from the one line that it left behind. */
import { Console } from "node:console"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Chronicle from "../chronicle.ts"
import { Ended, Usage } from "../exit.ts"
import * as Flags from "../flags.ts"
import * as Screen from "../screen.ts"

const token = Argument.String("token").pipe(
  Argument.withDescription("What the red run printed: v1:module:suite:carrier:seed:steps:hash"),
)
const times = Flag.Int("times").pipe(
  Flag.filter(
    (given) => given >= 1 && given <= 100_000,
    () => "1 to 100000",
  ),
  Flag.withMetavar("n"),
  Flag.withDescription("Tell it this many times, and compare the timelines"),
  Flag.withDefault(1),
)

const report = Flag.String("report").pipe(
  Flag.withMetavar("file"),
  Flag.withDescription("Write a page of HTML that shows what happened and when"),
  Flag.optional,
)

export const replay = Command.make(
  "replay",
  { token, times, report, json: Flags.json },
  Effect.fn(
    function* ({ json, report, times, token }) {
      const file = Option.getOrUndefined(report)
      if (file !== undefined) yield* Chronicle.check(file)
      // What a module of the user's prints is no line of ours.
      if (json) globalThis.console = new Console(process.stderr, process.stderr)
      const [Explore, Suites] = yield* Effect.promise(() =>
        Promise.all([import("@tenuto/testkit/Explore"), import("../suites.ts")]),
      )
      const replayed = yield* Effect.tryPromise({
        try: async () => Explore.replay(token, { suites: await Suites.all(), times }),
        catch: (error) =>
          new Usage({
            problem: error instanceof Error ? error.message : String(error),
            way: "give the token as the red run printed it, in the directory where it ran",
          }),
      })
      const { hash, hashes, isRed, isSame, story, suite, told } = replayed
      const { timeline, violations } = told
      if (json) {
        yield* Screen.json({
          suite,
          carrier: story.carrier,
          seed: story.seed,
          steps: [...story.steps],
          timeline,
          violations: violations.map(({ check, says }) => ({ check, says })),
          hash,
          hashes: [...new Set(hashes)],
          times,
          same: isSame,
          red: isRed,
        })
      } else {
        yield* Screen.out(timeline.trimEnd())
        for (const { check, says } of violations) yield* Screen.out(`${check}: ${says}`)
        const told = times === 1 ? "the timeline is" : `${times} timelines are`
        const others = [...new Set(hashes)].filter((one) => one !== hash)
        yield* Screen.out(
          isSame ? `${told} the same: ${hash}` : `${told} not the same: ${hash} became ${others.join(", ")}`,
        )
        yield* Screen.out(isRed ? "still red" : "green")
      }
      if (file !== undefined) {
        const ended = isRed ? violations.map(({ check, says }) => `${check}: ${says}`).join("; ") : "green"
        const title = [suite, ...story.steps].join(" ")
        const page = told.report?.({ title, ended, replay: `npx tenuto replay ${token}` })
        if (page === undefined) {
          return yield* new Usage({
            problem: `the suite ${suite} draws no page of its stories`,
            way: "leave --report out, or give what the suite tells a `report`",
          })
        }
        yield* Chronicle.put(file, page)
      }
      if (isRed) return yield* new Ended({ code: 1 })
    },
    Effect.catchTag("Unwritten", Chronicle.unwritten),
  ),
).pipe(
  Command.withDescription("Tell a story again that an exploration found red; exits with 1 while it is"),
  Command.withExamples([
    {
      command: "tenuto replay v1:test/songs.ts:songs:memory:0:reset-after-commit@submit:9f3a0c1d",
      description: "A story of a suite that a module of yours exports",
    },
    {
      command: "tenuto replay v1:soundpiece:memory:0:503@look+429=30@look:9f3a0c1d --times 100",
      description: "A story of a service that this command knows, a hundred times",
    },
    {
      command: "tenuto replay v1:soundpiece:memory:0:503@look:9f3a0c1d --report red.html",
      description: "A page to look at",
    },
  ]),
)
