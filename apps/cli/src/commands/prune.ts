/** `tenuto prune`: let a journal forget what is over. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Journal from "@tenuto/core/Journal"
import { ended, Usage } from "../exit.ts"
import * as Flags from "../flags.ts"
import * as Screen from "../screen.ts"
import * as Session from "../session.ts"

const entry = Flag.String("entry").pipe(
  Flag.withMetavar("name"),
  Flag.withDescription("Only this entry, as `tenuto entries` names it"),
  Flag.optional,
)
const open = Flag.Boolean("open").pipe(
  Flag.withDescription("With --entry: forget it although it is open. Its handle is gone then, and the work goes on"),
  Flag.withDefault(false),
)

export const prune = Command.make(
  "prune",
  { journal: Flags.kept, olderThan: Flags.olderThan, entry, open, ...Flags.owner, json: Flags.json },
  Effect.fn(
    function* (given) {
      const [name, age] = [Option.getOrUndefined(given.entry), Option.getOrUndefined(given.olderThan)]
      if (name === undefined && age === undefined) {
        const problem = "prune was not told what to forget"
        return yield* new Usage({ problem, way: "give --older-than 30d, or --entry with a name that entries lists" })
      }
      if (given.open && name === undefined) {
        const problem = "--open forgets work that is still going on, one entry at a time"
        return yield* new Usage({ problem, way: "name it with --entry" })
      }
      if (name !== undefined && Option.isNone(given.account)) {
        const named = Journal.Journal.use(({ entries }) => entries({ entry: name, limit: 2 }))
        const found = yield* Session.reading(given.journal, named)
        if (found.length > 1) {
          const problem = `several accounts have an entry "${name}"`
          return yield* new Usage({ problem, way: "give --account with the name that entries shows" })
        }
      }
      const pruning = {
        ...Flags.whose(given),
        ...(name === undefined ? {} : { entry: name }),
        ...(age === undefined ? {} : { olderThan: age }),
        isOpen: given.open,
      }
      const count = yield* Session.reading(given.journal, Journal.prune(pruning), "ForWriting")
      if (given.json) yield* Screen.json({ forgotten: count })
      else yield* Screen.out(count === 1 ? "1 entry was forgotten" : `${count} entries were forgotten`)
    },
    Effect.catchTag("Unusable", ({ message }) =>
      Effect.andThen(Screen.tell(`tenuto: ${message}`), Effect.fail(ended("Unusable"))),
    ),
  ),
).pipe(
  Command.withDescription(
    "Let a journal forget what is over. What is open or held stays; the file reuses the room, and does not shrink",
  ),
  Command.withShortDescription("Let a journal forget what is over"),
  Command.withExamples([
    { command: "tenuto prune --journal jobs.db --older-than 30d", description: "What ended a month ago or earlier" },
    {
      command: "tenuto prune --journal jobs.db --entry soundpiece/create.new_song/5e2d…",
      description: "One entry that has ended",
    },
  ]),
)
