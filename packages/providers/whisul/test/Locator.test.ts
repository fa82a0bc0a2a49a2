/** Where a job is looked for: at the address the service gave, never elsewhere with the key (T-WH-1). */
import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Client from "@tenuto/core/Client"
import type { Handle } from "@tenuto/core/Handle"
import * as Journal from "@tenuto/core/Journal"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Rehearsal from "@tenuto/testkit/Rehearsal"
import * as Whisul from "@tenuto/whisul"
import * as Service from "@tenuto/whisul/Emulator"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import { apiKey, beat, failure, fixture, gets, play, runBeat, value } from "./stage.ts"

const origin = "http://service.test"
const id = String(fixture("generate.accepted")["job_id"])
const byId = `/api/jobs/${id}`

/** A service that knows a job wherever it is looked for. */
const anywhere =
  (accepted: object): Emulator.Handler =>
  ({ method }) =>
    Effect.succeed(
      method === "POST"
        ? Emulator.json(202, accepted as never)
        : Emulator.json(200, fixture("jobs.completed") as never),
    )

/** Where the first look goes after a submit that gave this address. */
const lookedAt = async (poll_url: unknown) => {
  const { exit, seen } = await play(anywhere({ ...fixture("generate.accepted"), poll_url }), runBeat)
  return { song: value(exit), looks: gets(seen).map(({ path, query }) => ({ path, query })) }
}

describe("an address under the base is followed", () => {
  it.each([
    ["/jobs/x", "/api/jobs/x"],
    ["/v2/tasks/a-b_c.d~e", "/api/v2/tasks/a-b_c.d~e"],
    [`${origin}/api/jobs/x`, "/api/jobs/x"],
    [`${origin}:80/api/jobs/x`, "/api/jobs/x"],
    [`HTTP://Service.test/api/jobs/x`, "/api/jobs/x"],
    ["/jobs/...", "/api/jobs/..."],
  ])("%s", async (poll_url, path) => {
    const { looks, song } = await lookedAt(poll_url)
    expect(looks).toEqual([{ path, query: {} }])
    expect(song.song.handle.locator).toBe(path.slice("/api".length))
  })
})

describe("any other address is not followed, and the work is looked for by its id", () => {
  it.each([
    ["another origin", "https://evil.test/api/jobs/x"],
    ["another origin whose name is as long", "http://serv1ce.test/api/jobs/x"],
    ["the origin with another scheme", "https://service.test/api/jobs/x"],
    ["the origin with another port", `${origin}:8080/api/jobs/x`],
    ["another origin without a scheme", "//evil.test/x"],
    ["another origin by backslashes", "\\\\evil.test\\x"],
    ["another origin by a slash and a backslash", "/\\evil.test/x"],
    ["another origin behind a user's name", "https://service.test@evil.test/api/jobs/x"],
    ["a user's name", "http://user@service.test/api/jobs/x"],
    ["what would make the host a user's name", "@evil.test/x"],
    ["the origin outside the base", `${origin}/jobs/x`],
    ["the origin beside the base", `${origin}/api-evil/jobs/x`],
    ["the base itself", `${origin}/api/`],
    ["a way up and out", "/jobs/../../x"],
    ["an absolute way up and out", `${origin}/api/../x`],
    ["a way up", "/jobs/../x"],
    ["an encoded way up", "/jobs/%2e%2e/%2E%2E/x"],
    ["a half encoded way up", "/jobs/.%2e/.%2e/x"],
    ["an encoded slash", "/jobs/..%2f..%2fx"],
    ["a backslash that leads up", "/jobs/..\\..\\x"],
    ["here and here", "/./jobs/."],
    ["an empty segment", "/jobs//x"],
    ["a slash at its end", "/jobs/x/"],
    ["no slash at its beginning", "jobs/x"],
    ["the path of the base once more", "/api/jobs/x"],
    ["a query, which may hold a secret", "/jobs/x?token=5ecret"],
    ["a fragment", "/jobs/x#y"],
    ["a line break", "/jobs/x\r\nhost: evil.test"],
    ["space before it", " /jobs/x"],
    ["a letter that has to be encoded", "/jobs/ü"],
    ["a script", "javascript:alert(1)"],
    ["data", "data:application/json,{}"],
    ["a file", "file:///etc/passwd"],
    ["an address without a host", "http:evil.test/x"],
    ["nothing", ""],
    ["a slash", "/"],
    ["null", null],
    ["a number", 7],
    ["a list", ["/jobs/x"]],
    ["a structure", { href: "/jobs/x" }],
    ["an endless one", `/${"x".repeat(100_000)}`],
  ])("%s", async (_, poll_url) => {
    const { looks, song } = await lookedAt(poll_url)
    expect(looks).toEqual([{ path: byId, query: {} }])
    expect(song.song.handle).not.toHaveProperty("locator")
  })

  it("so is one that is missing", async () => {
    expect((await lookedAt(undefined)).looks).toEqual([{ path: byId, query: {} }])
  })
})

