import { spawn } from "node:child_process"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { Effect, Exit, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { Journal } from "@tenuto/core"
import { everything } from "@tenuto/examples/four-services"
import * as HeyDonna from "@tenuto/heydonna"
import * as HeyDonnaEmulator from "@tenuto/heydonna/Emulator"
import * as Overten from "@tenuto/overten"
import * as OvertenEmulator from "@tenuto/overten/Emulator"
import * as Soundpiece from "@tenuto/soundpiece"
import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
import { Emulator, Fault, VirtualClock } from "@tenuto/testkit"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import * as Whisul from "@tenuto/whisul"
import * as WhisulEmulator from "@tenuto/whisul/Emulator"

/** Each service at its own address, all behind one transport. */
const stage = Effect.gen(function* () {
  const soundpiece = yield* SoundpieceEmulator.make({ work: "50 seconds" })
  const overten = yield* OvertenEmulator.make({ work: "8 minutes" })
  const heydonna = yield* HeyDonnaEmulator.make({ work: "12 minutes" })
  const whisul = yield* WhisulEmulator.make({
    work: "3 minutes",
    failing: "Generation failed due to an internal error.",
  })
  const lost = yield* Effect.orDie(
    Effect.flatMap(Fault.parse("reset-after-commit@submit"), (fault) =>
      Fault.apply(heydonna.handler, [fault], heydonna.hooks),
    ),
  )
  const handlers: Readonly<Record<string, Emulator.Handler>> = {
    "api.soundpiece.co": soundpiece.handler,
    "backend.overtenai.com": overten.handler,
    "app.heydonna.chat": lost,
    "whisul.com": whisul.handler,
  }
  const transport = Emulator.layerMemory((request) => {
    const handler = handlers[new URL(request.url).hostname]
    return handler === undefined ? Effect.succeed(Emulator.Behaviour.Unnamed()) : handler(request)
  })
  const services = Layer.mergeAll(
    Soundpiece.layer({ apiKey: "spk_a" }),
    Overten.layer({ apiKey: "sk_live_a", tier: "pro" }),
    HeyDonna.layer({ apiKey: "hd_ext_a" }),
    Whisul.layer({ apiKey: "w_a" }),
  ).pipe(Layer.provide(transport), Layer.merge(Journal.layerMemory))
  const ended = yield* Effect.provide(everything, services)
  const created = yield* Effect.all([soundpiece.ledger, overten.ledger, heydonna.ledger, whisul.ledger])
  return { ended, created: created.map(({ operations }) => operations.length) }
})

describe("four services", () => {
  it("each ends by its own rules, and none is started twice", async () => {
    const exit = await Effect.runPromise(VirtualClock.run(stage))
    if (Exit.isFailure(exit)) expect.fail(String(exit.cause))
    const { created, ended } = exit.value
    expect(ended).toMatchObject({
      song: { _tag: "Success", success: { outputs: [{}] } },
      letter: { _tag: "Success", success: { task_id: expect.any(String) } },
      beat: { _tag: "Failure", failure: { _tag: "Failed", reason: { _tag: "Unclassified" } } },
      transcript: { _tag: "Success", success: { lookFor: "order-7" } },
    })
    expect(created).toEqual([1, 1, 1, 1])
  })
})

describe("hear deliveries", () => {
  it("ends when the service says so, not when the next look would come", async () => {
    const held = createServer()
    await new Promise<void>((resolve) => held.listen(0, "127.0.0.1", resolve))
    const { port } = held.address() as AddressInfo
    await new Promise((resolve) => held.close(resolve))
    const secret = "s3cret"
    const story = Effect.gen(function* () {
      const webhook = { url: `http://127.0.0.1:${port}/`, secret }
      const service = yield* HeyDonnaEmulator.make({ work: "1 second", webhook })
      const { url } = yield* Emulator.serve(service.handler)
      yield* Effect.forkScoped(Effect.provide(service.courier.deliveries, NodeTransport.layer))
      return yield* Effect.promise(
        () =>
          new Promise<string>((resolve) => {
            const child = spawn(process.execPath, [join(import.meta.dirname, "../src/hear-deliveries.ts")], {
              env: {
                ...process.env,
                HEYDONNA_URL: url,
                HEYDONNA_KEY: "hd_ext_a",
                HEYDONNA_SECRET: secret,
                PORT: String(port),
              },
            })
            let said = ""
            child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()))
            child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()))
            child.on("close", () => resolve(said))
          }),
      )
    })
    const said = await Effect.runPromise(Effect.scoped(story))
    // The next look would come 15 seconds after the first answer.
    const [, seconds] = /^\S+ is completed after (\d+\.\d) s\n$/.exec(said) ?? []
    expect(Number(seconds), said).toBeLessThan(14)
  })
})
