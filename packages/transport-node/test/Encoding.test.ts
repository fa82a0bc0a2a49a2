import * as zlib from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { join } from "@tenuto/http/Exchange"
import { Transport } from "@tenuto/http/Transport"
import { NodeTransport } from "@tenuto/transport-node"
import * as RawServer from "@tenuto/testkit/RawServer"
import { limits, request } from "./requests.ts"

const text = new TextDecoder()
const plain = "so it was, so it is. ".repeat(20_000)

/** A server that answers once, in pieces. */
const answering = (head: string, ...pieces: ReadonlyArray<Uint8Array>) =>
  Effect.gen(function* () {
    const server = yield* RawServer.serve({
      serve: (socket) => {
        socket.write(`HTTP/1.1 ${head}\r\nconnection: close\r\n\r\n`)
        for (const piece of pieces) socket.write(piece)
        socket.end()
      },
    })
    const transport = yield* Transport
    const wanted = request(`${server.origin}/a`)
    return {
      send: (more = {}) => transport.send(wanted, limits(more)),
      method: (method: string) => {
        const { body: _, ...rest } = wanted
        return transport.send({ ...rest, method }, limits())
      },
      stream: transport.open(wanted, limits()),
    }
  })

const live = (name: string, story: () => Effect.Effect<void, unknown, Transport | import("effect/Scope").Scope>) =>
  it.live(name, () => Effect.provide(story(), NodeTransport.layer))

describe("an answer that is compressed", () => {
  live("is read in zstd, which no other part of the kit packs", () =>
    Effect.gen(function* () {
      const { send } = yield* answering("200 OK\r\ncontent-encoding: ZSTD", zlib.zstdCompressSync(plain))
      assert.strictEqual(text.decode((yield* send()).body), plain)
    }),
  )

  live("is read byte by byte as it comes", () =>
    Effect.gen(function* () {
      const packed = [...zlib.gzipSync(plain)].map((byte) => Uint8Array.of(byte))
      const { stream } = yield* answering("200 OK\r\ncontent-encoding: gzip", ...packed)
      const { body } = yield* stream
      assert.strictEqual(text.decode(join(yield* Stream.runCollect(body))), plain)
    }),
  )

  live("is no answer when it is cut off", () =>
    Effect.gen(function* () {
      for (const [coding, packed] of [
        ["gzip", zlib.gzipSync(plain)],
        ["br", zlib.brotliCompressSync(plain)],
        ["deflate", zlib.deflateSync(plain)],
        ["zstd", zlib.zstdCompressSync(plain)],
      ] as const) {
        const half = packed.subarray(0, packed.byteLength - 9)
        const { send, stream } = yield* answering(`200 OK\r\ncontent-encoding: ${coding}`, half)
        const error = yield* Effect.flip(send())
        assert.deepStrictEqual([coding, error.problem], [coding, "Truncated"])
        const broken = yield* Effect.flip(Effect.flatMap(stream, ({ body }) => Stream.runDrain(body)))
        assert.deepStrictEqual([coding, broken.problem], [coding, "Truncated"])
      }
    }),
  )

  live("is no answer when it is not what its header says", () =>
    Effect.gen(function* () {
      const { send } = yield* answering("200 OK\r\ncontent-encoding: gzip", new TextEncoder().encode("{}"))
      const error = yield* Effect.flip(send())
      assert.deepStrictEqual([error._tag, error.problem], ["Unanswered", "Malformed"])
    }),
  )

  live("fills no memory: a small one that becomes a large one ends at the limit", () =>
    Effect.gen(function* () {
      const bomb = zlib.gzipSync(zlib.gzipSync(Buffer.alloc(256 * 1024 * 1024)))
      const { send } = yield* answering("200 OK\r\ncontent-encoding: gzip, gzip", bomb)
      const error = yield* Effect.flip(send({ maxBytes: 1_000_000n }))
      assert.strictEqual(error.problem, "TooLarge")
    }),
  )

  live("may be empty, and then is", () =>
    Effect.gen(function* () {
      const { method, send } = yield* answering("200 OK\r\ncontent-encoding: gzip")
      assert.deepStrictEqual([(yield* send()).body.byteLength, (yield* method("HEAD")).body.byteLength], [0, 0])
      assert.strictEqual((yield* method("HEAD")).headers["content-encoding"], "gzip")
    }),
  )

  live("stays as it came where its coding is not known, and where it is a part", () =>
    Effect.gen(function* () {
      const packed = zlib.gzipSync(plain)
      for (const head of ["200 OK\r\ncontent-encoding: aws-chunked", "206 Partial Content\r\ncontent-encoding: gzip"]) {
        const { send } = yield* answering(head, packed)
        const { body, headers } = yield* send()
        assert.deepStrictEqual([body.byteLength, typeof headers["content-encoding"]], [packed.byteLength, "string"])
      }
    }),
  )

  live("is let go in the middle", () =>
    Effect.gen(function* () {
      const { stream } = yield* answering("200 OK\r\ncontent-encoding: gzip", zlib.gzipSync(plain))
      const taken = yield* Effect.scoped(Effect.flatMap(stream, ({ body }) => Stream.runCollect(Stream.take(body, 1))))
      assert.isAbove(join(taken).byteLength, 0)
      const silent = yield* RawServer.serve({
        serve: (socket) => {
          socket.write("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n")
          socket.write(zlib.gzipSync(plain).subarray(0, 300))
        },
      })
      const transport = yield* Transport
      const reading = Effect.flatMap(transport.open(request(`${silent.origin}/a`), limits()), ({ body }) =>
        Stream.runDrain(body),
      )
      const fiber = yield* Effect.forkChild(Effect.scoped(reading))
      yield* silent.read
      yield* Effect.sleep("5 millis")
      yield* Fiber.interrupt(fiber)
      yield* silent.closed
    }),
  )
})
