import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Stream } from "effect"
import * as Client from "@tenuto/core/Client"
import * as Journal from "@tenuto/core/Journal"
import * as Download from "@tenuto/http/Download"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Overten from "@tenuto/overten"
import * as Service from "@tenuto/overten/Emulator"
import * as FetchTransport from "@tenuto/transport-fetch/FetchTransport"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import { apiKey, brief } from "./stage.ts"

const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "overten-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true })),
)

describe("by the live clock, over real sockets", () => {
  it.live(
    "work whose process was stopped while a synchronous answer was held is recovered, and not started twice",
    () =>
      Effect.gen(function* () {
        const service = yield* Service.make({ work: "400 millis" })
        const { url } = yield* Emulator.serve(service.handler)
        const file = join(yield* temporary, "jobs.db")
        const life = <A, E>(program: Effect.Effect<A, E, Client.Needs<typeof Overten.wordGenerate>>) =>
          program.pipe(
            Effect.provide(
              Overten.layer({ apiKey, baseUrl: `${url}/api/v1` }).pipe(
                Layer.provideMerge(Layer.mergeAll(NodeTransport.layer, SqliteJournal.layer(file))),
              ),
              { local: true },
            ),
          )
        const first = yield* Effect.forkChild(life(Client.run(brief)))
        while ((yield* service.ledger).operations[0]?.posts !== 1) yield* Effect.sleep("5 millis")
        yield* Fiber.interrupt(first)
        const recovered = yield* life(Client.recover([Overten.wordGenerate]))
        expect(recovered).toMatchObject([{ result: { _tag: "Success", success: { credits_used: 5 } } }])
        expect((yield* service.ledger).operations).toMatchObject([{ posts: 2 }])
      }),
  )

  it.live("it runs by fetch too, and the key stays at home", () =>
    Effect.gen(function* () {
      const service = yield* Service.make({ work: "20 millis" })
      const { url } = yield* Emulator.serve(service.handler)
      const program = Effect.gen(function* () {
        const { document } = yield* Client.run(brief)
        if (document === undefined) return yield* Effect.die("there is no document")
        return yield* Stream.runCollect(Download.stream(Overten.wordGenerate, document))
      })
      const bytes = yield* program.pipe(
        Effect.provide(
          Overten.layer({ apiKey, auth: "x-api-key", baseUrl: `${url}/api/v1/` }).pipe(
            Layer.provideMerge(Layer.mergeAll(FetchTransport.layer, Journal.layerMemory)),
          ),
        ),
      )
      expect(Buffer.concat(bytes)).toHaveLength(4000)
      expect(yield* service.ledger).toMatchObject({ leaks: 0 })
    }),
  )
})
