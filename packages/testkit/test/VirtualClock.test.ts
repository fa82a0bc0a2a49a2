import { Cause, Clock, Deferred, Duration, Effect, Exit, Fiber } from "effect"
import { describe, expect, it } from "vitest"
import { Transport } from "@tenuto/http/Transport"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"
import { carriers } from "./carriers.ts"

const limits = { timeout: Duration.seconds(60), maxBytes: 1_000_000n }
const get = (url: string, timeout: Duration.Input = "60 seconds") =>
  Transport.use((transport) =>
    transport.send({ method: "GET", url, headers: {} }, { ...limits, timeout: Duration.fromInputUnsafe(timeout) }),
  )
const start = Date.parse("2026-01-01T00:00:00Z")
const elapsed = Effect.map(Clock.currentTimeMillis, (now) => now - start)
const run = <A, E>(effect: Effect.Effect<A, E, VirtualClock.VirtualClock>, options?: VirtualClock.Options) =>
  Effect.runPromise(VirtualClock.run(effect, options))
const failure = (exit: Exit.Exit<unknown, unknown>): unknown =>
  Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise<void>((resolve) => void setImmediate(resolve))
}

const answered = Emulator.answer(200, "here")
const nothing: Emulator.Request = { method: "GET", url: "http://x/", headers: {}, body: new Uint8Array(0) }

const race = (seed?: number) =>
  run(
    Effect.gen(function* () {
      const seen: Array<string> = []
      const one = (name: string) =>
        Effect.gen(function* () {
          yield* Effect.sleep("1 second")
          seen.push(`${name} wakes`)
          for (let i = 0; i < 5; i++) yield* Effect.yieldNow
          seen.push(`${name} rests`)
        })
      yield* Effect.forEach(["a", "b", "c", "d"], one, { concurrency: "unbounded" })
      return seen.join(", ")
    }),
    seed === undefined ? {} : { seed },
  )

const ready: Emulator.Handler = () => Effect.succeed(Emulator.json(200, { status: "ready" }))

const hour = (base: string) =>
  Effect.gen(function* () {
    const seen: Array<number> = []
    for (let i = 0; i < 720; i++) {
      yield* Effect.sleep("5 seconds")
      const { status } = yield* get(`${base}/op`)
      if (status === 200) seen.push(yield* elapsed)
    }
    return seen
  })

const holding: Emulator.Handler = () => Effect.andThen(Effect.sleep("20 seconds"), ready(nothing))

const poller = (base: string) => (offset: number) =>
  Effect.gen(function* () {
    const seen: Array<number> = []
    yield* Effect.sleep(Duration.seconds(offset))
    for (let i = 0; i < 5; i++) {
      yield* get(`${base}/op?wait=true`)
      seen.push(yield* elapsed)
    }
    return seen
  })

