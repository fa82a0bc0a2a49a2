import { execFile, spawnSync } from "node:child_process"
import { scrypt } from "node:crypto"
import { readFile } from "node:fs/promises"
import * as http from "node:http"
import * as net from "node:net"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { gzipSync } from "node:zlib"
import * as Effect from "effect/Effect"
import { Agent, request } from "undici"
import { describe, expect, it } from "vitest"
import * as Cassette from "@tenuto/testkit/Cassette"
import * as Courier from "@tenuto/testkit/Courier"
import * as Emulator from "@tenuto/testkit/Emulator"
import { type Answering, createKit, type Dispatching, type Kit, type World } from "@tenuto/testkit/Promise"

/** A service of a user's own: work takes a minute. */
const slowly = (): Answering => {
  const works = new Map<string, number>()
  return async (request) => {
    const { pathname } = new URL(request.url)
    if (request.method === "POST") {
      const id = `job_${works.size + 1}`
      works.set(id, Date.now())
      return Response.json({ id, asked: await request.json() }, { status: 202 })
    }
    const began = works.get(pathname.slice(1))
    if (began === undefined) return Response.json({ detail: "not here" }, { status: 404 })
    return Response.json({ status: Date.now() - began >= 60_000 ? "done" : "running" })
  }
}

const sleep = (millis: number) => new Promise<void>((resolve) => void setTimeout(resolve, millis))

/** Somebody's client, written by hand; it knows neither of us nor of a clock that is not real. */
const poll = async ({ url }: Pick<World, "url">) => {
  const { id } = (await (await fetch(`${url}/jobs`, { method: "POST", body: '{"a":1}' })).json()) as { id: string }
  for (let looks = 1; ; looks++) {
    await sleep(5000)
    const { status } = (await (await fetch(`${url}/${id}`)).json()) as { status: string }
    if (status === "done") return looks
  }
}

describe.each(["memory", "loopback"] as const)("a kit that carries in %s", (carrier) => {
  it("plays a client that only knows the global fetch and setTimeout", async () => {
    await using kit = await createKit({ service: slowly(), carrier })
    expect(await kit.run(poll)).toBe(12)
    expect(kit.now().toISOString()).toBe("2026-01-01T00:01:00.000Z")
    expect(await kit.run(poll)).toBe(12)
    expect(kit.now().toISOString()).toBe("2026-01-01T00:02:00.000Z")
    expect(kit.timeline()).toMatch(/\n +60000 ms {2}service +answered 200 +GET/)
  })

  it("rejects with what the client throws", async () => {
    await using kit = await createKit({ service: slowly(), carrier })
    const error = new RangeError("of the client's own")
    await expect(kit.run(() => Promise.reject(error))).rejects.toBe(error)
    await expect(
      kit.run(() => {
        throw error
      }),
    ).rejects.toBe(error)
    expect(await kit.run(poll)).toBe(12)
  })

  it("a client that waits for nothing fails at once, by name", async () => {
    // What is stuck would be told after a day.
    await using kit = await createKit({ service: slowly(), carrier, stuckAfter: "1 day" })
    const waitForGodot = () => new Promise<void>(() => {})
    await expect(kit.run(waitForGodot)).rejects.toMatchObject({
      _tag: "Deadlock",
      message: expect.stringContaining("waitForGodot") as string,
    })
  })
})

describe.each(["memory", "loopback"] as const)("undici's patience is kept in %s", (carrier) => {
  it.each([
    ["hang-before-commit", { headersTimeout: 5000, bodyTimeout: 50_000 }, "UND_ERR_HEADERS_TIMEOUT"],
    ["hang-mid-body", { bodyTimeout: 5000 }, "UND_ERR_BODY_TIMEOUT"],
    ["slow-body=20", { headersTimeout: 50_000, bodyTimeout: 5000 }, "UND_ERR_BODY_TIMEOUT"],
  ])("%s, with %o", async (fault, limits, code) => {
    const service: Answering = () => Response.json({ status: "running" })
    await using kit = await createKit({ service, carrier, faults: [`${fault}@look`] })
    const took = await kit.run(async ({ dispatcher, url }) => {
      const agent = new Agent().compose(() => dispatcher.dispatch)
      const asking = request(url, { dispatcher: agent, ...limits }).then(({ body }) => body.text())
      await expect(asking).rejects.toMatchObject({ code })
      return Date.now() - Date.UTC(2026, 0, 1)
    })
    expect(took).toBe(5000)
  })
})

