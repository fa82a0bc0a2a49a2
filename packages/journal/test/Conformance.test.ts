import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import * as Conformance from "@tenuto/testkit/Conformance"
import * as Temporary from "./temporary.ts"

const fresh = Effect.map(Temporary.file, (file) => ({
  layer: SqliteJournal.layer(file),
  /** The file, and whatever SQLite puts beside it. */
  stored: Effect.sync(() =>
    Buffer.concat(readdirSync(dirname(file)).map((name) => readFileSync(join(dirname(file), name)))).toString("latin1"),
  ),
  spoil: (entry: string) =>
    Effect.sync(() => {
      const sqlite = new DatabaseSync(file)
      const last = "SELECT max(events.rowid) FROM events JOIN entries ON id = events.entry WHERE entries.entry = ?"
      sqlite.prepare(`UPDATE events SET event = '{"_tag":"Unheard"}' WHERE rowid = (${last})`).run(entry)
      sqlite.close()
    }),
}))

describe("a journal in SQLite", () => {
  for (const { check, name } of Conformance.journal) it(name, () => check({ fresh }))
  for (const { check, name } of Conformance.durable) it(name, () => check({ fresh }))
})
