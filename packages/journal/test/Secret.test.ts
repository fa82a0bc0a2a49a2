import { describe, expect, it } from "@effect/vitest"
import * as Artifact from "@tenuto/core/Artifact"
import * as Evidence from "@tenuto/core/Evidence"
import { Journal } from "@tenuto/core/Journal"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import * as Effect from "effect/Effect"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { accepted, at, drafted, handle, sending } from "./events.ts"
import * as Temporary from "./temporary.ts"

const planted = "planted-secret-5f1c"

const bytesBeside = (file: string) =>
  Buffer.concat(readdirSync(dirname(file)).map((name) => readFileSync(join(dirname(file), name)))).toString("latin1")

describe("laws", () => {
  it.effect("no link and no secret message reaches the file or its log", () =>
    Effect.gen(function* () {
      const file = yield* Temporary.file
      const link = Artifact.link(`https://storage.test/song.wav?signature=${planted}`)
      const artifact = new Artifact.Artifact({ name: "files.0", handle, link })
      const text = Evidence.secret(planted)
      yield* Effect.gen(function* () {
        const page = yield* Journal.use((journal) => journal.claim("x"))
        yield* page.append([drafted("x"), sending])
        const evidence = { stage: "submit", message: text } as const
        yield* page.append([{ _tag: "Uncertain", at, reason: { _tag: "Timeout" }, evidence }, accepted])
        const output = { deep: [{ song: artifact }], plain: "kept-in-plain" }
        yield* page.append([
          { _tag: "Observed", at, began: at, observation: { _tag: "Succeeded", word: "done", output } },
        ])
        expect(bytesBeside(file)).toContain("kept-in-plain")
        expect(bytesBeside(file)).not.toContain(planted)
      }).pipe(Effect.scoped, Effect.provide(SqliteJournal.layer(file)))
      expect(bytesBeside(file)).toContain("kept-in-plain")
      expect(bytesBeside(file)).not.toContain(planted)
    }),
  )

  it.effect("an event that is refused is not repeated in the message", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(
        Effect.gen(function* () {
          const page = yield* Journal.use((journal) => journal.claim("x"))
          const draft = drafted("x")
          yield* page.append([{ ...draft, request: { ...draft.request, input: { [planted]: Number.NaN } } }])
        }).pipe(Effect.scoped, Effect.provide(SqliteJournal.layer(yield* Temporary.file))),
      )
      expect(refused.problem).toBe("Unavailable")
      expect(refused.message).not.toContain(planted)
    }),
  )
})
