/** A file of version 1, whose entries belong to no account: moved whole, and handed to nobody until somebody says whose they are. */
import { describe, expect, it } from "@effect/vitest"
import { Journal, type Unusable } from "@tenuto/core/Journal"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { dirname } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { drafted } from "./events.ts"
import * as Temporary from "./temporary.ts"

const at = "2026-01-02T03:04:05.678Z"
const drafts = (entry: string) => JSON.stringify({ _tag: "Drafted", at, request: drafted(entry).request })
const stopped = JSON.stringify({ _tag: "Stopped", at, reason: { _tag: "Timeout" }, evidence: { stage: "submit" } })

/** What version 1 wrote: one entry that is open and one that was stopped; `owner` holds the first until `expires`. */
const old = (file: string, owner: string, expires: number) => {
  const sqlite = new DatabaseSync(file)
  sqlite.exec(`
    PRAGMA application_id = 1413828181;
    PRAGMA user_version = 1;
    PRAGMA journal_mode = WAL;
    CREATE TABLE entries (
      id INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL UNIQUE, service TEXT, open INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX entries_open ON entries (id) WHERE open = 1;
    CREATE TABLE events (entry INTEGER NOT NULL, sequence INTEGER NOT NULL, event TEXT NOT NULL) STRICT;
    CREATE UNIQUE INDEX events_entry ON events (entry, sequence);
    CREATE TABLE leases (
      token INTEGER PRIMARY KEY AUTOINCREMENT, entry TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, expires INTEGER NOT NULL
    ) STRICT;
    INSERT INTO entries VALUES (3, 'songs/create.song/k', 'songs', 1), (9, 'songs/create.song/s', 'songs', 0);
    INSERT INTO leases VALUES (41, 'songs/create.song/gone', '', 0), (40, 'songs/create.song/k', '${owner}', ${expires});
  `)
  const add = sqlite.prepare("INSERT INTO events VALUES (?, ?, ?)")
  add.run(3, 1, drafts("songs/create.song/k"))
  add.run(9, 1, drafts("songs/create.song/s"))
  add.run(9, 2, stopped)
  sqlite.close()
}
const abandoned = (file: string) => old(file, "", 0)

const key = Redacted.make("spk_of-one")
const opened = <A, E>(
  layer: Layer.Layer<Journal, Unusable>,
  use: (journal: Journal["Service"]) => Effect.Effect<A, E>,
) => Effect.provide(Journal.use(use), Layer.fresh(layer))
const problemOf = <A>(effect: Effect.Effect<A, Unusable>) => Effect.map(Effect.flip(effect), ({ problem }) => problem)
const claimed = (entry: string, account: string) => (journal: Journal["Service"]) =>
  Effect.scoped(Effect.map(journal.claim(entry, account), ({ history }) => history))

describe("a journal of version 1", () => {
  it.effect("is read on, and its entries are handed to nobody", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      abandoned(file)
      const journal = SqliteJournal.layer(file)
      expect(yield* opened(journal, ({ entries }) => entries({}))).toEqual([
        { id: 3, entry: "songs/create.song/k", service: "songs", isOpen: true, updatedAt: DateTime.makeUnsafe(at) },
        { id: 9, entry: "songs/create.song/s", service: "songs", isOpen: false, updatedAt: DateTime.makeUnsafe(at) },
      ])
      const read = yield* opened(journal, ({ read }) => read("songs/create.song/k", undefined))
      expect(read).toEqual([drafted("songs/create.song/k")])
      const account = yield* opened(journal, ({ accountOf }) => accountOf(key))
      expect(yield* problemOf(opened(journal, claimed("songs/create.song/k", account)))).toBe("Unowned")
      // Other work is not in their way.
      expect(yield* opened(journal, claimed("songs/create.song/new", account))).toEqual([])
    }),
  )

  it.effect("gives its entries to the account that is said to own them, and to no other service's", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      abandoned(file)
      const account = yield* opened(SqliteJournal.layer(file, { adopt: { letters: key } }), ({ accountOf }) =>
        accountOf(key),
      )
      const journal = SqliteJournal.layer(file)
      expect(yield* problemOf(opened(journal, claimed("songs/create.song/k", account)))).toBe("Unowned")
      yield* opened(SqliteJournal.layer(file, { adopt: { songs: key } }), () => Effect.void)
      expect(yield* opened(journal, claimed("songs/create.song/k", account))).toHaveLength(1)
      expect(yield* opened(journal, claimed("songs/create.song/k", "acme"))).toEqual([])
      expect(yield* opened(journal, ({ unsettled }) => unsettled)).toEqual([
        { entry: "songs/create.song/k", account, service: "songs" },
      ])
    }),
  )

  it.effect("uses no token of a lease twice, so that what was fenced stays fenced", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      abandoned(file)
      const token = yield* opened(SqliteJournal.layer(file), (journal) =>
        Effect.scoped(
          Effect.map(journal.claim("x", "a"), () => {
            const sqlite = new DatabaseSync(file, { readOnly: true })
            const row = sqlite.prepare("SELECT token FROM leases WHERE entry = 'x'").get()
            sqlite.close()
            return row?.["token"]
          }),
        ),
      )
      expect(token).toBe(42)
    }),
  )

  it.effect("is left as it was while a process works with it, and when it is only read", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      old(file, "what another release wrote", Number.MAX_SAFE_INTEGER)
      const before = Temporary.contentOf(dirname(file))
      expect(yield* problemOf(opened(SqliteJournal.layer(file), () => Effect.void))).toBe("Held")
      expect(yield* problemOf(opened(SqliteJournal.layerReadOnly(file), () => Effect.void))).toBe("Unavailable")
      expect(Temporary.contentOf(dirname(file))).toEqual(before)
    }),
  )
})
