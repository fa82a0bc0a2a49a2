/** A service that answers everything with 200 and refuses in the body: JSON-RPC, MCP, Slack's `ok: false`, MiniMax's `base_resp`. */
import { describe, expect, it } from "vitest"
import type * as Provider from "@tenuto/http/Provider"
import * as Verdict from "@tenuto/http/Verdict"
import { json, play, reader } from "./pretended.ts"

const errorOf = (body: unknown): unknown => Reflect.get(Object(body), "error")

/** All that such a provider adds: its readers ask for the table's verdict, and `trouble` reads the code. */
const endpoint: Partial<Provider.Endpoint> = {
  accepted: (body, ...more) => (errorOf(body) === undefined ? reader.accepted(body, ...more) : Verdict.refused()),
  observed: (body, ...more) => (errorOf(body) === undefined ? reader.observed(body, ...more) : Verdict.refused()),
}
const table: Partial<Provider.Table<"pretended">> = {
  verdicts: [
    { stage: "submit", code: "-32602", truth: "Rejected", reason: { _tag: "Invalid", issues: [] }, source: "a page" },
    { stage: "submit", code: "-32029", truth: "Rejected", reason: { _tag: "RateLimited" }, source: "a page" },
    { stage: "submit", code: "-32030", truth: "Rejected", reason: { _tag: "Unpaid" }, source: "a page" },
    { stage: "look", code: "-32003", truth: "Unseen", reason: { _tag: "Unauthenticated" }, source: "a page" },
    { stage: "look", code: "-32001", truth: "Lost", reason: { _tag: "NotFound", what: "task" }, source: "a page" },
  ],
  trouble: ({ body }) => ({ code: String(Reflect.get(Object(errorOf(body)), "code")) }),
}
const refusal = (code: number) => json(200, { jsonrpc: "2.0", error: { code } })
const accepted = json(200, { id: 1 })
const done = json(200, { status: "done" })

describe("a refusal inside a 200", () => {
  for (const idempotency of [{ _tag: "Unkeyed" }, { _tag: "Keyed", field: "key" }] as const) {
    it(`of an invalid submit is a rejection after one request, ${idempotency._tag}`, async () => {
      const { failure, seen } = await play(() => refusal(-32602), { endpoint, table, contract: { idempotency } })
      expect(failure).toMatchObject({ _tag: "Rejected", reason: { _tag: "Invalid" } })
      expect(seen.length).toBe(1)
    })
  }

  it("for want of money leaves no doubt", async () => {
    const { failure } = await play(() => refusal(-32030), { endpoint, table })
    expect(failure).toMatchObject({ _tag: "Rejected", reason: { _tag: "Unpaid" } })
  })

  it("for a limit is sent again without a key, for nothing was begun", async () => {
    const { failure, seen } = await play((_, index) => [refusal(-32029), accepted][index] ?? done, { endpoint, table })
    expect(failure).toBeUndefined()
    expect(seen.map(({ method }) => method)).toEqual(["POST", "POST", "GET"])
  })

  it("of a look with a revoked key ends the wait at once", async () => {
    const { failure, seen } = await play((_, index) => [accepted][index] ?? refusal(-32003), { endpoint, table })
    expect(failure).toMatchObject({ _tag: "Unseen", reason: { _tag: "Unauthenticated" } })
    expect(seen.length).toBe(2)
  })

  it("of a task that is gone is Lost at the first look", async () => {
    const { failure, seen } = await play((_, index) => [accepted][index] ?? refusal(-32001), { endpoint, table })
    expect(failure).toMatchObject({ _tag: "Lost", reason: { _tag: "NotFound" } })
    expect(seen.length).toBe(2)
  })
})
