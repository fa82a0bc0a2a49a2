import { afterEach, describe, expect, it, vi } from "@effect/vitest"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { DatabaseSync } from "node:sqlite"
import * as Temporary from "./temporary.ts"

/** What Deno's `exec` throws (2.9): the message of SQLite, with neither its code nor its text. */
const refuse = (message: string) => () => {
  throw Object.assign(new Error(message), { code: "ERR_SQLITE_ERROR" })
}

const open = Effect.flatMap(Temporary.file, (file) => Layer.build(SqliteJournal.layer(file)))

describe("what SQLite refuses, told without its code as Deno tells it", () => {
  afterEach(() => void vi.restoreAllMocks())

  it.live("a lock is waited for", () =>
    Effect.gen(function* () {
      const exec = vi.spyOn(DatabaseSync.prototype, "exec")
      exec
        .mockImplementationOnce(refuse("database is locked"))
        .mockImplementationOnce(refuse("database table is locked"))
      yield* open
      expect(exec.mock.calls[2]).toEqual(exec.mock.calls[0])
    }),
  )

  const told: ReadonlyArray<readonly [message: string, problem: string, detail: RegExp]> = [
    ["attempt to write a readonly database", "Unavailable", /not writable/],
    ["database disk image is malformed", "Corrupt", /damaged/],
    ["database or disk is full", "Unavailable", /the disk is full/],
    ["unable to open database file", "Unavailable", /cannot be opened/],
    ["file is not a database", "NotAJournal", /not an SQLite database/],
    ["disk I/O error", "Unavailable", /ERR_SQLITE_ERROR/],
  ]
  for (const [message, problem, detail] of told) {
    it.effect(`"${message}" is ${problem}`, () =>
      Effect.gen(function* () {
        vi.spyOn(DatabaseSync.prototype, "exec").mockImplementationOnce(refuse(message))
        expect(yield* Effect.flip(open)).toMatchObject({ problem, detail: expect.stringMatching(detail) })
      }),
    )
  }
})
