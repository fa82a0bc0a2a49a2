/**
 * What a recording costs: 40 minutes of held polls, 20 s each, recorded, written, read and played again, in memory and
 * over a loopback port: `node packages/testkit/bench/cassette.ts [rounds]`.
 *
 * Every poll must be answered at its recorded instant, to the millisecond; else it ends with an error. Figures are medians.
 */
import { strict as assert } from "node:assert"
import { Transport } from "@tenuto/http/Transport"
import * as Cassette from "@tenuto/testkit/Cassette"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

const polls = 120
const held = Duration.seconds(20)
const limits = { timeout: Duration.seconds(60), maxBytes: 1_000_000n }

const service: Emulator.Handler = ({ url }) =>
  Effect.delay(
    Effect.succeed(Emulator.json(200, { status: "singing", link: `${url}&signature=4f9d2c71e8a6b3d0` })),
    held,
  )

const wait = (base: string) =>
  Effect.gen(function* () {
    const transport = yield* Transport
    const start = yield* Clock.currentTimeMillis
    const seen: Array<number> = []
    for (let i = 0; i < polls; i++) {
      const headers = { authorization: "Bearer spk_4f9d2c71e8" }
      yield* transport.send({ method: "GET", url: `${base}/operation?wait=true`, headers }, limits)
      seen.push((yield* Clock.currentTimeMillis) - start)
    }
    return seen
  })

const run = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(Effect.flatten(VirtualClock.run(effect)))
const base = "http://emulator.test"
const { cassette, seen } = await run(
  Effect.all({ seen: wait(base), cassette: Cassette.recorded }).pipe(
    Effect.provide(Cassette.recording(Emulator.layerMemory(service))),
  ),
)
const text = Cassette.render(cassette)

const inMemory = Effect.gen(function* () {
  const { handler, verify } = yield* Cassette.play(yield* Cassette.parse(text))
  const again = yield* Effect.provide(wait(base), Emulator.layerMemory(handler))
  yield* verify
  return again
})
const overLoopback = Effect.gen(function* () {
  const { handler, verify } = yield* Cassette.play(yield* Cassette.parse(text))
  const { url } = yield* Emulator.serve(handler)
  const again = yield* Effect.provide(wait(url), VirtualClock.transport(NodeTransport.layer))
  yield* verify
  return again
}).pipe(Effect.scoped)

const median = (values: ReadonlyArray<number>): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN
const rounds = Number(process.argv[2] ?? 15)
const stories = { "in memory": inMemory, "over loopback": overLoopback }

console.log(
  `${polls} held polls, 40 virtual minutes, a cassette of ${(text.length / 1024).toFixed(0)} KiB, ${rounds} rounds`,
)
for (const [name, story] of Object.entries(stories)) {
  const wall: Array<number> = []
  // The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    const start = performance.now()
    assert.deepEqual(await run(story), seen)
    if (round > 0) wall.push(performance.now() - start)
  }
  const [middle, best, worst] = [median(wall), Math.min(...wall), Math.max(...wall)].map((value) => value.toFixed(1))
  console.log(`  read and played ${name.padEnd(14)} ${middle} ms (${best} to ${worst})`)
}
