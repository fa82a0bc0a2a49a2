import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import * as Laws from "@tenuto/testkit/Laws"
import { machines } from "./machines.ts"

describe("laws", () => {
  for (const { law, name, run } of Laws.machine) {
    it.effect(`${law}: ${name}`, () => run(Lifecycle, { runs: 1000 }))
  }
})

describe("a broken machine is caught by the law it breaks", () => {
  for (const [mistake, { caughtBy, machine }] of Object.entries(machines)) {
    it.effect(mistake, () =>
      Effect.gen(function* () {
        const results = yield* Effect.forEach(Laws.machine, ({ run }) => Effect.result(run(machine, { runs: 400 })))
        const caught = results.flatMap((result) => (Result.isFailure(result) ? [result.failure.name] : []))
        expect(caught).toEqual(caughtBy)
      }),
    )
  }
})

describe("a broken law", () => {
  it.effect("shows a story and replays it to the same end", () =>
    Effect.gen(function* () {
      const { machine } = machines["a failed look fails the work"] ?? { machine: Lifecycle }
      const law = Laws.machine.find(({ name }) => name === "a failed look is not a failed operation")
      const broken = yield* Effect.flip(law?.run(machine) ?? Effect.die("no such law"))
      const again = yield* Effect.flip(law?.run(machine, { replay: broken.replay }) ?? Effect.die("no such law"))
      expect(again.message).toBe(broken.message)
      expect(broken.message).toContain(`replay: ${broken.replay}`)
      expect(broken.story).toContain('"_tag":"Accepted"')
    }),
  )
})
