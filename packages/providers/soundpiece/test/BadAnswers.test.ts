import { describe, expect, it } from "vitest"
import type { Script } from "@tenuto/testkit"
import { carriers, emulator, failure, faulty, gets, on, play, puts, runSong, scripted, value } from "./stage.ts"

const processing = { id: "op_1", status: "processing" }
const accepted = on("submit", { status: 200, json: { song: processing } })
const file = {
  url: "https://cdn.example/song?signature=f00dfeedf00d",
  expires_at: "2026-05-20T12:50:21Z",
  duration: 87.4,
}
const seen200 = (json: Script.Answer["json"]) => (json === undefined ? { status: 200 } : { status: 200, json })

/** Answers with status 200 that do not tell what they should. */
const unreadable: ReadonlyArray<readonly [string, Script.Answer]> = [
  ["HTML", { status: 200, headers: { "content-type": "text/html" }, text: "<h1>It works!</h1>" }],
  [
    "HTML that says it is JSON",
    { status: 200, headers: { "content-type": "application/json" }, text: "<h1>It works!</h1>" },
  ],
  ["nothing", { status: 200, text: "" }],
  [
    "JSON that says it is text",
    { status: 200, headers: { "content-type": "text/plain" }, text: JSON.stringify({ song: processing }) },
  ],
  [
    "JSON that breaks off",
    { status: 200, headers: { "content-type": "application/json" }, text: '{"song":{"id":"op_1"' },
  ],
  ["null", seen200(null)],
  ["a list", seen200([])],
  ["an empty object", seen200({})],
  ["an envelope of null", seen200({ song: null })],
  ["an envelope of text", seen200({ song: "op_1" })],
  ["two operations in one envelope, neither under the known name", seen200({ a: processing, b: processing })],
  ["an operation without an envelope", seen200(processing)],
  ["an operation without an id", seen200({ song: { status: "processing" } })],
  ["an operation with an empty id", seen200({ song: { id: "", status: "processing" } })],
  ["a status that is a number", seen200({ song: { id: "op_1", status: 3 } })],
]

/** Answers to a look that are about something else, or are ready with nothing. */
const unfit: ReadonlyArray<readonly [string, Script.Answer]> = [
  ["the id of another operation", seen200({ song: { id: "op_2", status: "ready", outputs: [file] } })],
  ["ready without files", seen200({ song: { id: "op_1", status: "ready", outputs: [] } })],
  ["ready with null", seen200({ song: { id: "op_1", status: "ready", outputs: null, error: null } })],
  ["a file without a link", seen200({ song: { id: "op_1", status: "ready", outputs: [{ ...file, url: null }] } })],
  ["files that are one file", seen200({ song: { id: "op_1", status: "ready", outputs: file } })],
]

describe("at submit, an answer that cannot be read leaves the truth uncertain", () => {
  it.each(unreadable)("%s", async (_, answer) => {
    const service = emulator()
    const once = await play(scripted(service, [on("submit", answer)]), runSong)
    value(once.exit)
    expect(puts(once.seen)).toHaveLength(2)
    const always = await play(scripted(service, [on("submit", answer, 1000)]), runSong)
    expect(failure(always.exit)).toMatchObject({
      _tag: "Uncertain",
      reason: { _tag: "Malformed" },
      evidence: { stage: "submit", status: 200 },
    })
    expect(puts(always.seen)).toHaveLength(8)
  })

  it("the key of another request", async () => {
    const answer = seen200({ song: { ...processing, idempotency_key: "550e8400-e29b-41d4-a716-446655440000" } })
    const { exit } = await play(scripted(emulator(), [on("submit", answer, 1000)]), runSong)
    expect(failure(exit)).toMatchObject({ _tag: "Uncertain", reason: { _tag: "Malformed" } })
  })
})

describe("at a look, an answer that cannot be read is one failed look", () => {
  it.each([...unreadable, ...unfit])("%s", async (_, answer) => {
    const { exit, seen, took } = await play(scripted(emulator(), [accepted, on("look", answer, 1000)]), runSong)
    const error = failure(exit)
    expect(error).toMatchObject({
      _tag: "Overdue",
      reason: { _tag: "Malformed" },
      evidence: { stage: "look", status: 200 },
    })
    expect(took).toBeLessThanOrEqual(300)
    expect(gets(seen).length).toBeLessThanOrEqual(11)
    expect(`${error.message}${JSON.stringify(error)}`).not.toContain("f00d")
  })

  it("and the next one that can be read counts", async () => {
    const { exit, seen } = await play(faulty(emulator(), "html=200@look:2", "empty-body@look"), runSong)
    expect(value(exit).outputs).toHaveLength(1)
    expect(gets(seen)).toHaveLength(4)
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
    "reset-after-commit",
    "hang-after-commit",
    "slow-head=40",
    "slow-body",
    "unknown-field",
    "redirect",
  ])("%s, at submit and at a look", async (fault) => {
    const service = emulator()
    const { exit, seen } = await play(faulty(service, `${fault}@submit`, `${fault}@look`), runSong, carrier)
    expect(value(exit).outputs).toHaveLength(1)
    expect(seen.length).toBeLessThanOrEqual(5)
  })
})