describe("the base may be anywhere", () => {
  it.each([
    ["", "/jobs/x", "/jobs/x"],
    ["", `${origin}/jobs/x`, "/jobs/x"],
    ["", "/api/jobs/x", "/api/jobs/x"],
    ["/", "/jobs/x", "/jobs/x"],
    ["/proxy/whisul/api", "/jobs/x", "/proxy/whisul/api/jobs/x"],
    ["/proxy/whisul/api///", "/jobs/x", "/proxy/whisul/api/jobs/x"],
    ["/proxy/whisul/api", `${origin}/proxy/whisul/api/jobs/x`, "/proxy/whisul/api/jobs/x"],
    ["/proxy/whisul/api", `${origin}/api/jobs/x`, `/proxy/whisul/api/jobs/${id}`],
    ["/proxy/whisul/api", "https://whisul.com/api/jobs/x", `/proxy/whisul/api/jobs/${id}`],
  ])("at %o, %s is looked for at %s", async (path, poll_url, looked) => {
    const { seen } = await Rehearsal.play({
      connect: (at) => Whisul.layer({ apiKey, baseUrl: `${at}${path}` }),
      handler: anywhere({ ...fixture("generate.accepted"), poll_url }),
      program: runBeat,
    })
    expect(seen.map((request) => request.path).slice(1)).toEqual([looked])
  })
})

describe("a handle that was forged by hand", () => {
  const handle = (forged: Partial<Handle>): Handle => ({
    version: 1,
    service: "whisul",
    origin,
    operation: "generate",
    id,
    ...forged,
  })
  const settled = (forged: Partial<Handle>) => play(anywhere({}), Client.settle(Whisul.generate, handle(forged)))

  it.each([
    ["https://evil.test/jobs/x"],
    ["//evil.test/jobs/x"],
    ["\\\\evil.test\\x"],
    ["https://service.test/api/jobs/x"],
    ["http://service.test@evil.test/x"],
    ["http:\\\\evil.test"],
    [" https://evil.test/"],
    ["http://service.test:81/api/jobs/x"],
  ])("leads to another origin (%o): nothing is sent, and it says so", async (locator) => {
    const { exit, seen } = await settled({ locator })
    expect(seen).toEqual([])
    const error = failure(exit)
    expect(error).toMatchObject({ _tag: "Unseen", reason: { _tag: "Invalid" }, handle: { id } })
    expect(error.message).toContain(`leads away from ${origin}, where the credential belongs`)
  })

  it.each([
    ["/jobs/../../admin"],
    ["/../admin"],
    [`${origin}/admin`],
    ["http://user:pass@service.test/api/jobs/x"],
    ["@evil.test/x"],
    [".evil.test/x"],
    [":81/x"],
    ["?x=1"],
    ["#x"],
    ["/jobs/x?admin=1"],
    ["data:text/plain,x"],
    ["http://"],
    [""],
  ])("leads nowhere under the base (%o): the work is looked for by its id", async (locator) => {
    const { exit, seen } = await settled({ locator })
    value(exit)
    expect(seen.map(({ path, query }) => ({ path, query }))).toEqual([{ path: byId, query: {} }])
  })

  it.each([
    ["a/../../x", "/api/jobs/a%2F..%2F..%2Fx"],
    ["x?admin=1#y", "/api/jobs/x%3Fadmin%3D1%23y"],
  ])("has the id %o: it is one segment of the path", async (odd, path) => {
    const { seen } = await settled({ id: odd })
    expect(gets(seen).map((look) => look.path)).toEqual([path])
  })

  it.each(["\ud800", "..", ".", ""])("has the id %o, which no path can hold: nothing is sent", async (odd) => {
    const { exit, seen } = await settled({ id: odd })
    expect(failure(exit)).toMatchObject({ _tag: "Unseen", reason: { _tag: "Invalid" } })
    expect(seen).toEqual([])
  })

  it("is from another origin: nothing is sent", async () => {
    const { exit, seen } = await settled({ origin: "https://evil.test" })
    expect(failure(exit)).toMatchObject({ _tag: "Unseen", reason: { _tag: "Invalid" } })
    expect(seen).toEqual([])
  })
})

