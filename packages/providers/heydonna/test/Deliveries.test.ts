/** What the emulator delivers, received as a program would. */
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Inbox from "@tenuto/core/Inbox"
import * as Webhook from "@tenuto/http/Webhook"
import * as HeyDonna from "@tenuto/heydonna"
import * as Service from "@tenuto/heydonna/Emulator"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Fault from "@tenuto/testkit/Fault"
import * as Rehearsal from "@tenuto/testkit/Rehearsal"
import { type Carrier, carriers, looks, play, project, runProject, value } from "./stage.ts"

const secret = "a secret of the settings"
const hook = "/hooks/heydonna"

interface Story extends Service.Options {
  readonly pauses?: Service.Hook["pauses"]
  readonly faults?: ReadonlyArray<string>
  /** In place of a receiver. */
  readonly answer?: () => Emulator.Behaviour
}

/** Play a program with a receiver beside the service: what arrived there, and what became of it. */
const tell = async <A, E>(
  { answer, faults = [], pauses, ...options }: Story,
  program: Parameters<typeof play<A, E>>[1],
  carrier: Carrier = "memory",
) => {
  const inbox = Inbox.makeMemory()
  const said: Array<string> = []
  const bodies: Array<unknown> = []
  const receiver = Webhook.receiveInto(HeyDonna.webhook, {
    inbox,
    secrets: [secret],
    onAnswer: ({ outcome }) => said.push(outcome),
  })
  const receive: Emulator.Handler = (request) => {
    bodies.push(JSON.parse(new TextDecoder().decode(request.body)))
    if (answer !== undefined) return Effect.sync(answer)
    return Effect.map(receiver(request), ({ headers, status }) => Emulator.answer(status, "", headers))
  }
  // The address of a delivery is set before the first request, and is known when the service listens.
  let behind: Emulator.Handler = () => Effect.die("nobody is there yet")
  const told = Effect.gen(function* () {
    const url = `${yield* Rehearsal.Origin}${hook}`
    const webhook = { url, secret, ...(pauses === undefined ? {} : { pauses }) }
    const { courier, handler, hooks, ledger } = yield* Service.make({ webhook, ...options })
    const planned = yield* Effect.forEach(faults, Fault.parse)
    behind = yield* Fault.apply(handler, planned, hooks)
    yield* Effect.forkScoped(courier.deliveries)
    const output = yield* Effect.provideService(program, Inbox.Inbox, inbox)
    return { output, url, letters: yield* courier.ledger, operations: (yield* ledger).operations }
  })
  const watched: Emulator.Handler = (request) =>
    new URL(request.url).pathname === hook ? receive(request) : behind(request)
  const played = await play(watched, told, carrier)
  return { ...played, ...value(played.exit), said, bodies }
}

const ended = Effect.andThen(Client.submit(project), Effect.sleep("1 hour"))

describe("a delivery says that there is something to see", () => {
  it.each(carriers)(
    "the page's example, field for field, with the reference that was sent, over %s",
    async (carrier) => {
      const { bodies, letters, operations, url } = await tell({ words: ["ready"], work: "10 minutes" }, ended, carrier)
      expect(bodies).toEqual([
        {
          event: "project.ready",
          projectId: operations[0]?.id,
          externalRef: "order-7",
          status: "ready",
          timestamp: "2026-01-01T00:10:00.000Z",
        },
      ])
      expect(Object.keys(bodies[0] as object)).toEqual(["event", "projectId", "externalRef", "status", "timestamp"])
      expect(letters).toMatchObject([{ url, outcome: "delivered", attempts: [{ status: 200 }] }])
    },
  )

  it.each([
    [["completed"], ["project.ready completed"]],
    [["failed"], ["project.failed failed"]],
    [["transcribed", "ready", "finalized"], ["project.ready ready"]],
    [["transcribed"], []],
  ])("%o: %o", async (words, expected) => {
    const { bodies } = await tell({ words, step: "1 minute" }, ended)
    const events = bodies as ReadonlyArray<{ readonly event: string; readonly status: string }>
    expect(events.map(({ event, status }) => `${event} ${status}`)).toEqual(expected)
  })

  it("nothing is delivered where no address is set", async () => {
    const { bodies, letters } = await tell({ webhook: undefined as never }, ended)
    expect([bodies, letters]).toEqual([[], []])
  })

  it("it comes as long after the recording was fetched as the work takes", async () => {
    const at = async (words: ReadonlyArray<string>) => {
      const { letters } = await tell({ fetching: "1 minute", work: "2 minutes", step: "4 minutes", words }, ended)
      return letters[0]?.attempts[0]?.at.epochMilliseconds
    }
    expect(await at(["ready"])).toBe(Date.UTC(2026, 0, 1, 0, 3))
    expect(await at(["transcribed", "ready"])).toBe(Date.UTC(2026, 0, 1, 0, 7))
  })

  it.each(carriers)("the driver looks when it comes, and sees the end, over %s", async (carrier) => {
    const { output, said, seen } = await tell({ work: "7 seconds" }, runProject, carrier)
    expect(output.status).toBe("completed")
    expect(looks(seen).map(({ at }) => at)).toEqual([7])
    expect(said).toEqual(["Taken"])
  })
})

