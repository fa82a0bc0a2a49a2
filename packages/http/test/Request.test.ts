import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Exchange from "@tenuto/http/Exchange"
import * as Multipart from "@tenuto/http/Multipart"
import type * as Provider from "@tenuto/http/Provider"
import { isIdempotent } from "@tenuto/http/Transport"
import * as Service from "./service.ts"

const { answer, apiKey, remote, request, table } = Service
const ok = answer(200, { id: "song 1", status: "working" })

const { sing } = table.endpoints
const endpoint = (call: Provider.Call): Partial<Provider.Table<"service">> => ({
  endpoints: {
    sing: {
      submit: () => call,
      look: () => call,
      accepted: sing?.accepted ?? (() => Result.fail("none")),
      observed: sing?.observed ?? (() => Result.fail("none")),
    },
  },
})
const headersOf = (call: Provider.Call) =>
  Effect.gen(function* () {
    const service = remote(() => ok, {}, endpoint(call))
    yield* service.submit()
    const headers = service.sent[0]?.request.headers ?? {}
    return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Exchange.reveal(value)]))
  })
const post = { method: "POST", path: "/songs" }

describe("the headers of a call", () => {
  it.effect("win over what is sent otherwise", () =>
    Effect.gen(function* () {
      const headers = { accept: "application/json, text/event-stream", "content-type": "application/a2a+json" }
      const sent = yield* headersOf({ ...post, body: {}, headers: { ...headers, "mcp-name": "t" } })
      assert.deepStrictEqual(sent, { ...headers, "mcp-name": "t", authorization: `Bearer ${apiKey}` })
    }),
  )

  it.effect("are the same header in any case, and none is sent twice", () =>
    Effect.gen(function* () {
      const sent = yield* headersOf({ ...post, body: {}, headers: { Accept: "text/plain", "Content-Type": "a/b" } })
      assert.deepStrictEqual(sent, { accept: "text/plain", "content-type": "a/b", authorization: `Bearer ${apiKey}` })
    }),
  )

  it.effect("never win over the credential, nor over the boundary of a form", () =>
    Effect.gen(function* () {
      const headers = { Authorization: "Bearer other", "Content-Type": "multipart/form-data" }
      const form = Multipart.write([{ name: "a", value: "1" }])
      const sent = yield* headersOf({ ...post, form, headers })
      assert.strictEqual(sent["authorization"], `Bearer ${apiKey}`)
      assert.strictEqual(sent["content-type"], form.contentType)
      assert.notProperty(sent, "Authorization")
    }),
  )
})

describe("a credential and plain http", () => {
  const told = (baseUrl: string, allowInsecureConnection?: boolean) =>
    Effect.gen(function* () {
      const service = remote(() => ok, { baseUrl, allowInsecureConnection })
      const seen = yield* service.submit()
      return { sent: service.sent.length, said: JSON.stringify(seen) }
    })

  it.effect("it goes to no other machine, and the refusal says what to set", () =>
    Effect.gen(function* () {
      for (const base of ["http://api.service.example/v1", "http://10.0.0.1:8080", "http://127.0.0.1.evil.example"]) {
        const { said, sent } = yield* told(base)
        assert.strictEqual(sent, 0, base)
        assert.include(said, `"_tag":"Rejected"`)
        assert.include(said, `${new URL(base).origin} would send the credential over plain http`)
        assert.include(said, "allowInsecureConnection")
      }
    }),
  )

  it.effect("nor does it go there with a file", () =>
    Effect.gen(function* () {
      const forFile = (settings: Parameters<typeof remote>[1]) =>
        Effect.map(remote(() => ok, settings).shape, ({ credential }) => credential?.("http://10.0.0.1:8080/file"))
      const baseUrl = "http://10.0.0.1:8080"
      assert.isUndefined(yield* forFile({ baseUrl }))
      assert.isDefined(yield* forFile({ baseUrl, allowInsecureConnection: true }))
    }),
  )

  it.effect("it goes to this machine and to names that are set aside for tests, and over https anywhere", () =>
    Effect.gen(function* () {
      const loopback = ["http://localhost:4010/v1", "http://127.0.0.1:4010", "http://127.8.9.10", "http://[::1]:4010"]
      const bases = [...loopback, "http://api.localhost", "http://service.test", "https://api.service.example"]
      for (const base of bases) assert.strictEqual((yield* told(base)).sent, 1, base)
    }),
  )

  it.effect("it goes where it is allowed to", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* told("http://emulator:4010/v1", true)).sent, 1)
    }),
  )
})

describe("what a transport is told", () => {
  const hints = (call: Provider.Call, isRepeatable?: boolean) =>
    Effect.gen(function* () {
      const service = remote(() => ok, {}, endpoint(call))
      yield* service.submit(request, isRepeatable === undefined ? {} : { isRepeatable })
      yield* service.look()
      return service.sent.map(({ limits, request: sent }) => isIdempotent(sent, limits))
    })

  it.effect("a submit must not arrive twice unless the contract lets it, whatever its method; a look may", () =>
    Effect.gen(function* () {
      for (const method of ["POST", "PUT", "GET"]) {
        assert.deepStrictEqual(yield* hints({ ...post, method }), [false, true])
        assert.deepStrictEqual(yield* hints({ ...post, method }, false), [false, true])
        assert.deepStrictEqual(yield* hints({ ...post, method }, true), [true, true])
      }
    }),
  )

  it("else the method tells", () => {
    const said = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST", "PATCH"].map((method) =>
      isIdempotent({ method }, {}),
    )
    assert.deepStrictEqual(said, [true, true, true, true, true, false, false])
  })
})

describe("a request that HTTP cannot carry", () => {
  it("is told by the header's name, without its value", () => {
    const headers = { accept: "a", authorization: Redacted.make(`Bearer ${apiKey}\n`) }
    const said = Exchange.flaw({ method: "GET", url: "https://api.service.test/", headers }) ?? ""
    assert.include(said, "the header authorization holds a line end")
    assert.notInclude(said, apiKey)
  })
})
