import * as http from "node:http"
import { Duration, Effect } from "effect"
import { describe, expect, it } from "vitest"
import * as Control from "@tenuto/testkit/Control"
import * as Emulator from "@tenuto/testkit/Emulator"
import { choir as choirOf } from "./courier.ts"

/** A service whose work takes a minute; a look with `wait` is held for 20 seconds at most. */
const choir = Effect.sync(() => {
  const began: Array<number> = []
  const handler: Emulator.Handler = ({ method, url }) =>
    Effect.gen(function* () {
      const now = yield* Effect.clockWith(({ currentTimeMillis }) => currentTimeMillis)
      if (method === "POST") return Emulator.json(202, { id: began.push(now) })
      const left = (began[0] ?? now) + 60_000 - now
      if (url.includes("wait")) yield* Effect.sleep(Duration.millis(Math.max(0, Math.min(left, 20_000))))
      return Emulator.json(200, { status: left <= 20_000 && (url.includes("wait") || left <= 0) ? "done" : "singing" })
    })
  const stage = ({ method }: Emulator.Request) => (method === "POST" ? "submit" : "look")
  return {
    handler,
    hooks: { stageOf: stage },
    ledger: Effect.sync(() => ({ operations: began.map((at) => ({ at })) })),
  } as const
})

const controlled = <A>(
  use: (
    addresses: Control.Controlled,
    ask: (verb: string, path: string, body?: unknown) => Promise<unknown>,
  ) => Promise<A>,
  options: Partial<Control.Options<unknown>> = {},
) =>
  Effect.gen(function* () {
    const addresses = yield* Control.serve({ make: choir, ...options })
    const ask = async (verb: string, path: string, body?: unknown) => {
      const init = { method: verb, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
      const answer = await fetch(`${addresses.control}${path}`, init)
      return answer.headers.get("content-type")?.includes("json") === true ? answer.json() : answer.text()
    }
    return yield* Effect.promise(() => use(addresses, ask))
  }).pipe(Effect.scoped, Effect.runPromise)

const status = (url: string) => fetch(url).then((answer) => answer.json() as Promise<{ readonly status: string }>)

describe("a controlled service", () => {
  it("held: long polls move its clock by themselves, sleeping is told, and the ledger is read", async () => {
    await controlled(async ({ url }, ask) => {
      await fetch(url, { method: "POST" })
      expect(await status(`${url}/1?wait`)).toEqual({ status: "singing" })
      expect(await ask("GET", "/clock")).toEqual({ now: "2026-01-01T00:00:20.000Z", moves: "held" })
      expect(await ask("POST", "/clock/advance", { seconds: 25 })).toMatchObject({ now: "2026-01-01T00:00:45.000Z" })
      expect(await status(`${url}/1`)).toEqual({ status: "singing" })
      expect(await status(`${url}/1?wait`)).toEqual({ status: "done" })
      expect(await ask("GET", "/clock")).toMatchObject({ now: "2026-01-01T00:01:00.000Z" })
      expect(await ask("GET", "/ledger")).toEqual({ operations: [{ at: Date.parse("2026-01-01") }] })
    })
  })

  it("faults are planned, listed, and taken away", async () => {
    await controlled(async ({ url }, ask) => {
      expect(await ask("POST", "/faults", { faults: ["503@look:2"] })).toEqual({ planned: ["503@look:2"] })
      expect((await fetch(`${url}/1`)).status).toBe(503)
      expect(await ask("DELETE", "/faults")).toEqual({ planned: [] })
      expect((await fetch(`${url}/1`)).status).toBe(200)
      expect(await ask("POST", "/faults", { faults: ["teapot@look"] })).toMatchObject({
        problem: expect.stringContaining("names no fault") as string,
      })
      expect(await ask("GET", "/faults")).toEqual({ planned: [] })
    })
  })

  it("reset begins anew at the same address, and the same story is the same text", async () => {
    await controlled(
      async ({ url }, ask) => {
        const tell = async () => {
          await expect(fetch(url, { method: "POST" })).rejects.toThrow("fetch failed")
          await fetch(url, { method: "POST" })
          await ask("POST", "/clock/advance", { seconds: 30 })
          await status(`${url}/1?wait`)
          return ask("GET", "/timeline")
        }
        const first = await tell()
        expect(first).toMatch(/ 30000 ms {2}service +received +GET \/1/)
        expect(await ask("POST", "/reset", {})).toMatchObject({ now: "2026-01-01T00:00:00.000Z" })
        expect(await tell()).toBe(first)
      },
      { faults: ["reset-after-commit@submit"] },
    )
  })

  it("says what is wrong with what it is told", async () => {
    await controlled(
      async (_, ask) => {
        expect(await ask("GET", "/")).toHaveProperty(["POST /clock/advance"])
        expect(await ask("GET", "/lunch")).toMatchObject({ problem: "there is nothing here" })
        expect(await ask("POST", "/clock")).toMatchObject({ problem: "this path takes GET" })
        expect(await ask("POST", "/clock/advance", { seconds: -1 })).toMatchObject({
          problem: expect.stringContaining("seconds") as string,
        })
        expect(await ask("POST", "/clock/advance", { seconds: 1 })).toMatchObject({
          problem: "the clock is real, and cannot be told",
        })
      },
      { moves: "real" },
    )
  })

  it.each(["held", "told"] as const)(
    "%s: a reset ends an advance that is under way, and all that is held",
    async (moves) => {
      await controlled(
        async ({ url }, ask) => {
          const held = fetch(`${url}/1?wait`).then(
            () => "answered",
            () => "gone",
          )
          const both = [ask("POST", "/clock/advance", { seconds: 5 }), ask("POST", "/reset"), ask("POST", "/reset")]
          expect(await Promise.all(both)).toHaveLength(3)
          expect(await ask("POST", "/reset")).toEqual({ now: "2026-01-01T00:00:00.000Z", moves })
          expect(["answered", "gone"]).toContain(await held)
          expect(await ask("GET", "/ledger")).toEqual({ operations: [] })
        },
        { moves },
      )
    },
  )

  it("time does not go where dates end", async () => {
    await controlled(async (_, ask) => {
      expect(await ask("POST", "/clock/advance", { seconds: 1e300 })).toMatchObject({
        problem: expect.stringContaining("seconds") as string,
      })
      expect(await ask("GET", "/clock")).toMatchObject({ now: "2026-01-01T00:00:00.000Z" })
    })
  })

  it("a webhook on its way stops time, however slow its receiver is in real time", async () => {
    const seen: Array<string> = []
    const receiver = http.createServer((request, response) => {
      seen.push(String(request.headers["choir-id"]))
      let turns = 0
      const turn = () => void (++turns < 2000 ? setImmediate(turn) : response.end())
      turn()
    })
    await new Promise<void>((resolve) => void receiver.listen(0, "127.0.0.1", resolve))
    const { port } = receiver.address() as { readonly port: number }
    const make = Effect.map(choirOf(), (singing) => ({ ...singing, ledger: Effect.succeed({}) }))
    await controlled(
      async ({ url }, ask) => {
        const body = JSON.stringify({ hook: `http://127.0.0.1:${port}/hook`, work: 60 })
        await fetch(`${url}/v1/songs`, { method: "POST", body })
        await ask("POST", "/clock/advance", { seconds: 7200 })
        expect(seen).toEqual(["msg-song-1"])
      },
      { make, moves: "told" },
    )
    receiver.closeAllConnections()
    await new Promise((resolve) => receiver.close(resolve))
  })
})

describe("a page of this machine", () => {
  /** What a browser does before and with a request of another origin; `fetch` of Node.js would do none of it. */
  const ask = (url: string, method: string, headers: http.OutgoingHttpHeaders) =>
    new Promise<http.IncomingMessage>((resolve, reject) => {
      const request = http.request(url, { method, headers, agent: false }, (response) => {
        response.resume()
        response.once("end", () => resolve(response))
      })
      request.once("error", reject).end()
    })
  const preflight = (url: string, origin: string) =>
    ask(url, "OPTIONS", {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type",
    })

  it("may call the service and its control; its preflights are no requests to the service", async () => {
    await controlled(async ({ control, url }, say) => {
      for (const origin of [
        "http://localhost:5173",
        "http://127.0.0.1:3000",
        "http://[::1]:8080",
        "http://localhost",
      ]) {
        for (const address of [url, `${control}/clock/advance`]) {
          const { headers, statusCode } = await preflight(address, origin)
          expect([statusCode, headers["access-control-allow-origin"]]).toEqual([204, origin])
          expect(headers["access-control-allow-methods"]).toBe("POST")
          expect(headers["access-control-allow-headers"]).toBe("authorization,content-type")
        }
        const { headers } = await ask(`${control}/ledger`, "GET", { origin })
        expect([headers["access-control-allow-origin"], headers["access-control-expose-headers"]]).toEqual([
          origin,
          "*",
        ])
      }
      expect(await say("GET", "/ledger")).toEqual({ operations: [] })
      expect(await say("GET", "/timeline")).not.toMatch(/OPTIONS|→/)
      const { headers, statusCode } = await ask(url, "POST", { origin: "http://localhost:5173" })
      expect([statusCode, headers["access-control-allow-origin"]]).toEqual([202, "http://localhost:5173"])
      expect(await say("GET", "/ledger")).toMatchObject({ operations: [{}] })
      expect(await say("GET", "/timeline")).toMatch(/POST/)
    })
  })

  it("of the web may call neither, and what is no page is told nothing of origins", async () => {
    await controlled(async ({ control, url }, say) => {
      for (const origin of [
        "https://example.com",
        "http://localhost.example.com",
        "http://localhost:5173.example.com",
        "http://127.0.0.1.nip.io",
        "http://evil.test/http://localhost",
        "null",
      ]) {
        for (const address of [url, `${control}/reset`]) {
          const { headers, statusCode } = await preflight(address, origin)
          expect(statusCode).toBe(403)
          expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([])
        }
        const { headers } = await ask(`${control}/clock`, "GET", { origin })
        expect(headers["access-control-allow-origin"]).toBeUndefined()
      }
      const { headers } = await ask(`${control}/clock`, "GET", {})
      expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([])
      expect(await say("GET", "/ledger")).toEqual({ operations: [] })
    })
  })
})
