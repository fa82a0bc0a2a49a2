import { execFileSync } from "node:child_process"
import { DateTime, Duration, Effect } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Remedy from "@tenuto/core/Remedy"
import * as Whisul from "@tenuto/whisul"
import {
  answers,
  beat,
  carriers,
  emulator,
  failure,
  fixture,
  gets,
  handleOf,
  ledgerOf,
  on,
  play,
  posts,
  runBeat,
  scripted,
  times,
  value,
} from "./stage.ts"

const completed = fixture("jobs.completed")
const withResult = (result: object) => ({ ...completed, result: { ...(completed["result"] as object), ...result } })
const told = async (job: object) =>
  value((await play(scripted(emulator(), [answers("look", 200, job, 99)]), runBeat)).exit)

describe("contradictions", () => {
  it("C-WH-1 a job has three states, failed is one of them", async () => {
    const at = (status: string) =>
      play(
        scripted(emulator(), [answers("look", 200, { ...completed, status }, 99)]),
        Client.run(beat, { within: "15 seconds" }),
      )
    expect(failure((await at("running")).exit)).toMatchObject({ _tag: "Overdue", last: { word: "running" } })
    expect(value((await at("completed")).exit).title).toBe("Midnight Grid")
    expect(failure((await at("failed")).exit)).toMatchObject({ _tag: "Failed" })
  })

  it("C-WH-2 a song is asked for at /generate; /compose is not there", async () => {
    const { seen } = await play(emulator().handler, runBeat)
    expect(posts(seen).map(({ path }) => path)).toEqual(["/api/generate"])
    expect(Object.keys(Whisul.operations)).toEqual(["generate"])
  })

  const durations = [
    ["2:47", 167],
    ["0:05", 5],
    ["62:03", 3723],
    [167, 167],
    [166.5, 166.5],
    ["167", 167],
    ["166.5", 166.5],
    [0, 0],
  ] as const

  it.each(durations)("C-WH-3 a duration of %o is read as %s seconds", async (duration, seconds) => {
    const song = await told(withResult({ duration }))
    expect(song.duration === undefined ? undefined : Duration.toSeconds(song.duration)).toBe(seconds)
  })

  it("C-WH-4 an instant without a zone is in UTC; one that names its zone is where it says", async () => {
    const read = async (finished_at: string) => {
      const { finished_at: instant } = await told({ ...completed, finished_at })
      return instant === undefined ? undefined : DateTime.formatIso(instant)
    }
    expect(await read("2026-02-17 15:41:58")).toBe("2026-02-17T15:41:58.000Z")
    expect(await read("2026-02-17T15:41:58")).toBe("2026-02-17T15:41:58.000Z")
    expect(await read("2026-02-17T15:41:58.25Z")).toBe("2026-02-17T15:41:58.250Z")
    expect(await read("2026-02-17T15:41:58-05:00")).toBe("2026-02-17T20:41:58.000Z")
  })

  it("C-WH-5 a 500 is tried again at a look, and never at a submit", async () => {
    const looked = await play(scripted(emulator(), [answers("look", 500, {})]), runBeat)
    value(looked.exit)
    expect([posts(looked.seen).length, gets(looked.seen).length]).toEqual([1, 2])
    const submitted = await play(scripted(emulator(), [answers("submit", 500, {})]), runBeat)
    const error = failure(submitted.exit) as Remedy.Trouble
    expect(error).toMatchObject({ _tag: "Uncertain", reason: { _tag: "Internal" } })
    expect(Remedy.of(error, Whisul.contract)).toEqual({ _tag: "Reconcile" })
    expect([posts(submitted.seen).length, gets(submitted.seen).length]).toEqual([1, 0])
  })
})

