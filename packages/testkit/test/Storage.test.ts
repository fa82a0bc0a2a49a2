import { DateTime, Duration, Effect, Exit } from "effect"
import { describe, expect, it } from "vitest"
import { Transport } from "@tenuto/http/Transport"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Routes from "@tenuto/testkit/Routes"
import * as Storage from "@tenuto/testkit/Storage"
import { carriers } from "./carriers.ts"

const path = "/cdn/a/0.flac"
const bytes = new Uint8Array(100).map((_, at) => at)
const song: Storage.Stored = { mediaType: "audio/flac", bytes: Effect.succeed(bytes) }
const limits = { timeout: Duration.seconds(30), maxBytes: 1_000_000n }

const manners: Routes.Manners = {
  unknown: () => Effect.succeed(Emulator.answer(404)),
  wrongVerb: () => Effect.succeed(Emulator.answer(405)),
  guard: () => Effect.succeed(Emulator.answer(401, "the guard of the service")),
}
const open = (rules: Partial<Storage.Rules> = {}) =>
  Effect.runSync(
    Effect.gen(function* () {
      const find = (asked: string) => (asked === path ? song : undefined)
      const storage = yield* Storage.make({ prefix: "/cdn/", life: "90 seconds", find, ...rules })
      return { ...storage, handler: (yield* Routes.make([storage.route], manners)).handler }
    }),
  )
type Host = ReturnType<typeof open>

interface Got {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: ReadonlyArray<number>
}
const get = (url: string, headers: Record<string, string> = {}, method = "GET") =>
  Effect.map(
    Transport.use((transport) => transport.send({ method, url, headers }, limits)),
    ({ body, headers: said, status }): Got => ({ status, headers: said, body: Array.from(body) }),
  )

type Carrier = keyof typeof carriers
const ask = async <A>(
  host: Host,
  program: (link: string, base: string) => Effect.Effect<A, unknown, Transport>,
  carrier: Carrier = "memory",
): Promise<A> => {
  const { exit } = await carriers[carrier](host.handler, (base) =>
    Effect.gen(function* () {
      return yield* program(host.link(`${base}/v1/songs?a=b`, path, yield* DateTime.now).url, base)
    }),
  )
  if (Exit.isSuccess(exit)) return exit.value
  throw new Error(String(exit))
}

describe.each(["memory", "loopback"] as const)("carried by %s", (carrier) => {
  it("a link is made at the origin the request came to, and opens its file", async () => {
    const [link, base, got] = await ask(
      open(),
      (url, origin) => Effect.map(get(url), (answer) => [url, origin, answer] as const),
      carrier,
    )
    expect(link.startsWith(`${base}${path}?expires=1767225690&signature=`)).toBe(true)
    expect(got).toMatchObject({ status: 200, headers: { "content-type": "audio/flac", "accept-ranges": "bytes" } })
    expect(got.body).toEqual(Array.from(bytes))
  })

  it("a link dies at its instant, and not a millisecond before", async () => {
    const statuses = await ask(
      open(),
      (url) =>
        Effect.gen(function* () {
          yield* Effect.sleep(89_999)
          const before = yield* get(url)
          yield* Effect.sleep(1)
          return [before.status, (yield* get(url)).status]
        }),
      carrier,
    )
    expect(statuses).toEqual([200, 403])
  })

  it.each([
    ["bytes=10-19", 206, "bytes 10-19/100", [10, 19]],
    ["bytes=90-", 206, "bytes 90-99/100", [90, 99]],
    ["bytes=90-1000", 206, "bytes 90-99/100", [90, 99]],
    ["bytes=-5", 206, "bytes 95-99/100", [95, 99]],
    ["bytes=-500", 206, "bytes 0-99/100", [0, 99]],
    ["bytes=100-", 416, "bytes */100", []],
    ["bytes=5-4", 416, "bytes */100", []],
    ["bytes=-", 200, undefined, [0, 99]],
    ["lines=1-2", 200, undefined, [0, 99]],
  ] as const)("the piece %s is answered %i", async (range, status, contentRange, [first, last]) => {
    const got = await ask(open(), (url) => get(url, { range }), carrier)
    expect([got.status, got.headers["content-range"]]).toEqual([status, contentRange])
    expect([got.body[0], got.body.at(-1)]).toEqual([first, last])
  })
})

it("a piece of a file that has changed meanwhile is the whole file", async () => {
  let version = "1"
  const host = open({ find: () => ({ ...song, version }) })
  const sizes = await ask(host, (url) =>
    Effect.gen(function* () {
      const { headers } = yield* get(url)
      const piece = { range: "bytes=0-9", "if-range": headers["etag"] ?? "" }
      const same = yield* get(url, piece)
      version = "2"
      return [same, yield* get(url, piece)].map(({ body, status }) => [status, body.length])
    }),
  )
  expect(sizes).toEqual([
    [206, 10],
    [200, 100],
  ])
})

it.each(["authorization", "x-api-key", "cookie", "proxy-authorization"])(
  "a request that carries %s is refused, and counted as a leak",
  async (name) => {
    const host = open()
    const statuses = await ask(host, (url) =>
      Effect.all([get(url, { [name]: "s3cret" }), get(url), get(`${url}0`, { [name]: "s3cret" })]),
    )
    expect(statuses.map(({ status }) => status)).toEqual([400, 200, 400])
    expect(await Effect.runPromise(host.leaks)).toBe(2)
  },
)

it("a link that was changed, has died or leads nowhere is answered as the service says", async () => {
  const denied = (why: string) => Emulator.answer(410, why)
  const host = open({ denied })
  const texts = await ask(host, (url, base) =>
    Effect.gen(function* () {
      const elsewhere = host.link(base, "/cdn/other", yield* DateTime.now).url
      const later = url.replace(/expires=(\d)/, "expires=9")
      const asked = [`${url}0`, later, url.replace("0.flac", "1.flac"), `${base}${path}`, elsewhere]
      const answers = yield* Effect.forEach(asked, (text) => get(text))
      yield* Effect.sleep("90 seconds")
      return [...answers, yield* get(url)].map(({ body, status }) => `${status} ${String.fromCharCode(...body)}`)
    }),
  )
  expect(texts).toEqual(["410 forged", "410 forged", "410 forged", "410 forged", "410 unknown", "410 expired"])
})

it("links of two seeds do not open one another's files", async () => {
  const other = open({ seed: 1 })
  const status = await ask(open(), (_, base) =>
    Effect.flatMap(DateTime.now, (now) => get(other.link(base, path, now).url)).pipe(Effect.map((got) => got.status)),
  )
  expect(status).toBe(403)
})

it("a public file needs no signature, and its link does not die", async () => {
  const got = await ask(open({ isPublic: true }), (url, base) =>
    Effect.gen(function* () {
      yield* Effect.sleep("1 day")
      return [url === base + path, (yield* get(url)).status, (yield* get(`${base}/cdn/other`)).status]
    }),
  )
  expect(got).toEqual([true, 200, 403])
})

it("only GET is served, and the guard of the service does not stand before it", async () => {
  const got = await ask(open(), (url) => get(url, {}, "PUT"))
  expect([got.status, got.headers["allow"]]).toEqual([405, "GET"])
})

it("a sample is small, always the same, and its own for each name", async () => {
  const [one, again, other] = await Effect.runPromise(
    Effect.forEach(["a", "a", "b"], (name) => Storage.sample(name, "audio/mpeg").bytes),
  )
  expect(one?.byteLength).toBe(4000)
  expect(again).toEqual(one)
  expect(other).not.toEqual(one)
})
