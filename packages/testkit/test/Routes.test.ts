import { Effect, Redacted, Result } from "effect"
import { describe, expect, it } from "vitest"
import * as Body from "@tenuto/testkit/Body"
import * as Credential from "@tenuto/testkit/Credential"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Routes from "@tenuto/testkit/Routes"

const told = (text: string) => Effect.succeed(Emulator.answer(200, text))
const table = [
  Routes.route({ method: "GET", path: "/v1/things/special", answer: () => told("special") }),
  Routes.route({ method: "GET", path: "/v1/things/:id", stage: "look", answer: (_, { id }) => told(`thing ${id}`) }),
  Routes.route({ method: "POST", path: "/v1/things", stage: "submit", answer: () => told("made") }),
  Routes.route({
    method: "DELETE",
    path: "/v1/orgs/:org/keys/:key",
    answer: (_, { key, org }) => told(`${org} ${key}`),
  }),
  Routes.route({ method: "*", path: "/files/*", stage: "download", isOpen: true, answer: () => told("bytes") }),
]
const manners: Routes.Manners = {
  unknown: () => Effect.succeed(Emulator.answer(404, "nothing here")),
  wrongVerb: (_, allow) => Effect.succeed(Emulator.answer(405, "", { allow })),
}
const request = (method: string, path: string, headers: Record<string, string> = {}): Emulator.Request => ({
  method,
  url: `http://service.test${path}`,
  headers,
  body: new Uint8Array(0),
})
const ask = async (
  service: Routes.Routes,
  method: string,
  path: string,
  headers?: Record<string, string>,
): Promise<readonly [status: number, text: string, allow?: string]> => {
  const behaviour = await Effect.runPromise(service.handler(request(method, path, headers)))
  if (behaviour._tag !== "Answered") throw new Error(behaviour._tag)
  const { body, headers: said, status } = behaviour.response
  const text = new TextDecoder().decode(body)
  return said["allow"] === undefined ? [status, text] : [status, text, said["allow"]]
}
const serve = (more: Partial<Routes.Manners> = {}) => Effect.runSync(Routes.make(table, { ...manners, ...more }))

describe("a table of routes", () => {
  it.each([
    ["GET", "/v1/things/7", [200, "thing 7"]],
    ["GET", "/v1/things/7?a=b", [200, "thing 7"]],
    ["GET", "/v1/things/a%2Fb%20c", [200, "thing a/b c"]],
    ["GET", "/v1/things/%E0%A4%A", [200, "thing %E0%A4%A"]],
    ["GET", "/v1/things/special", [200, "special"]],
    ["DELETE", "/v1/orgs/o/keys/k", [200, "o k"]],
    ["PATCH", "/files/a/b/c.flac", [200, "bytes"]],
    ["GET", "/v1/things/", [404, "nothing here"]],
    ["GET", "/v1/things/7/", [404, "nothing here"]],
    ["GET", "/v1/things/7/8", [404, "nothing here"]],
    ["GET", "/things/7", [404, "nothing here"]],
    ["GET", "/files", [404, "nothing here"]],
    ["GET", "/", [404, "nothing here"]],
    ["PUT", "/v1/things/7", [405, "", "GET"]],
    ["GET", "/v1/things", [405, "", "POST"]],
  ] as const)("%s %s is answered %o", async (method, path, expected) => {
    expect(await ask(serve(), method, path)).toEqual(expected)
  })

  it("knows the names in a path: another one does not compile", () => {
    // @ts-expect-error: the path has no `name`
    Routes.route({ method: "GET", path: "/v1/things/:id", answer: (_, { name }) => told(name) })
    // @ts-expect-error: a path without parts has no `id`
    Routes.route({ method: "GET", path: "/v1/things/*", answer: (_, { id }) => told(id) })
  })

  it("names every verb of a path once, in order", async () => {
    const answer = () => told("")
    const verbs = ["PUT", "GET", "GET"].map((method) => ({ method, path: "/a", answer }))
    const service = Effect.runSync(Routes.make(verbs, manners))
    expect(await ask(service, "POST", "/a")).toEqual([405, "", "GET, PUT"])
  })

  it("lets a route tell the stage of each request", async () => {
    const hold = { method: "GET", path: "/work", answer: () => told("held") }
    const stageOf = ({ url }: Emulator.Request) => (url.endsWith("?wait") ? "long-poll" : "look")
    const made = Effect.runSync(Routes.make([{ ...hold, stage: stageOf }], manners))
    for (const path of ["/work?wait", "/work"]) await Effect.runPromise(made.handler(request("GET", path)))
    expect((await Effect.runPromise(made.requests)).map(({ stage }) => stage)).toEqual(["long-poll", "look"])
    expect(made.stage(request("GET", "/work?wait"))).toBe("long-poll")
  })

  it("says which stage a request belongs to, verb and path together", () => {
    const { stage } = serve()
    expect(stage(request("GET", "/v1/things/7"))).toBe("look")
    expect(stage(request("POST", "/v1/things"))).toBe("submit")
    expect(stage(request("GET", "/files/a?signature=b"))).toBe("download")
    expect(stage(request("POST", "/v1/things/7"))).toBe(undefined)
    expect(stage(request("GET", "/elsewhere"))).toBe(undefined)
  })

  it("keeps every request in the order of arrival, with the status once there is one", async () => {
    const held: Routes.Route = { method: "GET", path: "/hold", stage: "look", answer: () => Effect.never }
    const { response } = Emulator.answer(200, "half")
    const cut = Emulator.Behaviour.Truncated({ response, bytes: 2, isReset: true })
    const reset: Routes.Route = { method: "GET", path: "/reset", answer: () => Effect.succeed(cut) }
    const service = Effect.runSync(Routes.make([held, reset, ...table], manners))
    const fiber = Effect.runFork(service.handler(request("GET", "/hold")))
    await Effect.runPromise(service.handler(request("GET", "/reset")))
    await ask(service, "POST", "/v1/things")
    await ask(service, "GET", "/elsewhere?secret=1")
    expect(await Effect.runPromise(service.requests)).toEqual([
      { stage: "look", method: "GET", path: "/hold" },
      { stage: undefined, method: "GET", path: "/reset" },
      { stage: "submit", method: "POST", path: "/v1/things", status: 200 },
      { stage: undefined, method: "GET", path: "/elsewhere", status: 404 },
    ])
    fiber.interruptUnsafe()
  })
})

