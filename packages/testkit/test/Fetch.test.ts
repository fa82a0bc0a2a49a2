/** Clients that are not ours, over the kit: what they see is what they would see of a real port. */
import { Readable } from "node:stream"
import type { ReadableStream as WebStream } from "node:stream/web"
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib"
import { describe, expect, it } from "vitest"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Undici from "undici"
import type { Transport } from "@tenuto/http/Transport"
import * as Dispatcher from "@tenuto/testkit/Dispatcher"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Fetch from "@tenuto/testkit/Fetch"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"

type Fetching = typeof globalThis.fetch

const { Behaviour } = Emulator
const real = globalThis.fetch
// Undici tells more to an origin that it trusts, such as this one.
const origin = "http://127.0.0.1:4010"
const encode = (text: string) => new TextEncoder().encode(text)

const undici: Fetching = (input, init) =>
  Undici.fetch(input as string, init as Undici.RequestInit) as unknown as ReturnType<Fetching>
const dispatched = (fetch: Fetching): Effect.Effect<Fetching, never, Transport> =>
  Effect.map(
    Dispatcher.make,
    (dispatcher): Fetching =>
      (input, init) =>
        fetch(input, { ...init, dispatcher } as RequestInit),
  )

/** The ways in, and what each has to be like. */
const ways = {
  "our fetch": { way: Fetch.make, real },
  "Node's fetch over our dispatcher": { way: dispatched(real), real },
  "undici's fetch over our dispatcher": { way: dispatched(undici), real: undici },
} satisfies Record<string, { readonly way: Effect.Effect<Fetching, never, Transport>; readonly real: Fetching }>

/** What a client does; `elapsed` tells the seconds since it began. */
type Use<A> = (fetch: Fetching, base: string, elapsed: () => number) => Promise<A>

const virtual = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(Effect.flatten(VirtualClock.run(effect)))
const using = <A>(way: Effect.Effect<Fetching, never, Transport>, use: Use<A>, base: string) =>
  Effect.gen(function* () {
    const fetch = yield* way
    const clock = yield* Clock.Clock
    const began = clock.currentTimeMillisUnsafe()
    return yield* Effect.promise(() => use(fetch, base, () => (clock.currentTimeMillisUnsafe() - began) / 1000))
  })

/** Use a `fetch` in memory, under the virtual clock. */
const inMemory = <A>(way: Effect.Effect<Fetching, never, Transport>, handler: Emulator.Handler, use: Use<A>) =>
  virtual(Effect.provide(using(way, use, origin), Emulator.layerMemory(handler)))
/** The same over a port. */
const overPort = <A>(way: Effect.Effect<Fetching, never, Transport>, handler: Emulator.Handler, use: Use<A>) =>
  virtual(
    Effect.flatMap(Emulator.serve(handler), ({ url }) => using(way, use, url)).pipe(
      Effect.provide(VirtualClock.transport(NodeTransport.layer)),
      Effect.scoped,
    ),
  )
/** A real `fetch` against a real port, in real time. */
const really = <A>(fetch: Fetching, handler: Emulator.Handler, use: Use<A>) =>
  Effect.runPromise(
    Effect.scoped(Effect.flatMap(Emulator.serve(handler), ({ url }) => Effect.promise(() => use(fetch, url, () => 0)))),
  )

/** A code says more than we have to know: a connection that went away is told in several ways. */
const classOf = (code: unknown): unknown =>
  code === "ECONNRESET" || code === "UND_ERR_SOCKET" || code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH"
    ? "the connection went away"
    : code
const codeOf = (error: unknown): unknown => {
  const { cause, name } = error as { readonly cause?: { readonly code?: unknown }; readonly name?: string }
  return [name, classOf(cause?.code)]
}

/** All that can be seen of an answer. */
const seen = async (answer: Response, base: string) => ({
  status: answer.status,
  ok: answer.ok,
  phrase: answer.statusText,
  url: answer.url.replace(base, ""),
  redirected: answer.redirected,
  type: answer.type,
  headers: Array.from(answer.headers)
    .filter(([name]) => name !== "connection" && name !== "keep-alive" && name !== "date")
    .map(([name, value]) => `${name}: ${value.replace(base, "")}`),
  cookies: answer.headers.getSetCookie(),
  hasBody: answer.body !== null,
  text: await answer.text().catch(codeOf),
})

