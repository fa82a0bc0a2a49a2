import { spawnSync } from "node:child_process"
import nodeCrypto, { randomBytes, randomUUID } from "node:crypto"
import { openAsBlob } from "node:fs"
import * as http from "node:http"
import * as timersPromises from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { Effect, Exit } from "effect"
import { describe, expect, it } from "vitest"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"

const start = Date.parse("2026-01-01T00:00:00Z")
/** Play code that knows nothing of us. */
const run = <A>(code: () => Promise<A>, options?: VirtualClock.Options) =>
  Effect.runPromise(VirtualClock.run(Effect.promise(code), { globals: true, ...options }))
const serve = <A>(handler: Emulator.Handler, code: (url: string) => Promise<A>) =>
  Effect.runPromise(
    VirtualClock.run(
      Effect.flatMap(Emulator.serve(handler), ({ url }) => Effect.promise(() => code(url))),
      { globals: true },
    ),
  )
const sleep = (millis: number) => new Promise<void>((resolve) => void setTimeout(resolve, millis))
const ready: Emulator.Handler = () => Effect.succeed(Emulator.json(200, { status: "ready" }))
const holding: Emulator.Handler = () => Effect.as(Effect.sleep("20 seconds"), Emulator.json(200, { status: "ready" }))

const viaHttp = (url: string) =>
  new Promise<string>((resolve, reject) => {
    const request = http.get(url, { agent: false }, (response) => {
      let text = ""
      response.setEncoding("utf8")
      response.on("data", (part: string) => (text += part))
      response.on("end", () => resolve(text))
    })
    request.on("error", reject)
  })

const owned = () =>
  (
    [
      [globalThis, "Date setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate crypto"],
      [performance, "now timeOrigin"],
      [AbortSignal, "timeout"],
      [process, "hrtime uptime"],
      [Crypto.prototype, "getRandomValues randomUUID"],
      [Blob.prototype, "arrayBuffer stream"],
      [Math, "random"],
    ] as const
  ).flatMap(([target, names]) => names.split(" ").map((name) => Object.getOwnPropertyDescriptor(target, name)))

const clients = {
  fetch: (url: string) => fetch(url).then((response) => response.text()),
  "node:http": viaHttp,
}

