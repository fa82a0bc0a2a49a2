import { readFileSync } from "node:fs"
import { Effect, Fiber, Layer } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Inbox from "@tenuto/core/Inbox"
import * as Journal from "@tenuto/core/Journal"
import * as Signature from "@tenuto/http/Signature"
import * as Webhook from "@tenuto/http/Webhook"
import * as Overten from "@tenuto/overten"
import * as Service from "@tenuto/overten/Emulator"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Fault from "@tenuto/testkit/Fault"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"
import { apiKey, emulator, failure, play, value } from "./stage.ts"

const secret = "whsec_5f3a9c17d2e8b604"
const hook = "http://me.test/hook"
const hooked = Overten.wordGenerate({ prompt: "p", async: true, webhook_url: hook })

interface Told {
  readonly options?: Service.Options
  readonly webhook?: Webhook.Webhook
  readonly faults?: ReadonlyArray<string>
  /** What our own side answers in place of its receiver, for the first requests. */
  readonly answers?: ReadonlyArray<Emulator.Behaviour>
  readonly rest?: boolean
}

/** A wait, a service that delivers to it, and a receiver; `took` is in seconds. */
const told = ({ answers = [], faults = [], options = {}, rest = false, webhook = Overten.webhook }: Told) =>
  Effect.runPromise(
    Effect.gen(function* () {
      const service = yield* Service.make({ webhookSecret: secret, ...options })
      const inbox = Inbox.makeMemory()
      const receiver = Webhook.receiveInto(webhook, { inbox, secrets: [secret] })
      const letters: Array<Emulator.Request> = []
      const left = [...answers]
      const everybody: Emulator.Handler = Effect.fnUntraced(function* (request) {
        if (request.url !== hook) return yield* handler(request)
        letters.push(request)
        const instead = left.shift()
        if (instead !== undefined) return instead
        const { headers, status } = yield* receiver(request)
        return Emulator.answer(status, "", headers)
      })
      const planned = yield* Effect.forEach(faults, Fault.parse)
      const handler = yield* Fault.apply(service.handler, planned, service.hooks)
      const carrier = VirtualClock.transport(Emulator.layerMemory(everybody))
      const overten = Overten.layer({ apiKey, baseUrl: "http://service.test/api/v1", tier: "free" })
      return yield* Effect.gen(function* () {
        yield* Effect.forkScoped(service.courier.deliveries)
        const began = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
        const exit = yield* Effect.exit(Client.run(hooked, { within: "2 days" }))
        const took = ((yield* Effect.clockWith((clock) => clock.currentTimeMillis)) - began) / 1000
        if (rest) yield* Effect.sleep("1 day")
        return { exit, took, letters, deliveries: yield* service.courier.ledger }
      }).pipe(
        Effect.provide(overten.pipe(Layer.provideMerge(Layer.mergeAll(carrier, Journal.layerMemory)))),
        Effect.provideService(Inbox.Inbox, inbox),
        Effect.scoped,
      )
    }).pipe(VirtualClock.run, Effect.flatten),
  )

