/** Opens a database as any program would, reads it and closes it; then says what a journal finds in the entry "x". */
import { Journal } from "@tenuto/core/Journal"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import * as Effect from "effect/Effect"
import { writeSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { numberOf } from "../events.ts"

const [file = ""] = process.argv.slice(2)

const sqlite = new DatabaseSync(file)
sqlite.prepare("SELECT count(*) FROM events").get()
sqlite.close()
writeSync(1, "closed\n")

const history = Journal.use((journal) => journal.read("x", "a")).pipe(
  Effect.provide(SqliteJournal.layer(file)),
  Effect.match({ onSuccess: (events) => events.map(numberOf), onFailure: () => [] }),
)
writeSync(1, `${JSON.stringify(await Effect.runPromise(history))}\n`)
