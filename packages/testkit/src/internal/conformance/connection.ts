/** How a transport that opens sockets keeps its connections, reads what comes over them and lets them go. */
import type { Socket } from "node:net"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { join } from "@tenuto/http/Exchange"
import type { Limits } from "@tenuto/http/Transport"
import type * as Case from "../../Case.ts"
import { builtin } from "../builtin.ts"
import { fails, limits, request } from "./carried.ts"
import { demand, same, within } from "./demand.ts"
import { end, make, ok, reply, reset, shut, type Socketed } from "./socketed.ts"

const text = new TextDecoder()
const soon = within("2 seconds", "the end of the connection")
const half = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345"

/** Write piece by piece, each in a segment of its own as far as the platform lets it. */
const dribble = (socket: Socket, whole: string, piece: number): void => {
  socket.setNoDelay(true)
  const next = (at: number): void => {
    if (at < whole.length)
      socket.write(whole.slice(at, at + piece), "latin1", () => setImmediate(() => next(at + piece)))
  }
  next(0)
}

const exchanges: ReadonlyArray<Case.Case<Socketed>> = [
  make(
    0,
    "an answer after an early one is handed over, and a header that came twice is joined",
    "a 103 that is taken for the answer, or the first of two headers for both",
    (stage) =>
      Effect.gen(function* () {
        const head = "X-A: one\r\nx-a: two\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
        const early = "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
        const server = yield* stage.serve(reply(early + ok("body", head)))
        const { body, headers, status } = yield* stage.send(request(`${server.origin}/a`), limits())
        const { link, "set-cookie": cookies, "x-a": joined } = headers
        yield* same("the answer", [status, text.decode(body)], [200, "body"])
        yield* same("the headers", [joined, cookies, link], ["one, two", "a=1, b=2", undefined])
        yield* demand(Object.getPrototypeOf(body) === Uint8Array.prototype, "the body is no plain Uint8Array")
      }),
  ),
  make(
    0,
    "HEAD reads no body, whatever length is told",
    "a HEAD that waits for its body, or is called too large",
    (stage) =>
      Effect.gen(function* () {
        const server = yield* stage.serve(reply("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n"))
        const { body: _, ...base } = request(`${server.origin}/a`)
        const response = yield* stage.send({ ...base, method: "HEAD" }, limits({ maxBytes: 10n }))
        yield* same("the answer", [response.status, response.body.byteLength], [200, 0])
      }),
  ),
  make(
    10,
    "a redirect to another origin is not followed: it hears nothing",
    "a credential that is shown to whoever a redirect names",
    (stage) =>
      Effect.gen(function* () {
        const other = yield* stage.serve(reply(ok("stolen")))
        for (const status of [301, 302, 303, 307, 308]) {
          const moved = `HTTP/1.1 ${status} Moved\r\nlocation: ${other.origin}/b\r\ncontent-length: 0\r\n\r\n`
          const server = yield* stage.serve(reply(moved))
          const answer = yield* stage.send(request(`${server.origin}/a`), limits())
          yield* same("the answer", [answer.status, answer.headers["location"]], [status, `${other.origin}/b`])
        }
        yield* same("connections to the other origin", other.connections(), 0)
      }),
  ),
  make(
    0,
    "a connection is used again: two at most for a thousand requests",
    "a connection for every request",
    (stage) =>
      Effect.gen(function* () {
        const server = yield* stage.serve({
          serve: (socket, nth, answered) => {
            answered()
            socket.write(ok(String(nth)))
          },
        })
        for (let nth = 1; nth <= 1000; nth += 1) {
          const { body } = yield* stage.send(request(`${server.origin}/a`), limits({ idempotent: true }))
          yield* same("the answer", text.decode(body), String(nth))
        }
        yield* demand(server.connections() <= 2, `there were ${server.connections()} connections`)
        yield* same("requests", server.requests(), 1000)
      }),
  ),
  make(
    3,
    "what must not be sent twice goes on a connection that has carried nothing",
    "a submit in doubt, for the server had closed the connection that a poll left",
    (stage, { owns = true }) =>
      Effect.gen(function* () {
        if (!owns) return
        const used = new Set<unknown>()
        const server = yield* stage.serve({
          serve: (socket, _, answered) => {
            answered()
            socket.write(ok(used.has(socket) ? "used" : "new"))
            used.add(socket)
          },
        })
        const { body: _, ...base } = request(`${server.origin}/a`)
        const said = (method: string, more?: Partial<Limits>) =>
          Effect.map(stage.send({ ...base, method }, limits(more)), ({ body }) => text.decode(body))
        yield* same("a first poll", yield* said("GET"), "new")
        yield* same("a POST, and another", [yield* said("POST"), yield* said("POST")], ["new", "new"])
        yield* same("a GET that must not arrive twice", yield* said("GET", { idempotent: false }), "new")
        yield* same("a POST that may", yield* said("POST", { idempotent: true }), "used")
        yield* same("a PUT", yield* said("PUT"), "used")
      }),
  ),
  make(
    0,
    "a 100 that nobody asked for is passed over",
    "an answer that is lost because the server said `100 Continue` before it",
    (stage, { owns = true }) =>
      Effect.gen(function* () {
        if (!owns) return
        const early = "HTTP/1.1 100 Continue\r\n\r\n"
        const more = "HTTP/1.1 100 \r\nx-a: HTTP/1.1 100\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
        for (const head of [early, early + early, more, "\r\nHTTP/1.1 100 Continue\r\n\r\n"]) {
          for (const piece of [1, 17, 4096]) {
            const whole = head + ok("after 100: HTTP/1.1 100")
            const server = yield* stage.serve({ serve: (socket) => dribble(socket, whole, piece) })
            const { body, headers, status } = yield* stage.send(request(`${server.origin}/a`), limits())
            yield* same("the answer", [status, text.decode(body)], [200, "after 100: HTTP/1.1 100"])
            yield* same("what came with the early ones", [headers["x-a"], headers["link"]], [undefined, undefined])
          }
        }
      }),
  ),
  make(
    0,
    "a compressed answer is handed over as what it was, within the limit",
    "JSON that nobody can read, or a small body that fills the memory",
    (stage) =>
      Effect.gen(function* () {
        const zlib = builtin("node:zlib")
        if (zlib === undefined) return
        const { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } = zlib
        const plain = "so it was ".repeat(5000)
        const packed: ReadonlyArray<readonly [string, Uint8Array]> = [
          ["gzip", gzipSync(plain)],
          ["x-gzip", gzipSync(plain)],
          ["deflate", deflateSync(plain)],
          ["deflate", deflateRawSync(plain)],
          ["br", brotliCompressSync(plain)],
          ["gzip, br", brotliCompressSync(gzipSync(plain))],
        ]
        for (const [coding, body] of packed) {
          const head = `HTTP/1.1 200 OK\r\ncontent-encoding: ${coding}\r\ncontent-length: ${body.byteLength}\r\n\r\n`
          const server = yield* stage.serve({
            serve: (socket, _, answered) => {
              answered()
              socket.write(head)
              socket.write(body)
            },
          })
          const url = `${server.origin}/a`
          const whole = yield* stage.send(request(url), limits())
          const { "content-encoding": encoding, "content-length": length } = whole.headers
          yield* demand(text.decode(whole.body) === plain, `an answer in ${coding} was not decoded`)
          yield* same("the headers of what it is no more", [encoding, length], [undefined, undefined])
          const opened = yield* Effect.scoped(
            Effect.flatMap(stage.open(request(url), limits()), (stream) => Stream.runCollect(stream.body)),
          )
          yield* demand(text.decode(join(opened)) === plain, `a stream in ${coding} was not decoded`)
          const small = limits({ maxBytes: 49_999n })
          yield* fails("a body one byte too large", stage.send(request(url), small), "Unanswered", ["TooLarge"])
        }
      }),
  ),
  make(3, "nothing is pipelined", "a request that is lost with the answer of another", (stage) =>
    Effect.gen(function* () {
      const server = yield* stage.serve({
        serve: (socket, nth, answered) =>
          void setTimeout(() => {
            answered()
            socket.write(ok(String(nth)))
          }, 2),
      })
      const sends = Array.from({ length: 40 }, () => stage.send(request(`${server.origin}/a`), limits()))
      yield* Effect.all(sends, { concurrency: "unbounded" })
      yield* same("requests, and those pipelined", [server.requests(), server.pipelined()], [40, 0])
    }),
  ),
]

