import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Answer } from "@tenuto/core/Remote"
import * as Exchange from "@tenuto/http/Exchange"
import * as Service from "./service.ts"

const { answer, apiKey, base, handle, remote, request, Unanswered, Unsent } = Service
const ok = answer(200, { id: "song 1", status: "working" })
const told = (given: Answer) => `${given._tag} ${"reason" in given ? given.reason._tag : ""}`.trim()
const assertSilent = (value: unknown) => {
  const text = `${inspect(value, { depth: 20 })}${JSON.stringify(value)}${String(value)}`
  assert.notInclude(text, apiKey)
}

describe("laws", () => {
  it.effect("a credential goes in its header only, and printing the request never shows it", () =>
    Effect.gen(function* () {
      const service = remote(() => ok)
      yield* service.submit()
      yield* service.look()
      yield* service.cancel()
      assert.lengthOf(service.sent, 3)
      for (const { request: sent } of service.sent) {
        const { authorization, ...others } = sent.headers
        assert.isTrue(Redacted.isRedacted(authorization))
        assert.strictEqual(Exchange.reveal(authorization ?? ""), `Bearer ${apiKey}`)
        assertSilent(sent)
        assertSilent(others)
        assert.notInclude(Exchange.reveal(sent.url), apiKey)
        assert.notInclude(new TextDecoder().decode(sent.body), apiKey)
      }
    }),
  )

  it.effect("a credential goes to the configured origin only: a path that leads away is not sent", () =>
    Effect.gen(function* () {
      const paths = [".evil.test/x", "@evil.test/x", ":8443/x", ":80@evil.test/x", "//evil.test", "\\\\evil.test/"]
      for (const locator of paths) {
        const service = remote(() => ok, { baseUrl: "https://api.service.test" })
        const seen = yield* service.look({ ...handle, locator })
        const gone = service.sent.map(({ request: { url } }) => new URL(Exchange.reveal(url)).origin)
        if (gone.length > 0) assert.deepStrictEqual(gone, ["https://api.service.test"], locator)
        else assert.strictEqual(told(seen), "Unseen Invalid", locator)
      }
      const service = remote(() => ok, { baseUrl: "https://api.service.test" })
      yield* service.look({ ...handle, locator: ".evil.test/x" })
      yield* service.look({ ...handle, locator: "@evil.test/x" })
      yield* service.look({ ...handle, locator: ":8443/x" })
      assert.lengthOf(service.sent, 0)
    }),
  )

  it.effect("a service that repeats the credential does not make us print it", () =>
    Effect.gen(function* () {
      const service = remote(() => answer(401, { detail: `unknown key ${apiKey}` }))
      const refused = yield* service.submit()
      assertSilent(refused)
      assert.include(JSON.stringify(refused), "unknown key")
      const body = new TextEncoder().encode(`{"detail":"unknown key \\u006b${apiKey.slice(1)}"}`)
      const escaped = remote(() => Effect.map(answer(401), (response) => ({ ...response, body })))
      const named = yield* escaped.submit()
      assertSilent(named)
      assert.include(JSON.stringify(named), "unknown key")
      const word = yield* remote(() => answer(200, { status: `unknown key ${apiKey}` })).look()
      assertSilent(word)
      assert.include(JSON.stringify(word), "unknown key")
      const id = yield* remote(() => answer(200, { id: apiKey })).submit()
      assertSilent(id)
      const header = yield* remote(() => answer(500, {}, { "x-request-id": apiKey })).look()
      assertSilent(header)
    }),
  )

  it.effect("a changed body never goes out under an old key: the same request gives the same bytes on every send", () =>
    Effect.gen(function* () {
      const service = remote(() => Effect.fail(new Unanswered({ problem: "Reset", detail: "reset" })))
      yield* service.submit()
      yield* service.submit(structuredClone(request))
      yield* service.submit(JSON.parse(JSON.stringify(request)))
      const other = remote(() => ok)
      yield* other.submit()
      const bodies = [...service.sent, ...other.sent].map(({ request: { body } }) => Buffer.from(body ?? []).toString())
      assert.lengthOf(bodies, 4)
      assert.deepStrictEqual([...new Set(bodies)], [`{"key":"k1","input":{"lyrics":"Hold the note ü","count":2}}`])
    }),
  )

  it.effect("only what is proved to have stayed is Rejected; whatever may have arrived is Uncertain", () =>
    Effect.gen(function* () {
      const unsent = ["NameNotFound", "Refused", "Unreachable", "ConnectTimeout", "Tls"] as const
      const unanswered = ["Reset", "Timeout", "Truncated", "TooLarge", "Malformed", "Opaque", "Unknown"] as const
      const reasons = { Timeout: "Timeout", TooLarge: "Malformed", Malformed: "Malformed" } as Record<string, string>
      for (const problem of unsent) {
        const service = remote(() => Effect.fail(new Unsent({ problem, detail: "why" })))
        assert.strictEqual(told(yield* service.submit()), "Rejected Unreachable")
        assert.strictEqual(told(yield* service.look()), "Unseen Unreachable")
        assert.strictEqual(told(yield* service.cancel()), "Unseen Unreachable")
      }
      for (const problem of unanswered) {
        const service = remote(() => Effect.fail(new Unanswered({ problem, detail: "why" })))
        const reason = reasons[problem] ?? "Unreachable"
        assert.strictEqual(told(yield* service.submit()), `Uncertain ${reason}`)
        assert.strictEqual(told(yield* service.look()), `Unseen ${reason}`)
        assert.strictEqual(told(yield* service.cancel()), `Unseen ${reason}`)
      }
      const invalid = remote(() => Effect.fail(new Unsent({ problem: "InvalidRequest", detail: "a space" })))
      assert.strictEqual(told(yield* invalid.submit()), "Rejected Invalid")
      assert.strictEqual(told(yield* invalid.look()), "Unseen Invalid")
    }),
  )

  it.effect("every request is sent once, whatever comes of it", () =>
    Effect.gen(function* () {
      for (const status of [200, 302, 401, 429, 500, 503]) {
        const service = remote(() => answer(status, "nonsense", { location: "https://evil.test/" }))
        yield* service.submit()
        yield* service.look()
        assert.lengthOf(service.sent, 2)
      }
    }),
  )
})

