import { Clock, DateTime, Duration, Effect, Redacted, Result } from "effect"
import { Webhook as Judge } from "standardwebhooks"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Inbox from "@tenuto/core/Inbox"
import * as Webhook from "@tenuto/http/Webhook"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Fault from "@tenuto/testkit/Fault"
import * as Rehearsal from "@tenuto/testkit/Rehearsal"
import * as Soundpiece from "@tenuto/soundpiece"
import type * as Service from "@tenuto/soundpiece/Emulator"
import { type Carrier, carriers, emulator, failure, gets, play, puts, value } from "./stage.ts"

const secret = "whsec_c29uZ3Mgb2YgdGhlIGNob2lyLCB1bnN1bmc="
const hook = "/hooks/soundpiece"

interface Story {
  readonly service?: Service.Options
  readonly faults?: ReadonlyArray<string>
  readonly secrets?: ReadonlyArray<string>
  readonly within?: Duration.Input
  /** Whether anybody listens. */
  readonly isDeaf?: boolean
}

/** Sing with a receiver beside the service: what arrived there, and how it was answered. */
const sing = async (story: Story = {}, carrier: Carrier = "memory") => {
  const { faults = [], isDeaf = false, secrets = [secret], within = "10 minutes" } = story
  // Held for an hour: whoever waits learns of the end from a delivery, or at the end of the hold.
  const service = emulator({ work: "50 seconds", webhookSecret: secret, ...story.service })
  const inbox = Inbox.makeMemory()
  const receiver = Webhook.receive(Soundpiece.webhook, { secrets })
  const arrived: Array<{
    readonly outcome: string
    readonly headers: Readonly<Record<string, string>>
    readonly text: string
  }> = []
  const handler: Emulator.Handler = (request) =>
    new URL(request.url).pathname === hook
      ? receiver(request).pipe(
          Effect.provideService(Inbox.Inbox, inbox),
          Effect.map(({ outcome, status }) => {
            arrived.push({ outcome, headers: request.headers, text: new TextDecoder().decode(request.body) })
            return Emulator.answer(status)
          }),
        )
      : disturbed(request)
  const disturbed = Effect.runSync(
    Effect.flatMap(Effect.forEach(faults, Fault.parse), (planned) =>
      Fault.apply(service.handler, planned, service.hooks),
    ),
  )
  const program = Effect.gen(function* () {
    const origin = yield* Rehearsal.Origin
    const draft = Soundpiece.newSong({ lyrics: "La", prompt: "Waltz", callback_url: `${origin}${hook}` })
    yield* Effect.forkScoped(service.courier.deliveries)
    const song = Client.run(draft, { within: Duration.fromInputUnsafe(within) })
    const began = yield* Clock.currentTimeMillis
    const exit = yield* Effect.exit(isDeaf ? song : Effect.provideService(song, Inbox.Inbox, inbox))
    const took = ((yield* Clock.currentTimeMillis) - began) / 1000
    // The service goes on to deliver, and nobody waits any more.
    yield* Effect.sleep("2 hours")
    return { exit, took }
  })
  const played = await play(handler, program, carrier)
  const { exit, took } = value(played.exit)
  return { ...played, exit, took, arrived, ledger: await Effect.runPromise(service.ledger) }
}

describe("a delivery of Soundpiece", () => {
  it.each(carriers)("ends the wait the moment the work has ended, over %s", async (carrier) => {
    // A service that never holds is looked at ever more rarely: the next look would come at 63 s.
    const { arrived, exit, seen, took } = await sing({ service: { hold: 0 } }, carrier)
    expect(value(exit).outputs).toHaveLength(1)
    expect([took, arrived.map(({ outcome }) => outcome)]).toEqual([50, ["Taken"]])
    expect(gets(seen).at(-1)?.at).toBeLessThan(50)
    expect(puts(seen)).toHaveLength(1)
  })

  it("brings a failure with its code and message", async () => {
    const { exit, took } = await sing({ service: { hold: 0, failing: "tos_violation" } })
    expect(failure(exit)).toMatchObject({
      _tag: "Failed",
      code: "tos_violation",
      evidence: { message: { _tag: "EndUser" } },
    })
    expect(took).toBe(50)
  })

  it("brings links that work, and prints none of them", async () => {
    const { exit, journal } = await sing({ service: { hold: 0 } })
    const { audio } = value(exit).outputs[0]
    expect(audio.link && Redacted.value(audio.link)).toMatch(/signature=/)
    expect(JSON.stringify(exit)).not.toContain("signature=")
    expect(journal).not.toContain("signature=")
  })

  it.each(carriers)("makes the same timeline in memory and over sockets, seen from %s", async (carrier) => {
    const one = await sing({ service: { hold: 0 } }, carrier)
    const two = await sing({ service: { hold: 0 } })
    expect(one.timeline).toBe(two.timeline)
  })

  it("is not sent at all by an account without a signing secret", async () => {
    const { arrived, exit } = await sing({ service: { webhookSecret: undefined as never } })
    expect([value(exit).outputs.length, arrived]).toEqual([1, []])
  })
})

