/** What a table's readers say of work that did not end well. */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Provider from "@tenuto/http/Provider"
import * as Verdict from "@tenuto/http/Verdict"
import { answer, apiKey, remote, table } from "./service.ts"

const sing = table.endpoints["sing"] as Provider.Endpoint
const reading = (observed: Provider.Endpoint["observed"]) => ({ endpoints: { sing: { ...sing, observed } } })

describe("a part of a result", () => {
  it.effect("that a reader finds reaches the client, and never with the credential in it", () =>
    Effect.gen(function* () {
      const observed: Provider.Endpoint["observed"] = (body) =>
        Result.succeed({ _tag: "Expired", word: "expired", output: { ...(body as object) } })
      const service = remote(() => answer(200, { lines: ["the first", apiKey] }), {}, reading(observed))
      expect(yield* service.look()).toMatchObject({
        observation: { _tag: "Expired", output: { lines: ["the first", "[credential]"] } },
      })
    }),
  )

  it("is said with a failure of the work, where there is one", () => {
    const said = { word: "failed", code: "too_loud" }
    expect(Verdict.failed(table.verdicts, { ...said, output: ["la"] })).toMatchObject({
      _tag: "Failed",
      output: ["la"],
    })
    expect(Verdict.failed(table.verdicts, said)).not.toHaveProperty("output")
  })
})
