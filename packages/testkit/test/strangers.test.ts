import { spawn } from "node:child_process"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { Pool } from "undici"
import { describe, expect, it } from "vitest"
import { type Answering, createKit, type World } from "@tenuto/testkit/Promise"

const start = Date.parse("2026-01-01T00:00:00Z")
const at = () => Date.now() - start
const sleep = (millis: number) => new Promise<void>((resolve) => void setTimeout(resolve, millis))
const play = async <A>(service: Answering, client: (world: World) => Promise<A>): Promise<A> => {
  await using kit = await createKit({ service, carrier: "loopback", stuckAfter: "2 seconds" })
  return await kit.run(client)
}
const megabytes = (count: number) => new Uint8Array(count * 1_000_000)

describe("wires at rest hold nobody up", () => {
  const large: Answering = () => new Response(megabytes(10))

  it("a reader may take its time between two chunks of an answer", async () => {
    const read = async (chunks: AsyncIterable<Uint8Array>) => {
      let size = 0
      let pauses = 0
      for await (const chunk of chunks) {
        size += chunk.byteLength
        if (size < (pauses + 1) * 1_000_000) continue
        pauses++
        await sleep(1000)
      }
      return [size, at()]
    }
    expect(await play(large, async ({ url }) => read((await fetch(url)).body ?? new ReadableStream()))).toEqual([
      10_000_000, 10_000,
    ])
    const viaHttp = ({ url }: World) =>
      new Promise<http.IncomingMessage>((resolve) => void http.get(url, resolve)).then(read)
    expect(await play(large, viaHttp)).toEqual([10_000_000, 10_000])
  })

  it("a large answer that nobody reads lets time pass", async () => {
    const viaFetch = async ({ url }: World) => {
      await fetch(url)
      await sleep(1000)
      return at()
    }
    const viaHttp = async ({ url }: World) => {
      await new Promise((resolve) => void http.get(url, resolve))
      await sleep(1000)
      return at()
    }
    expect(await play(large, viaFetch)).toBe(1000)
    expect(await play(large, viaHttp)).toBe(1000)
  })

  it("a writer may take its time between two chunks of a request", async () => {
    const service: Answering = async (request) => Response.json((await request.arrayBuffer()).byteLength)
    const client = ({ url }: World) =>
      new Promise<ReadonlyArray<unknown>>((resolve, reject) => {
        const request = http.request(url, { method: "POST" }, (answer) => {
          let text = ""
          answer.on("data", (part) => (text += String(part)))
          answer.on("end", () => resolve([text, at()]))
        })
        request.on("error", reject)
        const write = async () => {
          for (let i = 0; i < 5; i++) {
            request.write(megabytes(1))
            await sleep(1000)
          }
          request.end()
        }
        void write()
      })
    expect(await play(service, client)).toEqual(["5000000", 5000])
  })

  it("requests that wait for a free connection of their pool wait in virtual time", async () => {
    const service: Answering = async () => {
      await sleep(1000)
      return new Response("done")
    }
    const client = async ({ url }: World) => {
      const pool = new Pool(url, { connections: 2 })
      const get = async () => {
        await (await pool.request({ path: "/", method: "GET" })).body.text()
        return at()
      }
      const instants = await Promise.all(Array.from({ length: 6 }, get))
      await pool.destroy()
      return instants
    }
    expect(await play(service, client)).toEqual([1000, 1000, 2000, 2000, 3000, 3000])
  })

  it("a server of the client's own works in virtual time", async () => {
    const client = async () => {
      const server = http.createServer((_, response) => void setTimeout(() => response.end("late"), 30_000))
      await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve))
      const { port } = server.address() as { readonly port: number }
      const before = sleep(20_000).then(at)
      const text = await (await fetch(`http://127.0.0.1:${port}`)).text()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      return [await before, text, at()]
    }
    expect(await play(() => new Response(), client)).toEqual([20_000, "late", 30_000])
  })
})

