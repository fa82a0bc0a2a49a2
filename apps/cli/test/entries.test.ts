/** What a journal keeps: listed page by page, and forgotten when that is asked for. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { describe, expect, test } from "vitest"
import { Journal } from "@tenuto/core/Journal"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import { directory, run } from "./tenuto.ts"

const at = DateTime.makeUnsafe("2026-01-02T03:04:05.678Z")
const reason = { _tag: "Timeout" } as const

/** A journal with one song that was given up and one that is open. */
const kept = async () => {
  const file = join(directory(), "jobs.db")
  const write = (key: string, isOver: boolean) =>
    Effect.gen(function* () {
      const entry = `soundpiece/create.new_song/${key}`
      const request = {
        entry,
        service: "soundpiece",
        origin: "https://api.test",
        operation: "create.new_song",
        input: {},
      }
      const page = yield* Journal.use((journal) => journal.claim(entry, "acme"))
      yield* page.append([{ _tag: "Drafted", at, request }])
      if (isOver) yield* page.append([{ _tag: "Stopped", at, reason, evidence: { stage: "submit" } }])
    }).pipe(Effect.scoped)
  const writing = Effect.andThen(write("over", true), write("open", false))
  await Effect.runPromise(Effect.provide(writing, SqliteJournal.layer(file)))
  return file
}

describe("entries and prune", () => {
  test("list what is open and what is over, page by page", async () => {
    const journal = await kept()
    const entries = (...args: ReadonlyArray<string>) => run(["entries", "--journal", journal, ...args])
    const [all, json, first, next, open, none] = await Promise.all([
      entries(),
      entries("--json", "--account", "acme"),
      entries("--limit", "1"),
      entries("--after", "1"),
      entries("--open", "--json"),
      entries("--service", "whisul"),
    ])
    const time = "2026-01-02T03:04:05.678Z"
    const [over, still] = ["over", "open"].map((key) => `${time}  ${key}  soundpiece/create.new_song/${key}  of acme\n`)
    expect(all.out).toBe(`${over}${still}`)
    const shown = { account: "acme", service: "soundpiece", updatedAt: time }
    expect(json.lines).toEqual([
      { ...shown, id: 1, entry: "soundpiece/create.new_song/over", isOpen: false },
      { ...shown, id: expect.any(Number), entry: "soundpiece/create.new_song/open", isOpen: true },
    ])
    expect([first.out, first.err]).toEqual([over, "there may be more: --after 1\n"])
    expect(next.out).toBe(still)
    expect(open.lines).toHaveLength(1)
    expect([none.code, none.out, none.err]).toEqual([0, "", `there is no such entry in ${journal}\n`])
  })

  test("forget what is over, and what is open only when it is named and said to be", async () => {
    const journal = await kept()
    const prune = (...args: ReadonlyArray<string>) => run(["prune", "--journal", journal, ...args])
    const open = ["--entry", "soundpiece/create.new_song/open"]
    const [young, careful] = await Promise.all([prune("--older-than", "36500d"), prune(...open)])
    expect([young.out, careful.out]).toEqual(["0 entries were forgotten\n", "0 entries were forgotten\n"])
    expect((await prune("--older-than", "1ms", "--json")).lines).toEqual([{ forgotten: 1 }])
    expect((await prune(...open, "--open")).out).toBe("1 entry was forgotten\n")
    expect((await run(["entries", "--journal", journal])).out).toBe("")
  })

  test("forget nothing when they are not told what", async () => {
    const journal = join(directory(), "jobs.db")
    const [aimless, careless] = await Promise.all([
      run(["prune", "--journal", journal]),
      run(["prune", "--journal", journal, "--older-than", "1d", "--open"]),
    ])
    expect([aimless.code, aimless.err]).toEqual([64, expect.stringContaining("--older-than 30d")])
    expect([careless.code, careless.err]).toEqual([64, expect.stringContaining("name it with --entry")])
  })

  test("touch nothing that is no journal", async () => {
    const folder = directory()
    const [absent, foreign, text] = ["absent.db", "foreign.db", "lyrics.txt"].map((name) => join(folder, name))
    const sqlite = new DatabaseSync(foreign ?? "")
    sqlite.exec("CREATE TABLE entries (entry)")
    sqlite.close()
    writeFileSync(text ?? "", "la la la\n")
    const commands = [absent, foreign, text].flatMap((file) => [
      ["entries", "--journal", file ?? ""],
      ["prune", "--older-than", "1d", "--journal", file ?? ""],
    ])
    for (const ended of await Promise.all(commands.map((command) => run(command)))) {
      expect([ended.code, ended.out]).toEqual([74, ""])
    }
  })
})
