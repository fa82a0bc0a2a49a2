/** Appends numbered events to several entries for ever, and says on standard output what was acknowledged. */
import { Journal } from "@tenuto/core/Journal"
import * as Effect from "effect/Effect"
import { writeSync } from "node:fs"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import { drafted } from "../events.ts"

const [file = "", entries = "1"] = process.argv.slice(2)

const drive = (entry: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const page = yield* Journal.use((journal) => journal.claim(entry, "a"))
      let next = page.history.length
      for (;;) {
        // One event, then two, then three, and so on in turn: an append must never be found in part.
        const numbers = Array.from({ length: (next % 3) + 1 }, (_, n) => next + n)
        yield* page.append(numbers.map((number) => drafted(entry, number)))
        next += numbers.length
        writeSync(1, `${entry} ${next}\n`)
      }
    }),
  )

writeSync(1, "ready 0\n")
await Effect.runPromise(
  Effect.forEach(
    Array.from({ length: Number(entries) }, (_, n) => `entry-${n}`),
    drive,
    { concurrency: "unbounded", discard: true },
  ).pipe(Effect.provide(SqliteJournal.layer(file))),
)
