import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import * as Client from "@tenuto/core/Client"
import * as Journal from "@tenuto/core/Journal"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Soundpiece from "@tenuto/soundpiece"
import * as Service from "@tenuto/soundpiece/Emulator"
import * as FetchTransport from "@tenuto/transport-fetch/FetchTransport"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import { apiKey, song } from "./stage.ts"

const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "soundpiece-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true })),
)

describe("by the live clock, over real sockets", () => {
  it.live(
    "work whose process was stopped in the middle of a look is recovered by the next, and not started twice",
    () =>
      Effect.gen(function* () {
        const service = yield* Service.make({ work: "300 millis" })
        const { url } = yield* Emulator.serve(service.handler)
        const file = join(yield* temporary, "jobs.db")
        const life = <A, E>(program: Effect.Effect<A, E, Client.Needs<typeof Soundpiece.newSong>>) =>
          program.pipe(
            Effect.provide(
              Soundpiece.layer({ apiKey, baseUrl: `${url}/v1` }).pipe(
                Layer.provideMerge(Layer.mergeAll(NodeTransport.layer, SqliteJournal.layer(file))),
              ),
              { local: true },
            ),
          )
        const first = yield* Effect.forkChild(life(Client.run(song)))
        while ((yield* service.ledger).operations[0]?.gets !== 1) yield* Effect.sleep("5 millis")
        yield* Fiber.interrupt(first)
        const recovered = yield* life(Client.recover([Soundpiece.newSong]))
        expect(recovered).toMatchObject([
          { result: { _tag: "Success", success: { outputs: [{ audio: { name: "outputs.0" } }] } } },
        ])
        expect((yield* service.ledger).operations).toMatchObject([{ puts: 1, gets: 2 }])
      }),
  )

  it.live("it runs by fetch too", () =>
    Effect.gen(function* () {
      const service = yield* Service.make({ work: "20 millis" })
      const { url } = yield* Emulator.serve(service.handler)
      const { outputs } = yield* Client.run(song).pipe(
        Effect.provide(
          Soundpiece.layer({ apiKey, baseUrl: `${url}/v1/` }).pipe(
            Layer.provideMerge(Layer.mergeAll(FetchTransport.layer, Journal.layerMemory)),
          ),
        ),
      )
      expect(outputs).toHaveLength(1)
    }),
  )
})