/** Tells what arrived. */
const echo: Emulator.Handler = ({ body, headers, method, url }) => {
  const { authorization = "", "content-type": type = "", cookie = "" } = headers
  const { pathname, search } = new URL(url)
  const shown = type.replace(/boundary=.*/, "boundary")
  const text = new TextDecoder().decode(body).replaceAll(/-{2,}(?:form|undici|----)[^\r\n]*/gi, "--boundary")
  const { accept, "accept-language": language, "sec-fetch-mode": mode } = headers
  return Effect.succeed(
    Emulator.json(200, {
      method,
      path: pathname + search,
      authorization,
      cookie,
      type: shown,
      text,
      accept,
      language,
      mode,
    } as never),
  )
}
const routes =
  (table: Readonly<Record<string, Emulator.Handler>>): Emulator.Handler =>
  (request) =>
    (table[new URL(request.url).pathname] ?? echo)(request)
const to =
  (status: number, location: string): Emulator.Handler =>
  () =>
    Effect.succeed(Emulator.answer(status, "moved", { location }))

const parts = async function* () {
  yield encode("stre")
  yield encode("am")
}

const cases: Readonly<
  Record<string, readonly [Emulator.Handler, (fetch: Fetching, base: string) => Promise<unknown>]>
> = {
  "an answer in JSON": [echo, async (fetch, base) => seen(await fetch(`${base}/a?b=1#hash`), base)],
  "a URL object and headers": [
    echo,
    async (fetch, base) =>
      (
        await fetch(new URL(base), {
          headers: [
            ["Authorization", "Bearer x"],
            ["cookie", "a=1"],
          ],
        })
      ).json(),
  ],
  "text as a body": [echo, async (fetch, base) => (await fetch(base, { method: "POST", body: "söng" })).json()],
  "bytes as a body": [
    echo,
    async (fetch, base) => (await fetch(base, { method: "PUT", body: encode("bytes") })).json(),
  ],
  "parameters as a body": [
    echo,
    async (fetch, base) => (await fetch(base, { method: "POST", body: new URLSearchParams({ a: "1 2" }) })).json(),
  ],
  "a form as a body": [
    echo,
    async (fetch, base) => {
      const body = new FormData()
      body.set("a", "1")
      body.set("file", new Blob(["content"], { type: "text/plain" }), "a.txt")
      return (await fetch(base, { method: "POST", body })).json()
    },
  ],
  "a blob as a body": [
    echo,
    async (fetch, base) => (await fetch(base, { method: "POST", body: new Blob(["blob"], { type: "text/x" }) })).json(),
  ],
  "a stream as a body": [
    echo,
    async (fetch, base) =>
      (
        await fetch(base, {
          method: "POST",
          body: new Blob(["stre", "am"]).stream(),
          duplex: "half",
        } as RequestInit)
      ).json(),
  ],
  "an iterable as a body": [
    echo,
    async (fetch, base) => (await fetch(base, { method: "POST", body: parts(), duplex: "half" } as never)).json(),
  ],
  "a redirect of an iterable, which cannot be read again": [
    routes({ "/from": to(307, "/to") }),
    (fetch, base) => fetch(`${base}/from`, { method: "POST", body: parts(), duplex: "half" } as never).catch(codeOf),
  ],
  "a method in small letters, which no server reads": [
    echo,
    (fetch, base) => fetch(base, { method: "patch" }).catch(codeOf),
  ],
  "what codings are asked for": [
    ({ headers }) => Effect.succeed(Emulator.answer(200, headers["accept-encoding"] ?? "")),
    async (fetch, base) => [await (await fetch(base)).text()],
  ],
  "an answer without a body": [
    () => Effect.succeed(Emulator.answer(204)),
    async (fetch, base) => seen(await fetch(base, { method: "DELETE" }), base),
  ],
  "only the head": [
    () => Effect.succeed(Emulator.answer(200, "all of it")),
    async (fetch, base) => (await fetch(base, { method: "HEAD" })).text(),
  ],
  "an error status": [
    () => Effect.succeed(Emulator.json(503, { detail: "busy" })),
    async (fetch, base) => seen(await fetch(base), base),
  ],
  "a copy": [
    echo,
    async (fetch, base) => {
      const answer = await fetch(`${base}/copy`)
      const copy = answer.clone()
      return [copy.url.replace(base, ""), copy.redirected, await copy.text(), await answer.text()]
    },
  ],
  "large bodies": [
    ({ body }) => Effect.succeed(Emulator.answer(200, body)),
    async (fetch, base) => {
      const body = new Uint8Array(300_000).map((_, at) => at % 251)
      const bytes = new Uint8Array(await (await fetch(base, { method: "POST", body })).arrayBuffer())
      return [bytes.byteLength, bytes.every((byte, at) => byte === at % 251)]
    },
  ],
  "a redirect that is followed": [
    routes({ "/from": to(302, "/to?x=1") }),
    async (fetch, base) =>
      seen(
        await fetch(`${base}/from`, {
          method: "POST",
          body: "gone",
          headers: { authorization: "kept", "content-type": "text/x" },
        }),
        base,
      ),
  ],
  "a redirect that keeps the method and the body": [
    routes({ "/from": to(308, "/to") }),
    async (fetch, base) => (await fetch(`${base}/from`, { method: "POST", body: "kept" })).json(),
  ],
  "a redirect to see another": [
    routes({ "/from": to(303, "/to") }),
    async (fetch, base) => (await fetch(`${base}/from`, { method: "PUT", body: "gone" })).json(),
  ],
  "a redirect that is left alone": [
    to(301, "/to"),
    async (fetch, base) => seen(await fetch(base, { redirect: "manual" }), base),
  ],
  "a redirect that is an error": [to(301, "/to"), (fetch, base) => fetch(base, { redirect: "error" }).catch(codeOf)],
  "a redirect without an end": [to(307, "/again"), (fetch, base) => fetch(`${base}/again`).catch(codeOf)],
  "a redirect to another kind of URL": [to(302, "ftp://a/b"), (fetch, base) => fetch(base).catch(codeOf)],
  "no address at all": [echo, (fetch) => fetch("/nowhere").catch((error: Error) => error.name)],
  "a body with GET": [
    echo,
    (fetch, base) => {
      const init: RequestInit = Object.assign({}, { body: "no" })
      return fetch(base, init).catch((error: Error) => error.name)
    },
  ],
  "a reset": [() => Effect.succeed(Behaviour.Reset()), (fetch, base) => fetch(base).catch(codeOf)],
  "no HTTP": [
    () => Effect.succeed(Behaviour.Garbled({ bytes: encode("nonsense\r\n\r\n") })),
    (fetch, base) => fetch(base).catch((error: Error) => error.name),
  ],
  "a body cut short": [
    () =>
      Effect.succeed(
        Behaviour.Truncated({ response: Emulator.answer(200, "0123456789").response, bytes: 4, isReset: false }),
      ),
    async (fetch, base) => (await fetch(base)).text().catch(codeOf),
  ],
  "bytes that are not HTTP": [
    () => Effect.succeed(Behaviour.Garbled({ bytes: encode("\u0000this is not HTTP\r\n\r\n") })),
    (fetch, base) =>
      fetch(base).catch(({ cause }: Error) => [
        cause instanceof Error && cause.name,
        cause instanceof Error && cause.message,
        Reflect.get(Object(cause), "code"),
      ]),
  ],
  "a redirect to no address": [
    routes({ "/from": to(302, "//") }),
    (fetch, base) => fetch(`${base}/from`).catch(codeOf),
  ],
  "the headers of an answer, which are its own": [
    echo,
    async (fetch, base) => {
      const { headers } = (await fetch(base)).clone()
      try {
        headers.set("x-own", "1")
        return "changed"
      } catch (error) {
        return String(error)
      }
    },
  ],
  "a link that holds its own content": [echo, async (fetch) => [await (await fetch("data:text/plain,la")).text()]],
  "an abort before it begins": [
    echo,
    (fetch, base) =>
      fetch(base, { signal: AbortSignal.abort(new Error("ours")) }).catch((error: Error) => error.message),
  ],
  "a reader that goes": [
    () => Effect.succeed(Emulator.answer(200, "0123456789")),
    async (fetch, base) => {
      const { body } = await fetch(base)
      await body?.cancel()
      return body?.locked
    },
  ],
}

