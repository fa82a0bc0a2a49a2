import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { DateTime, Effect, Fiber, Layer } from "effect"
import * as Client from "@tenuto/core/Client"
import * as Inbox from "@tenuto/core/Inbox"
import * as Journal from "@tenuto/core/Journal"
import * as Webhook from "@tenuto/http/Webhook"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as HeyDonna from "@tenuto/heydonna"
import * as Service from "@tenuto/heydonna/Emulator"
import * as FetchTransport from "@tenuto/transport-fetch/FetchTransport"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import { apiKey, project } from "./stage.ts"

const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "heydonna-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true })),
)

describe("by the live clock, over real sockets", () => {
  it.live("work whose process was stopped while it waited is recovered by the next, and not started twice", () =>
    Effect.gen(function* () {
      const service = yield* Service.make({ work: "0 millis" })
      const { url } = yield* Emulator.serve(service.handler)
      const file = join(yield* temporary, "jobs.db")
      const inbox = Inbox.makeMemory()
      const life = <A, E>(program: Effect.Effect<A, E, Client.Needs<typeof HeyDonna.createProject>>) =>
        program.pipe(
          Effect.provideService(Inbox.Inbox, inbox),
          Effect.provide(
            HeyDonna.layer({ apiKey, baseUrl: url }).pipe(
              Layer.provideMerge(Layer.mergeAll(NodeTransport.layer, SqliteJournal.layer(file))),
            ),
            { local: true },
          ),
        )
      const first = yield* Effect.forkChild(life(Client.run(project)))
      while ((yield* service.ledger).requests[0]?.status === undefined) yield* Effect.sleep("5 millis")
      yield* Effect.sleep("50 millis")
      yield* Fiber.interrupt(first)
      const [{ id } = { id: "" }] = (yield* service.ledger).operations
      // A look is due 15 seconds after the acceptance; a delivery asks for it at once.
      yield* inbox.put({ service: "heydonna", id, name: "1", at: yield* DateTime.now, body: {} })
      const recovered = yield* life(Client.recover([HeyDonna.createProject]))
      expect(recovered).toMatchObject([
        { result: { _tag: "Success", success: { projectId: id, status: "completed" } } },
      ])
      expect((yield* service.ledger).operations).toMatchObject([{ externalRef: "order-7", gets: 1 }])
    }),
  )

  it.live("a delivery over a socket, signed by the service, ends the wait of a program that runs by fetch", () =>
    Effect.gen(function* () {
      const inbox = Inbox.makeMemory()
      const secret = "a secret of the settings"
      const receiver = Webhook.receiveInto(HeyDonna.webhook, { inbox, secrets: [secret] })
      const mine = yield* Emulator.serve((request) =>
        Effect.map(receiver(request), ({ headers, status }) => Emulator.answer(status, "", headers)),
      )
      const service = yield* Service.make({ work: "100 millis", webhook: { url: `${mine.url}/hook`, secret } })
      const { url } = yield* Emulator.serve(service.handler)
      yield* Effect.forkScoped(Effect.provide(service.courier.deliveries, NodeTransport.layer))
      const { status } = yield* Client.run(project).pipe(
        Effect.provideService(Inbox.Inbox, inbox),
        Effect.provide(
          HeyDonna.layer({ apiKey, baseUrl: `${url}/` }).pipe(
            Layer.provideMerge(Layer.mergeAll(FetchTransport.layer, Journal.layerMemory)),
          ),
        ),
      )
      expect(status).toBe("completed")
      const { operations } = yield* service.ledger
      expect(yield* service.courier.ledger).toMatchObject([{ outcome: "delivered" }])
      expect(operations).toMatchObject([{ gets: 1 }])
    }),
  )
})