describe("traps", () => {
  it.each(carriers)("T-WH-1 poll_url is relative to the base with its path, carried by %s", async (carrier) => {
    const service = emulator()
    const { exit, seen } = await play(service.handler, Client.submit(beat), carrier)
    const handle = value(exit)
    expect(handle.locator).toBe(`/jobs/${handle.id}`)
    expect(seen).toHaveLength(1)
    const run = await play(emulator().handler, runBeat, carrier)
    expect(gets(run.seen).map(({ path }) => path)).toEqual([`/api/jobs/${handle.id}`])
  })

  it("T-WH-1 it is the address that is followed, not the id", async () => {
    const accepted = answers("submit", 202, { ...fixture("generate.accepted"), poll_url: "/v2/jobs/elsewhere" })
    const { seen } = await play(scripted(emulator(), [accepted]), runBeat)
    expect(seen.map(({ path }) => path)).toEqual(["/api/generate", "/api/v2/jobs/elsewhere"])
  })

  const zones = { UTC: 15, "America/New_York": 20, "Asia/Kathmandu": 9 } as const

  it.each(Object.entries(zones))(
    "T-WH-2 an instant without a zone does not depend on the zone of the process (%s)",
    (zone, hours) => {
      const program = `
        import * as DateTime from "effect/DateTime"
        import * as Schema from "effect/Schema"
        import { generate } from "@tenuto/whisul"
        const { started_at } = generate.output.fields
        const instant = Schema.decodeUnknownSync(started_at)("2026-02-17 15:39:34")
        const again = Schema.encodeSync(started_at)(instant)
        console.log(DateTime.formatIso(instant), again, new Date("2026-02-17 15:39:34").getUTCHours())
      `
      const said = execFileSync(process.execPath, ["--input-type=module", "--eval", program], {
        cwd: new URL(".", import.meta.url),
        env: { ...process.env, TZ: zone, NODE_OPTIONS: "" },
        encoding: "utf8",
      }).trim()
      // The last number shows that the process does live in that zone.
      expect(said).toBe(`2026-02-17T15:39:34.000Z 2026-02-17 15:39:34 ${hours}`)
    },
  )

  it("T-WH-3 status 200 says nothing of the job: failed is failed", async () => {
    const { exit, seen } = await play(scripted(emulator(), [answers("look", 200, fixture("jobs.failed"))]), runBeat)
    expect(failure(exit)).toMatchObject({ _tag: "Failed", reason: { _tag: "Unclassified" } })
    expect(posts(seen)).toHaveLength(1)
  })

  it("T-WH-4 error is a label in a 400, a sentence in a job that failed, and null otherwise", async () => {
    const refused = await play(scripted(emulator(), [answers("submit", 400, fixture("generate.400"))]), runBeat)
    const sentence = "The 'prompt' field is required and must not be empty."
    expect(failure(refused.exit)).toMatchObject({ evidence: { message: { text: sentence } } })
    expect(failure(refused.exit)).not.toHaveProperty("evidence.code") // the label is no code
    const labelled = await play(scripted(emulator(), [answers("submit", 400, { error: "Invalid input" })]), runBeat)
    expect(failure(labelled.exit)).toMatchObject({ evidence: { message: { text: "Invalid input" } } })
    const failed = await play(scripted(emulator(), [answers("look", 200, fixture("jobs.failed"))]), runBeat)
    const message = { _tag: "Developer", text: "Generation failed due to an internal error." }
    expect(failure(failed.exit)).toMatchObject({ evidence: { message } })
    // Text beside another status fails nothing.
    const odd = { ...completed, error: "low on disk" }
    expect((await told(odd)).title).toBe("Midnight Grid")
    const going = answers("look", 200, { ...fixture("jobs.running"), error: "low on disk" })
    value((await play(scripted(emulator(), [going]), runBeat)).exit)
  })

  it("T-WH-5 a job does not say which one it is: the handle does, from the submit to the song", async () => {
    const service = emulator()
    const two = Effect.all([runBeat, Client.run(Whisul.generate({ prompt: "a waltz" }))], { concurrency: 2 })
    const { exit } = await play(service.handler, two)
    const ids = value(exit).map(({ song }) => song.handle.id)
    expect(ids).toEqual(ledgerOf(service).operations.map(({ id }) => id))
    expect(new Set(ids).size).toBe(2)
  })

  it("T-WH-6 unknown and expired look alike, and the reason claims neither", async () => {
    const service = emulator({ keep: "1 minute" })
    const program = Effect.gen(function* () {
      const handle = yield* Client.submit(beat)
      yield* Effect.sleep("2 minutes")
      const expired = yield* Effect.flip(Client.settle(Whisul.generate, handle))
      const { entry: _, locator: __, ...rest } = handle
      const unknown = yield* Effect.flip(Client.settle(Whisul.generate, { ...rest, id: "no-such-job" }))
      return [expired, unknown] as const
    })
    for (const error of value((await play(service.handler, program)).exit)) {
      expect(error).toMatchObject({ _tag: "Lost", reason: { _tag: "NotFoundOrGone", what: "job" } })
      expect(error.message).toContain("no such job, or no longer keeps it")
      expect(handleOf(error).service).toBe("whisul")
    }
  })
})

