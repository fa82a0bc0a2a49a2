import { readdirSync, readFileSync } from "node:fs"
import { gzipSync } from "node:zlib"
import { createServer } from "node:https"
import { assert, describe, it, vi } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Transport } from "@tenuto/http/Transport"
import { FetchTransport, fetchTransport } from "@tenuto/transport-fetch"
import * as Conformance from "@tenuto/testkit/Conformance"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"
import * as RawServer from "@tenuto/testkit/RawServer"
import { certificate, key } from "../../transport-node/test/certificate.ts"
import { assertSilent, limits, request, secret } from "../../transport-node/test/requests.ts"

describe("FetchTransport is a transport, over sockets", () => {
  const subject = { layer: FetchTransport.layer }
  const virtual = { layer: VirtualClock.transport(FetchTransport.layer), clock: "Virtual" } as const
  for (const { check, name } of Conformance.transport) it(`${name}, under a virtual clock`, () => check(virtual))
  for (const { check, name } of Conformance.transport) it(name, () => check(subject))
  for (const { check, name } of Conformance.socket) it(name, () => check({ ...subject, owns: false }))
})

const portOf = (address: string | { readonly port: number } | null) =>
  typeof address === "object" && address !== null ? address.port : 0

const url = "http://service.test/a"
const send = (options: FetchTransport.Options, more = {}) =>
  Effect.flatMap(Transport, (transport) => transport.send(request(url), limits(more))).pipe(
    Effect.provide(FetchTransport.layerWith(options)),
  )

const failing =
  (error: unknown): typeof fetch =>
  () =>
    Promise.reject(error)
const system = (code: string, syscall: string) =>
  Object.assign(new Error(`${syscall} ${code} ${secret}`), { code, syscall })
const failed = (cause: unknown) => new TypeError("fetch failed", { cause })
const refused = system("ECONNREFUSED", "connect")

