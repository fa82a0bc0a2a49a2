/** How long a service asks to be left alone, in every dialect: nothing comes sooner, a fleet comes back spread, and nobody else pays. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { describe, expect, it } from "vitest"
import { Client } from "@tenuto/core"
import * as Budget from "@tenuto/http/Budget"
import type { Transport } from "@tenuto/http/Transport"
import type * as Emulator from "@tenuto/testkit/Emulator"
import * as FetchTransport from "@tenuto/transport-fetch/FetchTransport"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import { type Asked, json, play, type Pretended } from "./pretended.ts"

/** Every run begins at this instant. */
const start = Date.parse("2026-01-01T00:00:00Z")
const date = (at: number) => new Date(start + at * 1000).toUTCString()
const iso = (at: number) => new Date(start + at * 1000).toISOString()
const unix = (at: number) => String(start / 1000 + at)

/** Each asks for `span` seconds at `at`, a whole second. */
const dialects: Readonly<Record<string, (at: number, span: number) => Record<string, string>>> = {
  "Retry-After in seconds": (_, span) => ({ "retry-after": String(span) }),
  "Retry-After as a date": (at, span) => ({ "retry-after": date(at + span) }),
  "Retry-After as a Unix time": (at, span) => ({ "retry-after": unix(at + span) }),
  "two lines of Retry-After, both dates": (at, span) => ({ "retry-after": `${date(at + 1)}, ${date(at + span)}` }),
  "two lines of Retry-After, seconds and a date": (at, span) => ({ "retry-after": `1, ${date(at + span)}` }),
  "retry-after-ms": (_, span) => ({ "retry-after-ms": String(span * 1000) }),
  "x-ms-retry-after-ms": (_, span) => ({ "x-ms-retry-after-ms": String(span * 1000) }),
  RateLimit: (_, span) => ({ ratelimit: `"default";r=0;t=${span}` }),
  "RateLimit of an older draft": (_, span) => ({ ratelimit: `limit=9, remaining=0, reset=${span}` }),
  "RateLimit-Reset": (_, span) => ({ "ratelimit-reset": String(span), "ratelimit-remaining": "0" }),
  "X-RateLimit-Reset": (at, span) => ({ "x-ratelimit-reset": unix(at + span), "x-ratelimit-remaining": "0" }),
  "X-RateLimit-Reset-After": (_, span) => ({ "x-ratelimit-reset-after": `${span}.0`, "x-ratelimit-remaining": "0" }),
  "x-ratelimit-reset-requests": (_, span) => ({
    "x-ratelimit-reset-requests": `${Math.floor(span / 60)}m${span % 60}s`,
    "x-ratelimit-remaining-requests": "0",
  }),
  "a reset in RFC 3339": (at, span) => ({
    "anthropic-ratelimit-requests-reset": iso(at + span),
    "anthropic-ratelimit-requests-remaining": "0",
  }),
}
const span = 30
const contract = { cadence: { _tag: "Interval", every: Duration.seconds(5), floor: Duration.seconds(1) } } as const
const seeds = [1, 2, 3, 4, 5, 6]

/** What a poll is answered that asks for a pause; the next one finds the work done. */
const asking = (status: number, headers: Record<string, string>) =>
  status === 200 ? json(200, { status: "working" }, headers) : json(status, {}, headers)

/** One piece of work: a submit, a poll that is asked to pause, and one that finds it done. */
const paused = async (
  status: number,
  headersAt: (at: number) => Record<string, string>,
  seed: number,
  carrier?: Layer.Layer<Transport>,
) => {
  const { failure, seen } = await play(
    ({ at }, index) => [json(200, { id: 1 }), asking(status, headersAt(at))][index] ?? json(200, { status: "done" }),
    { contract, seed, ...(carrier === undefined ? {} : { carrier }) },
  )
  expect(failure).toBeUndefined()
  const [, asked, next] = seen
  return (next?.at ?? 0) - (asked?.at ?? 0)
}

const expectSpread = (gaps: ReadonlyArray<number>) => {
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(span)
  expect(Math.max(...gaps)).toBeLessThanOrEqual(span * 1.25)
  expect(new Set(gaps).size).toBeGreaterThan(1)
}

describe("a hint of a poll", () => {
  for (const [name, headers] of Object.entries(dialects)) {
    for (const status of [429, 503, 200]) {
      it(`as ${name} on ${status} is kept, and spread within a quarter after it`, async () => {
        const gaps: Array<number> = []
        for (const seed of seeds) gaps.push(await paused(status, (at) => headers(at, span), seed))
        expectSpread(gaps)
      })
    }
  }

  it("is heard over sockets as in memory, by both transports", async () => {
    for (const carrier of [NodeTransport.layer, FetchTransport.layer]) {
      for (const headers of Object.values(dialects)) {
        const gap = await paused(429, (at) => headers(at, span), 1, carrier)
        expect(gap).toBeGreaterThanOrEqual(span)
        expect(gap).toBeLessThanOrEqual(span * 1.25)
      }
    }
  })
})

