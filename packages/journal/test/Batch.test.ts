import { describe, expect, it } from "@effect/vitest"
import { Journal } from "@tenuto/core/Journal"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import { readFileSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { drafted, numberOf, sending } from "./events.ts"
import * as Temporary from "./temporary.ts"

/** Count the commits in a log: https://www.sqlite.org/fileformat2.html#the_write_ahead_log, the last frame of each says so. */
const commitsOf = (file: string): number => {
  const log = readFileSync(`${file}-wal`)
  let count = 0
  for (let frame = 32; frame + 24 <= log.length; frame += 24 + 4096) if (log.readUInt32BE(frame + 4) !== 0) count += 1
  return count
}

const claimAll = (entries: ReadonlyArray<string>) =>
  Journal.use((journal) => Effect.forEach(entries, (entry) => journal.claim(entry, "a"), { concurrency: "unbounded" }))
const names = (count: number) => Array.from({ length: count }, (_, n) => `entry-${n}`)

const onFile = <A, E, R>(run: (file: string) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const file = yield* Temporary.file
    return yield* Effect.scoped(run(file)).pipe(Effect.provide(SqliteJournal.layer(file)))
  })

describe("appends at the same time", () => {
  it.live("share commits, as claims and releases do: a thousand of each need fewer than fifty", () =>
    onFile((file) =>
      Effect.gen(function* () {
        const journal = yield* Journal
        const write = (entry: string, number: number) =>
          Effect.scoped(Effect.flatMap(journal.claim(entry, "a"), (page) => page.append([drafted(entry, number)])))
        yield* Effect.forEach(names(1000), write, { concurrency: "unbounded", discard: true })
        const commits = commitsOf(file)
        expect(commits).toBeGreaterThan(0)
        expect(commits).toBeLessThan(50)
        for (const [n, name] of names(1000).entries())
          expect((yield* journal.read(name, "a")).map(numberOf)).toEqual([n])
      }),
    ),
  )

  it.effect("one after the other, each has a commit of its own before it returns", () =>
    onFile((file) =>
      Effect.gen(function* () {
        const [page] = yield* claimAll(["x"])
        for (const n of [1, 2, 3]) {
          const before = commitsOf(file)
          yield* page?.append([drafted("x", n)]) ?? Effect.void
          expect(commitsOf(file)).toBe(before + 1)
        }
      }),
    ),
  )

  it.effect("are kept when one of them cannot be written", () =>
    onFile((file) =>
      Effect.gen(function* () {
        const sqlite = new DatabaseSync(file)
        sqlite.exec(`CREATE TRIGGER broken BEFORE INSERT ON events WHEN new.event LIKE '%"reference":"7"%' AND new.sequence = 2
          BEGIN SELECT RAISE(ABORT, 'broken'); END`)
        sqlite.close()
        const pages = yield* claimAll(names(20))
        const write = (_: unknown, n: number) =>
          Effect.result(pages[n]?.append([sending, drafted(`entry-${n}`, n)]) ?? Effect.void)
        const results = yield* Effect.forEach(pages, write, { concurrency: "unbounded" })
        expect(results.flatMap((result, n) => (Result.isFailure(result) ? [n] : []))).toEqual([7])
        const journal = yield* Journal
        for (const [n, name] of names(20).entries())
          expect(yield* journal.read(name, "a")).toHaveLength(n === 7 ? 0 : 2)
        // The one that failed holds its entry still, and may write something else.
        yield* pages[7]?.append([drafted("entry-7", 70)]) ?? Effect.void
        expect((yield* journal.read("entry-7", "a")).map(numberOf)).toEqual([70])
      }),
    ),
  )

  it.effect("are kept when one of them is not valid, of which nothing is written", () =>
    onFile(() =>
      Effect.gen(function* () {
        const pages = yield* claimAll(["good", "bad"])
        const draft = drafted("bad")
        const invalid = { ...draft, request: { ...draft.request, input: { tempo: Number.NaN } } }
        const results = yield* Effect.forEach(
          pages,
          (page, n) => Effect.result(page.append(n === 0 ? [drafted("good")] : [draft, invalid])),
          { concurrency: "unbounded" },
        )
        expect(results.map(Result.isSuccess)).toEqual([true, false])
        const journal = yield* Journal
        expect(yield* journal.read("good", "a")).toHaveLength(1)
        expect(yield* journal.read("bad", "a")).toEqual([])
      }),
    ),
  )

  it.live("wait for another writer without keeping the process from its other work, and can be interrupted", () =>
    onFile((file) =>
      Effect.gen(function* () {
        const pages = yield* claimAll(["kept", "left"])
        const other = new DatabaseSync(file)
        other.exec("BEGIN IMMEDIATE")
        const [kept, left] = yield* Effect.forEach(pages, (page) => Effect.forkChild(page.append([sending])))
        let turns = 0
        for (; turns < 20; turns++) yield* Effect.sleep("2 millis")
        yield* left === undefined ? Effect.void : Fiber.interrupt(left)
        expect(kept?.pollUnsafe()).toBeUndefined()
        other.exec("ROLLBACK")
        other.close()
        yield* kept === undefined ? Effect.void : Fiber.join(kept)
        const journal = yield* Journal
        expect(yield* journal.read("kept", "a")).toHaveLength(1)
        expect(yield* journal.read("left", "a")).toHaveLength(0)
      }),
    ),
  )

  it.effect("fail when the journal is closed before they are written", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      const page = yield* Effect.scoped(
        Journal.use((journal) => journal.claim("x", "a")).pipe(Effect.provide(SqliteJournal.layer(file))),
      )
      expect((yield* Effect.flip(page.append([sending]))).problem).toBe("Unavailable")
    }),
  )
})