describe("the globals under a virtual clock", () => {
  it("an hour of setTimeout passes exactly, whichever way time is read", async () => {
    const exit = await run(async () => {
      const began = performance.now()
      const [seconds, nanos] = process.hrtime()
      await sleep(3_600_000)
      return [
        Date.now() - start,
        new Date().toISOString(),
        Date().includes("2026"),
        performance.now() - began,
        process.hrtime([seconds, nanos])[0],
        Number(process.hrtime.bigint() / 1_000_000_000n),
        new Date(2020, 1).getFullYear(),
        new Date() instanceof Date,
      ]
    })
    expect(exit).toEqual(Exit.succeed([3_600_000, "2026-01-01T01:00:00.000Z", true, 3_600_000, 3600, 3600, 2020, true]))
  })

  it("node:timers, node:timers/promises and promisify share it", async () => {
    const exit = await run(async () => {
      const seen: Array<number> = []
      const note = () => seen.push(Date.now() - start)
      await timersPromises.setTimeout(1000)
      note()
      await promisify(setTimeout)(1000)
      note()
      await timersPromises.scheduler.wait(1000)
      note()
      for await (const _ of timersPromises.setInterval(1000)) if (note() === 6) break
      await timersPromises.setImmediate()
      note()
      return seen
    })
    expect(exit).toEqual(Exit.succeed([1000, 2000, 3000, 4000, 5000, 6000, 6000]))
  })

  it("an interval beats until it is cleared, and a cleared time-out never fires", async () => {
    const exit = await run(async () => {
      const seen: Array<number> = []
      const never = setTimeout(() => seen.push(-1), 1500)
      const beat = setInterval(() => {
        seen.push(Date.now() - start)
        clearTimeout(Number(never))
      }, 1000)
      await sleep(3500)
      clearInterval(beat)
      await sleep(10_000)
      return seen
    })
    expect(exit).toEqual(Exit.succeed([1000, 2000, 3000]))
  })

  it("what was cleared never comes back, and what has fired may", async () => {
    const exit = await run(async () => {
      const seen: Array<string> = []
      const cleared = setTimeout(() => seen.push("cleared"), 10)
      clearTimeout(cleared)
      cleared.refresh()
      const fired = setTimeout(() => seen.push("fired"), 10)
      await sleep(20)
      fired.refresh()
      await sleep(20)
      clearTimeout(fired)
      fired.refresh()
      await sleep(20)
      return seen
    })
    expect(exit).toEqual(Exit.succeed(["fired", "fired"]))
  })

  it("a timer from before the run is cleared, and none of the run's for it", async () => {
    const before = setTimeout(() => {}, 1_000_000)
    const number = Number(before)
    const exit = await run(async () => {
      let fired = 0
      for (let i = 0; i < number + 100; i++) setTimeout(() => fired++, 1000)
      clearTimeout(Object.create(null) as undefined)
      clearTimeout(before)
      await sleep(1000)
      return fired
    })
    expect(exit).toEqual(Exit.succeed(number + 100))
    expect((before as unknown as { readonly _destroyed: boolean })._destroyed).toBe(true)
  })

  it("a callback's this is its timer", async () => {
    const exit = await run(async () => {
      const own = await Promise.all(
        [setTimeout, setInterval, setImmediate].map((arm) => {
          const is = new Promise<boolean>((resolve) => {
            const timer: unknown = arm(function (this: NodeJS.Timeout) {
              clearTimeout(this)
              resolve(this === timer)
            })
          })
          return is
        }),
      )
      return own
    })
    expect(exit).toEqual(Exit.succeed([true, true, true]))
  })

  it("a delay that overflows fires at once, as it does on the host", async () => {
    const exit = await run(async () => {
      await sleep(2_147_484_000)
      return Date.now() - start
    })
    expect(exit).toEqual(Exit.succeed(1))
  })

  it("AbortSignal.timeout and node:timers/promises refuse what the host refuses, in its way", async () => {
    const said = async () => {
      const signals = [-1, Number.NaN, undefined, "x", 2 ** 32].map((delay) => {
        try {
          return AbortSignal.timeout(delay as number).aborted
        } catch (error) {
          return Reflect.get(Object(error), "code")
        }
      })
      const { scheduler, setImmediate, setInterval, setTimeout } = timersPromises
      const beats = setInterval(1, 1, null as never)[Symbol.asyncIterator]()
      const asked: ReadonlyArray<() => Promise<unknown>> = [
        () => setTimeout(1, 1, null as never),
        () => setImmediate(1, null as never),
        () => beats.next(),
        () => scheduler.wait(1, null as never),
      ]
      const rejections = asked.map((ask) => ask().catch((error: unknown) => Reflect.get(Object(error), "code")))
      return [...signals, ...(await Promise.all(rejections))]
    }
    const expected = await said()
    expect(new Set(expected)).toEqual(new Set(["ERR_OUT_OF_RANGE", "ERR_INVALID_ARG_TYPE"]))
    expect(await run(said)).toEqual(Exit.succeed(expected))
  })

  it("AbortSignal.timeout ends a hung request at its instant", async () => {
    const exit = await serve(
      () => Effect.never,
      async (url) => {
        const signal = AbortSignal.timeout(30_000)
        const said = await fetch(url, { signal }).then(
          () => "answered",
          (error: Error) => error.name,
        )
        return [said, Date.now() - start]
      },
    )
    expect(exit).toEqual(Exit.succeed(["TimeoutError", 30_000]))
  })

  it.each(Object.entries(clients))("six polls by %s, 1 s apart, land at 0, 1000 … 5000", async (_, get) => {
    const exit = await serve(ready, async (url) => {
      const seen: Array<number> = []
      for (let i = 0; i < 6; i++) {
        if (i > 0) await sleep(1000)
        await get(url)
        seen.push(Date.now() - start)
      }
      return seen
    })
    expect(exit).toEqual(Exit.succeed([0, 1000, 2000, 3000, 4000, 5000]))
  })

  it.each(Object.entries(clients))(
    "held requests by %s, twelve at once, come back when they should",
    async (_, get) => {
      const exit = await serve(holding, (url) =>
        Promise.all(
          Array.from({ length: 12 }, async (_, i) => {
            await sleep(1000 * (i % 7) + 1)
            for (let k = 0; k < 3; k++) await get(url)
            return Date.now() - start
          }),
        ),
      )
      expect(exit).toEqual(Exit.succeed(Array.from({ length: 12 }, (_, i) => 60_000 + 1000 * (i % 7) + 1)))
    },
  )

  it("ten minutes of polls every 5 s by fetch see every instant", async () => {
    const exit = await serve(ready, async (url) => {
      const seen: Array<number> = []
      for (let i = 0; i < 120; i++) {
        await sleep(5000)
        await fetch(url).then((response) => response.json())
        seen.push(Date.now() - start)
      }
      return seen
    })
    expect(exit).toEqual(Exit.succeed(Array.from({ length: 120 }, (_, i) => (i + 1) * 5000)))
  })

  it("WebCrypto and files hold time", async () => {
    const { readFile } = await import("node:fs/promises")
    const exit = await run(async () => {
      const late = sleep(1).then(() => Date.now())
      for (let i = 0; i < 20; i++) {
        await crypto.subtle.digest("SHA-256", new Uint8Array(100_000))
        await readFile(new URL(import.meta.url))
      }
      return [Date.now() - start, (await late) - start]
    })
    expect(exit).toEqual(Exit.succeed([0, 1]))
  })

  it.each<[string, () => Promise<unknown>]>([
    ["WebCrypto of node:crypto", () => nodeCrypto.webcrypto.subtle.digest("SHA-256", new Uint8Array(1_000_000))],
    ["a draw that calls back", () => promisify<number, number>(nodeCrypto.randomInt)(5)],
    ["a file as a blob", async () => (await openAsBlob(fileURLToPath(import.meta.url))).slice(1).arrayBuffer()],
    [
      "a file as the stream of a blob",
      async () => {
        for await (const _ of (await openAsBlob(fileURLToPath(import.meta.url))).stream()) continue
      },
    ],
  ])("%s holds time", async (_, work) => {
    const exit = await run(async () => {
      const late = sleep(1)
      for (let i = 0; i < 20; i++) await work()
      const before = Date.now() - start
      await late
      return before
    })
    expect(exit).toEqual(Exit.succeed(0))
  })

  it("what nothing can wake is a deadlock, and an interval that nobody keeps wakes nobody", async () => {
    const dead = () => {
      setInterval(() => {}, 1000).unref()
      return new Promise<void>(() => {})
    }
    // What is stuck would be told after a day.
    expect(String(await run(dead, { stuckAfter: "1 day" }))).toContain("Deadlock")
  })

  it("are given back, and two clocks take turns", async () => {
    const before = owned()
    const read = () => run(() => sleep(1000).then(() => Date.now() - start))
    expect(await Promise.all([read(), read(), read()])).toEqual([1000, 1000, 1000].map(Exit.succeed))
    expect(owned()).toEqual(before)
    expect(timersPromises.setTimeout.name).toBe("setTimeout")
  })

  it("seeded: timers of one delay stay in the order they were set, as every host has it", async () => {
    for (let seed = 0; seed < 12; seed++) {
      const exit = await run(
        async () => {
          const seen: Array<number> = []
          await Promise.all([0, 1, 2, 3].map((index) => sleep(1000).then(() => seen.push(index))))
          return seen
        },
        { seed },
      )
      expect(exit).toEqual(Exit.succeed([0, 1, 2, 3]))
    }
  })

  it("seeded: equal instants fire in an order of the seed's own, the same each time", async () => {
    const race = (seed?: number) =>
      run(
        async () => {
          const seen: Array<string> = []
          const racing: Array<Promise<unknown>> = []
          for (const [index, name] of ["a", "b", "c", "d"].entries()) {
            racing.push(sleep(1000 - 10 * index).then(() => seen.push(name)))
            await sleep(10)
          }
          await Promise.all(racing)
          return seen.join("")
        },
        seed === undefined ? {} : { seed },
      )
    expect(await race()).toEqual(Exit.succeed("abcd"))
    const seeds = Array.from({ length: 12 }, (_, i) => i)
    const once = await Promise.all(seeds.map(race))
    expect(await Promise.all(seeds.map(race))).toEqual(once)
    expect(new Set(once.map(String)).size).toBeGreaterThan(4)
  })

  it("chance comes from the seed: the same jitter and the same ids each time", async () => {
    const draw = (seed: number) =>
      run(async () => [Math.random(), crypto.randomUUID(), randomUUID(), randomBytes(4).toString("hex")], { seed })
    const first = await draw(7)
    expect(await draw(7)).toEqual(first)
    expect(await draw(8)).not.toEqual(first)
    const [chance, ...names] = Exit.isSuccess(first) ? first.value : []
    expect(chance).toBeGreaterThanOrEqual(0)
    expect(chance).toBeLessThan(1)
    expect(new Set(names).size).toBe(3)
    expect(names[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it("chance comes from the seed by whichever name of node:crypto it is drawn", async () => {
    const { getRandomValues, randomFill, randomFillSync, randomInt, webcrypto } = nodeCrypto
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")
    const draw = () =>
      run(
        async () => [
          hex(webcrypto.getRandomValues(new Uint8Array(8))),
          webcrypto.randomUUID(),
          hex(nodeCrypto.getRandomValues(new Uint8Array(8))),
          hex(nodeCrypto.randomFillSync(new Uint8Array(8))),
          hex(await promisify<Uint8Array, Uint8Array>(nodeCrypto.randomFill)(new Uint8Array(8))),
          nodeCrypto.randomInt(2 ** 47),
          await promisify<number, number, number>(nodeCrypto.randomInt)(0, 2 ** 47),
        ],
        { seed: 7 },
      )
    const once = await draw()
    expect(await draw()).toEqual(once)
    expect(new Set(Exit.isSuccess(once) ? once.value : []).size).toBe(7)
    expect({ ...nodeCrypto }).toMatchObject({ getRandomValues, randomFill, randomFillSync, randomInt })
  })

  it("a part is filled where it was asked for, and a draw lies in its range", async () => {
    const exit = await run(async () => {
      const words = nodeCrypto.randomFillSync(new Uint16Array(6), 2, 2)
      const draws = new Set(Array.from({ length: 200 }, () => nodeCrypto.randomInt(3, 6)))
      const refused = await Promise.resolve()
        .then(() => nodeCrypto.randomInt(6, 3))
        .catch((error: Error) => Reflect.get(error, "code"))
      return [Array.from(words, (word) => word > 0), draws, refused]
    })
    const filled = [false, false, true, true, false, false]
    expect(exit).toEqual(Exit.succeed([filled, new Set([3, 4, 5]), "ERR_OUT_OF_RANGE"]))
  })

  it("the process has been up as long as the clock has run", async () => {
    const exit = await run(async () => {
      const began = process.uptime()
      await sleep(90_000)
      return process.uptime() - began
    })
    expect(exit).toEqual(Exit.succeed(90))
  })

  it("no process timer over 50 ms is armed meanwhile", () => {
    const script = fileURLToPath(new URL("process/quiet.ts", import.meta.url))
    const { stdout } = spawnSync(process.execPath, [script], { encoding: "utf8" })
    expect(JSON.parse(stdout)).toEqual({ took: 3_600_000, over: [] })
  })
})

describe("a clock that is told", () => {
  it("moves as far as it is told, and what is due happens", async () => {
    const exit = await Effect.runPromise(
      VirtualClock.run(
        Effect.gen(function* () {
          const { advance } = yield* VirtualClock.VirtualClock
          const seen: Array<number> = []
          yield* Effect.forkChild(
            Effect.forever(
              Effect.andThen(
                Effect.sleep("10 seconds"),
                Effect.sync(() => seen.push(seen.length + 1)),
              ),
            ),
          )
          yield* advance("9 seconds")
          const before = [...seen]
          yield* advance("21 seconds")
          return [before, seen]
        }),
        { moves: "told" },
      ),
    )
    expect(exit).toEqual(Exit.succeed([[], [1, 2, 3]]))
  })

  it("held: a waiting foreign client moves it, and nothing else does", async () => {
    const exit = await Effect.runPromise(
      VirtualClock.run(
        Effect.gen(function* () {
          const { url } = yield* Emulator.serve(holding)
          const { advance } = yield* VirtualClock.VirtualClock
          const now = Effect.clockWith((clock) => clock.currentTimeMillis)
          const began = yield* now
          yield* Effect.promise(() => fetch(url).then((response) => response.text()))
          const after = yield* now
          yield* advance("1 minute")
          return [after - began, (yield* now) - began]
        }),
        { moves: "held" },
      ),
    )
    expect(exit).toEqual(Exit.succeed([20_000, 80_000]))
  })
})