describe("3.11 webhooks", () => {
  it("3.11 a delivery prompts a look at once: the work is not believed to have ended before", async () => {
    const { deliveries, exit, letters, took } = await told({ options: { work: "65 seconds" } })
    expect(value(exit)).toMatchObject({ credits_used: 5 })
    expect(took).toBe(65)
    const [letter] = letters
    expect(letter?.headers).toMatchObject({
      "content-type": "application/json",
      "user-agent": "Overten-Webhook/1.0",
      "x-overten-event": "run.completed",
      "x-overten-signature": expect.stringMatching(/^sha256=[0-9a-f]{64}$/),
      "x-overten-timestamp": expect.stringMatching(/^\d+$/),
    })
    expect(deliveries).toMatchObject([{ outcome: "delivered", attempts: [{ status: 200 }] }])
    const body = JSON.parse(
      new TextDecoder()
        .decode(letter?.body)
        .replaceAll(/run_\w{20}/g, "run_4b7e")
        .replaceAll(/task_\w{20}/g, "task_9c1f"),
    )
    const fixture = readFileSync(new URL("fixtures/webhook.run.completed.json", import.meta.url), "utf8")
    expect(body).toEqual(JSON.parse(fixture))
  })

  it("3.11 run.failed prompts a look too, which tells why", async () => {
    const { exit, letters } = await told({ options: { work: "65 seconds", failing: "upstream_error" } })
    expect(failure(exit)).toMatchObject({ _tag: "Failed", code: "upstream_error" })
    expect(letters[0]?.headers["x-overten-event"]).toBe("run.failed")
  })

  it.each(["lost@webhook", "forged@webhook", "unsigned@webhook", "late=300@webhook", "doubled@webhook"])(
    "3.11 whatever becomes of a delivery (%s), the work ends as by looking alone",
    async (fault) => {
      const { exit, took } = await told({ options: { work: "65 seconds" }, faults: [fault], rest: true })
      expect(value(exit)).toMatchObject({ credits_used: 5 })
      expect(took).toBe(fault.startsWith("doubled") ? 65 : 72)
    },
  )

  it("3.11 one that is held back for the next goes after its first pause, and prompts a look then or finds it over", async () => {
    const { exit, took } = await told({ options: { work: "65 seconds" }, faults: ["reordered@webhook"], rest: true })
    expect(value(exit)).toMatchObject({ credits_used: 5 })
    expect(took).toBeLessThanOrEqual(72)
  })

  it("3.11 one that comes before the answer to the submit waits for it, and prompts a look at once", async () => {
    const { deliveries, exit, took } = await told({
      options: { work: "65 seconds" },
      faults: ["slow-head=90@submit"],
      rest: true,
    })
    expect(value(exit)).toMatchObject({ credits_used: 5 })
    expect(took).toBe(90)
    expect(deliveries).toMatchObject([{ outcome: "delivered", attempts: [{ status: 200 }] }])
  })

  it("3.11 a delivery that is signed in another way than agreed is refused", async () => {
    const { deliveries, exit, took } = await told({
      options: { work: "65 seconds", signing: { signed: "{timestamp}{body}" } },
    })
    value(exit)
    expect(took).toBe(72)
    // C-OV-5: a 4xx is final.
    expect(deliveries).toMatchObject([{ outcome: "given up", attempts: [{ status: 401 }] }])
    const agreed = { signed: "{timestamp}{body}", secret: "Text" } as const
    const other = await told({ options: { work: "65 seconds", signing: agreed }, webhook: Overten.webhookOf(agreed) })
    expect(other.took).toBe(65)
  })

  it("3.11 the service waits 15 seconds, tries again after a 5xx, and not after a 4xx", async () => {
    const late = Emulator.Behaviour.Hung()
    const tried = await told({ answers: [Emulator.answer(503), late, Emulator.answer(500)], rest: true })
    expect(tried.deliveries).toMatchObject([{ outcome: "delivered" }])
    expect(tried.letters).toHaveLength(4)
    const times = tried.deliveries[0]?.attempts.map(({ at }) => at.epochMilliseconds / 1000) ?? []
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0))
    expect(gaps).toEqual([10, 15 + 60, 300])
    // The signature is of each attempt's own time.
    expect(new Set(tried.letters.map(({ headers }) => headers["x-overten-timestamp"])).size).toBe(4)
    const refused = await told({ answers: [Emulator.answer(404)], rest: true })
    expect(refused.deliveries).toMatchObject([{ outcome: "given up", attempts: [{ status: 404 }] }])
  })

  it.each([
    ["a task is not named", { event: "run.completed", run_id: "run_1" }],
    ["an event is not named", { task_id: "task_1" }],
    ["it is a list", []],
  ])("3.11 what cannot be used is acknowledged and ignored: %s", async (_, json) => {
    const body = JSON.stringify(json)
    const program = Effect.gen(function* () {
      const at = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
      const { DateTime } = yield* Effect.promise(() => import("effect"))
      const headers = yield* Signature.sign(Overten.webhook.scheme, secret, {
        id: "",
        timestamp: DateTime.makeUnsafe(at),
        body,
      })
      return yield* Webhook.receive(Overten.webhook, { secrets: [secret] })({ headers, body })
    })
    expect(await Effect.runPromise(program)).toMatchObject({ status: 200, outcome: "Ignored" })
  })

  it("3.11 a delivery for a synchronous request comes as well, and nothing comes for one that was stopped at the ceiling", async () => {
    const sync = Overten.wordGenerate({ prompt: "p", webhook_url: hook })
    const service = emulator()
    value((await play(service.handler, Client.run(sync))).exit)
    expect(await Effect.runPromise(service.courier.ledger)).toMatchObject([{ outcome: "pending" }])
    const stopping = emulator({ work: "10 minutes", ceiling: "refuse" })
    value((await play(stopping.handler, Client.run(sync))).exit)
    expect(await Effect.runPromise(stopping.courier.ledger)).toHaveLength(1)
  })
})

it("a receiver and a waiter stop with their scope: nothing is left running", async () => {
  const program = Effect.gen(function* () {
    const service = yield* Service.make()
    const carrier = Emulator.layerMemory(service.handler)
    const fiber = yield* Effect.forkChild(Effect.provide(service.courier.deliveries, carrier))
    yield* Effect.sleep("1 second")
    yield* Fiber.interrupt(fiber)
    return "stopped"
  })
  expect(await Effect.runPromise(Effect.flatten(VirtualClock.run(program)))).toBe("stopped")
})
