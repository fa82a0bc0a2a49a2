import { readFileSync } from "node:fs"
import { Worker } from "node:worker_threads"
import { connect, type Socket } from "node:net"
import { createServer as createTlsServer, type Server } from "node:tls"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { Transport } from "@tenuto/http/Transport"
import { NodeTransport, nodeTransport } from "@tenuto/transport-node"
import * as Conformance from "@tenuto/testkit/Conformance"
import * as RawServer from "@tenuto/testkit/RawServer"
import { assertSilent, limits, request, secret } from "./requests.ts"
import { certificate, key } from "./certificate.ts"

describe("NodeTransport is a transport, over sockets", () => {
  const subject = { layer: NodeTransport.layer }
  for (const { check, name } of Conformance.transport) it(name, () => check(subject))
  for (const { check, name } of Conformance.socket) it(name, () => check(subject))
})

const build = (layer: Layer.Layer<Transport>) =>
  Effect.map(Layer.build(layer), (context) => Effect.runSync(Effect.provide(Transport, context)))

/** A port whose queue is full: a connection to it is neither made nor refused. */
const hangingPort = Effect.acquireRelease(
  Effect.promise(async () => {
    const worker = new Worker(
      `const { parentPort } = require("node:worker_threads")
       const server = require("node:net").createServer()
       server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
         parentPort.postMessage(server.address().port)
         // In the same turn, so that none of them is ever accepted.
         Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
       })`,
      { eval: true },
    )
    const port = await new Promise<number>((resolve) => worker.once("message", resolve))
    // More than any host's queue of one; whoever comes later stands behind them.
    const fillers = Array.from({ length: 8 }, (): Socket => connect({ port, host: "127.0.0.1" }).on("error", () => {}))
    await Promise.all(fillers.slice(0, 2).map((socket) => new Promise((resolve) => socket.once("connect", resolve))))
    return { worker, port, fillers }
  }),
  ({ worker, fillers }) =>
    Effect.promise(async () => {
      for (const socket of fillers) socket.destroy()
      await worker.terminate()
    }),
).pipe(Effect.map(({ port }) => port))

const sockets = () =>
  process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap" || name === "TCPConnectWrap").length

/** Sockets close in the next turn of the loop. */
const settled = (base: number): Effect.Effect<void> =>
  Effect.suspend(() => (sockets() <= base ? Effect.void : Effect.andThen(Effect.sleep("5 millis"), settled(base))))

