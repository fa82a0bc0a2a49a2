/** A table that takes answers to what a service asks. */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Exchange from "@tenuto/http/Exchange"
import type * as Provider from "@tenuto/http/Provider"
import { answer, apiKey, base, handle, remote, table, within } from "./service.ts"

const sing = table.endpoints["sing"] as Provider.Endpoint
const answering: Provider.Endpoint = {
  ...sing,
  answer: ({ id }, input) => ({ method: "POST", path: `/songs/${encodeURIComponent(id)}/answer`, body: { input } }),
}
const at = (endpoint: Provider.Endpoint): Partial<Provider.Table<"service">> => ({
  endpoints: { sing: endpoint },
  verdicts: [
    { stage: "answer", status: 422, truth: "Unseen", reason: { _tag: "Invalid", issues: [] }, source: "a page" },
    { stage: "answer", status: 404, truth: "Lost", reason: { _tag: "Gone" }, source: "a page" },
  ],
})
const answered = (service: ReturnType<typeof remote>) =>
  Effect.flatMap(service.shape, ({ perform }) => perform({ _tag: "Answer", handle, input: { name: "Mir" }, within }))

describe("an answer to what a service asks", () => {
  it.effect("is sent as the table says, with the credential, and what comes of it is read like a look", () =>
    Effect.gen(function* () {
      const service = remote(() => answer(200, { status: "singing" }), {}, at(answering))
      expect(yield* answered(service)).toEqual({
        _tag: "Observed",
        observation: { _tag: "Pending", word: "singing" },
      })
      const [sent] = service.sent
      expect(sent?.request.method).toBe("POST")
      expect(sent === undefined ? "" : Exchange.reveal(sent.request.url)).toBe(
        `${base}/songs/${encodeURIComponent(handle.id)}/answer`,
      )
      expect(new TextDecoder().decode(sent?.request.body)).toBe('{"input":{"name":"Mir"}}')
      expect(Exchange.reveal(sent?.request.headers["authorization"] ?? "")).toBe(`Bearer ${apiKey}`)
    }),
  )

  it.effect("is read by a reader of its own, where there is one", () =>
    Effect.gen(function* () {
      const own: Provider.Endpoint = {
        ...answering,
        answered: (_, __, { status }) => Result.succeed({ _tag: "Pending", word: `answered with ${status}` }),
      }
      expect(yield* answered(remote(() => answer(202, ""), {}, at(own)))).toMatchObject({
        observation: { _tag: "Pending", word: "answered with 202" },
      })
    }),
  )

  it.effect("is judged by rows of its own stage", () =>
    Effect.gen(function* () {
      const refused = (status: number) => answered(remote(() => answer(status, {}), {}, at(answering)))
      expect(yield* refused(422)).toMatchObject({ _tag: "Unseen", reason: { _tag: "Invalid" } })
      expect(yield* refused(404)).toMatchObject({
        _tag: "Lost",
        reason: { _tag: "Gone" },
        evidence: { stage: "answer" },
      })
      expect(yield* refused(500)).toMatchObject({ _tag: "Unseen", reason: { _tag: "Internal" } })
    }),
  )

  it.effect("is not sent where the service takes none, and that is said", () =>
    Effect.gen(function* () {
      const service = remote(() => answer(200, {}), {}, at(sing))
      expect(yield* answered(service)).toEqual({
        _tag: "Unseen",
        reason: { _tag: "NotImplemented" },
        evidence: { stage: "answer" },
      })
      expect(service.sent).toEqual([])
    }),
  )
})
