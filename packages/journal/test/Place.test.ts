import { describe, expect, it, vi } from "@effect/vitest"
import { Journal, type Page } from "@tenuto/core/Journal"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { copyFileSync, readFileSync, renameSync, rmSync } from "node:fs"
import { dirname } from "node:path"
import { DatabaseSync, StatementSync } from "node:sqlite"
import * as Child from "./child.ts"
import { drafted, numberOf } from "./events.ts"
import * as Temporary from "./temporary.ts"

const removed = /was removed or moved away while it was open/
const replaced = /was replaced by another while it was open/

const harms: ReadonlyArray<readonly [name: string, harm: (file: string) => void, detail: RegExp]> = [
  ["a file that is deleted", (file) => rmSync(file), removed],
  ["a file that is moved away", (file) => renameSync(file, `${file}.old`), removed],
  [
    "a file that is deleted with all that is beside it",
    (file) => ["", "-wal", "-shm"].forEach((suffix) => rmSync(file + suffix)),
    removed,
  ],
  [
    "a file over which a copy is moved",
    (file) => {
      copyFileSync(file, `${file}.copy`)
      renameSync(`${file}.copy`, file)
    },
    replaced,
  ],
  ["a log that is deleted", (file) => rmSync(`${file}-wal`), /its log \(-wal\) was removed/],
  [
    "a log over which a copy is moved",
    (file) => {
      copyFileSync(`${file}-wal`, `${file}-copy`)
      renameSync(`${file}-copy`, `${file}-wal`)
    },
    /its log \(-wal\) was replaced/,
  ],
  ["an index of the log that is deleted", (file) => rmSync(`${file}-shm`), /the index of its log \(-shm\) was removed/],
]

const opened = (file: string) =>
  Effect.map(Layer.build(Layer.fresh(SqliteJournal.layer(file))), (context) => Context.get(context, Journal))

/** Append until it is refused, and tell what was said to be written. */
const appendAll = Effect.fnUntraced(function* (page: Page, entry: string, from: number, to: number) {
  const said: Array<number> = []
  for (let number = from; number < to; number++) {
    const outcome = yield* Effect.result(page.append([drafted(entry, number)]))
    if (outcome._tag === "Success") said.push(number)
  }
  return said
})

