import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import * as Laws from "@tenuto/testkit/Laws"

describe("laws", () => {
  for (const { check, law, name } of Laws.machine) {
    it.effect(`${law}: ${name}`, () => check(Lifecycle, { runs: 500 }))
  }
})