describe("a server of the client's own", () => {
  const none: Answering = () => new Response()
  const listening = async (place: number | string) => {
    const server = http.createServer((request, response) => {
      if (request.url === "/slow") setTimeout(() => response.end("late"), 30_000)
      else response.end("soon")
    })
    await new Promise<void>((resolve) => void server.listen(place, resolve))
    return server
  }
  const over = async (server: http.Server) => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  const textOf = (options: http.RequestOptions) =>
    new Promise<string>((resolve, reject) => {
      const request = http.get(options, (answer) => {
        let text = ""
        answer.on("data", (part) => (text += String(part)))
        answer.on("end", () => resolve(text))
      })
      request.on("error", reject)
    })

  it("works in virtual time over connections that were there before the run", async () => {
    const server = await listening(0)
    const { port } = server.address() as AddressInfo
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    const url = `http://127.0.0.1:${port}`
    await textOf({ port, agent })
    for (let i = 0; i < 3; i++) await (await fetch(url)).text()
    const client = async () => [
      await textOf({ port, agent, path: "/slow" }),
      await (await fetch(`${url}/slow`)).text(),
      at(),
    ]
    expect(await play(none, client)).toEqual(["late", "late", 60_000])
    agent.destroy()
    await over(server)
  })

  it("works in virtual time at a path of the file system", async () => {
    const socketPath = join(tmpdir(), `tenuto-${process.pid}.sock`)
    const server = await listening(socketPath)
    const client = async () => [await textOf({ socketPath, path: "/slow" }), at()]
    expect(await play(none, client)).toEqual(["late", 30_000])
    await over(server)
  })

  it("gives up its port, and whoever has it next holds time", async () => {
    const server = await listening(0)
    const { port } = server.address() as AddressInfo
    await play(none, () => textOf({ port, agent: false }))
    await over(server)
    const other = `require("node:http").createServer((_, response) => setTimeout(() => response.end("other"), 200))
      .listen(${port}, "127.0.0.1", () => console.log("up"))`
    const child = spawn(process.execPath, ["-e", other])
    await new Promise((resolve) => child.stdout.once("data", resolve))
    const client = async () => [await (await fetch(`http://127.0.0.1:${port}`)).text(), at()]
    expect(await play(none, client)).toEqual(["other", 0])
    child.kill()
  })

  it("may be gone before its answer is read", async () => {
    const client = async () => {
      const server = http.createServer((_, response) => {
        response.shouldKeepAlive = false
        response.end(megabytes(1))
      })
      await new Promise<void>((resolve) => void server.listen(0, resolve))
      const { port } = server.address() as AddressInfo
      // Node's own fetch breaks over a connection that ends while its body is not being read.
      const body = await new Promise<http.IncomingMessage>((resolve) => void http.get({ port, agent: false }, resolve))
      await new Promise((resolve) => server.close(resolve))
      let size = 0
      for await (const part of body) {
        size += (part as Uint8Array).byteLength
        await sleep(1000)
      }
      return size
    }
    expect(await play(none, client)).toBe(1_000_000)
  })
})

it("an answer that is unpacked on another thread holds time, and its slow reader does not", async () => {
  const packed = gzipSync(new Uint8Array(20_000_000))
  const service: Answering = () => new Response(packed, { headers: { "content-encoding": "gzip" } })
  const client = async ({ url }: World) => {
    const beside = sleep(1).then(at)
    const text = await (await fetch(url)).text()
    const before = at()
    let size = 0
    let pauses = 0
    for await (const chunk of (await fetch(url)).body ?? new ReadableStream()) {
      size += (chunk as Uint8Array).byteLength
      if (size < (pauses + 1) * 2_000_000) continue
      pauses++
      await sleep(1000)
    }
    return [text.length, before, await beside, size, at()]
  }
  expect(await play(service, client)).toEqual([20_000_000, 0, 1, 20_000_000, 10_000])
})

describe("one run leaves nothing to the next", () => {
  const hung: Answering = () => new Promise<Response>(() => {})
  const patience = ({ url }: World) =>
    fetch(url).then(
      () => "answered",
      (error: Error) => [(error.cause as { readonly code: string }).code, at()],
    )

  it("the time-outs that fetch keeps for the whole process are as new in every run", async () => {
    const once = await play(hung, patience)
    expect(once).toEqual(["UND_ERR_HEADERS_TIMEOUT", 300_398])
    await play(
      (request) => new Response(request.url),
      async ({ url }) => void (await fetch(url)),
    )
    expect(await play(hung, patience)).toEqual(once)
  })

  it("what a module kept of one run's time belongs to the run that is, and to the host in between", async () => {
    const kept = await play(hung, async () => ({ Date, setTimeout }))
    const keptSleep = (millis: number) => new Promise<void>((resolve) => void kept.setTimeout(resolve, millis))
    expect(kept.Date.now()).toBeGreaterThan(start + 86_400_000)
    await keptSleep(1)
    const read = async () => {
      await keptSleep(60_000)
      return [kept.Date.now() - start, new kept.Date().getTime() - start]
    }
    expect(await play(hung, read)).toEqual([60_000, 60_000])
  })

  it("a run within a run is refused, and not waited for", async () => {
    await using kit = await createKit({ service: hung })
    await expect(kit.run(() => kit.run(() => 1))).rejects.toThrow("a run cannot begin within another run")
    expect(await kit.run(() => 1)).toBe(1)
    expect(await Promise.all([kit.run(() => sleep(1000).then(at)), kit.run(() => sleep(1000).then(at))])).toEqual([
      1000, 2000,
    ])
  })

  it("globals that a client froze or replaced do not keep the others from being given back", async () => {
    const { Date: date, fetch } = globalThis
    const descriptor = Object.getOwnPropertyDescriptor(performance, "now")
    await play(hung, async () => {
      Object.defineProperty(globalThis, "setImmediate", { value: () => {}, configurable: true })
      Object.defineProperty(AbortSignal, "timeout", { configurable: false })
      globalThis.fetch = () => Promise.reject(new Error("the client's own"))
    })
    expect([globalThis.Date, globalThis.fetch]).toEqual([date, fetch])
    expect(Object.getOwnPropertyDescriptor(performance, "now")).toEqual(descriptor)
    await new Promise((resolve) => void setImmediate(resolve))
  })
})

