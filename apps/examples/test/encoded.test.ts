/** A file that a host stores packed, with `Content-Encoding: gzip`, is the same file over every transport. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { gzipSync } from "node:zlib"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { describe, expect, it, onTestFinished } from "vitest"
import * as Artifact from "@tenuto/core/Artifact"
import * as Contract from "@tenuto/core/Contract"
import * as Operation from "@tenuto/core/Operation"
import * as Remote from "@tenuto/core/Remote"
import * as Download from "@tenuto/http/Download"
import { FetchTransport } from "@tenuto/transport-fetch"
import { NodeTransport } from "@tenuto/transport-node"

const contract = Contract.make({
  idempotency: { _tag: "Unkeyed" },
  cadence: { _tag: "Interval", every: Duration.millis(10), floor: Duration.millis(10) },
})
const input = Schema.Struct({})
const output = Schema.Struct({ lines: Artifact.Embedded })
const write = Operation.make({ service: "scribe", name: "write", contract, input, output, codes: [] })

const file = Buffer.from(Array.from({ length: 20_000 }, (_, nth) => `line ${nth * 7919}\n`).join(""))
const packed = gzipSync(file)

/** A host that knows one representation, gives ranges of it, and breaks off once. */
const serve = async () => {
  const ranges: Array<string | undefined> = []
  const server = createServer(({ headers: { range } }, response) => {
    ranges.push(range)
    const [, from = "0"] = /^bytes=(\d+)-$/.exec(range ?? "") ?? []
    const rest = packed.subarray(Number(from))
    const part = range === undefined ? {} : { "content-range": `bytes ${from}-${packed.length - 1}/${packed.length}` }
    response.writeHead(range === undefined ? 200 : 206, {
      "content-encoding": "gzip",
      "content-length": rest.length,
      etag: '"1"',
      ...part,
    })
    if (ranges.length > 1) response.end(rest)
    else response.write(rest.subarray(0, rest.length / 2), () => response.socket?.end())
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ranges }
}

describe.each([
  ["node", NodeTransport.layer],
  ["fetch", FetchTransport.layer],
])("over %s", (_, transport) => {
  it("it comes unpacked, and from its start where it broke off: ranges count packed bytes", async () => {
    const { origin, ranges } = await serve()
    const handle = { version: 1, service: "scribe", origin, operation: "write", id: "1" } as const
    const lines = new Artifact.Artifact({ name: "lines", handle, link: Artifact.link(`${origin}/lines`) })
    const remote = Layer.succeed(Remote.of("scribe"), { origin, perform: () => Effect.die("nobody asks") })
    const parts = await Effect.runPromise(
      Effect.provide(Stream.runCollect(Download.stream(write, lines)), [transport, remote]),
    )
    expect(Buffer.concat(parts).equals(file)).toBe(true)
    expect(ranges).toEqual([undefined, undefined])
  })
})
