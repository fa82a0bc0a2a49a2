import { describe, expect, it } from "@effect/vitest"
import { Journal } from "@tenuto/core/Journal"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { execFileSync } from "node:child_process"
import { copyFileSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { drafted } from "./events.ts"
import * as Temporary from "./temporary.ts"

const open = (layer: ReturnType<typeof SqliteJournal.layer>) => Effect.scoped(Layer.build(layer))
const refusalOf = (layer: ReturnType<typeof SqliteJournal.layer>) => Effect.flip(open(layer))

/** Write one event to an entry, with a layer of its own. */
const write = (file: string, entry: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const page = yield* Journal.use((journal) => journal.claim(entry, "a"))
      yield* page.append([drafted(entry)])
    }),
  ).pipe(Effect.provide(SqliteJournal.layer(file)))

const read = (file: string, entry: string) =>
  Journal.use((journal) => journal.read(entry, "a")).pipe(Effect.provide(SqliteJournal.layer(file)))

const sql = (file: string, ...statements: ReadonlyArray<string>) => {
  const sqlite = new DatabaseSync(file)
  for (const statement of statements) sqlite.exec(statement)
  sqlite.close()
}

/** Leave a database as a crash leaves it: what the statements did stands in the log only. */
const sqlInLog = (file: string, ...statements: ReadonlyArray<string>) => {
  const sqlite = new DatabaseSync(file)
  sqlite.exec("PRAGMA journal_mode = WAL")
  for (const statement of statements) sqlite.exec(statement)
  for (const suffix of ["", "-wal"]) copyFileSync(file + suffix, `${file}.copy${suffix}`)
  sqlite.close()
  for (const suffix of ["", "-wal"]) copyFileSync(`${file}.copy${suffix}`, file + suffix)
}

const refused: Record<string, readonly [problem: string, make: (file: string) => unknown]> = {
  "a text": ["NotAJournal", (file) => writeFileSync(file, "lyrics: la la la\n")],
  "one byte": ["NotAJournal", (file) => writeFileSync(file, "\0")],
  "a page of zeros": ["NotAJournal", (file) => writeFileSync(file, Buffer.alloc(4096))],
  "a folder": ["NotAJournal", (file) => mkdirSync(file)],
  "a pipe": ["NotAJournal", (file) => execFileSync("mkfifo", [file])],
  "a database of another program": ["NotAJournal", (file) => sql(file, "CREATE TABLE entries (entry)")],
  "a marked database of another program": [
    "NotAJournal",
    (file) => sql(file, "PRAGMA application_id = 7; CREATE TABLE t (x)"),
  ],
  "a database without tables": ["NotAJournal", (file) => sql(file, "CREATE TABLE t (x)", "DROP TABLE t", "VACUUM")],
  "a database of another program with a log": ["NotAJournal", (file) => sqlInLog(file, "CREATE TABLE t (x)")],
  "a journal of a later release": ["Newer", (file) => sql(file, "PRAGMA user_version = 3")],
  "a journal that a later release is changing": ["Newer", (file) => sqlInLog(file, "PRAGMA user_version = 3")],
  "a journal cut within its header": ["NotAJournal", (file) => truncateSync(file, 60)],
  "a journal cut behind its header": ["Corrupt", (file) => truncateSync(file, 100)],
  "a journal cut behind its first page": ["Corrupt", (file) => truncateSync(file, 4096)],
}

describe("a file that is not a journal", () => {
  for (const [name, [problem, make]] of Object.entries(refused)) {
    it.effect(`${name} is refused and left as it was, with nothing beside it`, () =>
      Effect.gen(function* () {
        const folder = yield* Temporary.folder
        const file = join(folder, "jobs.db")
        if (name.startsWith("a journal")) yield* write(file, "x")
        make(file)
        const before = Temporary.contentOf(folder)
        for (const layer of [SqliteJournal.layer(file), SqliteJournal.layerReadOnly(file)]) {
          const refusal = yield* refusalOf(layer)
          expect(refusal).toMatchObject({ _tag: "Unusable", problem, journal: file })
          const { [`jobs.db-shm`]: _, ...after } = Temporary.contentOf(folder)
          // Locks are taken through a file without content of its own where a log has to be read.
          expect(name.includes("is changing") ? after : Temporary.contentOf(folder)).toEqual(before)
        }
      }),
    )
  }

  it.effect("a journal whose tables were changed by hand is Corrupt", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      yield* write(file, "x")
      sql(file, "DROP TABLE leases")
      expect(yield* refusalOf(SqliteJournal.layer(file))).toMatchObject({ problem: "Corrupt" })
    }),
  )

  it.effect("a file that cannot be made is Unavailable", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      expect(yield* refusalOf(SqliteJournal.layer(join(file, "jobs.db")))).toMatchObject({ problem: "Unavailable" })
      writeFileSync(file, "")
      expect(yield* refusalOf(SqliteJournal.layer(join(file, "jobs.db")))).toMatchObject({ problem: "Unavailable" })
    }),
  )
})