describe("polling is the truth (law 11): deliveries that go astray end as polling alone would", () => {
  const refused = Array.from({ length: 6 }, () => "Refused")
  describe.each(carriers)("carried by %s", (carrier) => {
    it.each([
      ["lost@webhook", 15, []],
      ["doubled@webhook", 7, ["Taken", "Known"]],
      ["late=6@webhook", 13, ["Taken"]],
      ["late=60@webhook", 15, ["Taken"]],
      // One letter has nobody to go before it, so it goes after its first pause: 5 seconds.
      ["reordered@webhook", 12, ["Taken"]],
      ["forged@webhook", 15, refused],
      ["unsigned@webhook", 15, refused],
    ] as const)("%s: seen after %s seconds", async (fault, at, outcomes) => {
      const program = Effect.tap(runProject, Effect.sleep("1 hour"))
      const { output, said, seen } = await tell({ work: "7 seconds", faults: [fault] }, program, carrier)
      expect(output.status).toBe("completed")
      expect(looks(seen).map((look) => look.at)).toEqual([at])
      expect(said).toEqual(outcomes)
    })

    it("one that comes before the answer to the submit waits for it, and prompts a look at once", async () => {
      const program = Effect.tap(runProject, Effect.sleep("1 hour"))
      const { operations, output, said, seen } = await tell(
        { work: "7 seconds", faults: ["slow-head=40@submit"] },
        program,
        carrier,
      )
      expect(output.status).toBe("completed")
      // By polling alone the first look would come 15 seconds after the answer.
      expect(looks(seen).map((look) => look.at)).toEqual([40])
      expect([said, operations.length]).toEqual([["Taken"], 1])
    })
  })

  it("a forger claims the opposite of what is true", async () => {
    const { bodies } = await tell({ faults: ["forged@webhook"], pauses: [] }, ended)
    expect(bodies).toMatchObject([{ event: "project.failed", status: "failed" }])
  })
})

describe("an acknowledgement is 200 within 5 seconds; what is none is tried again, ever later", () => {
  it.each([
    ["500", () => Emulator.answer(500)],
    ["403", () => Emulator.answer(403)],
    ["a redirect", () => Emulator.answer(302, "", { location: "http://me.test/other" })],
  ])("%s", async (_, answer) => {
    const { letters } = await tell({ answer }, ended)
    const [{ attempts, outcome } = { attempts: [], outcome: "" }] = letters
    const first = attempts[0]?.at.epochMilliseconds ?? 0
    expect(attempts.map(({ at }) => (at.epochMilliseconds - first) / 1000)).toEqual([0, 5, 15, 35, 75, 155])
    expect(outcome).toBe("given up")
  })

  it("silence, for 5 seconds", async () => {
    const { letters } = await tell({ pauses: ["1 minute"], answer: () => Emulator.Behaviour.Hung() }, ended)
    const [{ attempts } = { attempts: [] }] = letters
    const [first = 0, second = 0] = attempts.map(({ at }) => at.epochMilliseconds / 1000)
    expect(second - first).toBe(65)
    expect(attempts.map(({ problem }) => problem)).toEqual(["Timeout", "Timeout"])
  })

  it("once it is given, nothing more comes; every attempt says the same", async () => {
    let count = 0
    const { bodies, letters } = await tell({ answer: () => Emulator.answer(++count < 3 ? 503 : 200) }, ended)
    expect(letters).toMatchObject([{ outcome: "delivered" }])
    expect(bodies).toHaveLength(3)
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1)
  })
})
