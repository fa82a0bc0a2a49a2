/** What the emulator delivers, received as a program would. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Inbox from "@tenuto/core/Inbox"
import * as Webhook from "@tenuto/http/Webhook"
import * as HeyDonna from "@tenuto/heydonna"
import type * as Service from "@tenuto/heydonna/Emulator"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Fault from "@tenuto/testkit/Fault"
import { emulator, looks, play, project, runProject, value } from "./stage.ts"

const hook = { url: "http://me.test/hook", secret: "a secret of the settings" }

/** Play against an emulator that delivers to a receiver of ours, or to one that answers as it is told. */
const delivered = async <A, E>(
  options: Service.Options,
  program: Parameters<typeof play<A, E>>[1],
  { answer, faults = [] }: { readonly answer?: () => Emulator.Behaviour; readonly faults?: ReadonlyArray<string> } = {},
) => {
  const service = emulator({ webhook: hook, ...options })
  const inbox = Inbox.makeMemory()
  const said: Array<string> = []
  const bodies: Array<unknown> = []
  const receiver = Webhook.receiveInto(
    { service: "heydonna", webhook: HeyDonna.webhook },
    { inbox, secrets: [hook.secret], onAnswer: ({ outcome }) => said.push(outcome) },
  )
  const handler: Emulator.Handler = (request) => {
    if (new URL(request.url).host !== "me.test") return service.handler(request)
    bodies.push(JSON.parse(new TextDecoder().decode(request.body)))
    return answer === undefined
      ? Effect.map(receiver(request), ({ headers, status }) => Emulator.answer(status, "", headers))
      : Effect.sync(answer)
  }
  const planned = Effect.forEach(faults, Fault.parse).pipe(
    Effect.flatMap((faults) => Fault.apply(handler, faults, { stageOf: service.stage, webhook: service.webhook })),
  )
  const faulty = Effect.runSync(planned)
  const played = await play(
    faulty,
    Effect.andThen(Effect.forkScoped(service.deliveries), program).pipe(Effect.provideService(Inbox.Inbox, inbox)),
  )
  return { ...played, said, bodies, ledger: await Effect.runPromise(service.ledger) }
}

const ended = Effect.andThen(Client.submit(project), Effect.sleep("1 hour"))

describe("a delivery says that there is something to see", () => {
  it("the page's example, field for field, with the reference that was sent", async () => {
    const { bodies, ledger } = await delivered({ words: ["ready"], work: "10 minutes" }, ended)
    const [{ id } = { id: "" }] = ledger.operations
    expect(bodies).toEqual([
      {
        event: "project.ready",
        projectId: id,
        externalRef: "order-7",
        status: "ready",
        timestamp: "2026-01-01T00:10:00.000Z",
      },
    ])
    expect(Object.keys(bodies[0] as object)).toEqual(["event", "projectId", "externalRef", "status", "timestamp"])
    expect(ledger.deliveries).toMatchObject([{ url: hook.url, outcome: "delivered", attempts: [{ status: 200 }] }])
  })

  it.each([
    [["completed"], ["project.ready completed"]],
    [["failed"], ["project.failed failed"]],
    [["transcribed", "ready", "finalized"], ["project.ready ready"]],
    [["transcribed"], []],
  ])("%o: %o", async (words, expected) => {
    const { bodies } = await delivered({ words, step: "1 minute" }, ended)
    const told = (bodies as ReadonlyArray<{ readonly event: string; readonly status: string }>).map(
      ({ event, status }) => `${event} ${status}`,
    )
    expect(told).toEqual(expected)
  })

  it("the driver looks when it comes, and sees the end", async () => {
    const { exit, said, seen } = await delivered({ work: "7 seconds" }, runProject)
    expect(value(exit).status).toBe("completed")
    expect(looks(seen).map(({ at }) => at)).toEqual([7])
    expect(said).toEqual(["Taken"])
  })
})

describe("deliveries that go astray end as polling alone would", () => {
  const refused = Array.from({ length: 6 }, () => "Refused")
  it.each([
    ["lost@webhook", 15, []],
    ["doubled@webhook", 7, ["Taken", "Known"]],
    ["late=6@webhook", 13, ["Taken"]],
    ["forged@webhook", 15, refused],
    ["unsigned@webhook", 15, refused],
  ] as const)("%s: seen after %s seconds", async (fault, at, outcomes) => {
    const program = Effect.tap(runProject, Effect.sleep("1 hour"))
    const { exit, said, seen } = await delivered({ work: "7 seconds" }, program, { faults: [fault] })
    expect(value(exit).status).toBe("completed")
    expect(looks(seen).map((look) => look.at)).toEqual([at])
    expect(said).toEqual(outcomes)
  })
})

describe("an acknowledgement is 200 within 5 seconds; what is none is tried again, ever later", () => {
  it.each([
    ["500", () => Emulator.answer(500)],
    ["403", () => Emulator.answer(403)],
    ["a redirect", () => Emulator.answer(302, "", { location: "http://me.test/other" })],
  ])("%s", async (_, answer) => {
    const { exit, ledger } = await delivered({}, ended, { answer })
    value(exit)
    const [{ attempts, outcome } = { attempts: [], outcome: "" }] = ledger.deliveries
    const first = attempts[0]?.at.epochMilliseconds ?? 0
    expect(attempts.map(({ at }) => (at.epochMilliseconds - first) / 1000)).toEqual([0, 5, 15, 35, 75, 155])
    expect(outcome).toBe("given up")
  })

  it("silence, for 5 seconds", async () => {
    const answer = () => Emulator.Behaviour.Hung()
    const { ledger } = await delivered({ webhook: { ...hook, pauses: ["1 minute"] } }, ended, { answer })
    const [{ attempts } = { attempts: [] }] = ledger.deliveries
    const [first = 0, second = 0] = attempts.map(({ at }) => at.epochMilliseconds / 1000)
    expect(second - first).toBe(65)
    expect(attempts.map(({ problem }) => problem)).toEqual(["Timeout", "Timeout"])
  })

  it("once it is given, nothing more comes; every attempt says the same", async () => {
    let count = 0
    const answer = () => Emulator.answer(++count < 3 ? 503 : 200)
    const { bodies, ledger } = await delivered({}, ended, { answer })
    expect(ledger.deliveries).toMatchObject([{ outcome: "delivered" }])
    expect(bodies).toHaveLength(3)
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1)
  })
})
