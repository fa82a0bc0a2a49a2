/** What is right in its own way is right: a slow disk, a pool of one's own, another word for "taken". */
import { Effect, Layer, Semaphore } from "effect"
import { describe, it } from "vitest"
import { Journal, layerMemory } from "@tenuto/core/Journal"
import { Transport } from "@tenuto/http/Transport"
import * as Conformance from "@tenuto/testkit/Conformance"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import { receiving } from "./mutants/receivers.ts"

/** Real time, which no clock of ours sees. */
const disk = Effect.promise(() => new Promise<void>((resolve) => void setTimeout(resolve, 3)))
const slowly = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.andThen(
    disk,
    Effect.tap(effect, () => disk),
  )

const slow: Conformance.Keeper = {
  fresh: Effect.succeed({
    layer: Layer.effect(
      Journal,
      Effect.map(Journal, (real) => ({
        ...real,
        claim: (entry: string, account: string) =>
          Effect.map(slowly(real.claim(entry, account)), ({ append, history }) => ({
            history,
            append: (events: Parameters<typeof append>[0]) => slowly(append(events)),
          })),
        read: (entry: string, account: string | undefined) => slowly(real.read(entry, account)),
        unsettled: slowly(real.unsettled),
      })),
    ).pipe(Layer.provide(layerMemory)),
  }),
}

const accepting: Conformance.Reception = {
  serve: (webhook, settings) =>
    Effect.map(receiving.serve(webhook, settings), (receive) => async (delivered) => {
      const replied = await receive(delivered)
      const headers = { ...replied.headers, "content-type": "application/json" }
      return replied.status === 200 ? { status: 202, headers, body: '{"ok":true}' } : replied
    }),
}

/** Eight at a time; the others stand in line. A body that is open keeps its place. */
const pooled = (layer: Layer.Layer<Transport>) =>
  Layer.effect(
    Transport,
    Effect.gen(function* () {
      const inner = yield* Transport
      const pool = yield* Semaphore.make(8)
      const open: typeof inner.open = (request, limits) =>
        Effect.andThen(
          Effect.acquireRelease(pool.take(1), () => pool.release(1)),
          inner.open(request, limits),
        )
      return Transport.of({ send: (request, limits) => pool.withPermits(1)(inner.send(request, limits)), open })
    }),
  ).pipe(Layer.provide(layer))

const carriers: Readonly<Record<string, Conformance.Carrier>> = {
  "in memory": { layer: (handler) => pooled(Emulator.layerMemory(handler)) },
  "over sockets": { layer: pooled(NodeTransport.layer) },
}

for (const [name, carrier] of Object.entries(carriers)) {
  describe(`a transport with a pool of its own ${name}`, () => {
    it.each(Conformance.transport)("$name", ({ check }) => check(carrier))
  })
}

describe("a journal on a slow disk", () => {
  it.each(Conformance.journal)("$name", ({ check }) => check(slow))
})

describe("a receiver that answers 202, and says so in JSON", () => {
  it.each(Conformance.receiver)("$name", ({ check }) => check(accepting))
})