it("tasks that bring forth tasks without an end do not hang a run", async () => {
  let isOver = false
  const storm = () => void (isOver || setImmediate(storm))
  const error = await play(
    () => new Response(),
    () => {
      storm()
      return sleep(10)
    },
  ).catch((error: unknown) => error)
  isOver = true
  expect(error).toMatchObject({ _tag: "StuckIo", message: expect.stringContaining("setImmediate") as string })
})

it("a run begins and ends under fake timers that were there before", async () => {
  const { setImmediate, setTimeout } = globalThis
  const never = () => ({})
  Object.assign(globalThis, { setImmediate: never, setTimeout: never })
  try {
    const client = async ({ url }: World) => {
      await (await fetch(url)).text()
      await new Promise((resolve) => void globalThis.setImmediate(resolve))
      await new Promise((resolve) => void globalThis.setTimeout(resolve, 1000))
      return at()
    }
    expect(await play(() => new Response("here"), client)).toBe(1000)
  } finally {
    Object.assign(globalThis, { setImmediate, setTimeout })
  }
})

it("dates are dates, and a format of no date says now", async () => {
  const client = async () => {
    const { length } = await new Promise<string>((resolve) => void setTimeout(resolve, 1, "text"))
    return [
      length,
      new Date().constructor === Date,
      new Intl.DateTimeFormat("en", { timeZone: "UTC" }).format(),
      new Intl.DateTimeFormat("en", { timeZone: "UTC" }).formatToParts()[0]?.value,
    ]
  }
  expect(await play(() => new Response(), client)).toEqual([4, true, "1/1/2026", "1"])
})

it("a timer without a function is refused as Node refuses it", async () => {
  const refusals = await play(
    () => new Response(),
    async () =>
      [setTimeout, setInterval, setImmediate].map((arm) => {
        try {
          Reflect.apply(arm, undefined, ["text", 1])
          return "armed"
        } catch (error) {
          return (error as { readonly code: string }).code
        }
      }),
  )
  expect(new Set(refusals)).toEqual(new Set(["ERR_INVALID_ARG_TYPE"]))
})

describe("a pool's sockets", () => {
  const quickly: Answering = () => new Response("here")
  const get = (url: string, options: http.RequestOptions) =>
    new Promise<string>((resolve, reject) => {
      const request = http.get(url, options, (answer) => answer.resume().on("end", () => resolve("answered")))
      request.on("timeout", () => {
        resolve(`too late at ${at()}`)
        request.destroy()
      })
      request.on("error", reject)
    })

  it.each([
    ["a request's own", 60_000],
    ["the pool's", undefined],
  ])("have no real time-out in a run: %s counts", async (_, timeout) => {
    const server = http.createServer((request, response) => {
      if (request.url === "/") response.end("soon")
    })
    // Its hint would shorten the pool's.
    server.keepAliveTimeout = 0
    await new Promise<void>((resolve) => void server.listen(0, resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const agent = new http.Agent({ keepAlive: true, timeout: 30_000 })
    await get(url, { agent })
    const [socket] = Object.values(agent.freeSockets).flat()
    const options = { agent, ...(timeout === undefined ? {} : { timeout }) }
    const client = async () => {
      const late = get(`${url}/hung`, options)
      await sleep(1)
      const armed = Object.getOwnPropertySymbols(socket).find(({ description }) => description === "timeout")
      const timer: unknown = Reflect.get(Object(socket), armed ?? "")
      return [Reflect.get(Object(timer), "_destroyed"), await late]
    }
    expect(await play(quickly, client)).toEqual([true, `too late at ${timeout ?? 30_000}`])
    agent.destroy()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  it("are listened to once each, however many requests they carry", async () => {
    const listeners = await play(quickly, async () => {
      const server = http.createServer((_, response) => response.end("here"))
      await new Promise<void>((resolve) => void server.listen(0, resolve))
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
      const counts: Array<number> = []
      for (let i = 0; i < 15; i++) {
        await get(url, { agent, timeout: 5000 })
        await new Promise((resolve) => void setImmediate(resolve))
        counts.push(
          ...Object.values(agent.freeSockets).flatMap((all = []) => all.map((it) => it.listenerCount("close"))),
        )
      }
      agent.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      return counts
    })
    expect(listeners).toHaveLength(15)
    expect(new Set(listeners).size).toBe(1)
  })
})