describe.each(Object.entries(ways))("%s", (_, { real, way }) => {
  it.each(Object.entries(cases))("sees what a real fetch sees: %s", async (_, [handler, use]) => {
    const expected = await really(real, handler, use)
    expect(expected).toBeDefined()
    expect(await inMemory(way, handler, use)).toEqual(expected)
    expect(await overPort(way, handler, use)).toEqual(expected)
  })

  it("gives no credential to another origin", async () => {
    const handler = routes({ "/from": to(302, "http://elsewhere.test/to") })
    const use = async (fetch: Fetching, base: string) =>
      (await fetch(`${base}/from`, { headers: { authorization: "secret", cookie: "a=1" } })).json()
    expect(await inMemory(way, handler, use)).toMatchObject({ path: "/to", authorization: "", cookie: "" })
  })

  it.each([
    ["refused", Behaviour.Refused(), "ECONNREFUSED"],
    ["without a name", Behaviour.Unnamed(), "ENOTFOUND"],
    ["reset", Behaviour.Reset(), "ECONNRESET"],
  ])("has Node's code for a request that is %s", async (_, behaviour, code) => {
    const handler: Emulator.Handler = () => Effect.succeed(behaviour)
    const error = await inMemory(way, handler, (fetch, base) => fetch(base).catch((error: unknown) => error))
    expect(error).toMatchObject({ name: "TypeError", message: "fetch failed", cause: { code } })
  })

  it.each([
    ["in memory", inMemory],
    ["over a port", overPort],
  ])("waits on the virtual clock, poll by poll, %s", async (_, carry) => {
    const handler: Emulator.Handler = () => Effect.delay(Effect.succeed(Emulator.json(200, {})), "20 seconds")
    const polls = carry(way, handler, async (fetch, base, elapsed) => {
      const seen: Array<number> = []
      for (let poll = 0; poll < 30; poll++) {
        await (await fetch(base)).json()
        seen.push(elapsed())
      }
      return seen
    })
    expect(await polls).toEqual(Array.from({ length: 30 }, (_, poll) => (poll + 1) * 20))
  })

  it("streams a slow body as it comes, at its instants", async () => {
    const piece = { bytes: 4, every: Duration.seconds(1) }
    const response = Emulator.answer(200, "la la la la la ").response
    const slow: Emulator.Handler = () =>
      Effect.succeed(Behaviour.Slowed({ response, head: Duration.seconds(2), piece }))
    const instants = inMemory(way, slow, async (fetch, base, elapsed) => {
      const { body } = await fetch(base)
      const seen = [elapsed()]
      for await (const _ of body as unknown as AsyncIterable<Uint8Array>) seen.push(elapsed())
      return seen
    })
    expect(await instants).toEqual([2, 3, 4, 5, 6])
  })

  it.each(["head", "body"] as const)(
    "an abort before the %s rejects at once with its reason, and the service sees the client leave",
    async (place) => {
      const left: Array<string> = []
      const response = Emulator.answer(200, "0123456789").response
      const piece = { bytes: 1, every: Duration.hours(1) }
      const handler: Emulator.Handler = () =>
        place === "head"
          ? Effect.onInterrupt(Effect.never, () => Effect.sync(() => void left.push(place)))
          : Effect.succeed(Behaviour.Slowed({ response, head: Duration.zero, piece }))
      const reason = new Error("enough")
      const story = Effect.gen(function* () {
        const fetch = yield* way
        const aborting = new AbortController()
        yield* Effect.forkChild(
          Effect.delay(
            Effect.sync(() => aborting.abort(reason)),
            "5 seconds",
          ),
        )
        const rejected = Effect.promise(async () => {
          const { signal } = aborting
          return fetch(origin, { signal })
            .then((answer) => answer.text())
            .catch((error: unknown) => error)
        })
        const [took, error] = yield* Effect.timed(rejected)
        yield* Effect.sleep("1 second")
        return { took: Duration.toSeconds(took), error }
      })
      const told = await virtual(Effect.provide(story, Emulator.layerMemory(handler)))
      expect(told).toEqual({ took: 5, error: reason })
      expect(left).toEqual(place === "head" ? ["head"] : [])
    },
  )

  it("hangs for five minutes and then says so, as Node's does", async () => {
    const hung: Emulator.Handler = () => Effect.never
    const told = inMemory(way, hung, async (fetch, base, elapsed) => [await fetch(base).catch(codeOf), elapsed()])
    expect(await told).toEqual([["TypeError", "UND_ERR_HEADERS_TIMEOUT"], 300])
  })
})

