/** What is nested so deep that a schema runs out of stack is refused by its own entry, and the others go on. */
import { assert, describe, expect, it } from "@effect/vitest"
import { Journal } from "@tenuto/core/Journal"
import type * as Lifecycle from "@tenuto/core/Lifecycle"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { DatabaseSync } from "node:sqlite"
import { drafted, sending } from "./events.ts"
import * as Temporary from "./temporary.ts"

const levels = 200_000
const nested = `${"[".repeat(levels)}${"]".repeat(levels)}`

/** Work that ended with a result of that many levels. */
const ended = (): Lifecycle.Event => {
  let output: Array<never> = []
  for (let n = 1; n < levels; n++) output = [output as never]
  const { request } = drafted("deep")
  const handle = { ...request, version: 1, id: "1" } as const
  return {
    _tag: "Accepted",
    at: drafted("deep").at,
    handle,
    observation: { _tag: "Succeeded", word: "done", output: { output } },
  }
}

const append = (entry: string, events: ReadonlyArray<Lifecycle.Event>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const page = yield* Journal.use((journal) => journal.claim(entry, "a"))
      yield* page.append([drafted(entry), sending])
      return yield* Effect.result(page.append(events))
    }),
  )

describe("an event that is nested too deep", () => {
  it.effect("is not written, says so, and the entry and its neighbours are as they were", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      yield* Effect.gen(function* () {
        const refused = yield* append("deep", [ended()])
        assert(Result.isFailure(refused))
        expect(refused.failure).toMatchObject({ _tag: "Unusable", problem: "Unavailable" })
        expect(refused.failure.detail).toContain("the event Accepted of the entry deep is not valid")
        expect(Result.isSuccess(yield* append("flat", []))).toBe(true)
        expect(yield* Journal.use((journal) => journal.read("deep", "a"))).toEqual([drafted("deep"), sending])
        expect(yield* Journal.use((journal) => journal.unsettled)).toHaveLength(2)
      }).pipe(Effect.provide(SqliteJournal.layer(file)))
    }),
  )

  it.effect("that was written all the same is Corrupt, and its neighbours can be read", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      yield* Effect.gen(function* () {
        yield* append("deep", [])
        yield* append("flat", [])
      }).pipe(Effect.provide(SqliteJournal.layer(file)))
      const sqlite = new DatabaseSync(file)
      const event = `{"_tag":"Observed","at":"2026-01-02T03:04:05.678Z","began":"2026-01-02T03:04:05.678Z","observation":{"_tag":"Succeeded","word":"done","output":${nested}}}`
      sqlite.prepare("UPDATE events SET event = ? WHERE entry = 1 AND sequence = 2").run(event)
      sqlite.close()
      const read = (entry: string) =>
        Effect.result(Journal.use((journal) => journal.read(entry, "a"))).pipe(
          Effect.provide(SqliteJournal.layer(file)),
        )
      expect(yield* read("deep")).toMatchObject({ failure: { _tag: "Unusable", problem: "Corrupt" } })
      expect(yield* read("flat")).toMatchObject({ success: [drafted("flat"), sending] })
    }),
  )
})