describe("NodeTransport, before a request is bound", () => {
  it.live("gives up a connection that hangs, as unsent, and closes its socket", () =>
    Effect.gen(function* () {
      const port = yield* hangingPort
      const base = sockets()
      const whole = yield* build(NodeTransport.layer)
      const exit = yield* Effect.exit(
        whole.send(request(`http://127.0.0.1:${port}/a`), limits({ timeout: Duration.millis(80) })),
      )
      const error = yield* Effect.flip(exit)
      assert.deepStrictEqual([error._tag, error.problem], ["Unsent", "ConnectTimeout"])
      assertSilent(exit)
      yield* settled(base)

      const short = yield* build(NodeTransport.layerWith({ connectTimeout: "50 millis" }))
      const late = yield* Effect.flip(short.send(request(`http://127.0.0.1:${port}/a`), limits()))
      assert.deepStrictEqual([late._tag, late.problem], ["Unsent", "ConnectTimeout"])
      yield* settled(base)
    }),
  )

  it.live("closes a half-made connection at once when interrupted", () =>
    Effect.gen(function* () {
      const port = yield* hangingPort
      const base = sockets()
      const transport = yield* build(NodeTransport.layer)
      const fiber = yield* Effect.forkChild(transport.send(request(`http://127.0.0.1:${port}/a`), limits()))
      while (sockets() <= base) yield* Effect.sleep("1 millis")
      yield* Fiber.interrupt(fiber)
      yield* settled(base)
    }),
  )

  it.live("waits for a free connection within the time-out, as unsent, then lets the next one through", () =>
    Effect.gen(function* () {
      const held: Array<() => void> = []
      const server = yield* RawServer.serve({
        serve: (socket, nth, answered) => {
          const answer = () => {
            answered()
            socket.write(RawServer.ok(String(nth)))
          }
          if (nth === 1) held.push(answer)
          else answer()
        },
      })
      const transport = yield* build(NodeTransport.layerWith({ connections: 1 }))
      const send = (path: string, more = {}) =>
        transport.send(request(`${server.origin}${path}`), limits({ idempotent: true, ...more }))
      const first = yield* Effect.forkChild(send("/first"))
      yield* server.read
      const late = yield* Effect.flip(send("/late", { timeout: Duration.millis(40) }))
      assert.deepStrictEqual([late._tag, late.problem], ["Unsent", "ConnectTimeout"])
      const dropped = yield* Effect.forkChild(send("/dropped"))
      const next = yield* Effect.forkChild(send("/next"))
      yield* Effect.sleep("5 millis")
      yield* Fiber.interrupt(dropped)
      for (const answer of held) answer()
      yield* Fiber.join(first)
      assert.strictEqual(new TextDecoder().decode((yield* Fiber.join(next)).body), "2")
      assert.notInclude(server.text(), "/late")
      assert.notInclude(server.text(), "/dropped")
      assert.strictEqual(server.connections(), 1)
    }),
  )

  it.live("opens another connection for those who wait when one is lost", () =>
    Effect.gen(function* () {
      const server = yield* RawServer.serve({
        serve: (socket, nth) => (nth % 2 === 1 ? void socket.resetAndDestroy() : void socket.write(RawServer.ok("x"))),
      })
      const transport = yield* build(NodeTransport.layerWith({ connections: 2 }))
      const sends = Array.from({ length: 20 }, () =>
        Effect.exit(transport.send(request(`${server.origin}/a`), limits())),
      )
      const ends = yield* Effect.all(sends, { concurrency: "unbounded" })
      assert.strictEqual(ends.length, 20)
      assert.isAbove(ends.filter(Exit.isSuccess).length, 0)
      assert.strictEqual(server.requests(), 20)
    }),
  )

  it.live("keeps a connection whole when the next request is none", () =>
    Effect.gen(function* () {
      const server = yield* RawServer.serve({
        serve: (socket, _, answered) => {
          answered()
          socket.write(RawServer.ok("x"))
        },
      })
      const transport = yield* build(NodeTransport.layer)
      const url = `${server.origin}/a`
      yield* transport.send(request(url), limits({ idempotent: true }))
      for (const headers of [{ "x-a": "1\r\n" }, { "content-length": "5" }, { expect: "100-continue" }]) {
        const error = yield* Effect.flip(transport.send(request(url, { headers }), limits({ idempotent: true })))
        assert.deepStrictEqual([error._tag, error.problem], ["Unsent", "InvalidRequest"])
      }
      yield* transport.send(request(url), limits({ idempotent: true }))
      assert.deepStrictEqual([server.connections(), server.requests()], [1, 2])
    }),
  )
})

const tls = Effect.acquireRelease(
  Effect.callback<{ readonly server: Server; readonly read: () => string; readonly origin: string }>((resume) => {
    let read = ""
    const server = createTlsServer({ key, cert: certificate }, (socket) => {
      socket.on("error", () => {})
      socket.on("data", (data) => {
        read += data.toString()
        socket.write(RawServer.ok("safe"))
      })
    })
    server.on("tlsClientError", () => {})
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      resume(Effect.succeed({ server, read: () => read, origin: `https://127.0.0.1:${port}` }))
    })
  }),
  ({ server }) => Effect.sync(() => server.close()),
)

