import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { copyFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { Journal } from "@tenuto/core/Journal"
import type { Event } from "@tenuto/core/Lifecycle"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

const drafted = (entry: string): Event => ({
  _tag: "Drafted",
  at: DateTime.makeUnsafe("2026-01-02T03:04:05Z"),
  request: { entry, service: "films", origin: "https://films.test", operation: "render", input: { title: "Dawn" } },
})

/** A program that knows nothing of journals: it opens the file, counts the events and closes it. */
const count = `const sqlite = new (require("node:sqlite").DatabaseSync)(process.argv[1])
console.log(sqlite.prepare("SELECT count(*) AS events FROM events").get().events)
sqlite.close()`

/** What another process finds while this one has the file open. */
const found = (file: string) => {
  const { status, stdout } = spawnSync(process.execPath, ["--no-warnings", "-e", count, file], { encoding: "utf8" })
  assert.equal(status, 0)
  return Number(stdout)
}

const inFolder = async (play: (file: string) => Promise<void>) => {
  const folder = mkdtempSync(join(tmpdir(), "team-journal-"))
  await play(join(folder, "films.db")).finally(() => rmSync(folder, { recursive: true }))
}

const written = (file: string, entry: string) =>
  Effect.runPromise(
    Journal.use((journal) => journal.read(entry, "studio")).pipe(
      Effect.provide(SqliteJournal.layer(file)),
      Effect.scoped,
    ),
  )

test("a journal is written, found again and listed on this version of Node", () =>
  inFolder(async (file) => {
    const listed = Effect.gen(function* () {
      const journal = yield* Journal
      const page = yield* journal.claim("film", "studio")
      yield* page.append([drafted("film")])
      yield* page.append([{ _tag: "Sending", at: DateTime.makeUnsafe("2026-01-02T03:04:06Z") }])
      return yield* journal.unsettled
    })
    const open = await Effect.runPromise(Effect.scoped(listed).pipe(Effect.provide(SqliteJournal.layer(file))))
    assert.deepEqual(
      open.map(({ entry }) => entry),
      ["film"],
    )
    assert.deepEqual(
      (await written(file, "film")).map(({ _tag }) => _tag),
      ["Drafted", "Sending"],
    )
  }))

test("what was said to be written is there, though the file was copied while it was open and another program passed by", () =>
  inFolder(async (file) => {
    const appending = Effect.gen(function* () {
      const journal = yield* Journal
      const page = yield* journal.claim("film", "studio")
      let said = 0
      for (let nth = 0; nth < 20; nth++) {
        if (nth === 10) {
          copyFileSync(file, `${file}.copy`) // drops the locks of this process
          assert.equal(found(file), 10)
        }
        const appended = yield* Effect.result(page.append([drafted("film")]))
        if (Result.isFailure(appended)) break
        said++
      }
      assert(found(file) >= said, `${said} appends were said to be written, and ${found(file)} are there`)
    })
    await Effect.runPromise(Effect.scoped(appending).pipe(Effect.provide(SqliteJournal.layer(file))))
  }))