describe("laws", () => {
  it("a sleep takes exactly as long as asked, and a sleep within a sleep adds up", async () => {
    const exit = await run(
      Effect.gen(function* () {
        const seen: Array<number> = []
        yield* Effect.sleep("5 seconds")
        seen.push(yield* elapsed)
        yield* Effect.forkChild(Effect.andThen(Effect.sleep("1 second"), Effect.sleep("1 second")))
        yield* Effect.sleep("30 days")
        seen.push(yield* elapsed)
        yield* Effect.sleep(0)
        seen.push(yield* elapsed)
        return seen
      }),
    )
    const month = 30 * 24 * 3600 * 1000
    expect(exit).toEqual(Exit.succeed([5000, 5000 + month, 5000 + month]))
  })

  it("time does not move while a task can run, however many turns it takes", async () => {
    const exit = await run(
      Effect.gen(function* () {
        yield* Effect.forkChild(Effect.sleep("1 second"))
        for (let i = 0; i < 200; i++) yield* Effect.yieldNow
        return yield* elapsed
      }),
    )
    expect(exit).toEqual(Exit.succeed(0))
  })

  it("time does not move while a hold is taken, and moves again after it", async () => {
    const exit = await run(
      Effect.gen(function* () {
        const late = yield* Effect.forkChild(Effect.andThen(Effect.sleep("1 second"), elapsed))
        yield* VirtualClock.hold(Effect.promise(() => turns(50)))
        const during = yield* elapsed
        const promise = turns(50)
        yield* VirtualClock.track(promise)
        yield* Effect.promise(() => promise)
        return [during, yield* elapsed, yield* Fiber.join(late)]
      }),
    )
    expect(exit).toEqual(Exit.succeed([0, 0, 1000]))
  })

  it("what works on other threads holds time: files by itself, WebCrypto through its service", async () => {
    const { readFile } = await import("node:fs/promises")
    const { WebCrypto } = await import("effect/crypto/WebCrypto")
    const exit = await run(
      Effect.gen(function* () {
        yield* Effect.forkChild(Effect.sleep("1 second"))
        const crypto = yield* WebCrypto
        for (let i = 0; i < 20; i++) {
          yield* Effect.promise(() => readFile(new URL(import.meta.url)))
          yield* Effect.promise(() => crypto.subtle.digest("SHA-256", new Uint8Array(100_000)))
        }
        return yield* elapsed
      }),
    )
    expect(exit).toEqual(Exit.succeed(0))
  })

  it("timers of one instant fire in the order they were set, each at rest before the next", async () => {
    const inOrder = "a wakes, a rests, b wakes, b rests, c wakes, c rests, d wakes, d rests"
    expect(await race()).toEqual(Exit.succeed(inOrder))
    const seeded = await Promise.all(Array.from({ length: 20 }, (_, seed) => race(seed)))
    const again = await Promise.all(Array.from({ length: 20 }, (_, seed) => race(seed)))
    expect(again).toEqual(seeded)
    expect(new Set(seeded.map(String)).size).toBeGreaterThan(5)
    for (const exit of seeded) expect(String(exit)).toMatch(/^Success\("(?:([a-d]) wakes, \1 rests(?:, )?){4}"\)$/)
  })

  it("an interrupted sleep leaves no timer", async () => {
    const exit = await run(
      Effect.gen(function* () {
        const { timers } = yield* VirtualClock.VirtualClock
        const fibers = yield* Effect.forEach(Array.from({ length: 100 }), (_, i) =>
          Effect.forkChild(Effect.sleep(Duration.seconds(i + 1)), { startImmediately: true }),
        )
        const before = yield* timers
        yield* Fiber.interruptAll(fibers)
        return [before, yield* timers, yield* elapsed]
      }),
    )
    expect(exit).toEqual(Exit.succeed([100, 0, 0]))
  })

  it("a sleep for ever never ends, and a time-out still ends it", async () => {
    const exit = await run(Effect.andThen(Effect.timeoutOption(Effect.sleep(Duration.infinity), "1 hour"), elapsed))
    expect(exit).toEqual(Exit.succeed(3_600_000))
  })

  it("a run that nothing can wake is a deadlock that names who waits", async () => {
    const exit = await run(Effect.sleep(Duration.infinity).pipe(Effect.withSpan("waiting for Godot")))
    const deadlock = failure(exit)
    expect(deadlock).toBeInstanceOf(VirtualClock.Deadlock)
    expect(String(deadlock)).toContain("a sleep in waiting for Godot, for ever")
    const plain = await run(Effect.flatMap(Deferred.make<void>(), Deferred.await))
    expect(failure(plain)).toBeInstanceOf(VirtualClock.Deadlock)
  })

  it("a hold that does not end is stuck I/O that names it", async () => {
    const exit = await run(VirtualClock.hold(Effect.never, { label: "the printer" }), { stuckAfter: "50 millis" })
    expect(failure(exit)).toBeInstanceOf(VirtualClock.StuckIo)
    expect(String(failure(exit))).toContain("the printer")
  })
})