it("undici takes its dispatcher, in types too", async () => {
  await using kit = await createKit({ service: slowly() })
  const look = async (url: string, dispatcher: Dispatching) => {
    const agent = new Agent().compose(() => dispatcher.dispatch)
    const { statusCode } = await request(`${url}/job_1`, { dispatcher: agent })
    return statusCode
  }
  expect(await kit.run(({ dispatcher, url }) => look(url, dispatcher))).toBe(404)
  expect(await look(kit.url, kit.dispatcher)).toBe(404)
})

it("who answers a client's own sockets by asking it, as a mocking library does, holds up no time", async () => {
  await using kit = await createKit({ service: () => sleep(20_000).then(() => Response.json({ sung: true })) })
  const relay = http.createServer((request, response) => {
    void kit
      .fetch(`${kit.url}${request.url}`)
      .then(async ({ body, status }) => response.writeHead(status).end(await new Response(body).text()))
  })
  await new Promise<void>((resolve) => void relay.listen(0, "127.0.0.1", resolve))
  const { port } = relay.address() as net.AddressInfo
  const told = await kit.run(async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/songs/1`)
    return [await answer.json(), new Date().toISOString()]
  })
  relay.closeAllConnections()
  await new Promise((resolve) => relay.close(resolve))
  expect(told).toEqual([{ sung: true }, "2026-01-01T00:00:20.000Z"])
})

it.each<[object | undefined, string]>([
  [undefined, "what was given is not what a kit needs: give an object of options"],
  [{}, "service is not what a kit needs: give what make() of an Emulator gives"],
  [{ service: {} }, "service is not"],
  [{ service: null }, "service is not"],
  [{ service: slowly(), carrier: "sockets" }, 'carrier is not what a kit needs: give "memory" or "loopback"'],
  [{ service: slowly(), origin: "nonsense" }, "origin is not what a kit needs: give an origin without a path"],
  [{ service: slowly(), origin: "https://api.example.com/v1" }, "origin is not"],
  [{ service: slowly(), origin: "https://me@api.example.com" }, "origin is not"],
  [{ service: slowly(), origin: "https://a.test", carrier: "loopback" }, "nothing that a kit over loopback takes"],
  [
    { service: slowly(), fault: ["503@look"] },
    "fault is no option of a kit: did you mean faults? known: service, carrier",
  ],
  [{ service: slowly(), sede: 1 }, "did you mean seed?"],
  [{ service: slowly(), retries: 1 }, "retries is no option of a kit: known: service"],
  [
    { service: slowly(), faults: "503@look" },
    'faults is not what a kit needs: give a list of names, such as ["503@look"]',
  ],
  [{ service: slowly(), faults: [503] }, "faults is not"],
  [{ service: slowly(), globals: "no" }, "globals is not what a kit needs: give true or false"],
  [{ service: slowly(), receiver: "https://me.test" }, "receiver is not what a kit needs: give a function"],
  [{ service: slowly(), name: 1 }, "name is not"],
  [{ service: slowly(), seed: Number.NaN }, "seed is not what a kit needs: give a whole number from 0"],
  [{ service: slowly(), seed: 1.5 }, "seed is not"],
  [{ service: slowly(), seed: "1" }, "seed is not"],
  [{ service: slowly(), stuckAfter: "5s" }, 'stuckAfter is not what a kit needs: give a span such as "20 seconds"'],
  [{ service: slowly(), mostInAll: 0 }, "mostInAll is not what a kit needs: give a whole number from 1"],
])("what is not fit is refused before anything is opened: %j", async (options, says) => {
  await expect(createKit(options as never)).rejects.toMatchObject({
    _tag: "Unfit",
    message: expect.stringContaining(says) as string,
  })
})

it.each([
  [(kit: Kit<unknown>) => kit.advance("-1 hour"), "the span of advance is not what a kit needs"],
  [(kit: Kit<unknown>) => kit.advance("1 fortnight" as never), "milli, second, minute, hour and day are known"],
  [(kit: Kit<unknown>) => kit.fault(["503@look"] as never), "a fault is not what a kit needs: give names"],
  [(kit: Kit<unknown>) => kit.judge({ secret: ["s3cret"] } as never), "did you mean secrets?"],
  [
    (kit: Kit<unknown>) => kit.judge({ secrets: "s3cret" } as never),
    "secrets is not what judge needs: give a list of texts",
  ],
  [(kit: Kit<unknown>) => kit.judge({}, ["created-once"] as never), "give a list of checks"],
])("what is asked of a kit that it cannot mean is refused by name: %s", async (ask, says) => {
  await using kit = await createKit({ service: slowly() })
  const error: unknown = await ask(kit).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ _tag: "Unfit", message: expect.stringContaining(says) as string })
  expect(String(error)).not.toContain("s3cret")
})

it.each(["https://API.example.com", "https://api.example.com/", "https://api.example.com:443"])(
  "an origin is the same however it is written: %s",
  async (origin) => {
    await using kit = await createKit({ service: () => Response.json({}), origin })
    expect(kit.url).toBe("https://api.example.com")
    expect(await kit.run(() => fetch("https://api.example.com/songs").then(({ status }) => status))).toBe(200)
  },
)

it("a run without a client says so", async () => {
  await using kit = await createKit({ service: slowly() })
  await expect(kit.run(undefined as never)).rejects.toThrow(
    "the client of run is not what a kit needs: give a function",
  )
})

it("closed while a client runs, or before, it says so", async () => {
  const kit = await createKit({ service: slowly() })
  const running = kit.run(() => new Promise<void>(() => {}))
  await kit.close()
  await expect(running).rejects.toThrow("the kit was closed while its client ran: await kit.run(…) before kit.close()")
  await expect(kit.run(poll)).rejects.toThrow("the kit is closed")
  await kit.close()
})

it.each(["memory", "loopback"] as const)(
  "a client that lets no time pass is a hot loop, in %s, and the next one is served",
  async (carrier) => {
    await using kit = await createKit({ service: slowly(), carrier, mostAtOnce: 500 })
    const askForEver = async ({ url }: World) => {
      for (;;) await fetch(`${url}/job_1?key=s3cret`).then((answer) => answer.text())
    }
    const error: unknown = await kit.run(askForEver).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ _tag: "HotLoop", waiters: ["the client askForEver", "GET /job_1"] })
    expect(await kit.run(poll)).toBe(12)
  },
)

it("a service that never answers is named too, without the secrets of its address", async () => {
  await using kit = await createKit({ service: () => new Promise<Response>(() => {}), carrier: "loopback" })
  const ask = (url: string) => new Promise((resolve, reject) => void http.get(url, resolve).on("error", reject))
  const error: unknown = await kit.run(({ url }) => ask(`${url}/song?key=s3cret`)).catch((error: unknown) => error)
  expect(error).toMatchObject({ _tag: "Deadlock", message: expect.stringContaining("GET /song") as string })
  expect(String(error)).not.toContain("s3cret")
})

it("memory and loopback tell the same story", async () => {
  const tell = async (carrier: "memory" | "loopback") => {
    await using kit = await createKit({ service: slowly(), carrier })
    await kit.run((world) => Promise.all([poll(world), sleep(700).then(() => poll(world))]))
    return kit.timeline()
  }
  expect(await tell("loopback")).toBe(await tell("memory"))
})

it("an advance within a run ends when its time has come, and time moves on", async () => {
  await using kit = await createKit({ service: slowly() })
  const ran = await kit.run(async (world) => {
    await kit.advance("30 seconds")
    return [kit.now().toISOString(), await poll(world)]
  })
  expect(ran).toEqual(["2026-01-01T00:00:30.000Z", 12])
})

it("time stands still between runs, and moves when it is told", async () => {
  await using kit = await createKit({ service: slowly() })
  await kit.advance("2 hours")
  expect(kit.now().toISOString()).toBe("2026-01-01T02:00:00.000Z")
  await new Promise<void>((resolve) => void setTimeout(resolve, 20))
  expect(kit.now().toISOString()).toBe("2026-01-01T02:00:00.000Z")
})

/** A service that answers each request with a letter, ten minutes later. */
const delivering = Effect.gen(function* () {
  const sign = () => Effect.succeed({})
  const courier = yield* Courier.make({ sign, within: "10 seconds", pauses: [] })
  const body = Effect.succeed({ done: true })
  const letter = { id: "msg_1", url: "http://me.test/hook", after: "10 minutes", body } as const
  const handler = () => Effect.as(courier.post(letter), Emulator.json(202, {}))
  return { handler, courier, ledger: Effect.succeed({}) }
})

it("a receiver is refused where nothing delivers", async () => {
  const receiver = () => new Response(null, { status: 204 })
  await expect(createKit({ service: slowly(), receiver })).rejects.toMatchObject({
    _tag: "Unfit",
    message: expect.stringContaining("one of your own sends its letters by the global fetch") as string,
  })
})

it("a receiver that breaks is what an advance ends with", async () => {
  const receiver = () => Promise.reject(new Error("no such song is known here"))
  await using kit = await createKit({ service: delivering, receiver })
  await kit.run(({ url }) => fetch(url, { method: "POST" }))
  await expect(kit.advance("1 hour")).rejects.toThrow("no such song is known here")
  await kit.advance("1 hour")
})

it("what is due between runs reads the kit's time, and letters stand in the timeline", async () => {
  const letters: Array<string> = []
  const receiver = () => {
    letters.push(new Date().toISOString())
    return new Response(null, { status: 204 })
  }
  await using kit = await createKit({ service: delivering, receiver })
  await kit.run(({ url }) => fetch(url, { method: "POST" }))
  await kit.advance("1 hour")
  expect(letters).toEqual(["2026-01-01T00:10:00.000Z"])
  expect(kit.timeline()).toMatch(/ 600000 ms {2}webhooks {2}answered 204 +POST \/hook/)
  expect(new Date().toISOString()).not.toMatch(/^2026-01-01T01:00/)
})

it("two runs of a kit mint two keys, and another kit of the same seed mints the same", async () => {
  const mint = async () => {
    await using kit = await createKit({ service: slowly(), seed: 7 })
    return [await kit.run(() => crypto.randomUUID()), await kit.run(() => crypto.randomUUID())]
  }
  const [first, second] = await mint()
  expect(first).not.toBe(second)
  expect(await mint()).toEqual([first, second])
})

it("in a process that nothing else keeps alive, who waits for ever is told all the same", () => {
  const script = fileURLToPath(new URL("process/dead.ts", import.meta.url))
  const { status, stdout } = spawnSync(process.execPath, [script], { encoding: "utf8" })
  expect([status, stdout]).toEqual([0, expect.stringContaining("waiting: the client under test")])
})

describe("the doctor", () => {
  const kept = globalThis.setTimeout
  const { setTimeout: taken } = process.getBuiltinModule("node:timers/promises")
  const examine = async (client: (world: World) => unknown) => {
    await using kit = await createKit({ service: slowly(), carrier: "loopback" })
    return await kit.doctor(client)
  }

  it("finds nothing in a client whose I/O the clock sees", async () => {
    expect(await examine(poll)).toEqual([])
    expect(await examine(() => readFile(new URL(import.meta.url)))).toEqual([])
    expect(
      await examine(
        ({ url }) => new Promise((done) => void http.get(url, (answer) => answer.resume().on("end", done))),
      ),
    ).toEqual([])
  })

  const derive = promisify(scrypt)
  it("is asked for by a deadlock, and finds a timer of node:timers/promises that was taken before the run", async () => {
    await using kit = await createKit({ service: slowly() })
    const client = () => taken(60_000, undefined, { ref: false })
    await expect(kit.run(client)).rejects.toThrow("taken into a variable before the run: await kit.doctor(client)")
    expect(await kit.doctor(client)).toMatchObject([{ what: "a timer of the process itself" }])
  })

  it.each<[string, (world: World) => unknown, RegExp]>([
    ["a child process", () => promisify(execFile)(process.execPath, ["--version"]), /kit\.track/],
    ["cryptography on another thread", () => derive("word", "salt", 8), /kit\.track/],
    ["a timer of the process itself", () => new Promise((done) => void kept(done, 5)), /globalThis\.setTimeout/],
    [
      "a socket of its own",
      ({ url }) => {
        const socket = net.connect(Number(new URL(url).port), "127.0.0.1")
        return new Promise((done) => socket.once("connect", () => socket.destroy()).once("close", done))
      },
      /speak HTTP/,
    ],
  ])("finds %s, where it begins, and how to route it", async (what, client, advice) => {
    expect(await examine(client)).toEqual([
      {
        what,
        times: 1,
        where: expect.stringContaining("Promise.test.ts") as string,
        advice: expect.stringMatching(advice) as string,
      },
    ])
  })

  it("what it says helps: tracked, time waits", async () => {
    await using kit = await createKit({ service: slowly() })
    const instants = await kit.run(async () => {
      const late = sleep(1)
      for (let i = 0; i < 20; i++) await kit.track(derive("word", "salt", 8))
      const before = Date.now()
      await late
      return [before, Date.now()]
    })
    expect(instants.map((instant) => instant - Date.parse("2026-01-01T00:00:00Z"))).toEqual([0, 1])
  })
})

it("a time-out of node:http is on the clock, and not reached by a service in time", async () => {
  await using kit = await createKit({ service: () => new Promise<Response>(() => {}), carrier: "loopback" })
  const get = (url: string) =>
    new Promise<string>((resolve) => {
      const request = http.get(url, { timeout: 30_000 })
      request.on("timeout", () => request.destroy(new Error("too late")))
      request.on("error", ({ message }) => resolve(message))
    })
  expect(await kit.run(({ url }) => get(url))).toBe("too late")
  expect(kit.now().toISOString()).toBe("2026-01-01T00:00:30.000Z")
})

it("an answer that is relayed stays packed, as its headers say", async () => {
  const packed = gzipSync("la")
  const headers = { "content-encoding": "gzip" }
  await using kit = await createKit({ service: () => new Response(packed, { headers }) })
  const answer = await kit.fetch(kit.url)
  expect(Buffer.from(await answer.arrayBuffer())).toEqual(packed)
})

describe("a ledger", () => {
  const twice = [
    { id: "song_1", key: "k" },
    { id: "song_2", key: "k" },
  ]
  const judged = async (ledger: unknown) => {
    const service = { fetch: () => Response.json({ status: "ready" }), ledger: () => ledger }
    await using kit = await createKit({ service })
    const init = { method: "POST", headers: { "idempotency-key": "k" } }
    await kit.run(({ url }) => fetch(url, init))
    return (await kit.judge()).map(({ check }) => check)
  }

  it.each<[string, unknown]>([
    ["operations", { operations: twice }],
    ["a list by itself", twice],
    ["a map", { operations: new Map(twice.map((record) => [record.id, record])) }],
    ["a set", new Set(twice)],
  ])("counts what was created, however it says so: %s", async (_, ledger) => {
    expect(await judged(ledger)).toEqual(["created-once"])
  })

  it.each<[string, unknown]>([
    ["ids alone", ["song_1"]],
    ["a count", { operations: 2 }],
    ["records without ids", { operations: [{ key: "k" }] }],
  ])("that cannot be counted is refused: %s", async (_, ledger) => {
    await expect(judged(ledger)).rejects.toThrow("each with its id: { operations: [{ id, key }] }")
  })

  it("may say something else, and may be left out", async () => {
    expect(await judged({ songs: 2 })).toEqual([])
    const recorded = Cassette.play({ version: 1, exchanges: [] })
    for (const service of [{ fetch: () => Response.json({}) }, recorded, slowly()] as const) {
      await using kit = await createKit({ service })
      const nothing: undefined = await kit.ledger()
      expect(nothing).toBeUndefined()
      await kit.run(({ url }) => fetch(url).then(() => undefined))
      expect((await kit.transcript()).exchanges).toHaveLength(1)
    }
  })
})

describe.each(["memory", "loopback"] as const)("a service of one's own, in %s", (carrier) => {
  it("keeps its cookies apart", async () => {
    const headers: Array<[string, string]> = [
      ["set-cookie", "a=1; Expires=Wed, 09 Jun 2027 10:18:14 GMT"],
      ["set-cookie", "b=x,y=2"],
    ]
    await using kit = await createKit({ service: () => new Response("la", { headers }), carrier })
    const cookies = await kit.run(async ({ fetch, url }) => (await fetch(url)).headers.getSetCookie())
    expect(cookies).toEqual(headers.map(([, cookie]) => cookie))
  })

  it("that has no answer resets the connection", async () => {
    await using kit = await createKit({ service: () => Response.error(), carrier })
    const code = await kit.run(({ fetch, url }) =>
      fetch(url).catch((error: Error) => Reflect.get(Object(error.cause), "code")),
    )
    expect(code).toBe("ECONNRESET")
  })

  it("knows what ends work from what begins it", async () => {
    await using kit = await createKit({ service: () => Response.json({ status: "singing" }), carrier })
    await kit.run(async ({ fetch, url }) => {
      await fetch(`${url}/songs`, { method: "POST", headers: { "idempotency-key": "k1" } })
      await fetch(`${url}/songs/1/cancel`, { method: "POST" })
      await fetch(`${url}/songs/1`, { method: "DELETE" })
    })
    expect((await kit.transcript()).exchanges.map(({ stage }) => stage)).toEqual(["submit", "cancel", "cancel"])
    expect(await kit.judge()).toEqual([])
  })

  it.each<[string, () => never, string]>([
    ["a mistake", () => undefined as never, "the service answered with nothing, not with a Response"],
    ["what is no Response", () => ({ status: 200 }) as never, "with a value of type object, not with a Response"],
    ["what makes a service", () => slowly() as never, "so give what it gives, as in service: choir()"],
    [
      "an assertion",
      () => {
        throw new RangeError("it is not the key that was agreed")
      },
      "it is not the key that was agreed",
    ],
  ])("that breaks is what the run ends with, whatever the client makes of it: %s", async (_, service, says) => {
    const patiently = async ({ fetch, url }: World) => {
      for (let tries = 0; tries < 3; tries++) {
        await fetch(url).catch(() => undefined)
        await sleep(1000)
      }
    }
    await using kit = await createKit({ service, carrier })
    await expect(kit.run(patiently)).rejects.toThrow(says)
    expect((await kit.transcript()).exchanges).toHaveLength(3)
    expect(await kit.run(() => "and the next run is another")).toBe("and the next run is another")
    await expect(kit.run(({ fetch, url }) => fetch(url).catch(() => new Promise<void>(() => {})))).rejects.toThrow(says)
  })

  it("may throw of a client that has left", async () => {
    const service = ({ signal }: Request) =>
      new Promise<Response>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)))
    await using kit = await createKit({ service, carrier })
    const leave = ({ fetch, url }: World) => fetch(url, { signal: AbortSignal.timeout(1000) })
    await expect(kit.run(leave)).rejects.toMatchObject({ name: "TimeoutError" })
  })
})