const endings: ReadonlyArray<Case.Case<Socketed>> = [
  make(7, "the socket is closed at once when its request is interrupted", "a socket left open by an abort", (stage) =>
    Effect.gen(function* () {
      const server = yield* stage.serve()
      const fiber = yield* Effect.forkChild(stage.send(request(`${server.origin}/a`), limits()))
      yield* soon(Effect.raceFirst(server.read, Fiber.await(fiber)))
      yield* soon(Fiber.interrupt(fiber))
      yield* soon(server.closed)
    }),
  ),
  make(7, "a stream is read no faster than it is wanted", "a download that fills the memory", (stage) =>
    Effect.gen(function* () {
      const size = 32 * 1024 * 1024
      let written = 0
      const server = yield* stage.serve({
        serve: (socket) => {
          socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`)
          const more = () => {
            while (written < size) {
              written += 65_536
              if (!socket.write(new Uint8Array(65_536).fill(written / 65_536))) return
            }
          }
          socket.on("drain", more)
          more()
        },
      })
      const { body, status } = yield* stage.open(request(`${server.origin}/a`), limits())
      yield* same("the status", status, 200)
      // Until nothing more is taken; a full window is asked again after 200 ms.
      for (let before = -1; before !== written; yield* Effect.sleep("600 millis")) before = written
      // The buffers of both sockets, at their largest.
      yield* demand(written < 16 * 1024 * 1024, `${written} bytes were taken before one was wanted`)
      const count = (all: number, chunk: Uint8Array) => chunk.reduce((sum, byte) => sum + byte, all)
      const read = yield* Stream.runFold(
        body,
        () => ({ bytes: 0, sum: 0 }),
        ({ bytes, sum }, chunk) => ({ bytes: bytes + chunk.byteLength, sum: count(sum, chunk) }),
      )
      let sum = 0
      for (let block = 1; block <= size / 65_536; block += 1) sum += (block % 256) * 65_536
      yield* same("what was read", read, { bytes: size, sum })
    }),
  ),
  make(7, "the socket of a stream is closed with its scope", "a download that goes on when nobody wants it", (stage) =>
    Effect.gen(function* () {
      const server = yield* stage.serve(reply(half))
      const first = yield* Effect.scoped(
        Effect.flatMap(stage.open(request(`${server.origin}/a`), limits()), ({ body }) =>
          Stream.runCollect(Stream.take(body, 1)),
        ),
      )
      yield* same("what was read", first.map((chunk) => text.decode(chunk)).join(""), "12345")
      yield* soon(server.closed)
    }),
  ),
  make(
    3,
    "a stream that breaks off hands over what came, says so and closes its socket",
    "half a file that is a success",
    (stage) =>
      Effect.gen(function* () {
        for (const [then, problem, span] of [
          [end, "Truncated", 10_000],
          [reset, "Truncated", 10_000],
          [() => {}, "Timeout", 200],
        ] as const) {
          let goOn = () => {}
          const isRead = new Promise<void>((resolve) => (goOn = resolve))
          const server = yield* stage.serve(reply(half, (socket) => void isRead.then(() => then(socket))))
          const timeout = Duration.millis(span)
          const { body } = yield* stage.open(request(`${server.origin}/a`), { timeout })
          let seen = ""
          // A reset drops what nobody has read yet.
          const take = (chunk: Uint8Array) => {
            seen += text.decode(chunk)
            if (seen === "12345") goOn()
          }
          const read = Stream.runForEach(body, (chunk) => Effect.sync(() => take(chunk)))
          yield* fails("half a stream", read, "Unanswered", [problem])
          yield* same("what came before", seen, "12345")
          yield* soon(server.closed)
        }
      }),
  ),
  make(
    3,
    "a stream that never began says how far it got",
    "a stream whose refusal is a success without bytes",
    (stage, { proves = true }) =>
      Effect.gen(function* () {
        const port = yield* shut(stage)
        const refused = stage.open(request(`http://127.0.0.1:${port}/a`), limits())
        yield* fails("a closed port", refused, proves ? "Unsent" : "Unanswered", [])
        const server = yield* stage.serve()
        const late = stage.open(request(`${server.origin}/a`), { timeout: Duration.millis(200) })
        yield* fails("silence", late, "Unanswered", ["Timeout"])
        yield* soon(server.closed)
      }),
  ),
]

/** What becomes of connections. */
export const cases: ReadonlyArray<Case.Case<Socketed>> = [...exchanges, ...endings]