it("an acknowledgement that takes longer than 10 seconds is none: it is tried again", async () => {
  const service = emulator({ work: "1 second", webhookSecret: secret, webhookPauses: ["1 minute"] })
  const handler: Emulator.Handler = (request) =>
    new URL(request.url).pathname === hook ? Effect.succeed(Emulator.Behaviour.Hung()) : service.handler(request)
  const program = Effect.gen(function* () {
    const callback_url = `${yield* Rehearsal.Origin}${hook}`
    yield* Effect.forkScoped(service.courier.deliveries)
    yield* Client.submit(Soundpiece.newSong({ lyrics: "La", prompt: "Waltz", callback_url }))
    yield* Effect.sleep("10 minutes")
    return yield* service.courier.ledger
  })
  const [{ attempts } = { attempts: [] }] = value((await play(handler, program)).exit)
  const [first = 0, second = 0] = attempts.map(({ at }) => DateTime.toEpochMillis(at) / 1000)
  expect(second - first).toBe(70)
  expect(attempts.map(({ problem }) => problem)).toEqual(["Timeout", "Timeout"])
})

describe("polling is the truth (law 11)", () => {
  const outcomeOf = (exit: Awaited<ReturnType<typeof sing>>["exit"]) =>
    value(exit).outputs.map(({ duration }) => duration)

  it.each([
    ["lost", ["lost@webhook"], []],
    ["late", ["late=400@webhook"], []],
    ["doubled", ["doubled@webhook"], ["Taken", "Known"]],
    ["reordered", ["reordered@webhook"], []],
    ["forged", ["forged@webhook:always"], ["Refused"]],
    ["unsigned", ["unsigned@webhook:always"], ["Refused"]],
  ] as const)("%s deliveries end as polling alone would", async (_, faults, outcomes) => {
    const alone = await sing({ isDeaf: true })
    const { arrived, exit, ledger, took } = await sing({ faults })
    expect(outcomeOf(exit)).toEqual(outcomeOf(alone.exit))
    expect(took).toBeLessThanOrEqual(alone.took)
    for (const outcome of outcomes) expect(arrived.map((one) => one.outcome)).toContain(outcome)
    expect(ledger.operations).toMatchObject([{ puts: 1 }])
  })

  it("a delivery that is forged claims the opposite and is not believed", async () => {
    const { arrived, exit } = await sing({ faults: ["forged@webhook:always"], service: { hold: 0 } })
    expect(value(exit).outputs).toHaveLength(1)
    expect(arrived[0]?.text).toContain('"status":"failed"')
    expect(new Set(arrived.map(({ outcome }) => outcome))).toEqual(new Set(["Refused"]))
  })

  it.each(carriers)("one that comes before the answer to the submit waits for it, over %s", async (carrier) => {
    const { arrived, exit, seen, took } = await sing(
      { faults: ["slow-head=20@submit"], service: { work: "5 seconds" } },
      carrier,
    )
    expect(value(exit).outputs).toHaveLength(1)
    expect([arrived.map(({ outcome }) => outcome), took, gets(seen).length]).toEqual([["Taken"], 20, 0])
  })

  it("one that comes before the answer to a submit that is lost finds its work under the same key", async () => {
    const { exit, ledger } = await sing({ faults: ["hang-after-commit@submit"], service: { work: "5 seconds" } })
    expect(value(exit).outputs).toHaveLength(1)
    expect(ledger.operations).toMatchObject([{ puts: 2 }])
  })

  it("the race with polling settles once, whichever comes first", async () => {
    const { exit, journal } = await sing({ service: { work: "40 seconds" } })
    expect(value(exit).outputs).toHaveLength(1)
    expect(journal.match(/"_tag":"Observed"/g)).toHaveLength(1)
  })
})

