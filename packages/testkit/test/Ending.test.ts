/** How a run ends, what is seen of it then, and what it leaves behind. */
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { afterEach, describe, expect, it, vi } from "vitest"
import * as Explore from "@tenuto/testkit/Explore"
import { type Answering, createKit, type Kit, suite } from "@tenuto/testkit/Promise"

const realSetTimeout = setTimeout
const really = (millis: number) => new Promise<void>((resolve) => void realSetTimeout(resolve, millis))
const sleep = (millis: number) => new Promise<void>((resolve) => void setTimeout(resolve, millis))
const ready: Answering = () => Response.json({ status: "ready" })
/** Gives up after seven seconds, and says so or not. */
const giveUp = (url: string) => fetch(url, { signal: AbortSignal.timeout(7000) }).then((answer) => answer.text())

const tell = (client: Parameters<Kit<unknown>["run"]>[0], kinds: ReadonlyArray<string>, more = {}) =>
  Explore.exhaustively(suite({ name: "client", kinds, service: () => ready, client, ...more }), { depth: 1 })
const checks = ({ _tag, ...found }: Explore.Found | Explore.Nothing) =>
  "violations" in found ? found.violations.map(({ check }) => check) : _tag

describe.each(["memory", "loopback"] as const)("when a run is over, in %s", (carrier) => {
  it.each(["slow-head=20", "slow-body=20", "hang-before-commit"])(
    "the service has seen its client leave: %s",
    async (fault) => {
      await using kit = await createKit({ service: ready, carrier, faults: [`${fault}@look`] })
      await expect(kit.run(({ url }) => giveUp(url))).rejects.toMatchObject({ name: "TimeoutError" })
      const { exchanges } = await kit.transcript()
      expect(exchanges).toMatchObject([{ end: { at: 7, did: "Left" } }])
      const told = kit.timeline()
      await kit.advance("1 hour")
      expect(kit.timeline()).toBe(told)
    },
  )
})

describe("a story", () => {
  it("of a client that keeps its deadline is green", async () => {
    const found = await tell(({ url }) => giveUp(url), ["hang-before-commit@look"], { known: { deadline: 7 } })
    expect(checks(found)).toBe("Nothing")
  })

  it("of a client that gave up and claims success is red", async () => {
    const found = await tell(({ url }) => giveUp(url).catch(() => "done"), ["slow-head=20@look"])
    expect(checks(found)).toEqual(["as-told"])
  })

  it("is told of what is rejected at its very end, and no other one is", async () => {
    const leaving = async ({ url }: { readonly url: string }) => {
      await fetch(url)
      void Promise.reject(new Error("unheard"))
    }
    const found = await tell(leaving, ["pass@look", "503@look"], { known: { endOf: () => "succeeded" } })
    expect([found.stories, checks(found)]).toEqual([1, ["nothing-unhandled"]])
    expect(checks(await tell(({ url }) => fetch(url), ["pass@look"]))).toBe("Nothing")
  })

  it("of a client that asks for nothing is red, and says what it may need", async () => {
    const found = await tell(() => Promise.reject(new TypeError("getaddrinfo ENOTFOUND")), ["503@look"])
    expect(found).toMatchObject({ story: { steps: [] }, violations: [{ check: "asks" }] })
    expect("violations" in found && found.violations[0]?.says).toMatch(
      /carrier: "loopback".*TypeError: getaddrinfo ENOTFOUND/,
    )
  })

  it("that does not end is given up, ends then, and is shrunk like any other", async () => {
    const stubborn = async ({ url }: { readonly url: string }) => {
      if ((await fetch(url)).status !== 403) return
      for (;;) await sleep(60_000)
    }
    const explored = suite({
      name: "stubborn",
      kinds: ["503@look", "403@look"],
      service: () => ready,
      client: stubborn,
      checks: [],
    })
    const found = await Explore.exhaustively(explored, { depth: 2, storyWithin: 1000 })
    expect(found).toMatchObject({ story: { steps: ["403@look"] }, violations: [{ check: "Endless" }] })
    expect(Date.now()).toBeGreaterThan(Date.UTC(2026, 1))
  })
})

describe("a client that goes on for ever", () => {
  it.each([
    [
      "polls",
      async (url: string) => {
        for (;;) {
          await fetch(url)
          await sleep(1000)
        }
      },
      { mostInAll: 500 },
      "Endless",
    ],
    [
      "is woken and asks for nothing",
      () => new Promise<never>(() => setInterval(() => {}, 30_000)),
      { mostInAll: 50 },
      "Endless",
    ],
    [
      "never rests",
      async (url: string) => {
        for (;;) await fetch(url)
      },
      { mostAtOnce: 500 },
      "HotLoop",
    ],
  ] as const)("%s, and is named", async (_, client, most, tag) => {
    await using kit = await createKit({ service: ready, ...most })
    const running = kit.run(async function forEver({ url }) {
      await client(url)
    })
    await expect(running).rejects.toMatchObject({ _tag: tag, waiters: ["the client forEver", expect.any(String)] })
    await using next = await createKit({ service: ready })
    expect(await next.run(({ url }) => fetch(url).then(({ status }) => status))).toBe(200)
  })
})