describe("an answer", () => {
  const cases: ReadonlyArray<readonly [string, Service.Answered, string, string]> = [
    ["that is as documented", ok, "Accepted", "Observed"],
    ["201", answer(201, { id: "1", status: "x" }), "Accepted", "Observed"],
    ["with nothing in it", answer(200, ""), "Uncertain Malformed", "Unseen Malformed"],
    ["204", answer(204, ""), "Uncertain Malformed", "Unseen Malformed"],
    ["of a proxy", answer(200, "<html>", { "content-type": "text/html" }), "Uncertain Malformed", "Unseen Malformed"],
    ["cut short", answer(200, `{"id":`), "Uncertain Malformed", "Unseen Malformed"],
    ["of another shape", answer(200, { name: 1 }), "Uncertain Malformed", "Unseen Malformed"],
    [
      "redirecting",
      answer(307, "", { location: "https://evil.test" }),
      "Uncertain Unrecognised",
      "Unseen Unrecognised",
    ],
    ["that is no final one", answer(100, ""), "Uncertain Unrecognised", "Unseen Unrecognised"],
    ["refusing", answer(422), "Rejected Invalid", "Unseen Unrecognised"],
    ["of a service that is busy", answer(503), "Uncertain Unavailable", "Unseen Unavailable"],
    ["of a service that broke", answer(500, "oops"), "Uncertain Internal", "Unseen Internal"],
    ["that there is no such thing", answer(404), "Rejected NotFound", "Lost Gone"],
  ]
  for (const [name, given, submitted, looked] of cases) {
    it.effect(`${name} is ${submitted} at submit, ${looked} at look`, () =>
      Effect.gen(function* () {
        const service = remote(() => given)
        assert.strictEqual(told(yield* service.submit()), submitted)
        assert.strictEqual(told(yield* service.look()), looked)
      }),
    )
  }

  it.effect("keeps the name of the exchange, and never a header beside it", () =>
    Effect.gen(function* () {
      const headers = { "x-request-id": "req_1", "set-cookie": "session=abc" }
      for (const given of [
        answer(500, { detail: "no" }, headers),
        answer(200, "x", headers),
        answer(200, {}, headers),
      ]) {
        const service = remote(() => given)
        for (const seen of [yield* service.submit(), yield* service.look()]) {
          assert.strictEqual("evidence" in seen ? seen.evidence.requestId : undefined, "req_1")
          assert.notInclude(JSON.stringify(seen), "session")
        }
      }
    }),
  )

  it.effect("that asks for a pause is waited for, dates counting from the service's own clock", () =>
    Effect.gen(function* () {
      const service = remote(() =>
        answer(
          503,
          {},
          {
            "retry-after": "Sun, 22 Nov 2026 04:01:30 GMT",
            date: "Sun, 22 Nov 2026 04:00:00 GMT",
          },
        ),
      )
      for (const seen of [yield* service.submit(), yield* service.look()]) {
        const reason = "reason" in seen ? seen.reason : undefined
        assert.deepStrictEqual(reason, { _tag: "Unavailable", retryAfter: Duration.millis(90_000) })
      }
    }),
  )
})

