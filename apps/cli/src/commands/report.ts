/** `tenuto report`: a page of what a journal kept, after the fact. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { Journal } from "@tenuto/core/Journal"
import type * as Lifecycle from "@tenuto/core/Lifecycle"
import type { Entry } from "@tenuto/testkit/Timeline"
import * as Chronicle from "../chronicle.ts"
import { ended, Usage } from "../exit.ts"
import * as Flags from "../flags.ts"
import * as Screen from "../screen.ts"
import * as Session from "../session.ts"
import { known } from "../text.ts"

const entry = Flag.String("entry").pipe(
  Flag.withMetavar("name"),
  Flag.withDescription(
    "Show this entry, such as soundpiece/create.new_song/5e2d…; everything that is open when left out. May be given several times",
  ),
  Flag.atLeast(0),
)
const out = Flag.String("out").pipe(Flag.withMetavar("file"), Flag.withDescription("Write the page into this file"))

type History = ReadonlyArray<Lifecycle.Event>

/** Read what a journal holds of these entries. Errors: `Usage`, for one that is not there; `Unusable`. */
const read = (journal: string, names: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const journalled = yield* Journal
    const places = yield* journalled.entries({})
    const open = places.filter(({ isOpen }) => isOpen).map(({ entry }) => entry)
    const way = open.length === 0 ? "name one that has ended with --entry" : `open are: ${open.join(", ")}`
    if (names.length === 0 && open.length === 0) {
      return yield* new Usage({ problem: `nothing is open in ${journal}`, way })
    }
    const missing = names.find((name) => places.every(({ entry }) => entry !== name))
    if (missing !== undefined) {
      const problem = `${journal} has no entry "${missing}"`
      return yield* new Usage({ problem, way: open.length === 0 ? way : known(missing, open) })
    }
    // A name may stand for an entry of each of several accounts: all of them are shown.
    const shown = places.filter(({ entry, isOpen }) => (names.length === 0 ? isOpen : names.includes(entry)))
    return yield* Effect.forEach(shown, ({ account, entry }) => journalled.read(entry, account))
  })

/** Everything in one time, which begins with the first event of all. */
const merge = (
  tell: (history: History, since: DateTime.Utc) => ReadonlyArray<Entry>,
  histories: ReadonlyArray<History>,
) => {
  const [since] = histories.flatMap(([first]) => (first === undefined ? [] : [first.at])).toSorted(DateTime.Order)
  return since === undefined
    ? []
    : histories.flatMap((history) => tell(history, since)).toSorted((left, right) => Duration.Order(left.at, right.at))
}

export const report = Command.make(
  "report",
  { journal: Flags.kept, entry, out },
  Effect.fn(
    function* (given) {
      yield* Chronicle.check(given.out)
      const histories = yield* Session.reading(given.journal, read(given.journal, given.entry))
      const { fromHistory } = yield* Effect.promise(() => import("@tenuto/testkit/Report"))
      // A journal holds no secret, and whoever reads it looks for its names.
      const entries = merge((history, since) => fromHistory(history, { since, ids: [] }), histories)
      yield* Chronicle.write(given.out, entries, { title: `What ${given.journal} holds` })
      yield* Screen.out(given.out)
    },
    Effect.catchTags({
      Unwritten: Chronicle.unwritten,
      Unusable: ({ message }) => Effect.andThen(Screen.tell(`tenuto: ${message}`), Effect.fail(ended("Unusable"))),
    }),
  ),
).pipe(
  Command.withDescription("Write a page of HTML that shows what a journal kept: states, sends and pauses"),
  Command.withExamples([
    { command: "tenuto report --journal jobs.db --out jobs.html", description: "Everything that is open" },
    {
      command: "tenuto report --journal jobs.db --entry soundpiece/create.new_song/5e2d… --out song.html",
      description: "One piece of work, ended or not",
    },
  ]),
)
