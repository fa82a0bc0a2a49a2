/**
 * Servers that behave badly, and what a transport must make of each. The same
 * table runs over every transport; `kind` says how much the transport can prove.
 */
import { inspect } from "node:util"
import { createServer, type AddressInfo, type Socket } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Request } from "@tenuto/http/Exchange"
import { Transport, type Limits, type Unanswered, type Unsent } from "@tenuto/http/Transport"

export interface Face {
  readonly name: string
  readonly kind: "node" | "fetch"
  readonly layer: Layer.Layer<Transport>
}

/** One request as the server read it: its first line, and how often it was read. */
export interface Hostile {
  readonly origin: string
  readonly port: number
  /** Everything read, in order. */
  readonly text: () => string
  readonly requests: () => number
  readonly connections: () => number
  /** Two requests on one connection, the second before the first was answered. */
  readonly pipelined: () => number
  readonly read: Effect.Effect<void>
  readonly closed: Effect.Effect<void>
}

/** What a server does with the nth request; `answered` tells that the next may come. */
type Serve = (socket: Socket, nth: number, answered: () => void) => void

export const ok = (body: string, more = ""): string =>
  `HTTP/1.1 200 OK\r\n${more}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

interface Behaviour {
  readonly connect?: (socket: Socket, nth: number) => void
  readonly serve?: Serve
}

const isWhole = (text: string): number => {
  const head = text.indexOf("\r\n\r\n")
  if (head === -1) return -1
  const length = Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0)
  return text.length >= head + 4 + length ? head + 4 + length : -1
}

export const hostile = ({ connect, serve }: Behaviour): Effect.Effect<Hostile, never, Scope.Scope> =>
  Effect.gen(function* () {
    const read = yield* Deferred.make<void>()
    const closed = yield* Deferred.make<void>()
    let text = ""
    let requests = 0
    let connections = 0
    let pipelined = 0
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
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
        for (let end = isWhole(pending); end !== -1; end = isWhole(pending)) {
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
    const { port } = server.address() as AddressInfo
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

/** A port that nothing listens on. */
const closedPort = Effect.scoped(Effect.map(hostile({}), ({ port }) => port))

export const secret = "t0p-s3cret-value"

export const request = (url: string, more: Partial<Request> = {}): Request => ({
  method: "POST",
  url: Redacted.make(`${url}?signature=${secret}`),
  headers: { authorization: Redacted.make(`Bearer ${secret}`), "x-plain": "1" },
  body: new TextEncoder().encode(`{"token":"${secret}"}`),
  ...more,
})

export const limits = (more: Partial<Limits> = {}): Limits => ({
  timeout: Duration.seconds(10),
  maxBytes: 1_000_000n,
  ...more,
})

export const assertSilent = (exit: Exit.Exit<unknown, Unsent | Unanswered>): void => {
  const cause = Exit.isFailure(exit) ? exit.cause : Cause.empty
  const failures = cause.reasons.flatMap((reason) => (Cause.isFailReason(reason) ? [reason.error] : []))
  const texts = [
    Cause.pretty(cause),
    ...failures.flatMap((error) => [
      error.message,
      error.stack ?? "",
      String(error),
      JSON.stringify(error),
      inspect(error, { depth: 10, showHidden: true }),
    ]),
  ]
  for (const text of texts) assert.notInclude(text, secret)
}

/** A clock that counts the sleeps under way: none may be left over. */
const countingClock = Effect.map(Clock.Clock, (clock) => {
  let sleeping = 0
  const counting: Clock.Clock = Object.create(clock, {
    sleep: {
      value: (span: Duration.Duration) =>
        Effect.acquireUseRelease(
          Effect.sync(() => (sleeping += 1)),
          () => clock.sleep(span),
          () => Effect.sync(() => (sleeping -= 1)),
        ),
    },
  })
  return { counting, sleeping: () => sleeping }
})

interface Row {
  readonly name: string
  readonly behaviour: Behaviour
  readonly limits?: Partial<Limits>
  readonly problem: string | { readonly node: string; readonly fetch: string }
  /** The answer is whole on the wire, so `fetch` keeps the connection. */
  readonly isWhole?: true
}

const reply = (text: string, then: (socket: Socket) => void = () => {}): Behaviour => ({
  serve: (socket) => void socket.write(text, "latin1", () => then(socket)),
})
const reset = (socket: Socket) => void socket.resetAndDestroy()
const end = (socket: Socket) => void socket.end()

const rows: ReadonlyArray<Row> = [
  { name: "a reset after the request is read", behaviour: { serve: reset }, problem: "Reset" },
  { name: "a close after the request is read", behaviour: { serve: end }, problem: "Reset" },
  {
    name: "a close within the first line",
    behaviour: reply("HTTP/1.1 20", end),
    problem: "Reset",
  },
  {
    name: "half a body, then a close",
    behaviour: reply("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345", end),
    problem: "Truncated",
  },
  {
    name: "half a body, then a reset",
    behaviour: reply("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345", reset),
    problem: "Truncated",
  },
  {
    name: "half a body on a connection that is to close, then a close",
    behaviour: reply("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 10\r\n\r\n12345", end),
    problem: "Truncated",
  },
  {
    name: "half of a chunked body",
    behaviour: reply("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n5\r\n12", end),
    problem: "Truncated",
  },
  {
    name: "half of a chunked body on a connection that is to close",
    behaviour: reply("HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n", end),
    problem: "Truncated",
  },
  {
    name: "two lengths that differ",
    behaviour: reply("HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n12345"),
    problem: { node: "Malformed", fetch: "Unknown" },
  },
  { name: "silence", behaviour: {}, limits: { timeout: Duration.millis(200) }, problem: "Timeout" },
  {
    name: "silence within the body",
    behaviour: reply("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345"),
    limits: { timeout: Duration.millis(200) },
    problem: "Timeout",
  },
  {
    name: "an endless body",
    behaviour: {
      serve: (socket) => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n")
        const more = () => void (socket.destroyed || socket.write("x".repeat(65_536), more))
        more()
      },
    },
    problem: "TooLarge",
  },
  {
    name: "a body one byte too large",
    behaviour: reply(ok("123456")),
    limits: { maxBytes: 5n },
    problem: "TooLarge",
    isWhole: true,
  },
  { name: "garbage", behaviour: reply("SSH-2.0-OpenSSH_9.2\r\n\r\n"), problem: "Malformed" },
  {
    name: "a broken chunk",
    behaviour: reply("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n12345\r\n"),
    problem: "Malformed",
  },
  {
    name: "endless headers",
    behaviour: {
      serve: (socket) => {
        socket.write("HTTP/1.1 200 OK\r\n")
        const more = () => void (socket.destroyed || socket.write(`x: ${"y".repeat(4096)}\r\n`, more))
        more()
      },
    },
    problem: "Malformed",
  },
  {
    name: "an upgrade that nobody asked for",
    behaviour: reply("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"),
    problem: { node: "Malformed", fetch: "Reset" },
  },
]

/** A die with a seed. */
const dieOf = (seed: number) => {
  let state = seed
  return (sides: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides
  }
}

const times = (text: string, part: string): number => text.split(part).length - 1

/** The table, and the laws that hold whatever a server does. */
export const suite = (face: Face): void => {
  const live = (
    name: string,
    run: (transport: Transport["Service"]) => Effect.Effect<void, unknown, Scope.Scope>,
    timeout = 20_000,
  ) =>
    it.live(
      name,
      () =>
        Effect.gen(function* () {
          const { counting, sleeping } = yield* countingClock
          yield* Effect.flatMap(Transport, run).pipe(
            Effect.scoped,
            Effect.provide(face.layer),
            Effect.provideService(Clock.Clock, counting),
          )
          assert.strictEqual(sleeping(), 0, "a timer was left")
        }),
      timeout,
    )

  describe(`${face.name}, whatever the server does`, () => {
    for (const row of rows) {
      live(`takes ${row.name} for what it is, and sends once`, (transport) =>
        Effect.gen(function* () {
          const server = yield* hostile(row.behaviour)
          const exit = yield* Effect.exit(transport.send(request(`${server.origin}/a`), limits(row.limits)))
          const error = yield* Effect.flip(exit)
          const problem = typeof row.problem === "string" ? row.problem : row.problem[face.kind]
          assert.deepStrictEqual([error._tag, error.problem], ["Unanswered", problem])
          assertSilent(exit)
          assert.isAtMost(server.requests(), 1)
          if (row.isWhole !== true || face.kind === "node") yield* server.closed
        }),
      )
    }

    live("says of a reset before the request is read that it is unsent, or does not know", (transport) =>
      Effect.gen(function* () {
        const server = yield* hostile({ connect: reset })
        const exit = yield* Effect.exit(transport.send(request(`${server.origin}/a`), limits()))
        const error = yield* Effect.flip(exit)
        // The reset may be seen before the request is written, or after.
        assert.include(["Unsent Unreachable", "Unanswered Reset"], `${error._tag} ${error.problem}`)
        assertSilent(exit)
        assert.strictEqual(server.connections(), 1)
        assert.strictEqual(server.text(), "")
      }),
    )

    live("knows a closed port for one, and that nothing was sent", (transport) =>
      Effect.gen(function* () {
        const port = yield* closedPort
        const exit = yield* Effect.exit(transport.send(request(`http://127.0.0.1:${port}/a`), limits()))
        const error = yield* Effect.flip(exit)
        assert.deepStrictEqual([error._tag, error.problem], ["Unsent", "Refused"])
        assertSilent(exit)
      }),
    )

    live("knows a closed port behind a name with several addresses", (transport) =>
      Effect.gen(function* () {
        const port = yield* closedPort
        const error = yield* Effect.flip(transport.send(request(`http://localhost:${port}/a`), limits()))
        assert.deepStrictEqual([error._tag, error.problem], ["Unsent", "Refused"])
      }),
    )

    live("knows a name without an address, and that nothing was sent", (transport) =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(transport.send(request("http://nothing.invalid/a"), limits()))
        const error = yield* Effect.flip(exit)
        assert.deepStrictEqual([error._tag, error.problem], ["Unsent", "NameNotFound"])
        assertSilent(exit)
      }),
    )

    const bad: ReadonlyArray<readonly [string, (origin: string) => Partial<Request>]> = [
      ["a line end in a header", () => ({ headers: { "x-key": Redacted.make(`${secret}\r\nx-more: 1`) } })],
      ["a line end after a header", () => ({ headers: { "x-key": Redacted.make(`${secret}\n`) } })],
      ["a letter beyond Latin-1 in a header", () => ({ headers: { "x-key": `${secret}\u2713` } })],
      ["a line end in a header's name", () => ({ headers: { [`x-${secret}\r\nx`]: "1" } })],
      ["a line end in the url", (origin) => ({ url: `${origin}/a\r\nx: ${secret}` })],
      ["a space in the url", (origin) => ({ url: `${origin}/a ${secret}` })],
      ["a password in the url", (origin) => ({ url: `${origin.replace("//", `//me:${secret}@`)}/a` })],
      ["a url without an origin", () => ({ url: `/a?${secret}` })],
      ["a url of another scheme", () => ({ url: `ftp://127.0.0.1/${secret}` })],
      ["a method that is none", () => ({ method: `GET ${secret}` })],
      ["a tunnel", () => ({ method: "CONNECT" })],
    ]
    live("sends no request that is not one, says so, and shows none of it", (transport) =>
      Effect.gen(function* () {
        const server = yield* hostile({ serve: (socket) => void socket.write(ok("")) })
        for (const [name, more] of bad) {
          const exit = yield* Effect.exit(
            transport.send(
              request(`${server.origin}/a`, more(server.origin)),
              limits({ timeout: Duration.seconds(2) }),
            ),
          )
          const error = yield* Effect.flip(exit)
          assert.deepStrictEqual([error._tag, error.problem], ["Unsent", "InvalidRequest"], name)
          assertSilent(exit)
        }
        assert.strictEqual(server.text(), "")
      }),
    )

    live("hands over status, headers and body as they are, and joins a header that came twice", (transport) =>
      Effect.gen(function* () {
        const head = "X-A: one\r\nx-a: two\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
        const server = yield* hostile(reply(`HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${ok("body", head)}`))
        const response = yield* transport.send(request(`${server.origin}/a/b`), limits())
        assert.strictEqual(response.status, 200)
        assert.strictEqual(response.headers["x-a"], "one, two")
        assert.strictEqual(response.headers["set-cookie"], "a=1, b=2")
        assert.isUndefined(response.headers["link"])
        assert.strictEqual(Object.getPrototypeOf(response.body), Uint8Array.prototype)
        assert.include(server.text(), `POST /a/b?signature=${secret} HTTP/1.1`)
        assert.include(server.text().toLowerCase(), `authorization: bearer ${secret}`)
        assert.include(server.text(), `{"token":"${secret}"}`)
      }),
    )

    live("takes every status for an answer", (transport) =>
      Effect.gen(function* () {
        for (const status of [204, 304, 400, 401, 404, 429, 500, 503]) {
          const server = yield* hostile(reply(`HTTP/1.1 ${status} X\r\ncontent-length: 0\r\n\r\n`))
          const response = yield* transport.send(request(`${server.origin}/a`), limits())
          assert.strictEqual(response.status, status)
          assert.strictEqual(server.requests(), 1)
        }
      }),
    )

    live("reads no body after HEAD, whatever length is told", (transport) =>
      Effect.gen(function* () {
        const server = yield* hostile(reply("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n"))
        const { url, headers } = request(`${server.origin}/a`)
        const response = yield* transport.send({ method: "HEAD", url, headers }, limits({ maxBytes: 10n }))
        assert.deepStrictEqual([response.status, response.body.byteLength], [200, 0])
      }),
    )

    live("follows no redirect: the other origin hears nothing", (transport) =>
      Effect.gen(function* () {
        const other = yield* hostile(reply(ok("stolen")))
        for (const status of [301, 302, 303, 307, 308]) {
          const server = yield* hostile(
            reply(`HTTP/1.1 ${status} Moved\r\nlocation: ${other.origin}/b\r\ncontent-length: 0\r\n\r\n`),
          )
          const response = yield* transport.send(request(`${server.origin}/a`), limits())
          assert.strictEqual(response.status, status)
          assert.strictEqual(response.headers["location"], `${other.origin}/b`)
        }
        assert.strictEqual(other.connections(), 0)
      }),
    )

    live("closes the socket at once when interrupted", (transport) =>
      Effect.gen(function* () {
        const server = yield* hostile({})
        const fiber = yield* Effect.forkChild(transport.send(request(`${server.origin}/a`), limits()))
        yield* Effect.raceFirst(server.read, Fiber.await(fiber))
        yield* Fiber.interrupt(fiber)
        yield* server.closed.pipe(Effect.timeout("2 seconds"))
      }),
    )

    live("uses one connection for a thousand requests, one after the other", (transport) =>
      Effect.gen(function* () {
        const server = yield* hostile({
          serve: (socket, nth, answered) => {
            answered()
            socket.write(ok(String(nth)))
          },
        })
        for (let nth = 1; nth <= 1000; nth += 1) {
          const { body } = yield* transport.send(request(`${server.origin}/a`), limits())
          assert.strictEqual(new TextDecoder().decode(body), String(nth))
        }
        assert.isAtMost(server.connections(), 2)
        assert.strictEqual(server.requests(), 1000)
      }),
    )

    live("pipelines nothing", (transport) =>
      Effect.gen(function* () {
        const server = yield* hostile({
          serve: (socket, nth, answered) =>
            void setTimeout(() => {
              answered()
              socket.write(ok(String(nth)))
            }, 2),
        })
        const sends = Array.from({ length: 40 }, () => transport.send(request(`${server.origin}/a`), limits()))
        yield* Effect.all(sends, { concurrency: "unbounded" })
        assert.deepStrictEqual([server.requests(), server.pipelined()], [40, 0])
      }),
    )

    live("sends once on a kept-alive connection that the server has just closed", (transport) =>
      Effect.gen(function* () {
        const server = yield* hostile({
          serve: (socket, nth, answered) => {
            answered()
            socket.write(ok("x"), () => {
              if (nth % 5 === 0) socket.end()
              else if (nth % 5 === 1) socket.resetAndDestroy()
              else if (nth % 5 === 2) setImmediate(() => socket.end())
              else if (nth % 5 === 3) setImmediate(() => socket.resetAndDestroy())
              else setTimeout(() => socket.destroy(), 1)
            })
          },
        })
        for (let nth = 0; nth < 300; nth += 1) {
          const method = nth % 2 === 0 ? "POST" : "GET"
          const base = request(`${server.origin}/once-${nth}-`)
          const { url, headers } = base
          const exit = yield* Effect.exit(transport.send(method === "POST" ? base : { method, url, headers }, limits()))
          assertSilent(exit)
          if (nth % 3 === 0) yield* Effect.sleep("1 millis")
          const read = times(server.text(), `/once-${nth}-?`)
          assert.isAtMost(read, 1, "sent twice")
          const error = Exit.isFailure(exit) ? yield* Effect.flip(exit) : undefined
          if (error?._tag === "Unsent") assert.strictEqual(read, 0, "said to be unsent, but read")
        }
      }),
    )

    live("says Unsent only when the server never read a byte, whatever happens when", (transport) =>
      Effect.gen(function* () {
        const die = dieOf(20_261_122)
        const answers = [
          ok("x"),
          ok("x", "connection: close\r\n"),
          "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx",
          "?",
        ]
        const act = (socket: Socket) => {
          const roll = die(8)
          if (roll === 0) socket.resetAndDestroy()
          else if (roll === 1) socket.end()
          else if (roll === 2) setTimeout(() => socket.resetAndDestroy(), die(4))
          else if (roll < 7) {
            socket.write(answers[die(answers.length)] ?? "", () => {
              if (die(3) === 0) setTimeout(() => (die(2) === 0 ? socket.end() : socket.resetAndDestroy()), die(3))
            })
          }
        }
        const server = yield* hostile({
          connect: (socket) => {
            if (die(6) === 0) setTimeout(() => socket.resetAndDestroy(), die(3))
          },
          serve: act,
        })
        const shut = yield* closedPort
        const counts: Record<string, number> = {}
        for (let round = 0; round < 60; round += 1) {
          const sends = Array.from({ length: 1 + die(8) }, (_, nth) => {
            const mark = `/mark-${round}-${nth}-`
            const origin = die(8) === 0 ? `http://127.0.0.1:${shut}` : server.origin
            const span = Duration.millis(1 + die(40))
            const send = transport.send(request(`${origin}${mark}`), limits({ timeout: span }))
            const cut =
              die(5) === 0 ? Effect.asVoid(Effect.timeoutOption(send, Duration.millis(die(10)))) : Effect.asVoid(send)
            return Effect.map(Effect.exit(cut), (exit) => ({ mark, exit }))
          })
          const ends = yield* Effect.all(sends, { concurrency: "unbounded" })
          yield* Effect.sleep("2 millis")
          for (const { exit, mark } of ends) {
            assertSilent(exit)
            const error = Exit.isFailure(exit) ? yield* Effect.flip(exit) : undefined
            counts[error?._tag ?? "answered"] = (counts[error?._tag ?? "answered"] ?? 0) + 1
            const read = times(server.text(), `${mark}?`)
            assert.isAtMost(read, 1, "sent twice")
            if (error?._tag === "Unsent") assert.strictEqual(read, 0, "said to be unsent, but read")
          }
        }
        // The story is worth its name only if each of its ends occurred.
        for (const end of ["answered", "Unsent", "Unanswered"]) assert.isAbove(counts[end] ?? 0, 10, end)
      }),
    )

    live("streams a body no faster than it is read", (transport) =>
      Effect.gen(function* () {
        const size = 64 * 1024 * 1024
        let written = 0
        const server = yield* hostile({
          serve: (socket) => {
            socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`)
            const more = () => {
              while (written < size) {
                written += 65_536
                if (!socket.write(Buffer.alloc(65_536, written / 65_536))) return
              }
            }
            socket.on("drain", more)
            more()
          },
        })
        const { body, status } = yield* transport.open(request(`${server.origin}/a`), limits())
        assert.strictEqual(status, 200)
        yield* Effect.sleep("150 millis")
        // The buffers of both sockets, at their largest.
        assert.isBelow(written, 16 * 1024 * 1024)
        const read = yield* Stream.runFold(
          body,
          () => ({ bytes: 0, sum: 0 }),
          (all, chunk) => ({
            bytes: all.bytes + chunk.byteLength,
            sum: all.sum + chunk.reduce((sum, byte) => sum + byte, 0),
          }),
        )
        let sum = 0
        for (let block = 1; block <= size / 65_536; block += 1) sum += (block % 256) * 65_536
        assert.deepStrictEqual(read, { bytes: size, sum })
      }),
    )

    live("closes the socket of a stream with its scope", (transport) =>
      Effect.gen(function* () {
        const server = yield* hostile(reply("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345"))
        const first = yield* Effect.scoped(
          Effect.gen(function* () {
            const { body } = yield* transport.open(request(`${server.origin}/a`), limits())
            return yield* Stream.runCollect(Stream.take(body, 1))
          }),
        )
        assert.strictEqual(Buffer.concat(first).toString(), "12345")
        yield* server.closed.pipe(Effect.timeout("2 seconds"))
      }),
    )

    live("hands over what came before a stream broke off, then says that it did", (transport) =>
      Effect.gen(function* () {
        for (const [then, problem, span] of [
          [end, "Truncated", 10_000],
          [reset, "Truncated", 10_000],
          [() => {}, "Timeout", 200],
        ] as const) {
          const server = yield* hostile(
            reply(
              "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345",
              (socket) => void setTimeout(() => then(socket), 20),
            ),
          )
          const { body } = yield* transport.open(request(`${server.origin}/a`), { timeout: Duration.millis(span) })
          let text = ""
          const exit = yield* Effect.exit(
            Stream.runForEach(body, (chunk) => Effect.sync(() => (text += new TextDecoder().decode(chunk)))),
          )
          const error = yield* Effect.flip(exit)
          assert.deepStrictEqual([text, error._tag, error.problem], ["12345", "Unanswered", problem])
          assertSilent(exit)
          yield* server.closed.pipe(Effect.timeout("2 seconds"))
        }
      }),
    )

    live("says how far a stream got that never began", (transport) =>
      Effect.gen(function* () {
        const port = yield* closedPort
        const refused = yield* Effect.flip(transport.open(request(`http://127.0.0.1:${port}/a`), limits()))
        assert.strictEqual(refused._tag, "Unsent")
        const server = yield* hostile({})
        const late = yield* Effect.flip(
          transport.open(request(`${server.origin}/a`), { timeout: Duration.millis(200) }),
        )
        assert.deepStrictEqual([late._tag, late.problem], ["Unanswered", "Timeout"])
        yield* server.closed.pipe(Effect.timeout("2 seconds"))
      }),
    )

    live("reads a stream longer than its time-out, as long as it is not silent", (transport) =>
      Effect.gen(function* () {
        const server = yield* hostile({
          serve: (socket) => {
            socket.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n")
            let sent = 0
            const timer = setInterval(() => {
              sent += 1
              socket.write("x")
              if (sent === 10) clearInterval(timer)
            }, 60)
          },
        })
        const { body } = yield* transport.open(request(`${server.origin}/a`), { timeout: Duration.millis(450) })
        assert.strictEqual(Buffer.concat(yield* Stream.runCollect(body)).toString(), "x".repeat(10))
      }),
    )
  })
}