describe("what a run that was given up leaves behind", () => {
  it.each([
    [
      "asks",
      async (url: string) => {
        for (;;) await fetch(url).catch(() => undefined)
      },
    ],
    [
      "turns",
      async () => {
        for (;;) await new Promise((resolve) => setImmediate(resolve))
      },
    ],
  ] as const)("%s in vain, and holds up no later run", async (_, client) => {
    await using kit = await createKit({
      service: ready,
      carrier: "loopback",
      mostAtOnce: 200,
      stuckAfter: "200 millis",
    })
    await expect(kit.run(({ url }) => client(url))).rejects.toThrow()
    await using next = await createKit({ service: ready, carrier: "loopback", stuckAfter: "2 seconds" })
    const running = next.run(async ({ url }) => {
      await sleep(1000)
      return (await fetch(url)).status
    })
    expect(await running).toBe(200)
  })
})

describe("what a client leaves behind that never comes to rest", () => {
  it.each([
    [
      "turns",
      () => {
        const again = () => void setImmediate(again)
        again()
      },
      "StuckIo",
    ],
    [
      "requests",
      (url: string) => {
        const again = (): unknown => void fetch(url).then(again)
        again()
      },
      "HotLoop",
    ],
  ] as const)("ends its own run, and no later one: %s", async (_, leave, tag) => {
    await using kit = await createKit({ service: ready, mostAtOnce: 200, stuckAfter: "200 millis" })
    const running = kit.run(async ({ url }) => {
      await fetch(url)
      leave(url)
    })
    await expect(running).rejects.toMatchObject({ _tag: tag })
    expect(await kit.run(({ url }) => fetch(url).then(({ status }) => status))).toBe(200)
  })

  it("does not hide what the client itself threw", async () => {
    await using kit = await createKit({ service: ready, stuckAfter: "200 millis" })
    const error = new Error("of its own")
    const running = kit.run(() => {
      const again = () => void setImmediate(again)
      again()
      throw error
    })
    await expect(running).rejects.toBe(error)
  })
})

describe("kits beside each other", () => {
  it("hear what is rejected in their own stories only", async () => {
    const noisy = () => void Promise.reject(new Error("of the other"))
    const told = (leave: () => void) =>
      tell(
        async ({ url }) => {
          await fetch(url)
          leave()
        },
        ["pass@look"],
      )
    const [loud, still] = await Promise.all([told(noisy), told(() => {})])
    expect([checks(loud), checks(still)]).toEqual([["nothing-unhandled"], "Nothing"])
  })

  it("end at once when they are closed, though another one holds the globals", async () => {
    await using holder = await createKit({ service: ready })
    const waiting = await createKit({ service: ready })
    let release = () => {}
    const holding = holder.run(() => holder.track(new Promise<void>((resolve) => (release = resolve))))
    const running = waiting.run(({ url }) => fetch(url))
    await waiting.close()
    await expect(running).rejects.toMatchObject({ _tag: "Closed" })
    release()
    await holding
    await using next = await createKit({ service: ready })
    expect(await next.run(({ url }) => fetch(url).then(({ status }) => status))).toBe(200)
  })

  it("let no time pass from within another one's run", async () => {
    await using outer = await createKit({ service: ready })
    await using inner = await createKit({ service: ready })
    await expect(outer.run(() => inner.advance("1 hour"))).rejects.toMatchObject({ _tag: "Nested" })
  })

  it("blame no run for what the service threw before it", async () => {
    let isBroken = true
    const service: Answering = () => {
      if (!isBroken) return Response.json({ status: "ready" })
      throw new Error("before")
    }
    await using kit = await createKit({ service })
    await expect(kit.fetch(kit.url)).rejects.toThrow()
    isBroken = false
    expect(await kit.run(({ url }) => fetch(url).then(({ status }) => status))).toBe(200)
  })
})

