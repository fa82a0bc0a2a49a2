import { DateTime, Deferred, Duration, Effect, Exit, Fiber, Logger, Scope } from "effect"
import { describe, expect, it } from "vitest"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import * as Courier from "@tenuto/testkit/Courier"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Fault from "@tenuto/testkit/Fault"
import * as Script from "@tenuto/testkit/Script"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"
import { type Arrived, inMemoryOnly, onBoth, plain, type Play, type Played, rules, start } from "./courier.ts"

const statuses =
  (...given: ReadonlyArray<number>) =>
  (count: number) =>
    Effect.succeed(Emulator.answer(given[Math.min(count, given.length) - 1] ?? 204))
const slow = (seconds: number) => () => Effect.delay(Effect.succeed(Emulator.answer(204)), Duration.seconds(seconds))

const faulty =
  (...texts: ReadonlyArray<string>): NonNullable<Play["disturb"]> =>
  ({ courier, handler, stage }) =>
    Effect.flatMap(Effect.forEach(texts, Fault.parse), (faults) =>
      Fault.apply(handler, faults, { stageOf: stage, webhook: courier.plan }),
    )
const scripted =
  (...steps: ReadonlyArray<Script.Step>): NonNullable<Play["disturb"]> =>
  ({ courier, handler, stage }) =>
    Script.apply(handler, Script.make(steps), { stageOf: stage, webhook: courier.plan })

const when = (arrived: ReadonlyArray<Arrived>) => arrived.map(({ at, id }) => `${id ?? "nobody"} ${at / 1000}`)
const outcomes = ({ ledger }: Played) =>
  ledger.map(({ attempts, outcome }) => [
    outcome,
    ...attempts.map(({ at, problem, status }) => [(DateTime.toEpochMillis(at) - start) / 1000, status ?? problem]),
  ])

const mischief = Fault.all.filter(({ stages }) => stages.includes("webhook")).map(({ name }) => name)
const stories: ReadonlyArray<readonly [name: string, play: Play]> = [
  ["is acknowledged", {}],
  ["is due at once", { works: [0] }],
  ["fails until the courier gives up", { receive: statuses(500) }],
  ["is refused", { receive: statuses(403), rules: { isRefusalFinal: true } }],
  ["is acknowledged too late", { receive: slow(20), works: [1, 2] }],
  ["meets a connection that breaks", { receive: () => Effect.succeed(Emulator.Behaviour.Reset()) }],
  ["is one of many", { works: [5, 3, 5, 0, 3] }],
  ...mischief.map((name) => [`is ${name}`, { works: [20, 21], disturb: faulty(`${name}@webhook`) }] as const),
]

describe("laws", () => {
  it.each(stories)("a letter that %s makes one timeline, in memory and over sockets", async (_, play) => {
    const [memory, loopback] = await onBoth(play)
    expect(loopback.timeline).toBe(memory.timeline)
    expect(outcomes(loopback)).toEqual(outcomes(memory))
    expect(memory.timeline).toContain("POST /v1/songs")
  })

  it("every attempt at one letter carries the same bytes under the same id, whatever time has passed", async () => {
    const { arrived } = await inMemoryOnly({ receive: statuses(500, 302, 503, 204) })
    expect(arrived).toHaveLength(4)
    expect(new Set(arrived.map(({ id, text }) => `${id} ${text}`)).size).toBe(1)
    expect(arrived[0]?.text).toBe('{"id":"song-1","status":"sung","made":60000}')
  })

  it("nothing is sent unless somebody runs the deliveries; letters wait for it", async () => {
    const never = await inMemoryOnly({ own: () => Effect.void })
    expect([never.arrived, outcomes(never)]).toEqual([[], [["pending"]]])
    const late = await inMemoryOnly({
      works: [1, 600],
      own: (courier) => Effect.delay(courier.deliveries, "5 minutes"),
    })
    expect(when(late.arrived)).toEqual(["msg-song-1 300", "msg-song-2 600"])
  })

  it("nothing is left when the scope of the owner closes: no timer, no retry, no request on the wire", async () => {
    const story = Effect.gen(function* () {
      const { timers } = yield* VirtualClock.VirtualClock
      const courier = yield* Courier.make(rules)
      let left = 0
      const { url } = yield* Emulator.serve(({ url: asked }) =>
        asked.endsWith("/hang")
          ? Effect.onInterrupt(Effect.never, () => Effect.sync(() => void left++))
          : Effect.succeed(Emulator.answer(500)),
      )
      const scope = yield* Scope.make()
      const fiber = yield* Effect.forkIn(courier.deliveries, scope)
      const post = (id: string, path: string, after: Duration.Input) =>
        courier.post({ id, url: `${url}${path}`, after, body: Effect.succeed(null) })
      yield* post("retried", "/fail", 0)
      yield* post("on the wire", "/hang", "59 seconds")
      yield* post("due later", "/fail", "1 day")
      yield* Effect.sleep("1 minute")
      // A pause, a time-out on the wire, and a letter that is not due.
      const before = yield* timers
      yield* Scope.close(scope, Exit.void)
      yield* post("too late", "/fail", 0)
      const after = yield* timers
      yield* Effect.sleep("2 days")
      const ledger = yield* courier.ledger
      const isOver = Exit.isFailure(yield* Fiber.await(fiber))
      return [before, after, left, isOver, ledger.map(({ attempts, outcome }) => `${outcome} ${attempts.length}`)]
    }).pipe(Effect.provide(VirtualClock.transport(NodeTransport.layer)))
    const exit = await Effect.runPromise(VirtualClock.run(story))
    expect(exit).toEqual(Exit.succeed([3, 0, 1, true, ["pending 2", "pending 0", "pending 0", "pending 0"]]))
  })
})