describe("a request", () => {
  const urlOf = (baseUrl: string | undefined, hold?: Duration.Duration) =>
    Effect.gen(function* () {
      const service = remote(() => ok, baseUrl === undefined ? {} : { baseUrl })
      yield* service.look(handle, hold)
      return service.sent.map(({ request: { url } }) => Exchange.reveal(url))
    })

  it.effect("goes below the base, however that ends", () =>
    Effect.gen(function* () {
      const query = "?id=song+1%2F%C3%BC%26id%3D2"
      assert.deepStrictEqual(yield* urlOf(undefined), [`${base}/songs${query}`])
      assert.deepStrictEqual(yield* urlOf("http://127.0.0.1:8080"), [`http://127.0.0.1:8080/songs${query}`])
      assert.deepStrictEqual(yield* urlOf("https://proxy.test/a/b///"), [`https://proxy.test/a/b/songs${query}`])
    }),
  )

  it.effect("carries its query encoded, and no question mark without one", () =>
    Effect.gen(function* () {
      const [held] = yield* urlOf(undefined, Duration.seconds(20))
      const read = new URL(held ?? "").searchParams
      assert.deepStrictEqual(
        [...read],
        [
          ["id", handle.id],
          ["wait", "true"],
        ],
      )
      const service = remote(() => ok)
      yield* service.submit({ ...request, operation: "stop" })
      assert.strictEqual(service.sent[0]?.request.url, `${base}/`)
    }),
  )

  it.effect("has the time it is given, and 8 MiB for its answer", () =>
    Effect.gen(function* () {
      const service = remote(({ limits }) =>
        limits.maxBytes < 9_000_000n
          ? Effect.fail(new Unanswered({ problem: "TooLarge", detail: "larger than 8388608 bytes" }))
          : ok,
      )
      assert.strictEqual(told(yield* service.submit()), "Uncertain Malformed")
      assert.strictEqual(told(yield* service.look()), "Unseen Malformed")
      for (const { limits } of service.sent) {
        const { idempotent: _, ...bounds } = limits
        assert.deepStrictEqual(bounds, { timeout: Service.within, maxBytes: 8n * 1024n * 1024n })
      }
    }),
  )

  it.effect("says what it accepts, and what it carries only when it carries something", () =>
    Effect.gen(function* () {
      const service = remote(() => ok)
      yield* service.submit()
      yield* service.look()
      const [submit, look] = service.sent.map(({ request: { headers } }) => Object.keys(headers).toSorted().join())
      assert.strictEqual(submit, "accept,authorization,content-type")
      assert.strictEqual(look, "accept,authorization")
      assert.isUndefined(service.sent[1]?.request.body)
    }),
  )
})

