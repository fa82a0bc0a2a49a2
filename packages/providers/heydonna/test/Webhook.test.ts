import { createHmac } from "node:crypto"
import { readFileSync } from "node:fs"
import { Effect, Fiber } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Inbox from "@tenuto/core/Inbox"
import * as Webhook from "@tenuto/http/Webhook"
import * as HeyDonna from "@tenuto/heydonna"
import { emulator, looks, on, play, project, runProject, scripted, value } from "./stage.ts"

const secret = "a secret of the settings"
const example = readFileSync(new URL("fixtures/webhook.project_ready.json", import.meta.url), "utf8")
const header = "X-HeyDonna-Signature"
/** As the page's own sample computes it. */
const signed = (body: string, key = secret) => `sha256=${createHmac("sha256", key).update(body).digest("hex")}`
const receiver = Webhook.receive(HeyDonna.webhook, { secrets: [secret] })
const receive = (body: string, signature: string | undefined = signed(body)) =>
  receiver({ headers: signature === "" ? {} : { [header]: signature }, body })
const inInbox = <A, E, R>(program: Effect.Effect<A, E, R>) => Effect.provide(program, Inbox.layerMemory)

describe("what is delivered is proved over the raw body", () => {
  const status = (body: string, signature?: string) =>
    Effect.runPromise(Effect.map(inInbox(receive(body, signature)), (answer) => [answer.status, answer.outcome]))

  it("the page's example, signed as its sample does, is taken", async () => {
    expect(await status(example)).toEqual([200, "Taken"])
    expect(HeyDonna.webhook.read(JSON.parse(example), {})).toMatchObject({
      success: { id: "j57abc123def456", name: "j57abc123def456 project.ready 2024-06-15T14:32:10.000Z" },
    })
  })

  it.each([
    ["no signature", ""],
    ["another key's", signed(example, "another secret")],
    ["one of another body", signed(`${example} `)],
    ["one without its label", signed(example).slice("sha256=".length)],
    ["one in Base64", `sha256=${createHmac("sha256", secret).update(example).digest("base64")}`],
    ["one that breaks off", signed(example).slice(0, -2)],
  ])("%s is refused with 403, as the page wants it", async (_, signature) => {
    expect(await status(example, signature)).toEqual([403, "Refused"])
  })

  it.each([
    [
      "an event nobody knows",
      { event: "project.archived", projectId: "j1", timestamp: "2030-01-01T00:00:00.000Z" },
      "Taken",
    ],
    ["no reference", { event: "project.ready", projectId: "j1", externalRef: null, timestamp: "t" }, "Taken"],
    ["fields nobody knows", { event: "e", projectId: "j1", timestamp: "t", extra: { deep: [1] } }, "Taken"],
    ["no project", { event: "project.ready", timestamp: "t" }, "Ignored"],
    ["a project without a name", { event: "project.ready", projectId: "", timestamp: "t" }, "Ignored"],
    ["no time", { event: "project.ready", projectId: "j1" }, "Ignored"],
    ["a list", [], "Ignored"],
  ])("%s", async (_, body, outcome) => {
    expect(await status(JSON.stringify(body))).toEqual([200, outcome])
  })
})

/** Play a project with deliveries at these seconds after it was accepted. */
const heard = (
  options: Parameters<typeof emulator>[0],
  deliveries: ReadonlyArray<readonly [at: number, body: (id: string) => object, signature?: string]>,
) => {
  const program = Effect.gen(function* () {
    const { id } = yield* Client.submit(project)
    const running = yield* Effect.forkChild(runProject, { startImmediately: true })
    let now = 0
    const outcomes: Array<string> = []
    for (const [at, body, signature] of deliveries) {
      yield* Effect.sleep((at - now) * 1000)
      now = at
      outcomes.push((yield* receive(JSON.stringify(body(id)), signature)).outcome)
    }
    return { output: yield* Fiber.join(running), outcomes }
  })
  return play(emulator(options).handler, inInbox(program))
}

const ready = (projectId: string) => ({ event: "project.ready", projectId, status: "ready", timestamp: "t1" })
const failed = (projectId: string) => ({ event: "project.failed", projectId, status: "failed", timestamp: "t2" })

describe("a delivery makes us look, and proves nothing by itself", () => {
  it("work that is done is seen at once", async () => {
    const { exit, seen } = await heard({ work: "7 seconds" }, [[8, ready]])
    expect(value(exit).output.status).toBe("completed")
    expect(looks(seen).map(({ at }) => at)).toEqual([8])
  })

  it("one that comes too early costs one look; the next keeps its distance", async () => {
    const { exit, seen } = await heard({ work: "20 seconds" }, [[3, ready]])
    value(exit)
    expect(looks(seen).map(({ at }) => at)).toEqual([3, 18, 33])
  })

  it("what it says is not believed: the status decides", async () => {
    const { exit } = await heard({ work: "7 seconds" }, [[8, failed]])
    expect(value(exit).output.status).toBe("completed")
  })

  it("one that is not proved does not even make us look", async () => {
    const { exit, seen } = await heard({ work: "7 seconds" }, [[8, ready, signed("{}")]])
    expect(value(exit).outcomes).toEqual(["Refused"])
    expect(looks(seen).map(({ at }) => at)).toEqual([15])
  })

  it("one about another project does not either", async () => {
    const { exit, seen } = await heard({ work: "7 seconds" }, [[8, () => ready("another")]])
    value(exit)
    expect(looks(seen).map(({ at }) => at)).toEqual([15])
  })

  it("T-HD-7 replayed, it is known by its project, event and time: it prompts no second look", async () => {
    const { exit, seen } = await heard({ work: "20 seconds" }, [
      [3, ready],
      [9, ready],
      [10, ready],
      [12, failed],
    ])
    expect(value(exit).outcomes).toEqual(["Taken", "Known", "Known", "Taken"])
    expect(looks(seen).map(({ at }) => at)).toEqual([3, 12, 27])
  })

  it("T-HD-7 a flood of them asks no sooner than 5 seconds after the last answer", async () => {
    const flood = Array.from({ length: 12 }, (_, index) => {
      const body = (projectId: string) => ({ ...ready(projectId), timestamp: String(index) })
      return [index + 1, body] as const
    })
    const { exit, seen } = await heard({ work: "30 seconds" }, flood)
    value(exit)
    expect(looks(seen).map(({ at }) => at)).toEqual([1, 6, 11, 16, 31])
  })
})

it("without any delivery polling finds the end", async () => {
  const steps = [on("look", { status: 200, json: { status: "ready" } })]
  const { exit } = await play(scripted(emulator(), steps), inInbox(runProject))
  expect(value(exit).status).toBe("ready")
})