describe("a letter", () => {
  it("is delivered once when it is due, with everything that belongs to it", async () => {
    const played = await inMemoryOnly({ works: [60, 30] })
    expect(when(played.arrived)).toEqual(["msg-song-2 30", "msg-song-1 60"])
    expect(outcomes(played)).toEqual([
      ["delivered", [60, 204]],
      ["delivered", [30, 204]],
    ])
    expect(played.arrived[1]?.isBelieved).toBe(true)
    expect(played.arrived[1]?.headers).toMatchObject({
      "content-type": "application/json",
      "user-agent": "Choir-Webhook/1.0",
      "choir-event": "song",
      "choir-sent": "2026-01-01T00:01:00.000Z",
      "choir-first": "2026-01-01T00:01:00.000Z",
    })
  })

  it("comes again after each pause, to the millisecond, and not once more", async () => {
    const pauses = [Duration.millis(1), Duration.millis(2500), Duration.hours(1)]
    const played = await inMemoryOnly({ receive: statuses(500), rules: { pauses }, lasts: "2 days" })
    expect(outcomes(played)).toEqual([["given up", [60, 500], [60.001, 500], [62.501, 500], [3662.501, 500]]])
    expect(played.arrived.map(({ at }) => at)).toEqual([60_000, 60_001, 62_501, 3_662_501])
    // Who signs may keep the instant of the first attempt, or take that of each.
    expect(new Set(played.arrived.map(({ headers }) => headers["choir-first"])).size).toBe(1)
    expect(played.arrived.at(-1)?.headers["choir-sent"]).toBe("2026-01-01T01:01:02.501Z")
  })

  it("comes no more once it was acknowledged with any 2xx", async () => {
    for (const status of [200, 202, 204, 299]) {
      const played = await inMemoryOnly({ receive: statuses(500, status, 500) })
      expect(outcomes(played)).toEqual([["delivered", [60, 500], [65, status]]])
    }
  })

  it("that is acknowledged too late was not: the pause begins when the courier stops waiting", async () => {
    const [memory, loopback] = await onBoth({ receive: slow(10.001) })
    const failed = ["given up", [60, "Timeout"], [75, "Timeout"], [385, "Timeout"], [2195, "Timeout"]]
    expect([outcomes(memory), outcomes(loopback)]).toEqual([[failed], [failed]])
    expect(outcomes(await inMemoryOnly({ receive: slow(9.999) }))).toEqual([["delivered", [60, 204]]])
    expect(outcomes(await inMemoryOnly({ receive: slow(6), rules: { within: "5 seconds" } }))[0]?.[1]).toEqual([
      60,
      "Timeout",
    ])
  })

  it("that is refused comes again, or not, as the service does it", async () => {
    for (const status of [400, 403, 410, 499]) {
      const tried = await inMemoryOnly({ receive: statuses(status, 204) })
      expect(outcomes(tried)).toEqual([["delivered", [60, status], [65, 204]]])
      const final = await inMemoryOnly({ receive: statuses(status, 204), rules: { isRefusalFinal: true } })
      expect(outcomes(final)).toEqual([["given up", [60, status]]])
    }
    const broken = await inMemoryOnly({ receive: statuses(500, 204), rules: { isRefusalFinal: true } })
    expect(outcomes(broken)).toEqual([["delivered", [60, 500], [65, 204]]])
  })

  it("is not carried on to where a redirect leads", async () => {
    const elsewhere = Emulator.answer(307, "", { location: "/hook" })
    const played = await inMemoryOnly({ receive: (n) => Effect.succeed(n === 1 ? elsewhere : Emulator.answer(204)) })
    expect(outcomes(played)).toEqual([["delivered", [60, 307], [65, 204]]])
  })

  it("to a place that is no url, or where nobody answers, says why", async () => {
    const courier = Effect.runSync(Courier.make({ ...rules, pauses: [] }))
    const story = Effect.gen(function* () {
      yield* Effect.forkScoped(courier.deliveries)
      const post = (url: string) => courier.post({ id: url, url, after: 0, body: Effect.succeed(null) })
      yield* Effect.forEach(["nonsense", "http://gone.test/"], post)
      yield* Effect.sleep("1 minute")
      return (yield* courier.ledger).flatMap(({ attempts }) => attempts.map(({ problem }) => problem))
    }).pipe(
      Effect.provide(VirtualClock.transport(Emulator.layerMemory(() => Effect.succeed(Emulator.Behaviour.Unnamed())))),
    )
    expect(await Effect.runPromise(VirtualClock.run(story))).toEqual(Exit.succeed(["InvalidRequest", "NameNotFound"]))
  })

  it("may be signed in a way of its own", async () => {
    const sent: Array<string> = []
    const receiver: Emulator.Handler = ({ headers }) =>
      Effect.sync(() => (sent.push(headers["own"] ?? ""), Emulator.answer(204)))
    const story = Effect.gen(function* () {
      const courier = yield* Courier.make(rules)
      yield* Effect.forkScoped(courier.deliveries)
      const sign: Courier.Rules["sign"] = ({ id, url }) => Effect.succeed({ own: `${id} ${url}` })
      yield* courier.post({ id: "a", url: "http://me.test/", after: 0, body: Effect.succeed(null), sign })
      yield* Effect.sleep("1 minute")
    }).pipe(Effect.provide(VirtualClock.transport(Emulator.layerMemory(receiver))))
    await Effect.runPromise(VirtualClock.run(story))
    expect(sent).toEqual(["a http://me.test/"])
  })

  it("that cannot be written stops no other", async () => {
    const courier = Effect.runSync(Courier.make(rules))
    const story = Effect.gen(function* () {
      yield* Effect.forkScoped(courier.deliveries)
      for (const body of [Effect.die("no body"), Effect.succeed(null)]) {
        yield* courier.post({ id: "a", url: "http://me.test/", after: 0, body })
      }
      yield* Effect.sleep("1 minute")
      return (yield* courier.ledger).map(({ outcome }) => outcome)
    }).pipe(
      Effect.provide([
        VirtualClock.transport(Emulator.layerMemory(() => Effect.succeed(Emulator.answer(204)))),
        Logger.layer([]),
      ]),
    )
    expect(await Effect.runPromise(VirtualClock.run(story))).toEqual(Exit.succeed(["given up", "delivered"]))
  })
})