describe("a hint of a submit", () => {
  for (const [name, headers] of Object.entries(dialects)) {
    it(`as ${name} holds the request back, and spreads what a fleet sends again`, async () => {
      const gaps: Array<number> = []
      for (const seed of seeds) {
        const { seen } = await play(
          ({ at }, index) =>
            [asking(429, headers(at, span)), json(200, { id: 1 })][index] ?? json(200, { status: "done" }),
          { contract, seed },
        )
        gaps.push((seen[1]?.at ?? 0) - (seen[0]?.at ?? 0))
      }
      expectSpread(gaps)
    })
  }
})

// --- work that shares a credential --------------------------------------------------------------

const budget = Budget.of({ deeds: ["Submit", "Look"] })
const verbs = (asked: ReadonlyArray<Asked>) => asked.map(({ at, method }) => `${method} ${at}`)

/** Two pieces of work on one credential: the second is submitted a second after the first. */
const both = (operation: Pretended) => {
  const run = Client.run(operation({}), { within: "10 minutes" })
  return Effect.all([Effect.result(run), Effect.result(Effect.delay(run, "1 second"))], { concurrency: "unbounded" })
}
const shared = (first: Emulator.Behaviour) =>
  play(
    ({ method }, index) => (index === 0 ? first : json(200, method === "POST" ? { id: index } : { status: "done" })),
    { contract, table: { budget }, program: both },
  )

describe("work that shares a credential", () => {
  it("is held back until a limit begins anew, when a success says that nothing remains of it", async () => {
    for (const name of ["RateLimit", "RateLimit-Reset", "X-RateLimit-Reset", "a reset in RFC 3339"]) {
      const { seen } = await shared(json(202, { id: 1 }, dialects[name]?.(0, span) ?? {}))
      const [first, ...later] = seen
      expect(first?.at).toBe(0)
      expect(later.length).toBe(3)
      expect(Math.min(...later.map(({ at }) => at))).toBeGreaterThanOrEqual(span)
      expect(Math.min(...later.map(({ at }) => at))).toBeLessThanOrEqual(span * 1.25)
      expect(new Set(later.map(({ at }) => at)).size).toBe(3)
    }
  })

  it("is not held back by a pace that was meant for one piece of work", async () => {
    const { seen } = await shared(json(202, { id: 1 }, { "retry-after": String(span) }))
    expect(verbs(seen).slice(0, 2)).toEqual(["POST 0", "POST 1"])
  })

  it("pays for no hint that cannot be meant, nor for one that is longer than a day", async () => {
    for (const text of ["99999999", "172800", unix(3_000_000_000), unix(200_000), "soon"]) {
      const { seen, value } = await shared(json(429, {}, { "retry-after": text }))
      const second = seen[1]
      expect(second?.method).toBe("POST")
      expect(second?.at).toBe(1)
      expect(value?.[1]).toMatchObject({ _tag: "Success" })
    }
  })
})

describe("a hint that cannot be meant", () => {
  const headers = { "retry-after": "99999999" }

  it("is used for nothing: the wait goes on at the pace of the contract", async () => {
    for (const status of [429, 503, 200]) {
      const { failure, seen } = await play(
        (_, index) => [json(200, { id: 1 }), asking(status, headers)][index] ?? json(200, { status: "done" }),
        { contract },
      )
      expect(failure).toBeUndefined()
      expect((seen[2]?.at ?? 0) - (seen[1]?.at ?? 0)).toBeLessThan(10)
    }
  })

  it("is reported in what was observed, and in the evidence of a failure", async () => {
    const unusedHint = "retry-after: 99999999"
    const working = await play((_, index) => (index === 0 ? json(200, { id: 1 }) : asking(200, headers)), { contract })
    expect(working.failure).toMatchObject({ _tag: "Overdue", last: { _tag: "Pending", unusedHint } })
    const limited = await play((_, index) => (index === 0 ? json(200, { id: 1 }) : asking(429, headers)), { contract })
    expect(limited.failure).toMatchObject({ _tag: "Overdue", evidence: { status: 429, unusedHint } })
    expect(limited.failure?.message).toContain('it gives a hint that cannot be meant: "retry-after: 99999999"')
  })

  it("of a number that can only be an instant is an instant, and one that has passed asks for nothing", async () => {
    const { failure, seen } = await play(
      (_, index) =>
        [json(200, { id: 1 }), asking(429, { "retry-after": unix(-3600) })][index] ?? json(200, { status: "done" }),
      { contract },
    )
    expect(failure).toBeUndefined()
    expect(seen.length).toBe(3)
  })
})

describe("a hint longer than a day", () => {
  it("ends the wait that it was given to, saying so, and no later one", async () => {
    const { value } = await play(
      (_, index) =>
        [json(200, { id: 1 }), asking(429, { "retry-after": "172800" })][index] ?? json(200, { status: "done" }),
      {
        contract,
        program: (operation) =>
          Effect.gen(function* () {
            const draft = operation({}, { reference: "order-7" })
            const first = yield* Effect.flip(Client.run(draft))
            return { first, second: yield* Client.run(draft) }
          }),
      },
    )
    expect(value?.first).toMatchObject({ _tag: "Overdue", reason: { retryAfter: Duration.days(2) } })
    expect(value?.second).toBe(null)
  })
})
