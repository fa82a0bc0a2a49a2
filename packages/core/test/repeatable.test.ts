/** What the driver tells of a submit: whether it may arrive twice. */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Client from "@tenuto/core/Client"
import * as Journal from "@tenuto/core/Journal"
import { accepted, hum, input, intone, list, remote, sing } from "./choir.ts"

describe("a submit", () => {
  for (const [what, operation, isRepeatable] of [
    ["may arrive twice under a key that the service checks", sing, true],
    ["may arrive twice where asking twice does nothing twice", list, true],
    ["must not arrive twice without a key", hum, false],
    ["must not arrive twice under a name that the service only repeats", intone, false],
  ] as const) {
    it.effect(what, () =>
      Effect.gen(function* () {
        const service = remote(accepted)
        yield* Client.submit(operation(input)).pipe(Effect.provide([service.layer, Journal.layerMemory]))
        expect(service.calls[0]?.deed).toMatchObject({ _tag: "Submit", isRepeatable })
      }),
    )
  }
})