describe("mischief", () => {
  it("early: the letter is here before the submit is answered, at the instant it is due, and says what is true", async () => {
    const [memory, loopback] = await onBoth({ works: [20, 10], disturb: faulty("early@webhook") })
    for (const { arrived, ledger, timeline } of [memory, loopback]) {
      expect(when(arrived)).toEqual(["msg-song-1 20", "msg-song-2 30"])
      expect(arrived[0]?.text).toContain('"made":20000')
      expect(ledger.map(({ fault, outcome }) => [fault, outcome])).toEqual([
        ["early", "delivered"],
        [undefined, "delivered"],
      ])
      const answers = timeline.split("\n").filter((line) => / wire +answered 202/.test(line))
      expect(answers.map((line) => Number(/^ *(\d+) ms/.exec(line)?.[1]))).toEqual([20_000, 20_000])
    }
  })

  it("early: the submit waits for the first attempt, and not for the letter to be taken", async () => {
    const play = { works: [20], receive: statuses(500, 204), disturb: faulty("early@webhook") }
    const { arrived, timeline } = await inMemoryOnly(play)
    expect(when(arrived)).toEqual(["msg-song-1 20", "msg-song-1 25"])
    expect(timeline).toMatch(/^ *20000 ms.*answered 202/m)
  })

  it("early: where nobody carries letters no submit waits, and a turn that comes too late is a letter as ever", async () => {
    const nobody = await inMemoryOnly({ works: [20], disturb: faulty("early@webhook"), own: () => Effect.void })
    expect(nobody.timeline).toMatch(/^ *0 ms.*answered 202/m)
    const late = await inMemoryOnly({ works: [20, 30], disturb: faulty("lost@webhook", "early@webhook") })
    expect(when(late.arrived)).toEqual(["msg-song-2 30"])
    expect(late.ledger.map(({ fault }) => fault)).toEqual(["lost", "early"])
  })

  it("doubled: an acknowledged letter comes once more, the same to the byte", async () => {
    const { arrived, ledger } = await inMemoryOnly({ works: [60, 61], disturb: faulty("doubled@webhook") })
    expect(when(arrived)).toEqual(["msg-song-1 60", "msg-song-1 60", "msg-song-2 61"])
    expect(arrived[1]?.text).toBe(arrived[0]?.text)
    expect(arrived[1]?.isBelieved).toBe(true)
    expect(ledger.map(({ fault, outcome }) => [fault, outcome])).toEqual([
      ["doubled", "delivered"],
      [undefined, "delivered"],
    ])
  })

  it("lost: the letter never comes, and the next one does", async () => {
    const { arrived, ledger } = await inMemoryOnly({ works: [60, 61], disturb: faulty("lost@webhook") })
    expect(when(arrived)).toEqual(["msg-song-2 61"])
    expect(ledger[0]).toMatchObject({ outcome: "lost", attempts: [], fault: "lost" })
  })

  it("late: the letter comes that many seconds later, and says what is true then", async () => {
    const { arrived } = await inMemoryOnly({ works: [60, 61], disturb: faulty("late=30@webhook") })
    expect(when(arrived)).toEqual(["msg-song-2 61", "msg-song-1 90"])
    expect(arrived[1]?.text).toContain('"made":90000')
    expect(when((await inMemoryOnly({ disturb: faulty("late@webhook") })).arrived)).toEqual(["msg-song-1 120"])
  })

  it("reordered: the letter comes right after the next one, however long that takes", async () => {
    const { arrived } = await inMemoryOnly({ works: [60, 1000, 2000], disturb: faulty("reordered@webhook") })
    expect(when(arrived)).toEqual(["msg-song-2 1000", "msg-song-1 1000", "msg-song-3 2000"])
  })

  it("reordered: the next one has gone once it was tried, whatever came of that", async () => {
    const play = { works: [60, 61], receive: statuses(500, 204), disturb: faulty("reordered@webhook") }
    expect(when((await inMemoryOnly(play)).arrived)).toEqual(["msg-song-2 61", "msg-song-1 61", "msg-song-2 66"])
  })

  it("reordered: with no next one it comes after a pause, and all of them do after one another's", async () => {
    expect(when((await inMemoryOnly({ disturb: faulty("reordered@webhook") })).arrived)).toEqual(["msg-song-1 65"])
    const all = await inMemoryOnly({ works: [60, 61], disturb: faulty("reordered@webhook:always") })
    expect(when(all.arrived)).toEqual(["msg-song-2 66", "msg-song-1 66"])
    const lost = scripted(Script.on("webhook", "reordered"), Script.on("webhook", "lost"))
    expect(when((await inMemoryOnly({ works: [60, 61], disturb: lost })).arrived)).toEqual(["msg-song-1 61"])
  })

  it("forged: each time it claims the opposite, under the signature of the true one", async () => {
    const { arrived } = await inMemoryOnly({ receive: statuses(403), disturb: faulty("forged@webhook") })
    expect(arrived).toHaveLength(4)
    for (const { headers, isBelieved, text } of arrived) {
      expect(isBelieved).toBe(false)
      expect(text).toContain('"status":"failed"')
      const signed = /^signed\((.*)\)$/.exec(headers["choir-signature"] ?? "")?.[1] ?? ""
      expect(Buffer.from(signed, "base64").toString()).toBe(text.replace("failed", "sung"))
    }
  })

  it("forged: who knows no opposite sends a body that was tampered with", async () => {
    const courier = Effect.runSync(Courier.make(plain))
    const texts: Array<string> = []
    const receiver: Emulator.Handler = ({ body }) =>
      Effect.sync(() => (texts.push(new TextDecoder().decode(body)), Emulator.answer(204)))
    const story = Effect.gen(function* () {
      yield* Effect.forkScoped(courier.deliveries)
      const faults = yield* Effect.forEach(["forged@webhook:always"], Fault.parse)
      yield* courier.plan(faults)
      for (const body of [{ a: 1 }, [1]]) {
        yield* courier.post({ id: "a", url: "http://me.test/", after: 0, body: Effect.succeed(body) })
      }
      yield* Effect.sleep("1 minute")
    }).pipe(Effect.provide(VirtualClock.transport(Emulator.layerMemory(receiver))))
    await Effect.runPromise(VirtualClock.run(story))
    expect(texts).toEqual(['{"a":1,"forged":true}', '{"body":[1],"forged":true}'])
  })

  it("unsigned: it comes without anything that signs it, and with everything else", async () => {
    const { arrived } = await inMemoryOnly({ disturb: faulty("unsigned@webhook") })
    expect(arrived.map(({ headers }) => Object.keys(headers).toSorted())).toEqual([
      ["choir-event", "content-type", "user-agent"],
    ])
  })

  it("takes the letters in the order they are due, as often as it says, and a script may let some pass", async () => {
    const works = [30, 10, 20, 40]
    const twice = await inMemoryOnly({ works, disturb: faulty("unsigned@webhook:2") })
    expect(when(twice.arrived)).toEqual(["nobody 10", "nobody 20", "msg-song-1 30", "msg-song-4 40"])
    const steps = [Script.on("webhook", "pass", 2), Script.on("webhook", "lost"), Script.on("submit", "500")]
    const { arrived } = await inMemoryOnly({ works: [0, ...works], disturb: scripted(...steps) })
    expect(when(arrived)).toEqual(["msg-song-2 10", "msg-song-3 20", "msg-song-4 40"])
  })

  it("cannot be an answer: a letter is sent, not answered", async () => {
    const step = Script.on("webhook", { status: 500 })
    const error = await Effect.runPromise(
      Effect.flip(Script.apply(() => Effect.never, Script.make([step]), { stageOf: () => undefined })),
    )
    expect(error).toMatchObject({ problem: "Unfit", known: ["submit", "look", "long-poll", "download", "cancel"] })
  })
})

it("by the live clock a courier delivers over real sockets, and an hour of rest ends with its scope", async () => {
  const story = Effect.gen(function* () {
    let count = 0
    const twice = yield* Deferred.make<void>()
    const { url } = yield* Emulator.serve(() =>
      Effect.suspend(() => {
        count++
        return Effect.as(count === 2 ? Deferred.succeed(twice, undefined) : Effect.void, Emulator.answer(500))
      }),
    )
    const courier = yield* Courier.make({ ...rules, pauses: [Duration.millis(1), Duration.hours(1)] })
    yield* Effect.forkScoped(courier.deliveries)
    yield* courier.post({ id: "a", url, after: 0, body: Effect.succeed(null) })
    yield* Deferred.await(twice)
    return (yield* courier.ledger).map(({ attempts, outcome }) => [outcome, attempts[0]?.status])
  })
  const told = await Effect.runPromise(Effect.scoped(story).pipe(Effect.provide(NodeTransport.layer)))
  expect(told).toEqual([["pending", 500]])
})