describe("FetchTransport, on what is proof", () => {
  const proofs: ReadonlyArray<readonly [string, unknown, string]> = [
    ["a refused connection", failed(refused), "Unsent Refused"],
    ["several refused connections", failed(new AggregateError([refused, refused])), "Unsent Refused"],
    ["an unknown name", failed(system("ENOTFOUND", "getaddrinfo")), "Unsent NameNotFound"],
    ["a certificate that nobody signed", failed({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" }), "Unsent Tls"],
    ["a certificate of another host", failed({ code: "ERR_TLS_CERT_ALTNAME_INVALID" }), "Unsent Tls"],
    ["a handshake that failed", failed({ code: "ERR_SSL_WRONG_VERSION_NUMBER" }), "Unanswered Unknown"],
    ["a name server that is away", failed(system("EAI_AGAIN", "getaddrinfo")), "Unsent NameNotFound"],
    [
      "one address that refused and one that hung",
      failed(new AggregateError([refused, system("ETIMEDOUT", "connect")])),
      "Unanswered Unknown",
    ],
    ["no attempt at all", failed(new AggregateError([])), "Unanswered Unknown"],
    ["a refusal that came while reading", failed(system("ECONNREFUSED", "read")), "Unanswered Unknown"],
    ["a connection that took too long", failed(system("ETIMEDOUT", "connect")), "Unanswered Timeout"],
    ["fetch's own time-out", failed({ code: "UND_ERR_CONNECT_TIMEOUT" }), "Unanswered Timeout"],
    ["a reset", failed(system("ECONNRESET", "read")), "Unanswered Reset"],
    ["a browser's word", new TypeError(`Failed to fetch ${secret}`), "Unanswered Unknown"],
    ["an error that is no TypeError", Object.assign(new Error("x", { cause: refused })), "Unanswered Unknown"],
    ["no error at all", secret, "Unanswered Unknown"],
    ["nothing", undefined, "Unanswered Unknown"],
  ]
  for (const [name, error, expected] of proofs) {
    it.effect(`takes ${name} for ${expected}`, () =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(send({ fetch: failing(error), sendsOnce: true }))
        const problem = yield* Effect.flip(exit)
        assert.strictEqual(`${problem._tag} ${problem.problem}`, expected)
        assertSilent(exit)
      }),
    )
  }

  it.effect("takes nothing for proof from a fetch that may send twice", () =>
    Effect.gen(function* () {
      const problem = yield* Effect.flip(send({ fetch: failing(failed(refused)) }))
      assert.strictEqual(problem._tag, "Unanswered")
    }),
  )

  const bare = (code: string) => Object.assign(new TypeError(`Unable to connect ${secret}`), { code })
  const worded = (text: string) =>
    failed(new Error(`error sending request for url (${url}): client error (Connect): ${text} (os error 111)`))
  const elsewhere: ReadonlyArray<readonly [platform: string, method: string, error: unknown, expected: string]> = [
    ["Bun", "POST", bare("ECONNREFUSED"), "Unsent Refused"],
    ["Bun", "GET", bare("ECONNREFUSED"), "Unanswered Unknown"],
    ["Deno", "POST", worded("tcp connect error: Connection refused"), "Unsent Refused"],
    ["Deno", "POST", worded("dns error: failed to lookup address information"), "Unsent NameNotFound"],
    ["Deno", "POST", failed(new Error("client error (SendRequest): Connection refused")), "Unanswered Unknown"],
    ["Deno", "GET", worded("tcp connect error: Connection refused"), "Unanswered Unknown"],
    ["Node", "POST", bare("ECONNREFUSED"), "Unanswered Unknown"],
    ["Node", "POST", worded("tcp connect error: Connection refused"), "Unanswered Unknown"],
  ]
  for (const [index, [platform, method, error, expected]] of elsewhere.entries()) {
    it.effect(`takes what ${platform} says of a ${method} for ${expected} (${index + 1})`, () =>
      Effect.gen(function* () {
        vi.stubGlobal(platform, {})
        const transport = yield* Effect.provide(Transport, fetchTransport({ fetch: failing(error), sendsOnce: true }))
        const body = method === "POST" ? { body: new Uint8Array(1) } : {}
        const { headers } = request(url)
        const problem = yield* Effect.flip(transport.send({ method, url, headers, ...body }, limits()))
        assert.strictEqual(`${problem._tag} ${problem.problem}`, expected)
      }).pipe(Effect.ensuring(Effect.sync(() => vi.unstubAllGlobals()))),
    )
  }

  it.effect("nothing arrives where the certificate is not trusted", () =>
    Effect.gen(function* () {
      let requests = 0
      const server = createServer({ key, cert: certificate }, (_, response) => {
        requests += 1
        response.end()
      })
      const port = yield* Effect.promise(
        () => new Promise<number>((done) => server.listen(0, "127.0.0.1", () => done(portOf(server.address())))),
      )
      const transport = yield* Effect.provide(Transport, fetchTransport())
      const body = new Uint8Array(1)
      const sent = { ...request(`https://127.0.0.1:${port}/a`), method: "POST", body }
      const problem = yield* Effect.flip(transport.send(sent, limits()))
      server.close()
      assert.strictEqual(`${problem._tag} ${problem.problem}`, "Unsent Tls")
      assert.strictEqual(requests, 0)
    }),
  )

  it.effect("does not call fetch with a request that is none", () =>
    Effect.gen(function* () {
      let calls = 0
      const fetch: typeof globalThis.fetch = () => {
        calls += 1
        return Promise.resolve(new Response("x"))
      }
      const transport = yield* Effect.provide(Transport, fetchTransport({ fetch }))
      const { headers } = request(url)
      const body = new Uint8Array(1)
      for (const bad of [
        { method: "GET", url, headers, body },
        { method: "trace", url, headers },
        { method: "GET", url, headers: { a: "\n" } },
      ]) {
        const error = yield* Effect.flip(transport.send(bad, limits()))
        assert.strictEqual(error.problem, "InvalidRequest")
      }
      assert.strictEqual(calls, 0)
    }),
  )
})

const answer =
  (response: object): typeof fetch =>
  () =>
    Promise.resolve(response as Response)

describe("FetchTransport, on what fetch hides", () => {
  it.effect("says that a redirect is opaque, and that one was followed behind its back", () =>
    Effect.gen(function* () {
      for (const hidden of [
        { type: "opaqueredirect", status: 0, redirected: false },
        { type: "opaque", status: 0, redirected: false },
        { type: "basic", status: 200, redirected: true },
      ]) {
        const response = { headers: new Headers(), body: null, ...hidden }
        const error = yield* Effect.flip(send({ fetch: answer(response) }))
        assert.deepStrictEqual([error._tag, error.problem], ["Unanswered", "Opaque"])
      }
    }),
  )

  it.effect("asks for no redirect, no credentials and no cache", () =>
    Effect.gen(function* () {
      const seen: Array<RequestInit | undefined> = []
      yield* send({
        fetch: (_, init) => {
          seen.push(init)
          return Promise.resolve(new Response("x"))
        },
      })
      assert.deepInclude(seen[0], { redirect: "manual", credentials: "omit", cache: "no-store" })
    }),
  )

  it.effect("asks for a connection of its own for what must not arrive twice, and gives Deno a blob", () =>
    Effect.gen(function* () {
      const seen: Array<RequestInit | undefined> = []
      const fetch: typeof globalThis.fetch = (_, init) => {
        seen.push(init)
        return Promise.resolve(new Response("x"))
      }
      yield* send({ fetch })
      yield* send({ fetch }, { idempotent: true })
      Reflect.set(globalThis, "Deno", {})
      yield* Effect.ensuring(
        send({ fetch }),
        Effect.sync(() => Reflect.deleteProperty(globalThis, "Deno")),
      )
      assert.deepStrictEqual(
        seen.map((init) => [init?.keepalive, init?.body instanceof Blob]),
        [
          [false, false],
          [undefined, false],
          [false, true],
        ],
      )
    }),
  )

  it.effect("misses no byte of a body that says its length", () =>
    Effect.gen(function* () {
      const cut = new Response("12345", { headers: { "content-length": "10" } })
      const error = yield* Effect.flip(send({ fetch: () => Promise.resolve(cut) }))
      assert.deepStrictEqual([error._tag, error.problem], ["Unanswered", "Truncated"])
    }),
  )

  it.live("leaves out the headers of an encoding that fetch has undone", () =>
    Effect.gen(function* () {
      const zipped = gzipSync("hello".repeat(100))
      const server = yield* RawServer.serve({
        serve: (socket) => {
          socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${zipped.byteLength}\r\n\r\n`)
          socket.write(zipped)
        },
      })
      const transport = yield* Effect.provide(Transport, fetchTransport())
      const { body, headers } = yield* transport.send(request(`${server.origin}/a`), limits())
      assert.strictEqual(body.byteLength, 500)
      assert.notProperty(headers, "content-encoding")
      assert.notProperty(headers, "content-length")
    }),
  )

  it.live("aborts a fetch that never answers, once, when interrupted or late", () =>
    Effect.gen(function* () {
      for (const run of [
        Effect.timeoutOption(Duration.millis(20)),
        (self: ReturnType<typeof send>) => Effect.andThen(self, Effect.void),
      ] as const) {
        const aborted: Array<unknown> = []
        const fetch: typeof globalThis.fetch = (_, init) =>
          new Promise(() => init?.signal?.addEventListener("abort", () => aborted.push(1)))
        yield* Effect.exit(run(send({ fetch }, { timeout: Duration.millis(40) })))
        assert.lengthOf(aborted, 1)
      }
    }),
  )

  it.effect("stops reading a stream that is let go", () =>
    Effect.gen(function* () {
      let signal: AbortSignal | null | undefined
      const fetch: typeof globalThis.fetch = (_, init) => {
        signal = init?.signal
        return Promise.resolve(new Response(new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(10)) })))
      }
      yield* Effect.gen(function* () {
        const transport = yield* Transport
        const { body } = yield* transport.open(request(url), limits())
        assert.lengthOf(yield* Stream.runCollect(Stream.take(body, 3)), 3)
        assert.isFalse(signal?.aborted)
      }).pipe(Effect.scoped, Effect.provide(FetchTransport.layerWith({ fetch })))
      assert.isTrue(signal?.aborted)
    }),
  )
})

it("imports nothing of Node.js", () => {
  const folder = new URL("../src/", import.meta.url)
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))
  assert.isAbove(files.length, 3)
  for (const name of files) assert.notMatch(readFileSync(new URL(name, folder), "utf8"), /from "node:|undici"/)
})
