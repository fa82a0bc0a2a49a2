/** Holds one entry, says so, and appends one event whenever a line comes in. */
import { Journal } from "@tenuto/core/Journal"
import * as Effect from "effect/Effect"
import { writeSync } from "node:fs"
import { createInterface } from "node:readline"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import { drafted } from "../events.ts"

const [file = "", entry = "", lease = "15000"] = process.argv.slice(2)

const say = (text: string) => writeSync(1, `${text}\n`)

await Effect.runPromise(
  Effect.scoped(
    Effect.gen(function* () {
      const page = yield* Journal.use((journal) => journal.claim(entry, "a"))
      say("holding")
      const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
      while ((yield* Effect.promise(() => lines.next())).done !== true) {
        yield* Effect.match(page.append([drafted(entry)]), {
          onSuccess: () => say("appended"),
          onFailure: ({ problem }) => say(problem),
        })
      }
    }),
  ).pipe(
    Effect.provide(SqliteJournal.layer(file, { lease: `${Number.parseInt(lease)} millis` })),
    Effect.catch(({ problem }) => Effect.sync(() => say(problem))),
  ),
)
