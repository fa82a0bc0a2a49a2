/** What a kit says to whoever holds it wrongly, or holds on to it for too long. */
import * as http from "node:http"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import * as Courier from "@tenuto/testkit/Courier"
import * as Explore from "@tenuto/testkit/Explore"
import { assert } from "@tenuto/testkit/Matchers"
import { type Answering, createKit, type Kit, suite, type World } from "@tenuto/testkit/Promise"

const ready: Answering = () => Response.json({ status: "ready" })
const unfit = (says: string) => ({ _tag: "Unfit", message: expect.stringContaining(says) as string })

/** A client that is built on Node's own sockets, as axios and got are. */
const viaHttp = ({ url }: Pick<World, "url">) =>
  new Promise<number>((resolve, reject) => {
    const request = http.get(url, { agent: false }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0))
    })
    request.on("error", reject)
  })

const dispatch = (kit: Kit<unknown>) =>
  new Promise((resolve, reject) => {
    const options = { origin: kit.url, path: "/", method: "GET" }
    const handler = {
      onRequestStart: () => {},
      onResponseEnd: resolve,
      onResponseError: (_: unknown, error: Error) => reject(error),
    }
    kit.dispatcher.dispatch(options as never, handler as never)
  })

describe("a client that is built on neither fetch nor undici", () => {
  it("is told over which carrier it reaches the service", async () => {
    await using kit = await createKit({ service: ready })
    await expect(kit.run(viaHttp)).rejects.toMatchObject({
      code: "ENOTFOUND",
      hostname: "service.test",
      message: expect.stringContaining('make the kit with carrier: "loopback"') as string,
    })
    await using other = await createKit({ service: ready, carrier: "loopback" })
    expect(await other.run(viaHttp)).toBe(200)
  })

  it("asks nobody else who goes by the name of the service, and everybody else as ever", async () => {
    const { lookup } = process.getBuiltinModule("node:dns")
    const neighbour = http.createServer((_, response) => void response.end())
    await new Promise<void>((resolve) => void neighbour.listen(0, "localhost", resolve))
    const address = neighbour.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    await using kit = await createKit({ service: ready, origin: "https://api.example.com" })
    const seen = await kit.run(async () => [
      await viaHttp({ url: "http://api.example.com" }).catch(({ code }: NodeJS.ErrnoException) => code),
      await viaHttp({ url: `http://localhost:${port}` }),
    ])
    neighbour.close()
    expect(seen).toEqual(["ENOTFOUND", 200])
    expect(process.getBuiltinModule("node:dns").lookup).toBe(lookup)
  })
})

describe("a kit that was asked for nothing", () => {
  it("is judged as toPassChecks judges it", async () => {
    await using kit = await createKit({ service: ready })
    expect(await kit.judge()).toMatchObject([{ check: "asks" }])
    expect(await kit.judge({}, [])).toMatchObject([{ check: "asks" }])
    await expect(assert.toPassChecks(kit)).rejects.toThrow("asks: nothing was asked of the service")
    await kit.run(({ url }) => fetch(url))
    expect(await kit.judge()).toEqual([])
  })

  it("names the carrier where one may be missing, and what the client ended with", async () => {
    const says = async (carrier: "memory" | "loopback") => {
      await using kit = await createKit({ service: ready, carrier })
      return (await kit.judge({ thrown: [new TypeError("no such host")] }))[0]?.says
    }
    expect(await says("memory")).toMatch(/carrier: "loopback".*TypeError: no such host/)
    expect(await says("loopback")).toMatch(/nothing was asked.*url(?!.*carrier).*TypeError: no such host/)
  })
})

