import { Duration, Effect, Layer, Stream } from "effect"
import { describe, expect, it } from "vitest"
import { Transport } from "@tenuto/http/Transport"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Fault from "@tenuto/testkit/Fault"
import * as Rehearsal from "@tenuto/testkit/Rehearsal"
import * as Transcript from "@tenuto/testkit/Transcript"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"

const singing: Emulator.Handler = ({ method }) =>
  Effect.delay(Effect.succeed(Emulator.json(method === "POST" ? 202 : 200, { status: "singing" })), "1 second")

interface Asked {
  readonly method?: string
  readonly path?: string
  readonly body?: string
  readonly seconds?: number
}

const ask = ({ body, method = "GET", path = "/songs/1?wait=1", seconds = 60 }: Asked = {}) =>
  Effect.gen(function* () {
    const origin = yield* Rehearsal.Origin
    const { send } = yield* Transport
    const sent = body === undefined ? {} : { body: new TextEncoder().encode(body) }
    const request = { method, url: `${origin}${path}`, headers: { "x-client": "ours" }, ...sent }
    const limits = { timeout: Duration.seconds(seconds), maxBytes: 1n << 20n }
    return yield* Effect.ignore(send(request, limits))
  })

const faulty = (handler: Emulator.Handler, faults: ReadonlyArray<string>) =>
  Effect.runSync(
    Effect.flatMap(Effect.forEach(faults, Fault.parse), (planned) =>
      Fault.apply(handler, planned, { stageOf: ({ method }) => (method === "POST" ? "submit" : "look") }),
    ),
  )

const carriers = [
  ["memory", {}],
  ["loopback", { transport: NodeTransport.layer }],
] as const

describe.each(carriers)("laws, by %s", (_, carrier) => {
  const play = (
    faults: ReadonlyArray<string>,
    program: Effect.Effect<unknown, never, Rehearsal.Stage>,
    own = singing,
  ) => Rehearsal.play({ connect: () => Layer.empty, handler: faulty(own, faults), program, ...carrier })

  it("a request is written down as the service reads it, and its answer as the client gets it", async () => {
    const { exchanges, start } = await play([], ask({ method: "POST", body: '{"lyrics":"La"}' }))
    expect(start).toBe("2026-01-01T00:00:00.000Z")
    expect(exchanges).toMatchObject([
      {
        at: 0,
        stage: "submit",
        method: "POST",
        path: "/songs/1",
        query: { wait: "1" },
        headers: { "x-client": "ours" },
        body: { lyrics: "La" },
        answer: { at: 1, status: 202, body: { status: "singing" } },
        end: { at: 1, did: "Answered" },
      },
    ])
    expect(JSON.stringify(exchanges)).not.toContain("tenuto-trip")
  })

  it("a name that stands more than once in a query keeps all of its values", async () => {
    const { exchanges } = await play([], ask({ path: "/songs?id=1&wait=1&id=2&id=" }))
    expect(exchanges.map(({ query }) => query)).toEqual([{ id: ["1", "2", ""], wait: "1" }])
  })

  it("a fault is named, and nothing is called an answer that the client did not get whole", async () => {
    const faults = ["reset-after-commit", "truncated", "garbage", "wrong-length", "503=7", "slow-head=9", "slow-body"]
    const { exchanges } = await play(
      faults.map((fault) => `${fault}@look`),
      Effect.forEach(faults, () => ask()),
    )
    const seen = exchanges.map(({ answer, at, end, fault }) => [fault, at, answer?.status, end?.at, end?.did])
    expect(seen).toEqual([
      ["reset-after-commit", 0, undefined, 1, "Reset"],
      ["truncated", 1, undefined, 2, "Truncated"],
      ["garbage", 2, undefined, 3, "Garbled"],
      ["wrong-length", 3, undefined, 4, "Misdeclared"],
      ["503", 4, 503, 4, "Answered"],
      ["slow-head", 4, 200, 14, "Slowed"],
      ["slow-body", 14, 200, 50, "Slowed"],
    ])
  })

  it("a client that leaves is seen leaving: held, hung, or in the middle of a slow answer", async () => {
    const faults = ["hang-before-commit@look", "slow-body@look", "slow-head@look"]
    const left = Effect.forEach([0.5, 30, 20, 10], (seconds) => ask({ seconds }))
    const { exchanges } = await play(["hang-after-commit@look", ...faults], left)
    expect(exchanges.map(({ answer, at, end }) => [at, answer, end])).toEqual([
      [0, undefined, { at: 0.5, did: "Left" }],
      [0.5, undefined, { at: 30.5, did: "Left" }],
      [30.5, undefined, { at: 50.5, did: "Left" }],
      [50.5, undefined, { at: 60.5, did: "Left" }],
    ])
  })

  it("what is still held when all ends is let go, and never called answered", async () => {
    const never = await play(["hang-before-commit@look"], Effect.timeoutOption(ask(), "3 seconds"))
    expect(never.exchanges).toMatchObject([{ end: { at: 3, did: "Left" } }])
  })

  it("a body that is no JSON is text, and one that is no text is left out", async () => {
    const types = ["text/plain", "audio/mpeg", "application/json"]
    const own: Emulator.Handler = ({ url }) =>
      Effect.succeed(
        Emulator.answer(200, "La {", { "content-type": types[Number(new URL(url).pathname.slice(1))] ?? "" }),
      )
    const { exchanges } = await play(
      [],
      Effect.forEach(types, (_, index) => ask({ path: `/${index}`, body: "La" })),
      own,
    )
    expect(exchanges.map(({ answer, body }) => [body, answer?.body])).toEqual([
      ["La", "La {"],
      ["La", undefined],
      ["La", "La {"],
    ])
  })
})

it("same seed, same transcript, in memory and over a port", async () => {
  const program = Effect.forEach(["/a", "/b", "/c"], (path) => ask({ path }), { concurrency: "unbounded" })
  const told = (seed: number, carrier: object) =>
    Rehearsal.play({ connect: () => Layer.empty, handler: singing, program, clock: { seed }, ...carrier }).then(
      ({ exchanges }) => exchanges.map((exchange) => ({ ...exchange, origin: "" })),
    )
  const orders = new Set<string>()
  for (let seed = 1; seed <= 8; seed++) {
    const [inMemory, overLoopback] = await Promise.all([told(seed, {}), told(seed, { transport: NodeTransport.layer })])
    expect(overLoopback).toEqual(inMemory)
    orders.add(inMemory.map(({ path }) => path).join(""))
  }
  expect(orders.size).toBeGreaterThan(1)
})

it("a recorder stands alone, before any handler, on the clock that runs", async () => {
  const program = Effect.gen(function* () {
    const { exchanges, handler } = yield* Transcript.make(() => Effect.succeed(Emulator.answer(204)), {
      stageOf: () => "cancel",
    })
    const { url } = yield* Emulator.serve(handler)
    yield* Effect.promise(() => fetch(url, { method: "DELETE" }))
    return exchanges
  })
  const [exchange] = await Effect.runPromise(Effect.scoped(program))
  expect(exchange).toMatchObject({ stage: "cancel", method: "DELETE", answer: { status: 204 } })
  expect(exchange?.at).toBeLessThan(10)
})

it("a ledger is read when all is over, and who waits for ever is named", async () => {
  const operations = [{ id: "op_1", key: "k" }]
  const program = Stream.runDrain(Stream.never)
  const played = await Rehearsal.play({
    connect: () => Layer.empty,
    handler: singing,
    ledger: Effect.succeed({ operations }),
    program,
  })
  expect([played.operations, played.waiting]).toEqual([operations, ["nobody known"]])
})
