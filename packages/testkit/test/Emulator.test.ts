import { Deferred, Duration, Effect, Exit, Fiber, Stream } from "effect"
import { describe, expect, it } from "vitest"
import { Transport } from "@tenuto/http/Transport"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import * as Emulator from "@tenuto/testkit/Emulator"
import { carriers } from "./carriers.ts"

const limits = { timeout: Duration.seconds(30), maxBytes: 100_000_000n }
const send = (method: string, url: string, rest: { headers?: Record<string, string>; body?: Uint8Array } = {}) =>
  Transport.use((transport) => transport.send({ method, url, headers: {}, ...rest }, limits))
const value = <A>(exit: Exit.Exit<A, unknown>): A | undefined => (Exit.isSuccess(exit) ? exit.value : undefined)
const flac = new Uint8Array(5_000_000).map((_, i) => i % 251)

describe.each(["memory", "loopback"] as const)("carried by %s", (carrier) => {
  const tell = carriers[carrier]

  it("a service sees the same request: method, path, own headers, body, and no mark of the kit", async () => {
    const seen: Array<Emulator.Request> = []
    await tell(
      (request) => Effect.sync(() => (seen.push(request), Emulator.answer(204))),
      (base) => send("PUT", `${base}/a%20b?c=d`, { headers: { "X-Own": "1" }, body: new Uint8Array([1, 2, 3]) }),
    )
    expect(seen).toHaveLength(1)
    const [request] = seen
    expect(request?.method).toBe("PUT")
    expect(new URL(request?.url ?? "").pathname + new URL(request?.url ?? "").search).toBe("/a%20b?c=d")
    expect(request?.headers).toEqual({ "x-own": "1" })
    expect(Array.from(request?.body ?? [])).toEqual([1, 2, 3])
  })

  it("an answer arrives as it was given, with its length and nothing of the carrier's own", async () => {
    const { exit } = await tell(
      () => Effect.succeed(Emulator.answer(418, "short and stout", { "x-tea": "pot", location: "/elsewhere" })),
      (base) => send("GET", `${base}/`),
    )
    expect(value(exit)?.status).toBe(418)
    expect(value(exit)?.headers).toEqual({ "x-tea": "pot", location: "/elsewhere", "content-length": "15" })
    expect(new TextDecoder().decode(value(exit)?.body)).toBe("short and stout")
  })

  it("HEAD, 204 and 304 have no body; HEAD and Range keep their headers", async () => {
    const { exit } = await tell(
      ({ headers, url }) =>
        Effect.sync(() =>
          Emulator.answer(
            Number(new URL(url).pathname.slice(1)),
            "0123456789".slice(0, headers["range"] ? 4 : 10),
            headers["range"] === undefined ? {} : { "content-range": "bytes 0-3/10" },
          ),
        ),
      (base) =>
        Effect.all([
          send("HEAD", `${base}/200`),
          send("GET", `${base}/204`),
          send("GET", `${base}/304`),
          send("GET", `${base}/206`, { headers: { range: "bytes=0-3" } }),
        ]),
    )
    const sizes = value(exit)?.map(({ body, headers }) => [
      body.byteLength,
      headers["content-length"],
      headers["content-range"],
    ])
    expect(sizes).toEqual([
      [0, "10", undefined],
      [0, undefined, undefined],
      [0, undefined, undefined],
      [4, "4", "bytes 0-3/10"],
    ])
  })

  it("megabytes of bytes arrive unchanged, whole and as a stream", async () => {
    const { exit } = await tell(
      () => Effect.succeed(Emulator.answer(200, flac, { "content-type": "audio/flac" })),
      (base) =>
        Effect.gen(function* () {
          const whole = (yield* send("GET", `${base}/`)).body
          const transport = yield* Transport
          const opened = yield* transport.open({ method: "GET", url: base, headers: {} }, limits)
          // A reader that takes its time does not stop time.
          const parts = yield* opened.body.pipe(
            Stream.tap(() => Effect.sleep("1 second")),
            Stream.runCollect,
          )
          return [Buffer.compare(whole, flac), Buffer.compare(Buffer.concat(parts), flac)]
        }),
    )
    expect(exit).toEqual(Exit.succeed([0, 0]))
  })

  it("an answer larger than the limit is refused", async () => {
    const { exit } = await tell(
      () => Effect.succeed(Emulator.answer(200, flac)),
      (base) =>
        Transport.use((transport) =>
          transport.send({ method: "GET", url: base, headers: {} }, { ...limits, maxBytes: 4_999_999n }),
        ).pipe(Effect.flip),
    )
    expect(value(exit)).toMatchObject({ _tag: "Unanswered", problem: "TooLarge" })
  })
})

/** Run with real time and real sockets. */
const live = <A, E>(effect: Effect.Effect<A, E, Transport | import("effect").Scope.Scope>) =>
  Effect.runPromise(Effect.scoped(effect).pipe(Effect.provide(NodeTransport.layer)))

describe("under the live clock", () => {
  it("it simply runs, and a client that leaves interrupts its service", async () => {
    await live(
      Effect.gen(function* () {
        const arrived = yield* Deferred.make<void>()
        const left = yield* Deferred.make<void>()
        const { url } = yield* Emulator.serve(({ url: text }) =>
          text.endsWith("/hold")
            ? Effect.andThen(Deferred.succeed(arrived, undefined), Effect.never).pipe(
                Effect.onInterrupt(() => Deferred.succeed(left, undefined)),
              )
            : Effect.succeed(Emulator.json(200, {})),
        )
        expect((yield* send("GET", `${url}/`)).status).toBe(200)
        const fiber = yield* Effect.forkChild(send("GET", `${url}/hold`))
        yield* Deferred.await(arrived)
        yield* Fiber.interrupt(fiber)
        yield* Deferred.await(left)
      }),
    )
  })

  it("a body beyond the cap is answered 413 and never reaches the service", async () => {
    let count = 0
    const status = await live(
      Effect.gen(function* () {
        const { url } = yield* Emulator.serve(() => Effect.sync(() => (count++, Emulator.answer(200))), {
          maxBytes: 10n,
        })
        return (yield* send("PUT", url, { body: new Uint8Array(11) })).status
      }),
    )
    expect([status, count]).toEqual([413, 0])
  })

  it("a port that is taken is said to be taken", async () => {
    const error = await live(
      Effect.gen(function* () {
        const { port } = yield* Emulator.serve(() => Effect.never)
        return yield* Effect.flip(Emulator.serve(() => Effect.never, { port }))
      }),
    )
    expect(error.message).toMatch(/^the emulator does not listen: 127\.0\.0\.1:\d+ EADDRINUSE$/)
  })
})