describe("a file that changes while it is open", () => {
  for (const [name, harm, detail] of harms) {
    it.effect(`${name}: nothing is said to be written or read any more, and the next claim is refused too`, () =>
      Effect.gen(function* () {
        const file = yield* Temporary.file
        const journal = yield* opened(file)
        const page = yield* journal.claim("x", "a")
        yield* page.append([drafted("x", 0)])
        harm(file)
        const refusal = { _tag: "Unusable", problem: "Unavailable", detail: expect.stringMatching(detail) }
        expect(yield* Effect.flip(page.append([drafted("x", 1)]))).toMatchObject(refusal)
        expect(yield* Effect.flip(page.append([]))).toMatchObject(refusal)
        expect(yield* Effect.flip(Effect.scoped(journal.claim("y", "a")))).toMatchObject(refusal)
        expect(yield* Effect.flip(journal.read("x", "a"))).toMatchObject(refusal)
        expect(yield* Effect.flip(journal.unsettled)).toMatchObject(refusal)
      }),
    )
  }

  it.effect("a log that is deleted in the very moment of a commit: the append is not said to be written", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      const page = yield* (yield* opened(file)).claim("x", "a")
      // oxlint-disable-next-line typescript/unbound-method -- it is called on the statement below
      const { run } = StatementSync.prototype
      const spy = vi.spyOn(StatementSync.prototype, "run").mockImplementation(function (
        this: StatementSync,
        ...values
      ) {
        if (this.sourceSQL === "COMMIT") rmSync(`${file}-wal`, { force: true })
        return run.apply(this, values)
      })
      const refusal = yield* Effect.flip(page.append([drafted("x", 0)]))
      spy.mockRestore()
      expect(refusal).toMatchObject({ problem: "Unavailable", detail: expect.stringMatching(/its log \(-wal\)/) })
    }),
  )

  it.effect("a reader is told too", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      yield* Effect.scoped(opened(file))
      const report = Context.get(yield* Layer.build(SqliteJournal.layerReadOnly(file)), Journal)
      expect(yield* report.unsettled).toEqual([])
      copyFileSync(file, `${file}.copy`)
      renameSync(`${file}.copy`, file)
      expect((yield* Effect.flip(report.unsettled)).detail).toMatch(replaced)
    }),
  )

  it.effect("a file that is put back is gone on with, and lacks nothing", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      const journal = yield* opened(file)
      const page = yield* journal.claim("x", "a")
      yield* page.append([drafted("x", 0)])
      renameSync(file, `${file}.old`)
      expect((yield* Effect.flip(page.append([drafted("x", 9)]))).detail).toMatch(removed)
      renameSync(`${file}.old`, file)
      yield* page.append([drafted("x", 1)])
      expect((yield* journal.read("x", "a")).map(numberOf)).toEqual([0, 1])
    }),
  )

  it.effect("what takes its place is left untouched", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      const other = `${file}.other`
      yield* Effect.scoped(Effect.flatMap(opened(other), ({ claim }) => Effect.scoped(claim("other", "a"))))
      const before = readFileSync(other)
      yield* Effect.scoped(
        Effect.gen(function* () {
          const journal = yield* opened(file)
          const page = yield* journal.claim("x", "a")
          yield* page.append([drafted("x", 0)])
          renameSync(other, file)
          expect((yield* Effect.flip(page.append([drafted("x", 1)]))).detail).toMatch(replaced)
        }),
      )
      expect(readFileSync(file)).toEqual(before)
    }),
  )

  const foreign = [
    ["Newer", "PRAGMA user_version = 99"],
    ["NotAJournal", "PRAGMA application_id = 7"],
  ] as const
  for (const [problem, change] of foreign) {
    it.effect(`a journal that becomes ${problem} while it is open is not written to any more`, () =>
      Effect.gen(function* () {
        const file = yield* Temporary.file
        const journal = yield* opened(file)
        const page = yield* journal.claim("x", "a")
        yield* page.append([drafted("x", 0)])
        const sqlite = new DatabaseSync(file)
        sqlite.exec(change)
        expect((yield* Effect.flip(page.append([drafted("x", 1)]))).problem).toBe(problem)
        expect((yield* Effect.flip(Effect.scoped(journal.claim("y", "a")))).problem).toBe(problem)
        expect((yield* Effect.flip(journal.read("x", "a"))).problem).toBe(problem)
        expect(sqlite.prepare("SELECT count(*) AS events FROM events").get()).toEqual({ events: 1 })
        expect(sqlite.prepare("SELECT count(*) AS held FROM leases").get()).toEqual({ held: 1 })
        sqlite.close()
      }),
    )
  }
})

describe("a copy", () => {
  it.live("by reading the open file: what was said to be written is found by the next process all the same", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      const journal = yield* opened(file)
      const page = yield* journal.claim("x", "a")
      const said = [...(yield* appendAll(page, "x", 0, 10))]
      // This drops the locks of this process, of which SQLite learns nothing.
      copyFileSync(file, `${file}.copy`)
      const passer = yield* Child.start("passer", file)
      expect(yield* passer.line).toBe("closed")
      said.push(...(yield* appendAll(page, "x", 10, 20)))
      const heir = yield* Child.start("passer", file)
      expect(yield* heir.line).toBe("closed")
      const found = JSON.parse((yield* heir.line) ?? "") as ReadonlyArray<number>
      expect(found).toEqual(expect.arrayContaining(said))
    }).pipe(Effect.scoped),
  )

  it.live("by VACUUM INTO, as the guide says: whole, in the writing process and out of it, while others write", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      const writer = yield* Child.start("writer", file, "2")
      expect(yield* writer.line).toBe("ready 0")
      expect(yield* writer.line).toMatch(/^entry-/)
      const journal = yield* opened(file)
      const page = yield* journal.claim("mine", "a")
      yield* page.append([drafted("mine", 0)])
      for (let copy = 0; copy < 3; copy++) {
        const sqlite = new DatabaseSync(file)
        sqlite.exec(`VACUUM INTO '${dirname(file)}/copy-${copy}.db'`)
        sqlite.close()
        yield* page.append([drafted("mine", copy + 1)])
        yield* writer.line
        const copied = yield* opened(`${dirname(file)}/copy-${copy}.db`)
        expect((yield* copied.read("mine", "a")).map(numberOf)).toEqual(Array.from({ length: copy + 1 }, (_, n) => n))
        expect((yield* copied.unsettled).map(({ entry }) => entry)).toContain("mine")
      }
    }).pipe(Effect.scoped),
  )
})
