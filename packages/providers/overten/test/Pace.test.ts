import { Duration, Effect } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Pace from "@tenuto/core/Pace"
import * as Overten from "@tenuto/overten"
import { emulator, failure, ledger, looks, on, play, posts, refusal, runSlow, scripted, value } from "./stage.ts"

const gaps = (times: ReadonlyArray<number>) => times.slice(1).map((at, index) => at - (times[index] ?? 0))

describe("3.8 how often to look", () => {
  it.each([
    [undefined, 12],
    ["free", 12],
    ["pro", 10],
    ["enterprise", 5],
  ] as const)("3.8 the tier %s looks every %s seconds", async (tier, seconds) => {
    const { exit, seen } = await play(emulator({ work: "2 minutes" }).handler, runSlow, {
      tier,
    })
    value(exit)
    expect(looks(seen)[0]?.at).toBe(seconds)
    expect(new Set(gaps(looks(seen).map(({ at }) => at)))).toEqual(new Set([seconds]))
  })

  it("3.8 a wait lasts half an hour unless told otherwise, and longer when told", async () => {
    const late = await play(emulator({ work: "40 minutes" }).handler, runSlow)
    expect(failure(late.exit)).toMatchObject({ _tag: "Overdue" })
    expect(late.took).toBeGreaterThan(1790)
    const patient = Client.run(Overten.wordGenerate({ prompt: "p", async: true }), { within: "1 hour" })
    expect((await play(emulator({ work: "40 minutes" }).handler, patient)).took).toBe(2400)
  })
})

describe("3.9 what a minute allows", () => {
  it("3.9 many waits on one credential of the free tier share ten requests, and are never refused", async () => {
    const service = emulator({ tier: "free", places: 50, work: "5 minutes" })
    const one = (index: number) =>
      Client.run(Overten.wordGenerate({ prompt: `p${index}`, async: true }), { within: "2 hours" })
    const program = Effect.forEach([0, 1, 2, 3, 4, 5], one, { concurrency: "unbounded" })
    const { exit, seen } = await play(service.handler, program, { tier: "free" })
    expect(value(exit)).toHaveLength(6)
    const { requests } = await ledger(service)
    expect(requests.filter(({ status }) => status === 429)).toEqual([])
    const times = seen.map(({ at }) => at)
    for (const [index, at] of times.entries()) expect(at - (times[index - 10] ?? -Infinity)).toBeGreaterThanOrEqual(60)
  })

  it("3.9 what one is told holds back all", async () => {
    const limited = refusal(429, "rate_limit_exceeded", "Slow.", { "retry-after": "90" })
    const one = (index: number) => Client.run(Overten.wordGenerate({ prompt: `p${index}`, async: true }))
    const program = Effect.forEach([0, 1, 2], (index) => Effect.andThen(Effect.sleep(`${index} seconds`), one(index)), {
      concurrency: "unbounded",
    })
    const { exit, seen } = await play(scripted(emulator(), [on("submit", limited)]), program)
    value(exit)
    expect(seen[1]?.at).toBeGreaterThanOrEqual(90)
  })

  it.each(["429", "503"] as const)("3.9 a run too many is waited out, when it is answered %s", async (crowded) => {
    const service = emulator({ tier: "free", crowded, work: "2 minutes" })
    const one = (index: number) => Client.run(Overten.wordGenerate({ prompt: `p${index}`, async: true }))
    const { exit, seen } = await play(service.handler, Effect.forEach([0, 1, 2], one, { concurrency: "unbounded" }), {
      tier: "free",
    })
    expect(value(exit)).toHaveLength(3)
    expect(posts(seen).length).toBeGreaterThan(3)
    expect((await ledger(service)).operations).toHaveLength(3)
  })
})

describe("3.13 an API that is going to be retired", () => {
  const events = async (deprecated: { readonly sunset?: string }) => {
    const { journal } = await play(emulator({ deprecated }).handler, runSlow)
    return journal
  }
  it("3.13 X-Deprecated and Sunset stand in the history of the work", async () => {
    expect(await events({ sunset: "Sun, 06 Nov 2034 08:49:37 GMT" })).toContain(
      '"deprecation":{"sunset":"2034-11-06T08:49:37.000Z"}',
    )
    expect(await events({ sunset: "2034-11-06" })).toContain('"deprecation":{"sunset":"2034-11-06T00:00:00.000Z"}')
    expect(await events({})).toContain('"deprecation":{}')
    const { journal } = await play(emulator().handler, runSlow)
    expect(journal).not.toContain("deprecation")
  })
})

it("S002 work is kept for 30 days, and says so; no page offers to cancel", () => {
  expect(Overten.contract.retention).toEqual({ _tag: "Kept", for: Duration.days(30) })
  expect(Overten.contract.cancellation).toBe("None")
})

it("3.6 503: 30 to 60 seconds, whatever the die says", () => {
  const pauses = [0, 0.5, 1].map((die) =>
    Duration.toSeconds(Pace.pauseOf(Overten.contract.delays.unavailable, undefined, 1, die)),
  )
  expect(pauses).toEqual([30, 45, 60])
})

it.each([
  ["free", 10],
  ["pro", 60],
  ["enterprise", 600],
] as const)("3.9 the tier %s asks %i times in a minute, and not once more", async (tier, requests) => {
  // A dry run is the one request that is asked and answered at once.
  const ask = Client.run(Overten.preflight({ format: "word", prompt: "p" }), { within: "1 hour" })
  const program = Effect.forEach(Array.from({ length: requests + 1 }), () => ask, { concurrency: "unbounded" })
  const { exit, seen } = await play(emulator({ tier }).handler, program, { tier })
  value(exit)
  const atOnce = seen.filter(({ at }) => at < 60)
  expect([atOnce.length, seen.length]).toEqual([requests, requests + 1])
})