describe("NodeTransport over TLS", () => {
  it.live("sends nothing to a server it cannot trust", () =>
    Effect.gen(function* () {
      const { origin, read } = yield* tls
      const transport = yield* build(NodeTransport.layer)
      const exit = yield* Effect.exit(transport.send(request(`${origin}/a`), limits()))
      const error = yield* Effect.flip(exit)
      assert.deepStrictEqual([error._tag, error.problem], ["Unsent", "Tls"])
      assertSilent(exit)
      assert.strictEqual(read(), "")
    }),
  )

  it.live("sends to a server whose authority is given, and not under another name", () =>
    Effect.gen(function* () {
      const { origin, read } = yield* tls
      const transport = yield* build(NodeTransport.layerWith({ authorities: certificate }))
      const { body } = yield* transport.send(request(`${origin}/a`), limits())
      assert.strictEqual(new TextDecoder().decode(body), "safe")
      const before = read()
      const other = request(`${origin.replace("127.0.0.1", "127.0.0.2")}/a`)
      const error = yield* Effect.flip(transport.send(other, limits()))
      assert.strictEqual(error._tag, "Unsent")
      assert.strictEqual(read(), before)
    }),
  )

  it.live("knows that nothing was sent to a server that speaks no TLS, or does not finish the handshake", () =>
    Effect.gen(function* () {
      const transport = yield* build(NodeTransport.layer)
      const plain = yield* RawServer.serve({ connect: (socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n") })
      const error = yield* Effect.flip(transport.send(request(`https://127.0.0.1:${plain.port}/a`), limits()))
      assert.deepStrictEqual([error._tag, error.problem], ["Unsent", "Tls"])
      const mute = yield* RawServer.serve({})
      const late = yield* Effect.flip(
        transport.send(request(`https://127.0.0.1:${mute.port}/a`), limits({ timeout: Duration.millis(80) })),
      )
      assert.deepStrictEqual([late._tag, late.problem], ["Unsent", "ConnectTimeout"])
      yield* mute.closed
    }),
  )
})

describe("NodeTransport", () => {
  it.effect("keeps time by Effect's clock", () =>
    Effect.gen(function* () {
      const server = yield* RawServer.serve({})
      const transport = yield* build(nodeTransport())
      const fiber = yield* Effect.forkChild(
        transport.send(request(`${server.origin}/a`), limits({ timeout: Duration.hours(1) })),
      )
      yield* server.read
      yield* TestClock.adjust("59 minutes")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 minute")
      const error = yield* Effect.flip(Fiber.join(fiber))
      assert.deepStrictEqual([error._tag, error.problem], ["Unanswered", "Timeout"])
      yield* server.closed
    }),
  )

  it.live("takes no reset for the end of a body that has no length", () =>
    Effect.gen(function* () {
      const transport = yield* build(NodeTransport.layer)
      const head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n12345"
      const whole = yield* RawServer.serve({ serve: (socket) => void socket.end(head) })
      const { body } = yield* transport.send(request(`${whole.origin}/a`), limits())
      assert.strictEqual(new TextDecoder().decode(body), "12345")
      const cut = yield* RawServer.serve({
        serve: (socket) => void socket.write(head, () => setTimeout(() => socket.resetAndDestroy(), 20)),
      })
      const error = yield* Effect.flip(transport.send(request(`${cut.origin}/a`), limits()))
      assert.deepStrictEqual([error._tag, error.problem], ["Unanswered", "Truncated"])
    }),
  )

  it.live("makes room for what must not be sent twice by closing what is idle", () =>
    Effect.gen(function* () {
      const used = new Set<unknown>()
      const server = yield* RawServer.serve({
        serve: (socket, _, answered) => {
          answered()
          socket.write(RawServer.ok(used.has(socket) ? "used" : "new"))
          used.add(socket)
        },
      })
      const transport = yield* build(NodeTransport.layerWith({ connections: 2 }))
      const sends = Array.from({ length: 8 }, (_, nth) =>
        Effect.map(transport.send(request(`${server.origin}/a`), limits({ idempotent: nth % 4 === 3 })), ({ body }) =>
          new TextDecoder().decode(body),
        ),
      )
      const said = yield* Effect.all([...sends, ...sends], { concurrency: "unbounded" })
      assert.deepStrictEqual(
        said.filter((_, nth) => nth % 4 !== 3),
        Array.from({ length: 12 }, () => "new"),
      )
      assert.isAtMost(server.connections(), 16)
    }),
  )

  const seen = Effect.gen(function* () {
    const server = yield* RawServer.serve({ serve: (socket) => void socket.write(RawServer.ok("x")) })
    const transport = yield* build(NodeTransport.layer)
    return {
      server,
      send: (headers: Record<string, string>) => transport.send(request(`${server.origin}/a`, { headers }), limits()),
    }
  })

  it.live("names itself with its version, and the codings it takes, unless a request does", () =>
    Effect.gen(function* () {
      const { send, server } = yield* seen
      yield* send({})
      const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"))
      assert.include(server.text(), `user-agent: tenuto/${version}\r\naccept-encoding: gzip, deflate, br, zstd\r\n`)
      const own = yield* seen
      yield* own.send({ "User-Agent": "choir/2", "Accept-Encoding": "br" })
      assert.notInclude(own.server.text(), "tenuto")
      assert.match(own.server.text(), /User-Agent: choir\/2\r\nAccept-Encoding: br\r\n/)
    }),
  )

  it.live("asks for a part as it is: a part of something compressed cannot be read", () =>
    Effect.gen(function* () {
      const { send, server } = yield* seen
      yield* send({ range: "bytes=5-" })
      assert.match(server.text(), /accept-encoding: identity\r\n/)
    }),
  )

  it.live("names the header that HTTP cannot carry, and shows none of it", () =>
    Effect.gen(function* () {
      const { send } = yield* seen
      const exit = yield* Effect.exit(send({ authorization: `Bearer ${secret}\n` }))
      const error = yield* Effect.flip(exit)
      assert.deepStrictEqual([error._tag, error.problem], ["Unsent", "InvalidRequest"])
      assert.include(error.detail, "the header authorization holds a line end")
      assertSilent(exit)
    }),
  )

  it.live("sends once to a server that answers 421", () =>
    Effect.gen(function* () {
      const server = yield* RawServer.serve({
        serve: (socket) => void socket.write("HTTP/1.1 421 Misdirected Request\r\ncontent-length: 0\r\n\r\n"),
      })
      const transport = yield* build(NodeTransport.layer)
      assert.strictEqual((yield* transport.send(request(`${server.origin}/a`), limits())).status, 421)
      assert.strictEqual(server.requests(), 1)
    }),
  )

  it.live("closes every socket with its layer, and ends what is under way", () =>
    Effect.gen(function* () {
      const idle = yield* RawServer.serve({ serve: (socket) => void socket.write(RawServer.ok("x")) })
      const busy = yield* RawServer.serve({})
      const scope = yield* Scope.make()
      const transport = yield* Scope.provide(build(NodeTransport.layerWith({ connections: 1 })), scope)
      yield* transport.send(request(`${idle.origin}/a`), limits())
      const bound = yield* Effect.forkChild(transport.send(request(`${busy.origin}/a`), limits()))
      yield* busy.read
      const queued = yield* Effect.forkChild(transport.send(request(`${busy.origin}/b`), limits()))
      yield* Effect.sleep("5 millis")
      yield* Scope.close(scope, Exit.void)
      yield* Effect.all([idle.closed, busy.closed])
      assert.strictEqual((yield* Effect.flip(Fiber.join(bound)))._tag, "Unanswered")
      assert.strictEqual((yield* Effect.flip(Fiber.join(queued)))._tag, "Unsent")
      const after = yield* Effect.flip(transport.send(request(`${idle.origin}/c`), limits()))
      assert.deepStrictEqual([after._tag, after.problem], ["Unsent", "Unreachable"])
    }),
  )

  it.live("keeps no socket longer than it is idle for", () =>
    Effect.gen(function* () {
      const server = yield* RawServer.serve({ serve: (socket) => void socket.write(RawServer.ok("x")) })
      const transport = yield* build(NodeTransport.layerWith({ idle: "30 millis" }))
      yield* transport.send(request(`${server.origin}/a`), limits())
      yield* server.closed
      yield* transport.send(request(`${server.origin}/a`), limits())
      assert.strictEqual(server.connections(), 2)
    }),
  )

  it.live("leaves the global fetch as it is", () =>
    Effect.gen(function* () {
      const server = yield* RawServer.serve({ serve: (socket) => void socket.write(RawServer.ok("x")) })
      yield* Effect.promise(() => fetch(`${server.origin}/a`).then((response) => response.text()))
      const dispatcher: unknown = Reflect.get(globalThis, Symbol.for("undici.globalDispatcher.1"))
      assert.strictEqual(Object.getPrototypeOf(dispatcher).constructor.name, "Agent")
    }),
  )
})
