import { Duration, Effect, Exit } from "effect"
import { describe, expect, it } from "vitest"
import { Transport } from "@tenuto/http/Transport"
import * as Emulator from "@tenuto/testkit/Emulator"
import type * as Fault from "@tenuto/testkit/Fault"
import * as Script from "@tenuto/testkit/Script"

const limits = { timeout: Duration.seconds(30), maxBytes: 1_000_000n }
const hooks: Fault.Hooks = { stageOf: ({ method }) => (method === "PUT" ? "submit" : "look") }
const service: Emulator.Handler = ({ method }) => Effect.succeed(Emulator.json(200, { from: method }))

const send = (method: string, path = "/") =>
  Transport.use((transport) => transport.send({ method, url: `http://x${path}`, headers: {} }, limits)).pipe(
    Effect.map(({ body, status }) => `${status} ${new TextDecoder().decode(body)}`),
    Effect.catch((error) => Effect.succeed(error.problem)),
  )
const tell = (handler: Emulator.Handler, requests: ReadonlyArray<readonly [string, string?]>) =>
  Effect.forEach(requests, ([method, path]) => send(method, path)).pipe(
    Effect.provide(Emulator.layerMemory(handler)),
    Effect.runPromise,
  )

describe("a script", () => {
  it("is used up in order, stage by stage, and then the service speaks", async () => {
    const script = Script.make([
      Script.on("submit", "reset-after-commit"),
      Script.on("look", "503", 2),
      Script.on("look", "pass"),
      Script.on("look", { status: 404, json: { detail: "gone" } }),
    ])
    const handler = await Effect.runPromise(Script.apply(service, script, hooks))
    expect(await tell(handler, [["GET"], ["PUT"], ["GET"], ["GET"], ["PUT"], ["GET"], ["GET"]])).toEqual([
      '503 {"detail":"unavailable"}',
      "Reset",
      '503 {"detail":"unavailable"}',
      '200 {"from":"GET"}',
      '200 {"from":"PUT"}',
      '404 {"detail":"gone"}',
      '200 {"from":"GET"}',
    ])
  })

  it("is read from JSON, and what is no script is refused with every reason", async () => {
    const text = JSON.stringify({
      version: 1,
      steps: [
        { on: "look", fault: "429=30" },
        { on: "submit", pass: true },
      ],
    })
    expect(await Effect.runPromise(Script.parse(text))).toEqual(
      Script.Script.make({
        version: 1,
        steps: [
          { on: "look", fault: "429=30" },
          { on: "submit", pass: true },
        ],
      }),
    )
    for (const bad of ["{", '{"version":2,"steps":[]}', '{"version":1,"steps":[{"on":"lunch","pass":true}]}']) {
      expect(await Effect.runPromise(Effect.flip(Script.parse(bad)))).toMatchObject({ _tag: "Unreadable" })
    }
  })

  it.each([
    [{ on: "look", falt: "503" }, 'No word of a step: on, times, fault, answer, pass\n  at ["steps"][0]["falt"]'],
    [{ on: "look" }, 'Expected one of fault, answer, pass\n  at ["steps"][0]'],
    [{ on: "look", fault: "503", pass: true }, 'Expected one of fault, answer, pass\n  at ["steps"][0]'],
    [
      { on: "look", answer: { status: 99 } },
      'Expected a value between 200 and 599\n  at ["steps"][0]["answer"]["status"]',
    ],
  ])("says once what is wrong with a step, and what is known: %j", async (step, says) => {
    const error = await Effect.runPromise(Effect.flip(Script.parse(JSON.stringify({ version: 1, steps: [step] }))))
    expect(error.message).toBe(`this is not a script: ${says}`)
  })

  it("that names an unknown fault is refused before the first request", async () => {
    const exit = await Effect.runPromiseExit(Script.apply(service, Script.make([Script.on("look", "teapot")]), hooks))
    expect(Exit.isFailure(exit)).toBe(true)
  })
})