/** Three parts, ten seconds before each and before its end. */
const slowly = (context: Context.Context<never>): ReadableStream<Uint8Array> => {
  let left = 3
  return new ReadableStream({
    pull: async (controller) => {
      await Effect.runPromiseWith(context)(Effect.sleep("10 seconds"))
      if (left-- === 0) controller.close()
      else controller.enqueue(encode("la"))
    },
  })
}

const plain = "la la la la la"
/** Each as some service sends it. */
const packed: Readonly<Record<string, { readonly bytes: Uint8Array; readonly coding: string }>> = {
  gzip: { bytes: gzipSync(plain), coding: "GZIP" },
  "gzip by its old name": { bytes: gzipSync(plain), coding: "x-gzip" },
  deflate: { bytes: deflateSync(plain), coding: "deflate" },
  "deflate without its head": { bytes: deflateRawSync(plain), coding: "deflate" },
  Brotli: { bytes: brotliCompressSync(plain), coding: "br" },
  Zstandard: { bytes: zstdCompressSync(plain), coding: "zstd" },
  twice: { bytes: brotliCompressSync(gzipSync(plain)), coding: "gzip, br" },
  "in a way nobody knows": { bytes: gzipSync(plain), coding: "gzip, own" },
  "nothing at all": { bytes: new Uint8Array(0), coding: "gzip" },
  "what is not packed": { bytes: encode(plain), coding: "gzip" },
  "with something behind it": { bytes: Buffer.concat([gzipSync(plain), encode(plain.repeat(3))]), coding: "gzip" },
  "broken off": { bytes: Buffer.concat([gzipSync(plain).subarray(0, 12), encode(plain)]), coding: "gzip" },
  "cut short": { bytes: gzipSync(plain).subarray(0, -9), coding: "gzip" },
}

