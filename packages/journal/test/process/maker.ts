/** Writes one event to every journal whose file name comes in as a line, and says how it went. */
import { Journal } from "@tenuto/core/Journal"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import * as Effect from "effect/Effect"
import { writeSync } from "node:fs"
import { createInterface } from "node:readline"
import { drafted } from "../events.ts"

const [entry = ""] = process.argv.slice(2)

writeSync(1, "ready\n")
for await (const file of createInterface({ input: process.stdin })) {
  const making = Effect.scoped(
    Effect.gen(function* () {
      const page = yield* Journal.use((journal) => journal.claim(entry, "a"))
      yield* page.append([drafted(entry)])
    }),
  ).pipe(
    Effect.provide(SqliteJournal.layer(file)),
    Effect.match({ onSuccess: () => "made", onFailure: ({ message }) => message }),
  )
  writeSync(1, `${await Effect.runPromise(making)}\n`)
}