describe("T-WH-7 the ladder is one for all calls on the key", () => {
  const limited = (stage: "submit" | "look", count: number) => on(stage, { status: 429, json: {} }, count)
  const another = (prompt: string) => Client.submit(Whisul.generate({ prompt }))

  it("T-WH-7 who was refused holds back who was not", async () => {
    const program = Effect.all([another("a"), Effect.delay(another("b"), "1 second")], { concurrency: 2 })
    const { exit, seen } = await play(scripted(emulator(), [limited("submit", 1)]), program)
    value(exit)
    const [first, ...others] = times(posts(seen))
    expect([first, others.length]).toEqual([0, 2])
    for (const at of others) expect(at).toBeGreaterThanOrEqual(5)
  })

  it("T-WH-7 three refusals are three steps, whoever was refused", async () => {
    const program = Effect.all([another("a"), another("b"), another("c")], { concurrency: 3 })
    const { exit, seen } = await play(scripted(emulator(), [limited("submit", 3)]), program)
    value(exit)
    // Each was refused once, and by itself would be back after 5 seconds.
    const again = times(posts(seen)).slice(3)
    expect(again).toHaveLength(3)
    for (const at of again) expect(at).toBeGreaterThanOrEqual(20)
  })

  it("T-WH-7 a submit and a look climb it together", async () => {
    const steps = [on("submit", "pass"), limited("submit", 1), limited("look", 1)]
    const program = Effect.all([runBeat, Effect.delay(another("b"), "11 seconds")], { concurrency: 2 })
    const { exit, seen } = await play(scripted(emulator(), steps), program)
    value(exit)
    // The look is refused at 10 s, so the submit waits until 15 s; refused too, it closes the way for 10 s more.
    expect(times(posts(seen)).slice(0, 2)).toEqual([0, 15])
    expect(times(gets(seen))[0]).toBe(10)
    for (const at of [times(posts(seen))[2], times(gets(seen))[1]]) expect(at).toBeGreaterThanOrEqual(25)
  })

  it("T-WH-7 a success leads back to its first step", async () => {
    const steps = [limited("submit", 2), on("submit", "pass"), limited("submit", 1)]
    const { exit, seen } = await play(scripted(emulator(), steps), Effect.andThen(another("a"), another("b")))
    value(exit)
    const [first, second, accepted, refused, last] = times(posts(seen))
    expect([first, refused]).toEqual([0, accepted])
    expect((accepted ?? 0) - (second ?? 0)).toBeGreaterThanOrEqual(10)
    expect((last ?? 0) - (refused ?? 0)).toBeLessThanOrEqual(6.25)
  })

  it("T-WH-7 a limit of the service's own, which punishes haste, is outlasted by many at once", async () => {
    const service = emulator({ limit: { requests: 3, window: "1 minute" }, penalty: "5 seconds" })
    const jobs = Array.from({ length: 6 }, (_, index) => another(`song ${index}`))
    const { exit } = await play(service.handler, Effect.all(jobs, { concurrency: 6 }))
    value(exit)
    const { operations, requests } = ledgerOf(service)
    expect(operations).toHaveLength(6)
    expect(requests.filter(({ status }) => status === 429).length).toBeLessThanOrEqual(12)
  })
})