describe.each(["memory", "loopback"] as const)("an emulator that breaks, in %s", (carrier) => {
  const patiently = ({ fetch, url }: World) => fetch(url).catch(() => "nothing that matters")

  it("is what the run ends with, whatever the client makes of it", async () => {
    const handler = () => Effect.die(new Error("Cannot find package 'codec'"))
    await using kit = await createKit({ service: Effect.succeed({ handler }), carrier })
    await expect(kit.run(patiently)).rejects.toThrow("Cannot find package 'codec'")
  })

  it("breaks the run with its letters too", async () => {
    const service = Effect.gen(function* () {
      const courier = yield* Courier.make({ sign: () => Effect.succeed({}), within: "10 seconds", pauses: [] })
      const body = Effect.die(new Error("there is nothing to write"))
      const letter = { id: "msg_1", url: "http://me.test/hook", after: "1 minute", body } as const
      return { handler: () => Effect.andThen(courier.post(letter), Effect.die(new Error("first"))), courier }
    })
    await using kit = await createKit({ service, carrier, receiver: () => new Response() })
    await expect(kit.run(patiently)).rejects.toThrow("first")
    await expect(kit.advance("1 hour")).rejects.toThrow("there is nothing to write")
  })
})

describe("a kit that is closed", () => {
  it.each<[string, (kit: Kit<unknown>) => Promise<unknown>]>([
    ["run", (kit) => kit.run(() => undefined)],
    ["doctor", (kit) => kit.doctor(() => undefined)],
    ["advance", (kit) => kit.advance("1 second")],
    ["fault", (kit) => kit.fault("503@look")],
    ["fetch", (kit) => kit.fetch(kit.url)],
    ["dispatcher", dispatch],
  ])("says so: %s", async (_, ask) => {
    const kit = await createKit({ service: ready })
    await kit.close()
    await expect(ask(kit)).rejects.toMatchObject({ _tag: "Closed", message: "the kit is closed: make another one" })
  })

  it("says so to whoever kept what a client was given, and still tells what it saw", async () => {
    const kit = await createKit({ service: ready })
    const kept = await kit.run(async ({ fetch, url }) => {
      await fetch(url)
      return fetch
    })
    await kit.close()
    await expect(kept(kit.url)).rejects.toMatchObject({ _tag: "Closed" })
    expect([await kit.judge(), kit.report().includes("answered 200")]).toEqual([[], true])
  })
})

describe("plain JavaScript", () => {
  it.each<[string, (kit: Kit<unknown>) => unknown, string]>([
    ["doctor()", (kit) => kit.doctor(undefined as never), "the client of doctor is not what a kit needs"],
    ["report(null)", (kit) => kit.report(null as never), "give an object of options: { title, ended, replay"],
    ["report('A run')", (kit) => kit.report("A run" as never), "give an object of options: { title, ended, replay"],
    ["report({ title: 3 })", (kit) => kit.report({ title: 3 } as never), "title is not what a report needs"],
    ["report({ titel })", (kit) => kit.report({ titel: "A run" } as never), "did you mean title?"],
    ["judge([])", (kit) => kit.judge([] as never), "give an object of options: { claimed"],
    ["dispatch()", (kit) => kit.dispatcher.dispatch(undefined as never, {} as never), "the first argument of dispatch"],
    [
      "dispatch(options, {})",
      (kit) => kit.dispatcher.dispatch({ path: "/", method: "GET" } as never, {} as never),
      "the second argument of dispatch",
    ],
    ["suite()", () => suite(undefined as never), "give an object of options: { name, kinds"],
    ["suite({})", () => suite({} as never), "name is not what a suite needs: give a text"],
  ])("is told which argument is wrong, and what is wanted: %s", async (_, ask, says) => {
    await using kit = await createKit({ service: ready })
    await expect(Promise.resolve().then(() => ask(kit))).rejects.toMatchObject(unfit(says))
  })

  it("is told what is explored, demanded and replayed", async () => {
    const wanted = { _tag: "Unexplorable", message: expect.stringContaining("demand(exhaustively(suite") as string }
    for (const given of [undefined, {}, suite]) {
      await expect(Explore.demand(given as never)).rejects.toMatchObject(wanted)
    }
    await expect(Explore.replay(undefined as never)).rejects.toMatchObject({ _tag: "Unreplayable", part: "form" })
  })
})
