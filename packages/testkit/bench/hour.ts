/**
 * What an hour costs: 720 polls, 5 s apart, in memory and over a loopback port: `node packages/testkit/bench/hour.ts [rounds]`.
 *
 * Every poll must see its instant exactly, to the millisecond; else it ends with an error. Figures are medians.
 */
import { strict as assert } from "node:assert"
import { Transport } from "@tenuto/http/Transport"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"

const polls = 720
const pause = Duration.seconds(5)
const limits = { timeout: Duration.seconds(60), maxBytes: 1_000_000n }
const expected = Array.from({ length: polls }, (_, i) => (i + 1) * Duration.toMillis(pause))

const service: Emulator.Handler = () => Effect.succeed(Emulator.json(200, { status: "processing" }))

const hour = (base: string) =>
  Effect.gen(function* () {
    const transport = yield* Transport
    const start = yield* Clock.currentTimeMillis
    const seen: Array<number> = []
    for (let i = 0; i < polls; i++) {
      yield* Effect.sleep(pause)
      const { status } = yield* transport.send({ method: "GET", url: `${base}/operation`, headers: {} }, limits)
      if (status === 200) seen.push((yield* Clock.currentTimeMillis) - start)
    }
    return seen
  })

const inMemory = VirtualClock.run(
  hour("http://emulator.test").pipe(Effect.provide(VirtualClock.transport(Emulator.layerMemory(service)))),
)

const overLoopback = VirtualClock.run(
  Effect.flatMap(Emulator.serve(service), ({ url }) => hour(url)).pipe(
    Effect.provide(VirtualClock.transport(NodeTransport.layer)),
  ),
)

const median = (values: ReadonlyArray<number>): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN

const carriers = [
  { name: "in memory", story: inMemory, cpu: [] as Array<number>, wall: [] as Array<number> },
  { name: "over loopback", story: overLoopback, cpu: [] as Array<number>, wall: [] as Array<number> },
]
const rounds = Number(process.argv[2] ?? 15)

// The first round warms up.
for (let round = 0; round <= rounds; round++) {
  for (const { cpu, story, wall } of carriers) {
    const used = process.cpuUsage()
    const start = performance.now()
    const exit = await Effect.runPromise(story)
    const took = performance.now() - start
    const { system, user } = process.cpuUsage(used)
    assert.deepEqual(exit, Exit.succeed(expected))
    if (round === 0) continue
    wall.push(took)
    cpu.push((system + user) / 1000)
  }
}

console.log(`one virtual hour, ${polls} polls 5 s apart, ${rounds} rounds; every instant exact in all of them`)
for (const { cpu, name, wall } of carriers) {
  const [middle, ours, best, worst] = [median(wall), median(cpu), Math.min(...wall), Math.max(...wall)].map((value) =>
    value.toFixed(1).padStart(6),
  )
  console.log(`  ${name.padEnd(14)} wall ${middle} ms (${best} to ${worst})   CPU ${ours} ms`)
}
