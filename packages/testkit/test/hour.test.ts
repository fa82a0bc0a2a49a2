import { it } from "@effect/vitest"
import { Effect, Exit, Duration, Layer, Clock } from "effect"
import { expect } from "vitest"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"
import * as Emulator from "@tenuto/testkit/Emulator"
import { Transport } from "@tenuto/http/Transport"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"

const limits = { timeout: Duration.seconds(30), maxBytes: 1000n }
const poll = (url: string) => Effect.gen(function* () {
  const transport = yield* Transport
  const start = yield* Clock.currentTimeMillis
  const at: Array<number> = []
  for (let i = 0; i < 720; i++) {
    yield* Effect.sleep("5 seconds")
    const r = yield* transport.send({ method: "GET", url, headers: {} }, limits)
    if (r.status !== 200) return yield* Effect.die("bad")
    at.push((yield* Clock.currentTimeMillis) - start)
  }
  return at
})
const handler: Emulator.Handler = () => Effect.succeed(Emulator.json(200, { ok: true }))
for (let k = 0; k < 3; k++) {
it("memory " + k, async () => {
  const t = performance.now()
  const exit = await Effect.runPromise(VirtualClock.run(poll("http://x/op").pipe(Effect.provide(Emulator.layerMemory(handler)))))
  console.log("memory ms", performance.now() - t)
  expect(exit).toEqual(Exit.succeed(Array.from({ length: 720 }, (_, i) => (i + 1) * 5000)))
})
it("loopback " + k, async () => {
  const t = performance.now()
  const exit = await Effect.runPromise(VirtualClock.run(Effect.gen(function* () {
    const { url } = yield* Emulator.serve(handler)
    return yield* poll(url + "/op")
  }).pipe(Effect.provide(VirtualClock.transport(NodeTransport.layer)))))
  console.log("loopback ms", performance.now() - t)
  expect(exit).toEqual(Exit.succeed(Array.from({ length: 720 }, (_, i) => (i + 1) * 5000)))
})
}