describe("a base that is none", () => {
  for (const baseUrl of [
    "",
    "api.service.test/v1",
    "api.service.test:8080/v1",
    "/v1",
    "//api.service.test",
    "ftp://api.service.test",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://",
    "https://api service.test",
    "https://api.service.test/v1?tenant=1",
    "https://api.service.test/#",
  ]) {
    it.effect(`${JSON.stringify(baseUrl)} is refused before a byte leaves, and nothing crashes`, () =>
      Effect.gen(function* () {
        const service = remote(() => ok, { baseUrl })
        const submitted = yield* service.submit()
        assert.strictEqual(told(submitted), "Rejected Invalid")
        assert.match(JSON.stringify(submitted), /baseUrl/)
        assert.strictEqual(told(yield* service.look()), "Unseen Invalid")
        assert.strictEqual(told(yield* service.cancel()), "Unseen Invalid")
        assert.strictEqual(yield* service.origin, "nowhere")
        assert.lengthOf(service.sent, 0)
      }),
    )
  }
})

describe("an operation that the table does not hold", () => {
  for (const operation of ["dance", "constructor", "__proto__", "toString", ""]) {
    it.effect(`${JSON.stringify(operation)} is refused, and nothing is sent`, () =>
      Effect.gen(function* () {
        const service = remote(() => ok)
        assert.strictEqual(told(yield* service.submit({ ...request, operation })), "Rejected NotFound")
        assert.strictEqual(told(yield* service.look({ ...handle, operation })), "Unseen NotFound")
        assert.strictEqual(told(yield* service.cancel({ ...handle, operation })), "Unseen NotFound")
        assert.lengthOf(service.sent, 0)
      }),
    )
  }

  it.effect("cannot be cancelled where its endpoint says no way to", () =>
    Effect.gen(function* () {
      const service = remote(() => ok)
      assert.strictEqual(told(yield* service.cancel(handle)), "Unseen NotImplemented")
      assert.strictEqual(told(yield* service.cancel()), "Observed")
      const gone = remote(() => answer(404))
      assert.strictEqual(told(yield* gone.cancel()), "Lost Gone")
    }),
  )
})

it.effect("the key may be given redacted", () =>
  Effect.gen(function* () {
    const service = remote(() => ok, { apiKey: Redacted.make("other") })
    yield* service.look()
    assert.strictEqual(Exchange.reveal(service.sent[0]?.request.headers["authorization"] ?? ""), "Bearer other")
  }),
)

describe("a wish to be left alone", () => {
  it.effect("is heard in an answer that says yes, and in one that nobody can read", () =>
    Effect.gen(function* () {
      const hint = { "retry-after": "60" }
      const busy = remote(() => answer(200, { status: "processing" }, hint))
      assert.deepStrictEqual(yield* busy.look(), {
        _tag: "Observed",
        observation: { _tag: "Pending", word: "processing" },
        retryAfter: Duration.seconds(60),
      })
      const taken = yield* remote(() => answer(200, { id: "work-1" }, hint)).submit()
      assert.deepStrictEqual(taken._tag === "Accepted" && taken.retryAfter, Duration.seconds(60))
      const page = yield* remote(() => answer(200, "<html>", { ...hint, "content-type": "text/html" })).look()
      assert.deepStrictEqual(page._tag === "Unseen" && page.reason, {
        _tag: "Unavailable",
        retryAfter: Duration.seconds(60),
      })
    }),
  )
})

it.effect("a link that the service repeats is shown without what signs it", () =>
  Effect.gen(function* () {
    const detail = "could not fetch https://files.test/a.wav?X-Signature=hush&n=1 (403)"
    const refused = yield* remote(() => answer(422, { detail })).submit()
    assert.notInclude(JSON.stringify(refused), "hush")
    assert.include(JSON.stringify(refused), "https://files.test/a.wav?… (403)")
  }),
)
