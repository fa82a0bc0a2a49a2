import { describe, expect, it } from "@effect/vitest"
import { Journal, maxInputBytes } from "@tenuto/core/Journal"
import type * as Lifecycle from "@tenuto/core/Lifecycle"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { statSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import * as Child from "./child.ts"
import { drafted } from "./events.ts"
import * as Temporary from "./temporary.ts"

const at = DateTime.makeUnsafe("2026-01-02T03:04:05.678Z")
const stopped: Lifecycle.Event = { _tag: "Stopped", at, reason: { _tag: "Timeout" }, evidence: { stage: "submit" } }

const opened = (layer: ReturnType<typeof SqliteJournal.layer>) =>
  Effect.map(Layer.build(Layer.fresh(layer)), (context) => Context.get(context, Journal))

/** Fold the log into the file, and tell how large it is then. */
const sizeOf = (file: string) => {
  const sqlite = new DatabaseSync(file)
  sqlite.exec("PRAGMA wal_checkpoint(TRUNCATE)")
  sqlite.close()
  return statSync(file).size
}

const onFile = <A, E, R>(story: (file: string, journal: Journal["Service"]) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const file = yield* Temporary.file
    return yield* Effect.scoped(
      Effect.gen(function* () {
        return yield* story(file, yield* Journal)
      }),
    ).pipe(Effect.provide(SqliteJournal.layer(file)))
  })

const write = (journal: Journal["Service"], entry: string, ...events: ReadonlyArray<Lifecycle.Event>) =>
  Effect.scoped(Effect.flatMap(journal.claim(entry, "a"), (page) => page.append([drafted(entry), ...events])))

const rowsOf = (file: string) => {
  const sqlite = new DatabaseSync(file)
  const count = (table: string) => sqlite.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.["rows"]
  const rows = { entries: count("entries"), events: count("events"), leases: count("leases") }
  sqlite.close()
  return rows
}

describe("forgetting", () => {
  it.live("takes its rows with it, however many there are, while others append", () =>
    onFile((file, journal) =>
      Effect.gen(function* () {
        const names = Array.from({ length: 300 }, (_, n) => `entry-${n}`)
        yield* Effect.forEach(names, (name) => write(journal, name, stopped), { concurrency: "unbounded" })
        yield* write(journal, "open")
        const [count] = yield* Effect.all([journal.prune({}), write(journal, "beside")], { concurrency: "unbounded" })
        expect(count).toBe(300)
        expect(rowsOf(file)).toEqual({ entries: 2, events: 2, leases: 0 })
      }),
    ),
  )

  it.live("gives its room to what comes next", () =>
    onFile((file, journal) =>
      Effect.gen(function* () {
        const large: Lifecycle.Event = { ...stopped, reason: { _tag: "Unreachable", problem: "x".repeat(100_000) } }
        const round = Effect.gen(function* () {
          for (let n = 0; n < 10; n++) yield* write(journal, `entry-${n}`, large)
          yield* journal.prune({})
        })
        yield* round
        const size = sizeOf(file)
        for (let rounds = 0; rounds < 3; rounds++) yield* round
        expect(sizeOf(file)).toBeLessThan(1.5 * size)
      }),
    ),
  )

  it.live("leaves what another process holds, and takes it once that one is dead", () =>
    onFile((file, journal) =>
      Effect.gen(function* () {
        yield* write(journal, "x", stopped)
        const holder = yield* Child.start("holder", file, "x")
        expect(yield* holder.line).toBe("holding")
        expect(yield* journal.prune({})).toBe(0)
        yield* holder.kill
        expect(yield* journal.prune({})).toBe(1)
        expect(rowsOf(file)).toEqual({ entries: 0, events: 0, leases: 0 })
      }),
    ),
  )

  it.effect("is not kept from the others by an entry that is no JSON", () =>
    onFile((file, journal) =>
      Effect.gen(function* () {
        for (const entry of ["x", "y"]) yield* write(journal, entry)
        const sqlite = new DatabaseSync(file)
        sqlite.exec("UPDATE events SET event = '{' WHERE entry = (SELECT id FROM entries WHERE entry = 'x')")
        sqlite.close()
        expect(yield* journal.prune({ isOpen: true })).toBe(2)
      }),
    ),
  )

  it.effect("takes an entry that cannot be read when it is named, also where it belongs to nobody", () =>
    onFile((file, journal) =>
      Effect.gen(function* () {
        for (const entry of ["x", "y"]) yield* write(journal, entry)
        const sqlite = new DatabaseSync(file)
        sqlite.exec(
          `UPDATE events SET event = '{"_tag":"Unheard"}'; UPDATE entries SET account = NULL WHERE entry = 'y'`,
        )
        sqlite.close()
        expect((yield* Effect.flip(journal.read("x", "a"))).problem).toBe("Corrupt")
        expect(yield* journal.prune({ entry: "x" })).toBe(0)
        expect(yield* journal.prune({ entry: "x", isOpen: true })).toBe(1)
        expect(yield* journal.prune({ entry: "y", isOpen: true })).toBe(1)
        expect(yield* journal.entries({})).toEqual([])
      }),
    ),
  )

  it.effect("is refused by whoever only reads", () =>
    onFile((file, journal) =>
      Effect.gen(function* () {
        yield* write(journal, "x", stopped)
        const report = yield* opened(SqliteJournal.layerReadOnly(file))
        expect((yield* Effect.flip(report.prune({}))).problem).toBe("Unavailable")
        expect(yield* journal.entries({})).toHaveLength(1)
      }),
    ),
  )
})

it.effect("an input may take 32 MiB, or what is said", () =>
  Effect.gen(function* () {
    const file = yield* Temporary.file
    expect((yield* opened(SqliteJournal.layer(file))).maxInputBytes).toBe(maxInputBytes)
    expect((yield* opened(SqliteJournal.layer(file, { maxInputBytes: 10 }))).maxInputBytes).toBe(10)
  }),
)