describe("our fetch", () => {
  it.each(Object.entries(packed))("unpacks as Node's does: %s", async (_, { bytes, coding }) => {
    const { response } = Emulator.answer(200, bytes, { "content-encoding": coding })
    const use: Use<unknown> = async (fetch, base) => seen(await fetch(base), base)
    const whole: Emulator.Handler = () => Effect.succeed(Behaviour.Answered({ response }))
    const piece = { bytes: 7, every: Duration.millis(1) }
    const slow: Emulator.Handler = () => Effect.succeed(Behaviour.Slowed({ response, head: Duration.zero, piece }))
    const expected = await really(real, whole, use)
    for (const handler of [whole, slow]) expect(await inMemory(Fetch.make, handler, use)).toEqual(expected)
  })

  it("takes a Request alone, with its body, as a mock of the network hands it on", async () => {
    const use: Use<unknown> = async (fetch, base) => {
      const request = new Request(`${base}/all`, {
        method: "POST",
        body: "{}",
        headers: { "content-type": "text/json" },
      })
      return (await fetch(request)).json()
    }
    expect(await inMemory(Fetch.make, echo, use)).toMatchObject({
      method: "POST",
      path: "/all",
      text: "{}",
      type: "text/json",
    })
  })

  it.each<[string, (body: ReadableStream<Uint8Array>) => readonly [string | Request, RequestInit?]]>([
    ["a stream", (body) => [origin, { method: "POST", body, duplex: "half" } as RequestInit]],
    ["an iterable", (body) => [origin, { method: "POST", body: body.values(), duplex: "half" } as never]],
    ["a request's stream", (body) => [new Request(origin, { method: "POST", body, duplex: "half" } as RequestInit)]],
  ])("waits for %s that needs time itself", async (_, asked) => {
    const story = Effect.gen(function* () {
      const fetch = yield* Fetch.make
      const body = slowly(yield* Effect.context<never>())
      const sung = Effect.promise(async () => (await (await fetch(...asked(body))).json()) as { readonly text: string })
      const [took, { text }] = yield* Effect.timed(sung)
      return [Duration.toSeconds(took), text]
    })
    expect(await virtual(Effect.provide(story, Emulator.layerMemory(echo)))).toEqual([40, "lalala"])
  })

  it("tells several cookies apart, and reads a status beyond the usual", async () => {
    const handler: Emulator.Handler = () =>
      Effect.succeed(Emulator.answer(799, "", { "set-cookie": "a=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT, b=2" }))
    const use: Use<unknown> = async (fetch, base) => {
      const { headers, ok, status } = await fetch(base)
      return [status, ok, headers.getSetCookie()]
    }
    const cookies = ["a=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT", "b=2"]
    expect(await inMemory(Fetch.make, handler, use)).toEqual([799, false, cookies])
  })

  it("leaves the bytes of the service alone", async () => {
    const bytes = encode("kept")
    const use: Use<string> = async (fetch, base) => (await fetch(base)).text()
    for (let again = 0; again < 2; again++) {
      expect(await inMemory(Fetch.make, () => Effect.succeed(Emulator.answer(200, bytes)), use)).toBe("kept")
    }
  })
})

