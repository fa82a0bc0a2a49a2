import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Duration, Effect, Layer } from "effect"
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest"
import { Transport } from "@tenuto/http/Transport"
import * as Coverage from "@tenuto/testkit/Coverage"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Fault from "@tenuto/testkit/Fault"
import * as Rehearsal from "@tenuto/testkit/Rehearsal"
import * as Script from "@tenuto/testkit/Script"

// Nothing of these tests counts as covered where the suite itself is measured.
beforeEach(() => void vi.stubEnv("TENUTO_COVERAGE", ""))
afterEach(() => void vi.unstubAllEnvs())

const fresh = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "coverage-"))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  return join(directory, "coverage.jsonl")
}

const stageOf = ({ method }: Emulator.Request) => (method === "POST" ? ("submit" as const) : ("look" as const))
const choir: Emulator.Handler = () => Effect.succeed(Emulator.json(200, { status: "singing" }))

const asking = (methods: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const url = yield* Rehearsal.Origin
    const { send } = yield* Transport
    const limits = { timeout: Duration.seconds(30), maxBytes: 1n << 20n }
    yield* Effect.forEach(methods, (method) => Effect.ignore(send({ method, url, headers: {} }, limits)))
  })

const play = (handler: Emulator.Handler, methods: ReadonlyArray<string>) =>
  Rehearsal.play({
    connect: () => Layer.empty,
    handler,
    program: asking(methods),
    service: "choir",
    hooks: { stageOf },
  })

describe("laws", () => {
  it("a fault that was played is noted at its stage, by plan and by story, and a plan that was not played is none", async () => {
    const planned = Effect.runSync(Effect.forEach(["503@look:2", "garbage@submit"], Fault.parse))
    const byPlan = Effect.runSync(Fault.apply(choir, planned, { stageOf }))
    const steps = [Script.on("look", "pass"), Script.on("look", "429=30"), Script.on("look", { status: 500 })]
    const byStory = Effect.runSync(Script.apply(choir, Script.make(steps), { stageOf }))
    const played = [await play(byPlan, ["GET", "GET", "GET"]), await play(byStory, ["GET", "GET", "GET"])]
    expect(played.map((run) => Coverage.of("choir", run))).toEqual([
      [{ service: "choir", stage: "look", fault: "503" }],
      [{ service: "choir", stage: "look", fault: "429" }],
    ])
  })

  it("a rehearsal that names its service appends to the file that the environment names, and else to none", async () => {
    const file = fresh()
    const planned = Effect.runSync(Effect.forEach(["503@look", "garbage@submit"], Fault.parse))
    const handler = () => Effect.runSync(Fault.apply(choir, planned, { stageOf }))
    await play(handler(), ["GET"])
    vi.stubEnv("TENUTO_COVERAGE", file)
    await play(handler(), ["GET"])
    await play(handler(), ["POST"])
    await play(choir, ["POST"])
    expect(readFileSync(file, "utf8")).toBe(
      '{"service":"choir","stage":"look","fault":"503"}\n{"service":"choir","stage":"submit","fault":"garbage"}\n',
    )
  })

  it("what cannot be written is said, with what to do", async () => {
    const note = Coverage.note([{ service: "choir", stage: "look", fault: "503" }], join(fresh(), "below.jsonl"))
    const error = await Effect.runPromise(Effect.flip(note))
    expect(error).toMatchObject({ _tag: "Unwritten", message: expect.stringContaining("TENUTO_COVERAGE") })
  })

  it("many processes may write to one file: every line is whole", async () => {
    const file = fresh()
    const source = new URL("../src/Coverage.ts", import.meta.url).href
    const code = (name: string) => `
      import * as Effect from "effect/Effect"
      import * as Coverage from ${JSON.stringify(source)}
      const records = Array.from({ length: 40 }, (_, i) => ({ service: "${name}", stage: "look", fault: "f".repeat(200) + i }))
      for (let i = 0; i < 50; i++) await Effect.runPromise(Coverage.note(records, ${JSON.stringify(file)}))`
    const cwd = new URL("..", import.meta.url)
    const writing = ["a", "b", "c"].map(
      (name) =>
        new Promise<number | null>((resolve) => {
          spawn(process.execPath, ["--input-type=module", "-e", code(name)], { cwd }).once("close", resolve)
        }),
    )
    expect(await Promise.all(writing)).toEqual([0, 0, 0])
    const records = await Effect.runPromise(Coverage.read(file))
    const counts = ["a", "b", "c"].map((name) => records.filter(({ service }) => service === name).length)
    expect(counts).toEqual([2000, 2000, 2000])
  })

  it("a line that is no record is named by its number, and so is a file that is not there", async () => {
    const text = '{"service":"choir","stage":"look","fault":"503"}\n\n{"service":'
    const errors = await Effect.runPromise(
      Effect.all([Effect.flip(Coverage.parse(text, "a.jsonl")), Effect.flip(Coverage.read("nowhere.jsonl"))]),
    )
    expect(errors).toMatchObject([
      { _tag: "Unreadable", file: "a.jsonl", line: 3, message: expect.stringMatching(/^a\.jsonl, line 3: /) },
      { _tag: "Unreadable", file: "nowhere.jsonl", message: expect.stringMatching(/^nowhere\.jsonl: .*no such file/) },
    ])
  })
})

describe("the table", () => {
  const looks = Fault.all.filter(({ stages }) => stages.includes("look")).map(({ name }) => name)
  const all = looks.map((fault) => ({ service: "choir", stage: "look", fault }))

  it("counts every fault of every stage that a service has, and nothing else", () => {
    const strange = [
      { service: "band", stage: "look", fault: "503" },
      { service: "choir", stage: "submit", fault: "503" },
      { service: "choir", stage: "look", fault: "never-heard-of" },
    ]
    const { covered, missing, percent, total, unknown } = Coverage.table([...all.slice(1), ...strange], {
      services: { choir: ["look"] },
    })
    expect([covered, total, percent]).toEqual([
      looks.length - 1,
      looks.length,
      Math.floor((100 * (looks.length - 1)) / looks.length),
    ])
    expect(missing).toEqual([`choir: ${looks[0]}@look`])
    expect(unknown).toEqual(["band: 503@look", "choir: 503@submit", "choir: never-heard-of@look"])
  })

  it("playing twice is playing once, and only everything is a hundred of a hundred", () => {
    const scope = { services: { choir: ["look"] } } as const
    expect(Coverage.table([...all, ...all], scope)).toMatchObject({ covered: looks.length, percent: 100, missing: [] })
    expect(Coverage.table(all, { services: { choir: ["look", "webhook"] } }).percent).toBeLessThan(100)
    expect(Coverage.table([], { services: {} })).toMatchObject({ total: 0, percent: 100 })
  })

  it("is text for eyes", () => {
    const { text } = Coverage.table(all.slice(0, 2), { services: { choir: ["look"] } })
    expect(text.split("\n").map((line) => line.slice(0, 44))).toEqual([
      "service  stage    covered         missing",
      expect.stringMatching(/^choir +look +2 of \d+ +\d+ % {2}/),
      expect.stringMatching(/^all +2 of \d+ +\d+ %$/),
    ])
  })
})
