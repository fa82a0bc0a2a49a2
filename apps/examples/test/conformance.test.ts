import { Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import { Conformance } from "@tenuto/testkit"
import { mutants } from "./mutants.ts"

describe("a broken provider is caught by the case that names its mistake", () => {
  for (const [mistake, { caughtBy, subject }] of Object.entries(mutants)) {
    it(mistake, async () => {
      const named = Conformance.provider.filter(({ name }) => caughtBy.includes(name))
      expect(named.map(({ name }) => name).toSorted()).toEqual([...caughtBy].toSorted())
      for (const { law, name, run } of named) {
        const result = await Effect.runPromise(Effect.result(run(subject)))
        if (Result.isSuccess(result)) expect.fail(`it lives: ${name}`)
        expect(result.failure).toMatchObject({ _tag: "Broken", law, name })
      }
    })
  }

  it("every case has a mutant of its own", () => {
    const caught = new Set(Object.values(mutants).flatMap(({ caughtBy }) => caughtBy))
    expect(Conformance.provider.map(({ name }) => name).filter((name) => !caught.has(name))).toEqual([])
  })
})
