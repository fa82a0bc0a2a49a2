/**
 * A server below HTTP: it does to each socket whatever a test wants, and counts what it reads.
 *
 * It knows where a request ends and nothing else of HTTP; for a service that answers take `Emulator.serve`. It needs
 * Node.js, and goes by real time.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as RawServer from "@tenuto/testkit/RawServer"
 *
 * const dropped = Effect.gen(function* () {
 *   const server = yield* RawServer.serve({ serve: (socket) => void socket.resetAndDestroy() })
 *   yield* Effect.ignore(Effect.tryPromise(() => fetch(server.origin, { method: "POST" })))
 *   return server.requests()
 * })
 * console.log(await Effect.runPromise(Effect.scoped(dropped))) // 1
 * ```
 */
import type { Socket } from "node:net"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import { builtin } from "./internal/builtin.ts"

/** Where it listens, and what it has seen so far. */
export interface RawServer {
  readonly origin: string
  readonly port: number
  /** Everything read, in order. */
  readonly text: () => string
  readonly requests: () => number
  readonly connections: () => number
  /** Two requests on one connection, the second before the first was answered. */
  readonly pipelined: () => number
  /** Waits for the first request. */
  readonly read: Effect.Effect<void>
  /** Waits for the first socket that closes. */
  readonly closed: Effect.Effect<void>
}

/** Write a whole answer, with more headers if wanted: each ends with `\r\n`. */
export const ok = (body: string, more = ""): string =>
  `HTTP/1.1 200 OK\r\n${more}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

/** What it does; nothing if not said. */
export interface Manners {
  /** With the nth socket, before anything is read. */
  readonly connect?: (socket: Socket, nth: number) => void
  /** With the nth request; `answered` tells that the next may come. */
  readonly serve?: (socket: Socket, nth: number, answered: () => void) => void
}

/** Where the first request of a text ends; -1 where it does not. */
const endOf = (text: string): number => {
  const head = text.indexOf("\r\n\r\n")
  if (head === -1) return -1
  const length = Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0)
  return text.length >= head + 4 + length ? head + 4 + length : -1
}

/** Listen on a loopback port until the scope closes. */
export const serve = ({ connect, serve }: Manners = {}): Effect.Effect<RawServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const net = builtin("node:net")
    if (net === undefined) return yield* Effect.die(new Error("a raw server needs sockets, and there are none here"))
    const read = yield* Deferred.make<void>()
    const closed = yield* Deferred.make<void>()
    let text = ""
    let requests = 0
    let connections = 0
    let pipelined = 0
    const sockets = new Set<Socket>()
    const server = net.createServer((socket) => {
      sockets.add(socket)
      connections += 1
      let pending = ""
      let open = 0
      socket.on("error", () => {})
      socket.on("close", () => {
        sockets.delete(socket)
        Deferred.doneUnsafe(closed, Exit.void)
      })
      connect?.(socket, connections)
      socket.on("data", (data) => {
        text += data.toString("latin1")
        pending += data.toString("latin1")
        for (let end = endOf(pending); end !== -1; end = endOf(pending)) {
          pending = pending.slice(end)
          if (open > 0) pipelined += 1
          open += 1
          requests += 1
          serve?.(socket, requests, () => (open -= 1))
          Deferred.doneUnsafe(read, Exit.void)
        }
      })
    })
    yield* Effect.acquireRelease(
      Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          for (const socket of sockets) socket.destroy()
        }),
    )
    const address = server.address()
    const port = typeof address === "object" ? (address?.port ?? 0) : 0
    return {
      origin: `http://127.0.0.1:${port}`,
      port,
      text: () => text,
      requests: () => requests,
      connections: () => connections,
      pipelined: () => pipelined,
      read: Deferred.await(read),
      closed: Deferred.await(closed),
    }
  })
