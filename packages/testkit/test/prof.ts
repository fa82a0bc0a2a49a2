import { Effect, Exit, Duration, Clock } from "effect"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"
import * as Emulator from "@tenuto/testkit/Emulator"
import { Transport } from "@tenuto/http/Transport"
const limits = { timeout: Duration.seconds(30), maxBytes: 1000n }
let turns = 0
const poll = (url: string) => Effect.gen(function* () {
  const transport = yield* Transport
  const start = yield* Clock.currentTimeMillis
  for (let i = 0; i < 720; i++) {
    yield* Effect.sleep("5 seconds")
    const r = yield* transport.send({ method: "GET", url, headers: {} }, limits)
  }
  return (yield* Clock.currentTimeMillis) - start
})
const handler: Emulator.Handler = () => Effect.succeed(Emulator.json(200, { ok: true }))
for (let k = 0; k < 20; k++) {
  const t = performance.now()
  const exit = await Effect.runPromise(VirtualClock.run(poll("http://x/op").pipe(Effect.provide(Emulator.layerMemory(handler)))))
  console.log("memory ms", performance.now() - t, exit._tag, (globalThis as any).__n?.())
}
for (let k = 0; k < 3; k++) {
  const t = performance.now()
  const exit = await Effect.runPromise(VirtualClock.run(Effect.gen(function* () { for (let i = 0; i < 720; i++) yield* Effect.sleep("5 seconds") })))
  console.log("sleep only ms", performance.now() - t, exit._tag)
}