describe("traps of deliveries", () => {
  it("T-SP-4 the payload has no envelope", async () => {
    const { arrived } = await sing()
    expect(JSON.parse(arrived[0]?.text ?? "")).toMatchObject({
      type: "create.new_song.ready",
      data: { status: "ready", outputs: [{ duration: 3 }] },
    })
  })

  it("T-SP-5 the type is split at its last dot: a route has one of its own", () => {
    const { delivered } = Soundpiece.table.endpoints["create.new_song"] ?? {}
    const handle = { version: 1, service: "soundpiece", origin: "x", operation: "create.new_song", id: "op_1" } as const
    const data = { id: "op_1", status: "failed", error: { code: "internal_error", message: "x" } }
    const read = (type: string) => delivered?.({ type, data }, handle)
    expect(read("create.new_song.failed")).toMatchObject(Result.succeed({ _tag: "Failed" }))
    for (const type of ["create.failed", "create.new_song", "create.remix_song.failed", "failed", ""]) {
      const seen = read(type)
      expect(seen !== undefined && Result.isFailure(seen)).toBe(true)
    }
  })

  it("T-SP-6 a delivery that is tried again minutes later keeps its first timestamp and is still taken", async () => {
    // Nobody can check a signature without the right secret; it is put right after ten minutes.
    const service = emulator({ work: "1 second", webhookSecret: secret, webhookPauses: ["10 minutes"] })
    const receiver = Webhook.receive(Soundpiece.webhook, { secrets: [secret] })
    const seen: Array<{
      readonly headers: Readonly<Record<string, string>>
      readonly text: string
      readonly at: number
    }> = []
    const outcomes: Array<string> = []
    const handler: Emulator.Handler = (request) => {
      if (new URL(request.url).pathname !== hook) return service.handler(request)
      return Effect.gen(function* () {
        const at = DateTime.toEpochMillis(yield* DateTime.now) / 1000
        seen.push({ headers: request.headers, text: new TextDecoder().decode(request.body), at })
        if (seen.length === 1) return Emulator.answer(503)
        outcomes.push((yield* receiver(request)).outcome)
        return Emulator.answer(200)
      })
    }
    const program = Effect.gen(function* () {
      const callback_url = `${yield* Rehearsal.Origin}${hook}`
      yield* Effect.forkScoped(service.courier.deliveries)
      yield* Client.submit(Soundpiece.newSong({ lyrics: "La", prompt: "Waltz", callback_url }))
      yield* Effect.sleep("20 minutes")
    })
    value((await play(handler, program)).exit)
    const [first, second] = seen
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBe(600)
    expect(second?.headers["webhook-timestamp"]).toBe(first?.headers["webhook-timestamp"])
    expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"])
    expect(outcomes).toEqual(["Taken"])
  })

  it("an independent library verifies what the emulator signs, and we take what it signs", async () => {
    const { arrived } = await sing()
    const [delivery] = arrived
    const { headers = {}, text = "" } = delivery ?? {}
    const judge = new Judge(secret)
    // It knows no other clock than the process's, so it is told the time of the delivery.
    vi.useFakeTimers({ toFake: ["Date"], now: Number(headers["webhook-timestamp"]) * 1000 })
    onTestFinished(() => void vi.useRealTimers())
    expect(judge.verify(text, { ...headers })).toEqual(JSON.parse(text))
    expect(() => judge.verify(text.replace("ready", "ruined"), { ...headers })).toThrow()
    vi.useRealTimers()

    const at = new Date()
    const signature = judge.sign("msg_theirs", at, text)
    const theirs = {
      "webhook-id": "msg_theirs",
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": signature,
    }
    const receiver = Webhook.receiveInto(Soundpiece.webhook, { secrets: [secret], inbox: Inbox.makeMemory() })
    const taken = await Effect.runPromise(receiver({ headers: theirs, body: text }))
    const forged = await Effect.runPromise(receiver({ headers: { ...theirs, "webhook-id": "msg_other" }, body: text }))
    expect([taken.outcome, forged.outcome]).toEqual(["Taken", "Refused"])
  })
})