describe("over real sockets, another server sees nothing at all", () => {
  const scene = Effect.gen(function* () {
    const spied: Array<string> = []
    const { url: evil } = yield* Emulator.serve(({ headers, url }) =>
      Effect.sync(() => {
        spied.push(`${url} ${headers["authorization"] ?? ""}`)
        return Emulator.json(200, { status: "completed", result: { song_url: "https://evil.test/song" } })
      }),
    )
    const service = yield* Service.make({ work: 0 })
    let poll_url: string | undefined
    const { url } = yield* Emulator.serve((request) =>
      Effect.map(service.handler(request), (behaviour) =>
        request.method === "POST" && poll_url !== undefined && behaviour._tag === "Answered"
          ? Emulator.json(202, {
              ...(JSON.parse(new TextDecoder().decode(behaviour.response.body)) as object),
              poll_url,
            })
          : behaviour,
      ),
    )
    const whisul = Whisul.layer({ apiKey, baseUrl: `${url}/api` }).pipe(
      Layer.provideMerge(Layer.mergeAll(NodeTransport.layer, Journal.layerMemory)),
    )
    const give = (address: string) => void (poll_url = address)
    return { evil, give, service, spied, whisul }
  })

  it.live("when the service gives its address", () =>
    Effect.gen(function* () {
      const { evil, give, service, spied, whisul } = yield* scene
      for (const address of [`${evil}/jobs/x`, evil.replace("http:", ""), evil.replace("http://", "\\\\")]) {
        give(address)
        const handle = yield* Effect.provide(Client.submit(beat), whisul)
        expect(handle.locator).toBeUndefined()
        const seen = yield* Effect.provide(Client.look(Whisul.generate, handle), whisul)
        expect(seen._tag).toBe("Succeeded")
      }
      expect(spied).toEqual([])
      expect((yield* service.ledger).operations).toHaveLength(3)
    }),
  )

  it.live("when a handle was forged to lead there", () =>
    Effect.gen(function* () {
      const { evil, spied, whisul } = yield* scene
      const handle = yield* Effect.provide(Client.submit(beat), whisul)
      for (const locator of [`${evil}/jobs/x`, `${evil.replace("http:", "")}/x`, evil.replace("http://", "\\\\")]) {
        const error = yield* Effect.provide(Effect.flip(Client.look(Whisul.generate, { ...handle, locator })), whisul)
        expect(error).toMatchObject({ _tag: "Unseen", reason: { _tag: "Invalid" } })
      }
      expect(spied).toEqual([])
    }),
  )
})
