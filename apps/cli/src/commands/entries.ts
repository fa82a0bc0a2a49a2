/** `tenuto entries`: what a journal keeps, open or over. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Entry, Journal } from "@tenuto/core/Journal"
import { ended } from "../exit.ts"
import * as Flags from "../flags.ts"
import * as Screen from "../screen.ts"
import * as Session from "../session.ts"

const open = Flag.Boolean("open").pipe(
  Flag.withDescription("Only what is open, which recover would go on with"),
  Flag.withDefault(false),
)
const limit = Flag.Int("limit").pipe(
  Flag.filter(
    (given) => given > 0,
    () => "1 or more",
  ),
  Flag.withMetavar("n"),
  Flag.withDescription("How many at most: 100 when left out"),
  Flag.withDefault(100),
)
const after = Flag.Int("after").pipe(
  Flag.withMetavar("id"),
  Flag.withDescription("Go on after the entry with this id: the next page"),
  Flag.optional,
)

const lineOf = ({ account, entry, isOpen, updatedAt }: Entry): string =>
  `${DateTime.formatIso(updatedAt)}  ${isOpen ? "open" : "over"}  ${entry}  ${account === undefined ? "of no account" : `of ${account}`}`

export const entries = Command.make(
  "entries",
  { journal: Flags.kept, open, ...Flags.owner, limit, after, json: Flags.json },
  Effect.fn(
    function* (given) {
      const from = Option.getOrUndefined(given.after)
      const listing = {
        ...Flags.whose(given),
        ...(given.open ? { isOpen: true } : {}),
        ...(from === undefined ? {} : { after: from }),
        limit: given.limit,
      }
      const found = yield* Session.reading(
        given.journal,
        Journal.use((journal) => journal.entries(listing)),
      )
      for (const entry of found) {
        const json = { ...entry, updatedAt: DateTime.formatIso(entry.updatedAt) }
        yield* given.json ? Screen.json(json) : Screen.out(lineOf(entry))
      }
      const last = found.at(-1)
      if (last === undefined) yield* Screen.tell(`there is no such entry in ${given.journal}`)
      else if (found.length === given.limit) yield* Screen.tell(`there may be more: --after ${last.id}`)
    },
    Effect.catchTag("Unusable", ({ message }) =>
      Effect.andThen(Screen.tell(`tenuto: ${message}`), Effect.fail(ended("Unusable"))),
    ),
  ),
).pipe(
  Command.withDescription(
    "List what a journal keeps, oldest first: when it last changed, whether it is open, its name",
  ),
  Command.withShortDescription("List what a journal keeps"),
  Command.withExamples([
    { command: "tenuto entries --journal jobs.db", description: "The first hundred" },
    { command: "tenuto entries --journal jobs.db --open --json", description: "What recover would go on with" },
  ]),
)
