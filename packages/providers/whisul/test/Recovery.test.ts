import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer } from "effect"
import * as Client from "@tenuto/core/Client"
import * as Journal from "@tenuto/core/Journal"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as FetchTransport from "@tenuto/transport-fetch/FetchTransport"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import * as Whisul from "@tenuto/whisul"
import * as Service from "@tenuto/whisul/Emulator"
import { apiKey, beat, carriers, emulator, ledgerOf, play, runBeat, value } from "./stage.ts"

const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "whisul-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true })),
)

describe("by the live clock, over real sockets", () => {
  it.live("a journal on disk keeps the handle with the address, and the next process goes on from there", () =>
    Effect.gen(function* () {
      const service = yield* Service.make({ work: 0 })
      const { url } = yield* Emulator.serve(service.handler)
      const file = join(yield* temporary, "jobs.db")
      const life = <A, E>(program: Effect.Effect<A, E, Client.Needs<typeof Whisul.generate>>) =>
        program.pipe(
          Effect.provide(
            Whisul.layer({ apiKey, baseUrl: `${url}/api` }).pipe(
              Layer.provideMerge(Layer.mergeAll(NodeTransport.layer, SqliteJournal.layer(file))),
            ),
            { local: true },
          ),
        )
      const submitted = yield* life(Client.submit(beat))
      // The first look is due ten seconds after the job was taken, so this wait ends at once.
      const [open] = yield* life(Client.recover([Whisul.generate], { within: "1 second" }))
      expect(open).toMatchObject({ result: { _tag: "Failure", failure: { _tag: "Overdue" } } })
      expect(open?.handle).toEqual(submitted)
      expect(submitted.locator).toBe(`/jobs/${submitted.id}`)
      expect((yield* life(Client.look(Whisul.generate, submitted)))._tag).toBe("Succeeded")
      expect((yield* service.ledger).operations).toMatchObject([{ looks: 1 }])
    }),
  )

  it.live("it runs by fetch too, and a slash at the end of the base does no harm", () =>
    Effect.gen(function* () {
      const service = yield* Service.make({ work: 0 })
      const { url } = yield* Emulator.serve(service.handler)
      const seen = yield* Effect.gen(function* () {
        const handle = yield* Client.submit(beat)
        expect(handle.locator).toBe(`/jobs/${handle.id}`)
        return yield* Client.look(Whisul.generate, handle)
      }).pipe(
        Effect.provide(
          Whisul.layer({ apiKey, baseUrl: `${url}/api/` }).pipe(
            Layer.provideMerge(Layer.mergeAll(FetchTransport.layer, Journal.layerMemory)),
          ),
        ),
      )
      expect(seen._tag).toBe("Succeeded")
    }),
  )
})

it("work whose process was stopped while it waited is recovered, and not started twice", async () => {
  const service = emulator({ work: "1 minute" })
  const program = Effect.gen(function* () {
    const waiting = yield* Deferred.make<void>()
    const first = yield* Effect.forkChild(
      Effect.provideService(runBeat, Client.Watcher, (step) =>
        step._tag === "Planned" && step.action._tag === "Look" ? Deferred.succeed(waiting, undefined) : Effect.void,
      ),
    )
    yield* Deferred.await(waiting)
    yield* Fiber.interrupt(first)
    return yield* Client.recover([Whisul.generate])
  })
  const { exit } = await play(service.handler, program)
  expect(value(exit)).toMatchObject([{ result: { _tag: "Success", success: { title: "Midnight Grid" } } }])
  expect(ledgerOf(service).operations).toHaveLength(1)
})

it("the same seed gives the same story, in memory and over sockets", async () => {
  const stories = await Promise.all(
    carriers.map(async (carrier) => {
      const { exit, timeline } = await play(emulator({ seed: 7, work: "42 seconds" }).handler, runBeat, carrier)
      expect(Exit.isSuccess(exit)).toBe(true)
      return timeline
    }),
  )
  expect(stories[0]).toContain("GET /api/jobs/")
  expect(stories[1]).toBe(stories[0])
})
