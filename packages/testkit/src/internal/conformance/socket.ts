/** What a transport that opens sockets makes of a server that breaks off, and what it can prove. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Case from "../../Case.ts"
import type { Manners, RawServer } from "../../RawServer.ts"
import { fails, limits, request, secret } from "./carried.ts"
import { demand, same, within } from "./demand.ts"
import { silent } from "./rendered.ts"
import { end, make, ok, reply, reset, shut, type Socketed } from "./socketed.ts"

// --- what is no answer --------------------------------------------------------------------------

const lengths = "HTTP/1.1 200 OK\r\ncontent-length: "
const chunked = "transfer-encoding: chunked\r\n\r\n"
const endless = (head: string, piece: string): Manners => ({
  serve: (socket) => {
    socket.write(head)
    const more = () => void (socket.destroyed || socket.write(piece, more))
    more()
  },
})

const short = { timeout: Duration.millis(200) }

/** What the server does, and what it may be called. */
const broken: ReadonlyArray<readonly [what: string, manners: Manners, ...problems: ReadonlyArray<string>]> = [
  ["a reset after the request is read", { serve: reset }, "Reset"],
  ["a close after the request is read", { serve: end }, "Reset"],
  ["a close within the first line", reply("HTTP/1.1 20", end), "Reset", "Malformed"],
  ["half a body, then a close", reply(`${lengths}10\r\n\r\n12345`, end), "Truncated", "Reset"],
  ["half a body, then a reset", reply(`${lengths}10\r\n\r\n12345`, reset), "Truncated", "Reset"],
  [
    "half a body on a connection that is to close, then a close",
    reply("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 10\r\n\r\n12345", end),
    "Truncated",
    "Reset",
  ],
  ["half of a chunked body", reply(`HTTP/1.1 200 OK\r\n${chunked}5\r\n12345\r\n5\r\n12`, end), "Truncated", "Reset"],
  [
    "half of a chunked body on a connection that is to close",
    reply(`HTTP/1.1 200 OK\r\nconnection: close\r\n${chunked}5\r\n12345\r\n`, end),
    "Truncated",
    "Reset",
  ],
  ["two lengths that differ", reply(`${lengths}5\r\ncontent-length: 6\r\n\r\n12345`), "Malformed", "Unknown"],
  ["silence", {}, "Timeout"],
  ["silence within the body", reply(`${lengths}10\r\n\r\n12345`), "Timeout"],
  ["an endless body", endless("HTTP/1.1 200 OK\r\n\r\n", "x".repeat(65_536)), "TooLarge"],
  ["garbage", reply("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "Malformed"],
  ["a broken chunk", reply(`HTTP/1.1 200 OK\r\n${chunked}zz\r\n12345\r\n`), "Malformed"],
  ["endless headers", endless("HTTP/1.1 200 OK\r\n", `x: ${"y".repeat(4096)}\r\n`), "Malformed", "TooLarge"],
  [
    "an upgrade that nobody asked for",
    reply("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"),
    "Malformed",
    "Reset",
    "Unknown",
  ],
]

const breakages = broken.map(([what, manners, ...problems]) =>
  make(
    3,
    `${what} is no answer, and is asked for once`,
    "half an answer that is a success, or one more POST",
    (stage) =>
      Effect.gen(function* () {
        const server = yield* stage.serve(manners)
        const span = what.startsWith("silence") ? short : {}
        yield* fails(what, stage.send(request(`${server.origin}/a`), limits(span)), "Unanswered", problems)
        yield* demand(server.requests() <= 1, `it was sent ${server.requests()} times`)
        yield* within("2 seconds", "the end of the connection")(server.closed)
      }),
  ),
)

// --- proof --------------------------------------------------------------------------------------

const proofs: ReadonlyArray<Case.Case<Socketed>> = [
  make(3, "a reset before the request is read is unsent, or in doubt", "a reset that is sent again", (stage) =>
    Effect.gen(function* () {
      const server = yield* stage.serve({ connect: reset })
      const exit = yield* Effect.exit(stage.send(request(`${server.origin}/a`), limits()))
      const error = yield* Effect.catch(Effect.flip(exit), () => Effect.fail("a reset was taken for an answer"))
      // It may be seen before the request is written, or after.
      yield* demand(error._tag === "Unanswered" || error.problem === "Unreachable", `it was called ${error.problem}`)
      yield* silent("what is said of it", [exit], [secret])
      yield* same("connections and what was read", [server.connections(), server.text()], [1, ""])
    }),
  ),
  make(
    3,
    "a closed port is one behind a name with several addresses too",
    "a proof that only one address gave",
    (stage, { proves = true }) =>
      Effect.gen(function* () {
        const port = yield* shut(stage)
        const sent = stage.send(request(`http://localhost:${port}/a`), limits())
        yield* fails("a closed port", sent, proves ? "Unsent" : "Unanswered", proves ? ["Refused"] : [])
      }),
  ),
  make(
    3,
    "a kept connection that the server has just closed carries nothing twice",
    "a request that is sent again when a kept connection turns out to be dead",
    (stage) =>
      Effect.gen(function* () {
        const server = yield* stage.serve({
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
          const { body, ...base } = request(`${server.origin}/once-${nth}-`)
          const whole = method === "POST" && body !== undefined ? { ...base, body } : { ...base, method }
          const exit = yield* Effect.exit(stage.send(whole, limits()))
          if (nth % 3 === 0) yield* Effect.sleep("1 millis")
          yield* honest(server, `/once-${nth}-`, exit)
        }
      }),
  ),
  make(
    3,
    "Unsent is said only when the server never read a byte, whatever happens when",
    "a time-out that is taken for proof",
    (stage) =>
      Effect.gen(function* () {
        const die = dieOf(20_261_122)
        const server = yield* stage.serve(moody(die))
        const closed = yield* shut(stage)
        const counts = new Map<string, number>()
        for (let round = 0; round < 60; round += 1) {
          const sends = Array.from({ length: 1 + die(8) }, (_, nth) => {
            const mark = `/mark-${round}-${nth}-`
            const origin = die(8) === 0 ? `http://127.0.0.1:${closed}` : server.origin
            const send = stage.send(request(`${origin}${mark}`), limits({ timeout: Duration.millis(1 + die(40)) }))
            const isCut = die(5) === 0
            const cut = isCut
              ? Effect.asVoid(Effect.timeoutOption(send, Duration.millis(die(10))))
              : Effect.asVoid(send)
            return Effect.map(Effect.exit(cut), (exit) => ({ mark, exit }))
          })
          const ends = yield* Effect.all(sends, { concurrency: "unbounded" })
          yield* Effect.sleep("2 millis")
          for (const { exit, mark } of ends) {
            const how = yield* honest(server, mark, exit)
            counts.set(how, (counts.get(how) ?? 0) + 1)
          }
        }
        // The story is worth its name only if each of its ends occurred.
        for (const how of ["Answered", "Unsent", "Unanswered"])
          yield* demand((counts.get(how) ?? 0) > 10, `too few ended ${how}`)
      }),
  ),
]

/** It was read once at most, and not at all if it is said to be unsent; tells how it ended. */
const honest = (server: RawServer, mark: string, exit: Exit.Exit<unknown, { readonly _tag: string }>) =>
  Effect.gen(function* () {
    yield* silent("what is said of it", [exit], [secret])
    const read = server.text().split(`${mark}?`).length - 1
    yield* demand(read <= 1, `it was sent ${read} times`)
    if (Exit.isSuccess(exit)) return "Answered"
    const { _tag } = yield* Effect.catch(Effect.flip(exit), () => Effect.fail("it died"))
    yield* demand(_tag !== "Unsent" || read === 0, "it was said to be unsent, and was read")
    return _tag
  })

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

/** A server that does anything at any time. */
const moody = (die: (sides: number) => number): Manners => {
  const answers = [ok("x"), ok("x", "connection: close\r\n"), `${lengths}9\r\n\r\nx`, "?"]
  return {
    connect: (socket) => {
      if (die(6) === 0) setTimeout(() => reset(socket), die(3))
    },
    serve: (socket) => {
      const roll = die(8)
      if (roll === 0) reset(socket)
      else if (roll === 1) end(socket)
      else if (roll === 2) setTimeout(() => reset(socket), die(4))
      else if (roll < 7) {
        socket.write(answers[die(answers.length)] ?? "", () => {
          if (die(3) === 0) setTimeout(() => (die(2) === 0 ? end(socket) : reset(socket)), die(3))
        })
      }
    },
  }
}

/** What is proved, and what breaks. */
export const cases: ReadonlyArray<Case.Case<Socketed>> = [...breakages, ...proofs]