describe("the guard", () => {
  const guarded = () => {
    const seen: Array<string> = []
    const service = serve({
      guard: ({ headers }, { path }) =>
        Effect.sync(() => {
          seen.push(path)
          return headers["authorization"] === undefined ? Emulator.answer(401, "who are you") : undefined
        }),
    })
    return { service, seen }
  }

  it("stands before what a route answers, and not before what is said where no route leads", async () => {
    const { seen, service } = guarded()
    expect(await ask(service, "GET", "/v1/things/7")).toEqual([401, "who are you"])
    expect(await ask(service, "GET", "/v1/things/7", { authorization: "me" })).toEqual([200, "thing 7"])
    expect((await ask(service, "GET", "/elsewhere"))[0]).toBe(404)
    expect((await ask(service, "PUT", "/v1/things"))[0]).toBe(405)
    expect(seen).toEqual(["/v1/things/:id", "/v1/things/:id"])
  })

  it("does not stand before what is open", async () => {
    const { seen, service } = guarded()
    expect(await ask(service, "GET", "/files/a")).toEqual([200, "bytes"])
    expect(seen).toEqual([])
  })
})

describe("a body", () => {
  const read = (...bytes: ReadonlyArray<number>) => Body.json({ body: new Uint8Array(bytes) })
  const text = (given: string) => Body.json({ body: new TextEncoder().encode(given) })

  it("is JSON in UTF-8, or it is said why not", () => {
    expect(text('{"a":[1,null,"ü"]}')).toEqual(Result.succeed({ a: [1, null, "ü"] }))
    expect(read()).toEqual(Result.fail("empty"))
    expect(read(0x22, 0xff, 0x22)).toEqual(Result.fail("not UTF-8"))
    for (const given of ["{", "'a'", " ", "NaN"]) expect(text(given)).toEqual(Result.fail("not JSON"))
  })
})

describe("a credential", () => {
  const find = Credential.reader([Credential.bearer, Credential.header("x-api-key")])

  it("is found where the service looks, and nowhere else", () => {
    expect(find({ headers: { authorization: "Bearer a" } })).toBe("a")
    expect(find({ headers: { authorization: "Basic a", "x-api-key": "b" } })).toBe("b")
    for (const authorization of ["Bearer", "Bearer ", "bearer a", "Bearer a b", "Basic a"]) {
      expect(find({ headers: { authorization, "x-api-key": "" } })).toBe(undefined)
    }
  })

  it("is compared with the one that is accepted; without one any will do, and none never", () => {
    expect(Credential.isAccepted("a", "a")).toBe(true)
    expect(Credential.isAccepted("a", Redacted.make("a"))).toBe(true)
    expect(Credential.isAccepted("b", Redacted.make("a"))).toBe(false)
    expect(Credential.isAccepted("b", undefined)).toBe(true)
    expect(Credential.isAccepted(undefined, undefined)).toBe(false)
    expect(Credential.isAccepted(undefined, "a")).toBe(false)
  })
})
