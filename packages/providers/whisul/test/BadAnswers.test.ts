import { DateTime, Effect } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import type { Script } from "@tenuto/testkit"
import * as Whisul from "@tenuto/whisul"
import {
  answers,
  carriers,
  emulator,
  failure,
  faulty,
  fixture,
  gets,
  on,
  play,
  posts,
  runBeat,
  scripted,
  times,
  value,
} from "./stage.ts"

const completed = fixture("jobs.completed")
const result = completed["result"] as Readonly<Record<string, unknown>>
const accepted = fixture("generate.accepted")
const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`
const raw = (text: string, type = "application/json"): Script.Answer => ({
  status: 200,
  headers: { "content-type": type },
  text,
})
const json = (body: unknown): Script.Answer => ({ status: 200, json: body as null })

/** Answers with a status of success that do not tell what they should, at either stage. */
const unreadable: ReadonlyArray<readonly [string, Script.Answer]> = [
  ["HTML", raw("<h1>It works!</h1>", "text/html")],
  ["HTML that says it is JSON", raw("<h1>It works!</h1>")],
  ["nothing", { status: 200, text: "" }],
  ["no content", { status: 204 }],
  ["JSON that says it is text", raw(JSON.stringify({ ...accepted, ...completed }), "text/plain")],
  ["JSON that breaks off", raw('{"job_id":"81fa5ff7","status":"comple')],
  ["null", json(null)],
  ["a list", json([accepted, completed])],
  ["an empty object", json({})],
  ["text", json("81fa5ff7")],
  ["a number", json(202)],
  ["everything one level too deep", json({ data: { ...accepted, ...completed } })],
  ["a structure that is nested without end", raw(nested(50_000))],
  ["an id and a status of null", json({ job_id: null, status: null })],
  ["an id and a status that are numbers", json({ job_id: 7, status: 7 })],
  ["an id and a status that are lists", json({ job_id: ["x"], status: ["completed"] })],
  ["an id and a status that are nested", json({ job_id: { id: "x" }, status: { word: "completed" } })],
]

describe("at submit, an answer that does not name the job leaves the truth uncertain, and is the last", () => {
  it.each([
    ...unreadable,
    ["an empty id", json({ ...accepted, job_id: "" })],
    ["an id that leads up", json({ ...accepted, job_id: ".." })],
    ["an id that is here", json({ ...accepted, job_id: "." })],
    ["an id that is half a character", raw('{"job_id":"\\ud800"}')],
    ["an address and no id", json({ poll_url: accepted["poll_url"] })],
    ["an error that says it is a success", json({ error: "Invalid input", message: "x" })],
  ] as typeof unreadable)("%s", async (_, answer) => {
    const { exit, seen } = await play(scripted(emulator(), [on("submit", answer, 99)]), runBeat)
    const { status } = answer
    expect(failure(exit)).toMatchObject({
      _tag: "Uncertain",
      reason: { _tag: "Malformed" },
      evidence: { stage: "submit", status },
    })
    expect(seen).toHaveLength(1)
  })

  it.each([
    ["another status of success", { status: 200, json: accepted as never }],
    ["no message", { status: 202, json: { job_id: "x" } }],
    ["a message that is none", { status: 202, json: { ...accepted, message: [7] } }],
    ["fields nobody knows", { status: 202, json: { ...accepted, future: { deep: [1] } } }],
  ] as ReadonlyArray<readonly [string, Script.Answer]>)("the job is taken all the same with %s", async (_, answer) => {
    const steps = [on("submit", answer), answers("look", 200, completed, 9)]
    value((await play(scripted(emulator(), steps), runBeat)).exit)
  })
})

describe("at a look, an answer that cannot be read is one failed look", () => {
  it.each([
    ...unreadable,
    ["a result of null", json({ ...completed, result: null })],
    ["no result", json({ status: "completed" })],
    ["a result that is a list", json({ ...completed, result: [result] })],
    ["a result that is a link", json({ ...completed, result: result["song_url"] })],
    ["an empty result", json({ ...completed, result: {} })],
    ["a song without a link", json({ ...completed, result: { ...result, song_url: null } })],
    ["a song with an empty link", json({ ...completed, result: { ...result, song_url: "" } })],
    ["a song with a relative link", json({ ...completed, result: { ...result, song_url: "/audio/f00d.mp3" } })],
    ["a song with links", json({ ...completed, result: { ...result, song_url: ["https://a.test/f00d"] } })],
    ["a song that is a script", json({ ...completed, result: { ...result, song_url: "javascript:f00d()" } })],
    ["a song on this machine", json({ ...completed, result: { ...result, song_url: "file:///f00d" } })],
  ] as typeof unreadable)("%s", async (_, answer) => {
    const { exit, journal, seen, took } = await play(scripted(emulator(), [on("look", answer, 999)]), runBeat)
    const error = failure(exit)
    const { status } = answer
    expect(error).toMatchObject({
      _tag: "Overdue",
      reason: { _tag: "Malformed" },
      evidence: { stage: "look", status },
    })
    expect(took).toBeLessThanOrEqual(600)
    // Ever further apart, and never sooner than the service wants.
    const at = times(gets(seen))
    expect(at.length).toBeLessThanOrEqual(18)
    for (const [index, time] of at.entries()) expect(time - (at[index - 1] ?? 0)).toBeGreaterThanOrEqual(10)
    expect(`${error.message}${JSON.stringify(error)}${journal}`).not.toContain("f00d")
  })

  it("and the next one that can be read counts", async () => {
    const { exit, seen } = await play(faulty(emulator(), "html=200@look:2", "empty-body@look"), runBeat)
    expect(value(exit).title).toBe("Midnight Grid")
    expect(gets(seen)).toHaveLength(4)
  })
})

describe("what decorates a song and is odd is left out; the song is not", () => {
  const song = async (odd: object, around: object = {}) => {
    const job = { ...completed, ...around, result: { ...result, ...odd } }
    return value((await play(scripted(emulator(), [answers("look", 200, job, 9)]), runBeat)).exit)
  }
  const odd: ReadonlyArray<unknown> = [null, undefined, {}, [], [["a"]], true, JSON.parse(nested(1000))]

  it.each(["title", "bpm", "duration", "tags", "image_url"])("%s", async (field) => {
    const name = field === "image_url" ? "image" : field
    const whole = await song({})
    expect(whole).toHaveProperty(name)
    for (const value of odd) {
      const { [name]: _, ...rest } = { ...(await song({ [field]: value })) } as Record<string, unknown>
      expect(_).toBeUndefined()
      expect(Object.keys(rest).toSorted()).toEqual(
        Object.keys(whole)
          .filter((key) => key !== name)
          .toSorted(),
      )
    }
  })

  it.each([
    ["title", 7],
    ["bpm", "140"],
    ["bpm", "fast"],
    ["duration", "long"],
    ["duration", "2:75"],
    ["duration", "-2:07"],
    ["duration", "1:02:03"],
    ["duration", "2:7"],
    ["duration", ""],
    ["duration", -1],
    ["duration", "9".repeat(400)],
    ["tags", 7],
    ["image_url", "covers/1.jpg"],
    ["image_url", ""],
    ["image_url", 7],
  ])("%s: %o", async (field, value) => {
    expect(await song({ [field]: value })).not.toHaveProperty(field === "image_url" ? "image" : field)
  })

  it.each([
    "soon",
    "",
    "2026-02-31 10:00:00",
    "2026-13-01 10:00:00",
    "2026-02-17 25:00:00",
    "2026-02-17",
    "17.02.2026 15:39",
    1_771_342_774,
    null,
    {},
    ["2026-02-17 15:39:34"],
  ])("an instant: %o", async (instant) => {
    const read = await song({}, { started_at: instant, finished_at: instant })
    expect(read).not.toHaveProperty("started_at")
    expect(read).not.toHaveProperty("finished_at")
    expect(read.title).toBe("Midnight Grid")
  })

  it("a number that is too large for JSON's readers", async () => {
    const text = JSON.stringify(completed).replace("140", "1e999").replace('"2:47"', "1e999")
    const { exit } = await play(scripted(emulator(), [on("look", raw(text), 9)]), runBeat)
    expect(value(exit)).not.toHaveProperty("bpm")
    expect(value(exit)).not.toHaveProperty("duration")
  })

  it("tags: empty ones are none, and each stands by itself", async () => {
    expect((await song({ tags: "" })).tags).toEqual([])
    expect((await song({ tags: " , trap,,  dark  synth ," })).tags).toEqual(["trap", "dark  synth"])
  })

  it("fields nobody knows are ignored, wherever they are, whatever they are called", async () => {
    const extra = JSON.parse(
      '{"future":{"deep":[1]},"__proto__":{"song_url":"x"},"constructor":7,"song":"x"}',
    ) as object
    expect(Object.keys(await song(extra, extra)).toSorted()).toEqual(Object.keys(await song({})).toSorted())
  })

  it("a job that ended before it began, or in times to come, has ended", async () => {
    const read = await song({}, { started_at: "2026-02-17 15:41:58", finished_at: "1999-12-31 23:59:59" })
    expect(read.finished_at === undefined ? "" : DateTime.formatIso(read.finished_at)).toBe("1999-12-31T23:59:59.000Z")
    expect((await song({}, { finished_at: "9999-12-31 23:59:59" })).title).toBe("Midnight Grid")
  })
})

describe("a service that goes back on its word", () => {
  it("completed, then running: the first end is the end", async () => {
    const program = Effect.gen(function* () {
      const handle = yield* Client.submit(Whisul.generate({ prompt: "La" }))
      const first = yield* Client.settle(Whisul.generate, handle)
      return [first, yield* Client.settle(Whisul.generate, handle)] as const
    })
    const steps = [answers("look", 200, completed), answers("look", 200, fixture("jobs.running"), 9)]
    const { exit, seen } = await play(scripted(emulator(), steps), program)
    const [first, second] = value(exit)
    expect(second.title).toBe(first.title)
    expect(gets(seen)).toHaveLength(1)
  })

  it("running with a result, or with the end of another job, is running", async () => {
    const steps = [answers("look", 200, { ...completed, status: "running" }), answers("look", 200, completed)]
    const { exit, seen } = await play(scripted(emulator(), steps), runBeat)
    value(exit)
    expect(gets(seen)).toHaveLength(2)
  })

  it("failed with a result has failed", async () => {
    const { exit } = await play(
      scripted(emulator(), [answers("look", 200, { ...completed, status: "failed" })]),
      runBeat,
    )
    expect(failure(exit)).toMatchObject({ _tag: "Failed" })
  })

  it("a wall clock that is set back does not matter: no instant of the service is compared with ours", async () => {
    const past = { ...fixture("jobs.running"), started_at: "1970-01-01 00:00:00" }
    const { exit, seen } = await play(scripted(emulator(), [answers("look", 200, past, 2)]), runBeat)
    value(exit)
    expect(times(gets(seen))).toEqual([10, 20, 30])
  })
})

describe("a refusal that cannot be read is judged by its status", () => {
  it.each([
    ["HTML", raw("<h1>Bad Request</h1>", "text/html")],
    ["nothing", { status: 400, text: "" }],
    ["null", json(null)],
    ["a list", json([{ error: "x" }])],
    ["a message that is none", json({ error: 7, message: ["x"] })],
    ["empty texts", json({ error: "", message: "" })],
    ["a structure that is nested without end", raw(nested(50_000))],
  ] as typeof unreadable)("%s", async (_, answer) => {
    const { exit, seen } = await play(scripted(emulator(), [on("submit", { ...answer, status: 400 })]), runBeat)
    const error = failure(exit)
    expect(error).toMatchObject({
      _tag: "Rejected",
      reason: { _tag: "Invalid", issues: [] },
      evidence: { status: 400 },
    })
    expect(error).not.toHaveProperty("evidence.message")
    expect(seen).toHaveLength(1)
  })

  it("a message that is none leaves the label", async () => {
    const { exit } = await play(
      scripted(emulator(), [answers("submit", 400, { error: "Invalid input", message: { en: "x" } })]),
      runBeat,
    )
    expect(failure(exit)).toMatchObject({ evidence: { message: { text: "Invalid input" } } })
  })
})

describe.each(carriers)("carried by %s, faults of the wire are survived", (carrier) => {
  it.each([
    "html",
    "html=200",
    "empty-body",
    "huge-body",
    "invalid-json",
    "wrong-type",
    "wrong-shape",
    "wrong-length",
    "truncated",
    "drop-mid-body",
    "garbage",
    "reset-before-commit",
    "reset-after-commit",
    "hang-before-commit",
    "hang-after-commit",
    "slow-head=20",
    "slow-body=2",
    "unknown-field",
    "unknown-status",
    "redirect",
    "429",
    "500",
    "502",
    "503=20",
  ])("%s at a look", async (fault) => {
    const { exit, seen } = await play(faulty(emulator(), `${fault}@look:2`), runBeat, carrier)
    expect(value(exit).title).toBe("Midnight Grid")
    expect(posts(seen)).toHaveLength(1)
    expect(gets(seen).length).toBeLessThanOrEqual(4)
  })

  it.each([
    "html",
    "html=200",
    "empty-body",
    "huge-body",
    "invalid-json",
    "wrong-type",
    "wrong-shape",
    "wrong-length",
    "redirect",
    "slow-head=40",
  ])("%s at a submit is uncertain, and nothing is sent again", async (fault) => {
    const { exit, seen } = await play(faulty(emulator(), `${fault}@submit`), runBeat, carrier)
    expect(failure(exit)).toMatchObject({ _tag: "Uncertain" })
    expect(seen).toHaveLength(1)
  })

  it.each(["slow-head=20", "slow-body=2", "unknown-field", "unknown-status"])(
    "%s at a submit does no harm",
    async (fault) => {
      const { exit, seen } = await play(faulty(emulator(), `${fault}@submit`), runBeat, carrier)
      value(exit)
      expect(posts(seen)).toHaveLength(1)
    },
  )
})