it("a status nobody knows is neither a success nor a failure, and is looked at with patience", async () => {
  const { exit, seen, took } = await play(faulty(emulator({ work: 0 }), "unknown-status@look:always"), runSong)
  expect(failure(exit)).toMatchObject({ _tag: "Overdue", last: { _tag: "Unrecognised" } })
  expect(took).toBeGreaterThan(280)
  expect(took).toBeLessThanOrEqual(300)
  expect(gets(seen).length).toBeLessThanOrEqual(25)
})

it("fields nobody knows are ignored, wherever they are", async () => {
  const extra = { future: { deep: [1] } }
  const answer = {
    ...extra,
    song: { ...extra, id: "op_1", status: "ready", outputs: [{ ...extra, ...file }], error: null },
  }
  const { exit } = await play(scripted(emulator(), [accepted, on("look", seen200(answer))]), runSong)
  expect(value(exit).outputs).toHaveLength(1)
})

it("an id of an odd form, a date of an odd form and an odd length do no harm", async () => {
  const odd = { ...file, expires_at: "soon", duration: -1 }
  const submitted = on("submit", seen200({ song: { id: "op_01h7k...", status: "processing" } }))
  const ready = on("look", seen200({ song: { id: "op_01h7k...", status: "ready", outputs: [odd] } }))
  const { exit, seen } = await play(scripted(emulator(), [submitted, ready]), runSong)
  expect(value(exit).outputs[0].audio.expiresAt).toBeUndefined()
  expect(value(exit).outputs[0]).not.toHaveProperty("duration")
  expect(gets(seen)[0]?.query["id"]).toBe("op_01h7k...")
})

describe("what decorates an answer and is odd decides nothing", () => {
  const ready = { id: "op_1", status: "ready", outputs: [file] }
  const look = (song: object) => [accepted, on("look", seen200({ song } as never))]

  it.each<readonly [string, object]>([
    ["a time of making that is a number", { ...ready, created_at: 1767225600 }],
    ["a link that dies at no time", { ...ready, outputs: [{ ...file, expires_at: null }] }],
    ["a link that dies at a number", { ...ready, outputs: [{ ...file, expires_at: 1767225600 }] }],
    ["a link of which no end is told", { ...ready, outputs: [{ url: file.url }] }],
    ["a length that is text", { ...ready, outputs: [{ ...file, duration: "long" }] }],
    ["a kind that is a list", { ...ready, outputs: [{ ...file, kind: ["vocals"] }] }],
    ["a key that is a number", { ...ready, idempotency_key: 7 }],
    ["an error of a song that is ready", { ...ready, error: "none" }],
    ["an error that has no code", { ...ready, error: {} }],
    ["the other result", { ...ready, output: "none" }],
  ])("%s: the song that is ready is handed over, after one look", async (_, song) => {
    const { exit, seen } = await play(scripted(emulator(), look(song)), runSong)
    expect(value(exit).outputs[0].audio.link).toBeDefined()
    expect(gets(seen)).toHaveLength(1)
  })

  it.each<readonly [string, unknown]>([
    ["is text", "boom"],
    ["has no code", { message: "no voice" }],
    ["has a code that is a number", { code: 7, message: ["no voice"] }],
    ["is not there", undefined],
  ])("work that failed has failed, though its error %s", async (_, error) => {
    const { exit, seen } = await play(scripted(emulator(), look({ id: "op_1", status: "failed", error })), runSong)
    const failed = failure(exit)
    expect(failed).toMatchObject({ _tag: "Failed", handle: { id: "op_1" } })
    expect(failed).not.toHaveProperty("code")
    expect(gets(seen)).toHaveLength(1)
  })

  it("one fault that is odd hides no other in a refusal", async () => {
    const fault = { loc: ["body", "lyrics"], msg: "too long", type: "string_too_long" }
    const refused = on("submit", { status: 422, json: { detail: [{ loc: 7 }, fault] } })
    const { exit } = await play(scripted(emulator(), [refused]), runSong)
    expect(failure(exit)).toMatchObject({
      _tag: "Rejected",
      reason: { issues: [{ path: ["body", "lyrics"], message: "too long", code: "string_too_long" }] },
    })
  })
})