describe("time is let pass", () => {
  it("beside what wakes nobody", async () => {
    await using kit = await createKit({ service: ready })
    let beats = 0
    await kit.run(() => void setInterval(() => beats++, 1000).unref())
    await kit.advance("5 minutes")
    expect([beats, kit.now().toISOString()]).toEqual([300, "2026-01-01T00:05:00.000Z"])
  })

  it("by each of two runs at once, until the last one ends", async () => {
    const faults = ["slow-head=60@look", "slow-head=5@look"]
    await using kit = await createKit({ service: ready, globals: false, faults })
    const ask = () => kit.run(({ fetch, url }) => fetch(url).then(({ status }) => status))
    expect(await Promise.all([ask(), ask()])).toEqual([200, 200])
    expect(kit.now().toISOString()).toBe("2026-01-01T00:01:00.000Z")
  })

  it("no further than dates go", async () => {
    await using kit = await createKit({ service: ready })
    await kit.run(() => sleep(2 ** 31 - 1))
    await kit.advance("999999999 days")
    expect(kit.now().toISOString()).toBe("+275760-09-13T00:00:00.000Z")
  })

  it("not while a promise is tracked, though a mocking library's request is being answered", async () => {
    const service = () => sleep(60_000).then(() => Response.json({}))
    await using kit = await createKit({ service })
    const seen = await kit.run(async ({ url }) => {
      const asked = kit.fetch(url)
      await sleep(1)
      await kit.track(really(30))
      const now = Date.now()
      await asked
      return now - Date.UTC(2026, 0, 1)
    })
    expect(seen).toBe(1)
  })
})

describe("a kit that is closed", () => {
  afterEach(() => vi.unstubAllEnvs())

  it("does nothing any more, and says so", async () => {
    const kit = await createKit({ service: ready })
    await kit.close()
    const closed = { _tag: "Closed" }
    await expect(kit.fetch(kit.url)).rejects.toMatchObject(closed)
    await expect(kit.advance("1 second")).rejects.toMatchObject(closed)
    await expect(kit.fault("503@look")).rejects.toMatchObject(closed)
    await expect(kit.run(() => 1)).rejects.toMatchObject(closed)
  })

  it("leaves no port behind, though its coverage cannot be written", async () => {
    vi.stubEnv("TENUTO_COVERAGE", "/nowhere/at/all.jsonl")
    const kit = await createKit({ service: ready, carrier: "loopback", name: "choir", faults: ["503@look"] })
    await kit.run(({ url }) => fetch(url))
    await expect(kit.close()).rejects.toMatchObject({ _tag: "Unwritten" })
    await expect(fetch(kit.url)).rejects.toMatchObject({ cause: { code: "ECONNREFUSED" } })
  })
})

describe("a kit", () => {
  it("takes a body of any size, as in memory", async () => {
    await using kit = await createKit({ service: ready, carrier: "loopback" })
    const body = new Uint8Array(17 * 1024 * 1024)
    expect(await kit.run(({ url }) => fetch(url, { method: "POST", body }).then(({ status }) => status))).toBe(200)
  })

  it.each([
    ["that is never closed lets its process end", "unclosed.ts", "200\n"],
    ["that is closed keeps nothing of what was still to come", "forgotten.ts", "forgotten\n"],
  ])("%s", (_, name, says) => {
    const file = fileURLToPath(new URL(`process/${name}`, import.meta.url))
    const { status, stdout } = spawnSync(process.execPath, ["--expose-gc", file], {
      encoding: "utf8",
      timeout: 120_000,
    })
    expect([status, stdout]).toEqual([0, says])
  })
})

describe("a mocking library's handler", () => {
  it.each(["memory", "loopback"] as const)(
    "reaches the service past the global fetch, whatever the address: %s",
    async (carrier) => {
      await using kit = await createKit({ service: ready, carrier })
      const original = globalThis.fetch
      globalThis.fetch = () => Promise.reject(new Error("caught by the mocking library again"))
      try {
        expect((await kit.fetch("https://api.example.com/v1")).status).toBe(200)
      } finally {
        globalThis.fetch = original
      }
    },
  )
})

describe("what is planned", () => {
  it("later comes later, and once", async () => {
    await using kit = await createKit({ service: ready, faults: ["503@look"] })
    await kit.fault("slow-head=5@look", "429@look")
    await kit.run(async ({ url }) => {
      for (let looks = 0; looks < 4; looks++) await fetch(url)
    })
    const { exchanges } = await kit.transcript()
    expect(exchanges.map(({ answer, fault }) => [answer?.status, answer?.at, fault])).toEqual([
      [503, 0, "503"],
      [200, 5, "slow-head"],
      [429, 5, "429"],
      [200, 5, undefined],
    ])
  })

  it.each(["503@download", "503@long-poll"])(
    "for a stage that a service of one's own does not have is refused: %s",
    async (fault) => {
      await expect(createKit({ service: ready, faults: [fault] })).rejects.toMatchObject({ problem: "NoStage" })
    },
  )

  it("at one instant happens in the order in which it was set", async () => {
    await using kit = await createKit({ service: ready })
    const order: Array<number> = []
    await kit.run(async () => {
      for (let index = 0; index < 8; index++) setTimeout(() => order.push(index), 100)
      await sleep(200)
    })
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  it("has its own time, whatever its callback is called", async () => {
    await using kit = await createKit({ service: ready })
    let ticks = 0
    const onTick = () => void ticks++
    await kit.run(() => void setTimeout(onTick, 3_600_000))
    expect(ticks).toBe(0)
    await kit.advance("1 hour")
    expect(ticks).toBe(1)
  })
})