describe.each(["memory", "loopback"] as const)("carried by %s", (carrier) => {
  const tell = carriers[carrier]

  it("an hour of polls every 5 s sees every instant exactly", async () => {
    const { exit } = await tell(ready, hour)
    expect(exit).toEqual(Exit.succeed(Array.from({ length: 720 }, (_, i) => (i + 1) * 5000)))
  })

  it("a service that holds a request for 20 s parks it, for several clients at once", async () => {
    const offsets = Array.from({ length: 12 }, (_, i) => i % 7)
    const { exit } = await tell(holding, (base) => Effect.forEach(offsets, poller(base), { concurrency: "unbounded" }))
    expect(exit).toEqual(Exit.succeed(offsets.map((offset) => [1, 2, 3, 4, 5].map((i) => (offset + 20 * i) * 1000))))
  })

  it("a client that leaves is seen by its service before time moves", async () => {
    const left: Array<number> = []
    const handler: Emulator.Handler = () =>
      Effect.onInterrupt(Effect.never, () => Effect.map(elapsed, (at) => void left.push(at)))
    const { exit } = await tell(handler, (base) =>
      Effect.forEach(
        [3, 1, 2],
        (seconds) => Effect.exit(get(`${base}/op`).pipe(Effect.timeoutOption(Duration.seconds(seconds)))),
        { concurrency: "unbounded" },
      ).pipe(Effect.andThen(Effect.sleep("1 second")), Effect.andThen(elapsed)),
    )
    expect(exit).toEqual(Exit.succeed(4000))
    expect(left).toEqual([1000, 2000, 3000])
  })

  it("a request given up in the instant it was sent never reaches its service, and stops nobody", async () => {
    const seen: Array<string> = []
    const handler: Emulator.Handler = ({ url }) => Effect.sync(() => (seen.push(new URL(url).pathname), answered))
    const { exit } = await tell(handler, (base) =>
      Effect.gen(function* () {
        yield* get(`${base}/warm`)
        for (let i = 0; i < 10; i++) {
          const fiber = yield* Effect.forkChild(get(`${base}/gone`), { startImmediately: true })
          for (let k = 0; k < i; k++) yield* Effect.yieldNow
          yield* Fiber.interrupt(fiber)
        }
        yield* Effect.sleep("1 second")
        yield* get(`${base}/kept`)
        return yield* elapsed
      }),
    )
    expect(exit).toEqual(Exit.succeed(1000))
    expect(seen).toEqual(["/warm", "/kept"])
  })

  it("a service that never answers a client that waits for ever is a deadlock that names the request", async () => {
    const { exit } = await tell(
      () => Effect.never,
      (base) => get(`${base}/v1/song?key=secret`, Duration.infinity),
    )
    expect(failure(exit)).toBeInstanceOf(VirtualClock.Deadlock)
    expect(String(failure(exit))).toContain("GET /v1/song")
    expect(String(failure(exit))).not.toContain("secret")
  })

  it("requests of one instant arrive in the order they were sent", async () => {
    const seen: Array<string> = []
    const handler: Emulator.Handler = ({ body, url }) =>
      Effect.sync(() => {
        seen.push(`${new URL(url).pathname} ${body.byteLength}`)
        return answered
      })
    // The first is the largest: on the wire it is the last to be complete.
    const sizes = [8_000_000, 1_000_000, 10_000, 0]
    await tell(handler, (base) =>
      Effect.forEach(
        sizes,
        (size, i) =>
          Transport.use((transport) =>
            transport.send({ method: "PUT", url: `${base}/${i}`, headers: {}, body: new Uint8Array(size) }, limits),
          ),
        { concurrency: "unbounded" },
      ),
    )
    expect(seen).toEqual(sizes.map((size, i) => `/${i} ${size}`))
  })
})

it("a foreign client parks the hold around it while its service sleeps", async () => {
  const exit = await run(
    Effect.gen(function* () {
      const { url } = yield* Emulator.serve(() => Effect.as(Effect.sleep("20 seconds"), answered))
      const seen: Array<number> = []
      for (let i = 0; i < 3; i++) {
        yield* VirtualClock.hold(Effect.promise(() => fetch(url).then((response) => response.text())))
        seen.push(yield* elapsed)
      }
      return seen
    }).pipe(Effect.scoped),
  )
  expect(exit).toEqual(Exit.succeed([20_000, 40_000, 60_000]))
})

it("a foreign client that leaves is seen by its service before time moves", async () => {
  const left: Array<number> = []
  const exit = await run(
    Effect.gen(function* () {
      const { url } = yield* Emulator.serve(() =>
        Effect.onInterrupt(Effect.never, () => Effect.map(elapsed, (at) => void left.push(at))),
      )
      yield* VirtualClock.hold(Effect.promise((signal) => fetch(url, { signal }))).pipe(
        Effect.timeoutOption("3 seconds"),
      )
      yield* Effect.sleep("1 second")
      return yield* elapsed
    }).pipe(Effect.scoped),
  )
  expect(exit).toEqual(Exit.succeed(4000))
  expect(left).toEqual([3000])
})

it("two servers share one time", async () => {
  const exit = await carriers.loopback(
    () => Effect.as(Effect.sleep("3 seconds"), answered),
    (first) =>
      Effect.gen(function* () {
        const second = yield* Emulator.serve(() => Effect.as(Effect.sleep("5 seconds"), answered))
        const both = [first, second.url].map((base) => Effect.andThen(get(`${base}/`), elapsed))
        return yield* Effect.all([...both, ...both], { concurrency: "unbounded" })
      }),
  )
  expect(exit.exit).toEqual(Exit.succeed([3000, 5000, 3000, 5000]))
})
