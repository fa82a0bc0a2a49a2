import { readFileSync } from "node:fs"
import { Effect, Layer, Result } from "effect"
import { describe, expect, it } from "vitest"
import * as Journal from "@tenuto/core/Journal"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import type { Transport } from "@tenuto/http/Transport"
import type { Case } from "@tenuto/testkit/Case"
import * as Conformance from "@tenuto/testkit/Conformance"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Timeline from "@tenuto/testkit/Timeline"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import { machines } from "./machines.ts"
import { durables, journals } from "./mutants/journals.ts"
import type { Mutants } from "./mutants/mutant.ts"
import { receivers, receiving } from "./mutants/receivers.ts"
import { shelved } from "./mutants/shelf.ts"
import { sockets } from "./mutants/sockets.ts"
import { transports } from "./mutants/transports.ts"

const { layerMemory } = Emulator
const timed = (layer: Layer.Layer<Transport>) =>
  Layer.unwrap(
    Effect.map(Layer.build(Timeline.layer()), (timeline) =>
      Timeline.transport(layer).pipe(Layer.provide(Layer.succeedContext(timeline))),
    ),
  )

const carriers: Readonly<Record<string, Conformance.Carrier>> = {
  "in memory": { layer: (handler) => layerMemory(handler) },
  "in memory, under a virtual clock": {
    clock: "Virtual",
    layer: (handler) => VirtualClock.transport(layerMemory(handler)),
  },
  "in memory, with a timeline": {
    clock: "Virtual",
    layer: (handler) => timed(VirtualClock.transport(layerMemory(handler))),
  },
  "over sockets, under a virtual clock": { clock: "Virtual", layer: VirtualClock.transport(NodeTransport.layer) },
  "over sockets, with a timeline": { clock: "Virtual", layer: timed(VirtualClock.transport(NodeTransport.layer)) },
}

/** One test for each case: what any test runner would say. */
const conform = <Subject>(name: string, cases: ReadonlyArray<Case<Subject>>, subject: Subject) =>
  describe(name, () => {
    for (const { check, name } of cases) it(name, () => check(subject))
  })

for (const [name, carrier] of Object.entries(carriers)) conform(`a transport ${name}`, Conformance.transport, carrier)
conform("a wrapped transport, by the live clock", Conformance.socket, {
  layer: timed(VirtualClock.transport(NodeTransport.layer)),
})
conform("the journal in memory", Conformance.journal, { fresh: Effect.succeed({ layer: Journal.layerMemory }) })
conform("a journal of lines", Conformance.journal, shelved())
conform("a journal of lines that lasts", Conformance.durable, shelved())
conform("a receiver without a carrier", Conformance.receiver, receiving)
conform("the machine", Conformance.machine, Lifecycle)

// --- mutants ------------------------------------------------------------------------------------

const killed = new Set<string>()

/** Each mutant is killed by the cases that name it, and each case names one. */
const kill = <Subject>(suite: string, cases: ReadonlyArray<Case<Subject>>, mutants: Mutants<Subject>) =>
  describe(`broken: ${suite}`, () => {
    for (const [mistake, { caughtBy, subject }] of Object.entries(mutants)) {
      it(mistake, async () => {
        const named = cases.filter(({ name }) => caughtBy.includes(name))
        expect(named.map(({ name }) => name).toSorted()).toEqual([...caughtBy].toSorted())
        for (const { law, name, run } of named) {
          const result = await Effect.runPromise(Effect.result(run(subject)))
          if (Result.isSuccess(result)) expect.fail(`it lives: ${name}`)
          expect(result.failure).toMatchObject({ _tag: "Broken", law, name })
        }
        killed.add(`${suite}: ${mistake}`)
      })
    }

    it("every case has a mutant of its own", () => {
      const caught = new Set(Object.values(mutants).flatMap(({ caughtBy }) => caughtBy))
      expect(cases.map(({ name }) => name).filter((name) => !caught.has(name))).toEqual([])
    })
  })

const broken = Object.fromEntries(
  Object.entries(machines).map(([mistake, { caughtBy, machine }]) => [mistake, { caughtBy, subject: machine }]),
)

kill("machine", Conformance.machine, broken)
kill("transport", Conformance.transport, transports)
kill("socket", Conformance.socket, sockets)
kill("journal", Conformance.journal, journals)
kill("durable", Conformance.durable, durables)
kill("receiver", Conformance.receiver, receivers)

it("kills all of them", () => {
  const all = [broken, transports, sockets, journals, durables, receivers].flatMap((mutants) => Object.keys(mutants))
  expect(killed.size).toBe(all.length)
  expect(all.length).toBeGreaterThanOrEqual(100)
})

it("loads nothing of Node.js before a case runs that needs it", () => {
  const seen = new Set<string>()
  const walk = (file: URL) => {
    if (seen.has(file.href)) return
    seen.add(file.href)
    const source = readFileSync(file, "utf8")
    for (const [, from = ""] of source.matchAll(/^(?:import|export) (?!type )[^;]*? from "([^"]+)"/gm)) {
      expect(from, file.pathname).not.toMatch(/^node:/)
      if (from.startsWith(".")) walk(new URL(from, file))
    }
  }
  walk(new URL("../src/Conformance.ts", import.meta.url))
  expect(seen.size).toBeGreaterThan(30)
})
