import { spawn } from "node:child_process"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Exit, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { Journal } from "@tenuto/core"
import * as Soundpiece from "@tenuto/soundpiece"
import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
import { Emulator } from "@tenuto/testkit"
import { nodeTransport } from "@tenuto/transport-node"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import { sing } from "@tenuto/examples/sing"
import { sing as singWithPromises } from "@tenuto/examples/sing-promise"
import { rehearsal } from "@tenuto/examples/test-your-code"

const serve = (options: SoundpieceEmulator.Options) =>
  Effect.gen(function* () {
    const emulator = yield* SoundpieceEmulator.make(options)
    const { url } = yield* Emulator.serve(emulator.handler)
    return { baseUrl: `${url}/v1`, ledger: emulator.ledger }
  })

const withService = <A>(
  options: SoundpieceEmulator.Options,
  use: (service: Effect.Success<ReturnType<typeof serve>>) => Effect.Effect<A>,
): Promise<A> => Effect.runPromise(Effect.scoped(Effect.flatMap(Effect.orDie(serve(options)), use)))

describe("both faces", () => {
  it("sings from Effect over a socket", () =>
    withService({ work: "100 millis" }, ({ baseUrl }) =>
      Effect.gen(function* () {
        const services = Layer.mergeAll(
          Soundpiece.layer({ apiKey: "spk_a", baseUrl }).pipe(Layer.provide(NodeTransport.layer)),
          Journal.layerMemory,
        )
        expect(yield* Effect.orDie(Effect.provide(sing, services))).toBe("a song of 3s")
      }),
    ))

  it("sings from promises over a socket", () =>
    withService({ work: "100 millis" }, ({ baseUrl }) =>
      Effect.promise(async () => {
        const settings = { apiKey: "spk_a", baseUrl, transport: nodeTransport() }
        expect(await singWithPromises(settings, new AbortController().signal)).toBe("a song of 3s")
      }),
    ))

  it("says from promises what is true when a credential is refused", () =>
    withService({ apiKey: "spk_other" }, ({ baseUrl }) =>
      Effect.promise(async () => {
        const settings = { apiKey: "spk_a", baseUrl, transport: nodeTransport() }
        const said = await singWithPromises(settings, new AbortController().signal)
        expect(said).toContain("never started")
        expect(said).not.toContain("spk_a")
      }),
    ))
})

describe("test your code", () => {
  it("rehearses a lost answer, a limit and a long wait in virtual time", async () => {
    const exit = await Effect.runPromise(rehearsal)
    if (Exit.isFailure(exit)) expect.fail(String(exit.cause))
    expect(exit.value.said).toBe("a song of 3s")
    expect(exit.value.created).toBe(1)
    expect(exit.value.timeline).toMatchSnapshot()
  })
})

describe("survive a crash", () => {
  it("goes on after a kill, and the service has one operation", () =>
    withService({ work: "1500 millis" }, ({ baseUrl, ledger }) =>
      Effect.gen(function* () {
        const cwd = mkdtempSync(join(tmpdir(), "tenuto-"))
        const start = () => {
          const child = spawn(process.execPath, [join(import.meta.dirname, "../src/survive-a-crash.ts")], {
            cwd,
            env: { ...process.env, SOUNDPIECE_URL: baseUrl, SOUNDPIECE_KEY: "spk_a" },
          })
          let said = ""
          child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()))
          child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()))
          return { child, said: new Promise<string>((resolve) => child.on("close", () => resolve(said))) }
        }
        const first = start()
        while ((yield* ledger).operations.length === 0) yield* Effect.sleep("20 millis")
        first.child.kill("SIGKILL")
        yield* Effect.promise(() => first.said)
        const said = yield* Effect.promise(() => start().said)
        expect(said).toMatch(/recovered 1\nsettled op_/)
        expect((yield* ledger).operations).toHaveLength(1)
      }),
    ))
})