describe("our dispatcher", () => {
  /** Use it in memory; the effect runs under the virtual clock. */
  const dispatching = <A>(
    handler: Emulator.Handler,
    use: (dispatcher: Dispatcher.Dispatcher, rest: () => Promise<void>) => Promise<A>,
  ) =>
    virtual(
      Effect.gen(function* () {
        const dispatcher = yield* Dispatcher.make
        const run = Effect.runPromiseWith(yield* Effect.context<never>())
        return yield* Effect.promise(() => use(dispatcher, () => run(Effect.sleep("2 seconds"))))
      }).pipe(Effect.provide(Emulator.layerMemory(handler))),
    )
  const asUndici = (dispatcher: Dispatcher.Dispatcher) => dispatcher as unknown as Undici.Dispatcher

  it("carries undici's request: query, headers, bodies of every kind", async () => {
    const bodies = ["text", Buffer.from("text"), new Blob(["text"]).stream(), ["te", "xt"].values()]
    for (const body of bodies) {
      const told = await dispatching(echo, async (dispatcher) => {
        const options = {
          dispatcher: asUndici(dispatcher),
          method: "POST" as const,
          query: { a: [1, 2] },
          headers: ["Cookie", "a=1"],
        }
        const answer = await Undici.request(`${origin}/path`, { ...options, body: body as unknown as Uint8Array })
        return { status: answer.statusCode, type: answer.headers["content-type"], body: await answer.body.json() }
      })
      expect(told).toMatchObject({
        status: 200,
        type: "application/json",
        body: { method: "POST", path: "/path?a=1&a=2", cookie: "a=1", text: "text" },
      })
    }
  })

  it("waits for a body that needs time itself", async () => {
    const story = Effect.gen(function* () {
      const dispatcher = asUndici(yield* Dispatcher.make)
      const body = Readable.fromWeb(slowly(yield* Effect.context<never>()) as WebStream)
      const sung = Effect.promise(async () => {
        const answer = await Undici.request(origin, { dispatcher, method: "POST", body })
        return (await answer.body.json()) as { readonly text: string }
      })
      const [took, { text }] = yield* Effect.timed(sung)
      return [Duration.toSeconds(took), text]
    })
    expect(await virtual(Effect.provide(story, Emulator.layerMemory(echo)))).toEqual([40, "lalala"])
  })

  it("holds back while a reader has enough, and loses nothing", async () => {
    const large = new Uint8Array(1_000_000).map((_, at) => at % 253)
    const piece = { bytes: 50_000, every: Duration.seconds(1) }
    const response = Emulator.answer(200, large).response
    const slow: Emulator.Handler = () => Effect.succeed(Behaviour.Slowed({ response, head: Duration.zero, piece }))
    const bytes = await dispatching(slow, async (dispatcher) => {
      const { body } = await Undici.request(origin, { dispatcher: asUndici(dispatcher), highWaterMark: 1000 })
      return body.bytes()
    })
    expect(Buffer.compare(Buffer.from(bytes), Buffer.from(large))).toBe(0)
  })

  it.each([
    ["refused", Behaviour.Refused(), { code: "ECONNREFUSED" }],
    ["reset", Behaviour.Reset(), { code: "ECONNRESET" }],
    ["hung", Behaviour.Hung(), { code: "UND_ERR_HEADERS_TIMEOUT", name: "HeadersTimeoutError" }],
  ])("gives undici's request the error itself: %s", async (_, behaviour, error) => {
    const handler: Emulator.Handler = () => Effect.succeed(behaviour)
    const told = await dispatching(handler, (dispatcher) =>
      Undici.request(origin, { dispatcher: asUndici(dispatcher) }).catch((error: unknown) => error),
    )
    expect(told).toMatchObject(error)
  })

  it("aborts with undici's request, with its signal, and when it is destroyed", async () => {
    const handler: Emulator.Handler = () => Effect.never
    const reason = new Error("enough")
    const told = await dispatching(handler, async (dispatcher) => {
      const send = (signal: AbortSignal | null) =>
        Undici.request(origin, { dispatcher: asUndici(dispatcher), signal }).catch((error: unknown) => error)
      const before = await send(AbortSignal.abort(reason))
      const aborting = new AbortController()
      const during = send(aborting.signal)
      aborting.abort(reason)
      const destroyed = send(null)
      await dispatcher.destroy()
      return [before, await during, await destroyed]
    })
    expect(told).toMatchObject([reason, reason, { name: "AbortError", code: "UND_ERR_ABORTED" }])
  })

  it("speaks to handlers of undici 6, which hold back by their answers", async () => {
    const piece = { bytes: 2, every: Duration.seconds(1) }
    const response = Emulator.answer(200, "0123456789", { "x-a": "b" }).response
    const handler: Emulator.Handler = () => Effect.succeed(Behaviour.Slowed({ response, head: Duration.zero, piece }))
    const seen = await dispatching(
      handler,
      (dispatcher, rest) =>
        new Promise<ReadonlyArray<string>>((resolve, reject) => {
          const seen: Array<string> = []
          let proceed = () => {}
          dispatcher.dispatch(
            { origin, path: "/", method: "GET" },
            {
              onConnect: () => void seen.push("connect"),
              onHeaders: (status, raw, resume, phrase) => {
                const at = raw.findIndex((name) => String(name) === "x-a")
                seen.push(`${status} ${phrase} ${String(raw[at + 1])}`)
                proceed = resume
              },
              onData: (chunk) => {
                seen.push(String(chunk), "pause")
                void rest().then(() => {
                  seen.push("resume")
                  proceed()
                })
                return false
              },
              onComplete: () => resolve(seen),
              onError: reject,
            },
          )
        }),
    )
    const pieces = ["01", "23", "45", "67", "89"].flatMap((piece) => [piece, "pause", "resume"])
    expect(seen).toEqual(["connect", "200 OK b", ...pieces])
  })

  it("may be the global one", async () => {
    const before = Undici.getGlobalDispatcher()
    try {
      const told = await dispatching(echo, async (dispatcher) => {
        Undici.setGlobalDispatcher(asUndici(dispatcher))
        const answers = await Promise.all([
          Undici.fetch(`${origin}/one`),
          real(`${origin}/two`),
          Undici.request(`${origin}/three`),
        ])
        return answers.map((answer) => ("status" in answer ? answer.status : answer.statusCode))
      })
      expect(told).toEqual([200, 200, 200])
    } finally {
      Undici.setGlobalDispatcher(before)
    }
  })

  it("says that it upgrades nothing", async () => {
    const told = await dispatching(echo, (dispatcher) =>
      Undici.upgrade(origin, { dispatcher: asUndici(dispatcher) }).catch((error: unknown) => error),
    )
    expect(told).toMatchObject({ code: "UND_ERR_NOT_SUPPORTED" })
  })
})