describe("a new journal", () => {
  it.effect("is made where there is no file, and where the file is empty", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      yield* write(file, "x")
      expect(yield* read(file, "x")).toEqual([drafted("x")])
      const empty = yield* Temporary.file
      writeFileSync(empty, "")
      yield* write(empty, "x")
      expect(yield* read(empty, "x")).toEqual([drafted("x")])
    }),
  )

  it.effect("has a name that means nothing but itself", () =>
    Effect.gen(function* () {
      const folder = yield* Temporary.folder
      for (const name of ["a b", "100%20.db", "?mode=memory", "#1", "ä:memory:"]) {
        yield* write(join(folder, name), "x")
        expect(yield* read(join(folder, name), "x")).toEqual([drafted("x")])
      }
      expect(Object.keys(Temporary.contentOf(folder))).toHaveLength(5)
    }),
  )

  it.effect("leaves one file when it is closed", () =>
    Effect.gen(function* () {
      const folder = yield* Temporary.folder
      yield* write(join(folder, "jobs.db"), "x")
      yield* read(join(folder, "jobs.db"), "x")
      expect(Object.keys(Temporary.contentOf(folder))).toEqual(["jobs.db"])
    }),
  )

  it.effect("is made anew when a crash cut off its making", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      yield* write(file, "x")
      truncateSync(file, 4096)
      // What SQLite leaves: the log that undoes the making, https://www.sqlite.org/fileformat2.html#the_rollback_journal
      const undo = Buffer.alloc(512)
      undo.set([0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7])
      undo.writeUInt32BE(512, 20)
      undo.writeUInt32BE(4096, 24)
      writeFileSync(`${file}-journal`, undo)
      expect(yield* read(file, "x")).toEqual([])
      yield* write(file, "x")
      expect(yield* read(file, "x")).toEqual([drafted("x")])
    }),
  )
})

describe("an open journal", () => {
  it.effect("goes on after a crash that left its log", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      yield* write(file, "x")
      sqlInLog(file, `UPDATE entries SET service = 'letters'`)
      const unsettled = Journal.use((journal) => journal.unsettled)
      const expected = [{ entry: "x", account: "a", service: "letters" }]
      expect(yield* unsettled.pipe(Effect.provide(SqliteJournal.layer(file)))).toEqual(expected)
    }),
  )

  it.effect("goes on after a crash in the middle of folding in its log", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      yield* write(file, "x")
      // The log holds every page; the file got the first one only.
      sqlInLog(file, "VACUUM")
      truncateSync(file, 4096)
      expect(yield* read(file, "x")).toEqual([drafted("x")])
    }),
  )

  it.effect("is read while it is written, and by reading alone nothing is made or claimed", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      const early = yield* refusalOf(SqliteJournal.layerReadOnly(file))
      expect(early.problem).toBe("Unavailable")
      expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined()
      yield* Effect.gen(function* () {
        const page = yield* Journal.use((journal) => journal.claim("x", "a"))
        yield* page.append([drafted("x", 0)])
        const report = yield* Layer.build(SqliteJournal.layerReadOnly(file))
        const inReport = <A, E>(effect: Effect.Effect<A, E, Journal>) => Effect.provide(effect, report)
        yield* page.append([drafted("x", 1)])
        expect(yield* inReport(Journal.use((journal) => journal.read("x", "a")))).toHaveLength(2)
        expect(yield* inReport(Journal.use((journal) => journal.unsettled))).toHaveLength(1)
        const claim = Journal.use((journal) => Effect.scoped(journal.claim("y", "a")))
        expect((yield* Effect.flip(inReport(claim))).problem).toBe("Unavailable")
      }).pipe(Effect.scoped, Effect.provide(SqliteJournal.layer(file)))
    }),
  )

  it.effect.skipIf(process.platform !== "linux")("keeps its lock when the file is opened a second time", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      const journal = yield* Layer.build(SqliteJournal.layer(file))
      yield* Effect.provide(
        Journal.use(({ claim }) => claim("x", "a")),
        journal,
      )
      const mine = `:${statSync(file).ino} `
      const locks = () =>
        readFileSync("/proc/locks", "utf8")
          .split("\n")
          .filter((line) => line.includes(mine))
      expect(locks()).toHaveLength(1)
      yield* open(SqliteJournal.layer(file))
      yield* open(SqliteJournal.layerReadOnly(file))
      expect(locks()).toHaveLength(1)
    }),
  )

  it.effect("names the entry and the event that cannot be read, and still lists it", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      for (const _ of [1, 2, 3]) yield* write(file, "x")
      yield* write(file, "y")
      sql(file, `UPDATE events SET event = '{"_tag":"Unheard"}' WHERE sequence = 2`)
      const unreadable = yield* Effect.flip(read(file, "x"))
      expect(unreadable).toMatchObject({ problem: "Corrupt", detail: expect.stringMatching(/event 2 of the entry x/) })
      expect((yield* Effect.flip(write(file, "x"))).problem).toBe("Corrupt")
      expect(yield* read(file, "y")).toEqual([drafted("y")])
      sql(file, `DELETE FROM events WHERE sequence = 2`)
      const missing = yield* Effect.flip(read(file, "x"))
      expect(missing).toMatchObject({
        problem: "Corrupt",
        detail: expect.stringMatching(/event 2 of the entry x is missing/),
      })
      const unsettled = Journal.use((journal) => journal.unsettled).pipe(Effect.provide(SqliteJournal.layer(file)))
      expect((yield* unsettled).map(({ entry }) => entry)).toEqual(["x", "y"])
    }),
  )
})
