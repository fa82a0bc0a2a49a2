/** A file that the service itself serves behind the credential, over real sockets and both transports. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { describe, expect, it, onTestFinished } from "vitest"
import * as Artifact from "@tenuto/core/Artifact"
import * as Client from "@tenuto/core/Client"
import * as Contract from "@tenuto/core/Contract"
import * as Handle from "@tenuto/core/Handle"
import * as Journal from "@tenuto/core/Journal"
import * as Operation from "@tenuto/core/Operation"
import * as Download from "@tenuto/http/Download"
import * as Json from "@tenuto/http/Json"
import * as Link from "@tenuto/http/Link"
import * as Provider from "@tenuto/http/Provider"
import { FetchTransport } from "@tenuto/transport-fetch"
import { NodeTransport } from "@tenuto/transport-node"

const film = new Uint8Array(300_000).fill(7)

/** A server, and every request that it saw. */
const serve = async (elsewhere?: string) => {
  const seen: Array<string> = []
  const server = createServer((request, response) => {
    const { headers, method, url } = request
    seen.push(`${method} ${url} ${headers.authorization === undefined ? "without key" : "with key"}`)
    const json = (status: number, body: object) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
    if (url === "/stored") return response.writeHead(200, { "content-type": "video/mp4" }).end(film)
    if (headers.authorization === undefined) return json(401, {})
    if (method === "POST") return json(202, { id: "1", status: "queued" })
    if (url !== "/v1/videos/1/content") return json(200, { id: "1", status: "completed" })
    return elsewhere === undefined
      ? response.writeHead(200, { "content-type": "video/mp4", "content-length": film.length }).end(film)
      : response.writeHead(302, { location: elsewhere }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, seen }
}

const contract = Contract.make({
  idempotency: { _tag: "Unkeyed" },
  cadence: { _tag: "Interval", every: Duration.millis(10), floor: Duration.millis(10) },
})
const input = Schema.Struct({})
const make = Operation.make({
  service: "film",
  name: "make",
  contract,
  input,
  output: Schema.Struct({ video: Artifact.Embedded }),
  codes: [],
})
const read = Json.decoder(Schema.Struct({ id: Schema.String, status: Schema.String }), "the video")
const path = (id: string) => `/videos/${encodeURIComponent(id)}/content`

/** Either the work names the link and says that it wants the credential, or the table makes it. */
const ways = {
  "a link in the work": (base: string) => (handle: Handle.Handle) =>
    new Artifact.Artifact({
      name: "video",
      handle,
      requiresCredential: true,
      link: Artifact.link(`${base}${path(handle.id)}`),
    }),
  "Link.content": () => (handle: Handle.Handle) => new Artifact.Artifact({ name: "video", handle }),
}

const table = (base: string, way: keyof typeof ways): Provider.Table<"film"> => ({
  service: "film",
  base,
  credential: Provider.bearer,
  verdicts: [],
  trouble: () => ({}),
  endpoints: {
    make: {
      submit: () => ({ method: "POST", path: "/videos", body: {} }),
      accepted: (body, request) => Result.map(read(body), ({ id }) => ({ handle: Handle.of(request, { id }) })),
      look: ({ id }) => ({ method: "GET", path: `/videos/${id}` }),
      observed: (body, handle) =>
        Result.map(read(body), ({ status: word }) => ({
          _tag: "Succeeded",
          word,
          output: { video: ways[way](base)(handle) },
        })),
      ...(way === "Link.content"
        ? { link: Link.content(({ handle }) => ({ method: "GET", path: path(handle.id) })) }
        : {}),
    },
  },
})

const fetched = (base: string, way: keyof typeof ways, transport: typeof NodeTransport.layer) =>
  Effect.gen(function* () {
    const { video } = yield* Client.run(make({}))
    const size = Stream.runFold(
      Download.stream(make, video),
      () => 0,
      (sum, bytes) => sum + bytes.byteLength,
    )
    return yield* size
  }).pipe(
    Effect.provide([
      Provider.layer(table(base, way), { apiKey: "k-of-the-film" }).pipe(Layer.provideMerge(transport)),
      Journal.layerMemory,
    ]),
    Effect.runPromise,
  )

describe.each([
  ["node", NodeTransport.layer],
  ["fetch", FetchTransport.layer],
])("a file behind the key, over %s", (_, transport) => {
  it.each(Object.keys(ways) as Array<keyof typeof ways>)("is fetched with it: %s", async (way) => {
    const service = await serve()
    expect(await fetched(`${service.url}/v1`, way, transport)).toBe(film.length)
    expect(service.seen.slice(2)).toEqual(["GET /v1/videos/1/content with key"])
  })

  it("is fetched without it where the service leads to another host", async () => {
    const store = await serve()
    const service = await serve(`${store.url}/stored`)
    expect(await fetched(`${service.url}/v1`, "Link.content", transport)).toBe(film.length)
    expect(service.seen.slice(2)).toEqual(["GET /v1/videos/1/content with key"])
    expect(store.seen).toEqual(["GET /stored without key"])
  })
})
