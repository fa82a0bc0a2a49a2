import { describe, expect, it } from "vitest"
import type { Script } from "@tenuto/testkit"
import {
  carriers,
  created,
  emulator,
  failure,
  faulty,
  looks,
  on,
  play,
  posts,
  runProject,
  scripted,
  value,
} from "./stage.ts"

const json = (status: number, body: NonNullable<Script.Answer["json"]> | null): Script.Answer => ({
  status,
  json: body,
})
const typed = { "content-type": "application/json" }

/** Answers of success that do not tell what they should. */
const unreadable: ReadonlyArray<readonly [string, Script.Answer]> = [
  ["HTML", { status: 200, headers: { "content-type": "text/html" }, text: "<h1>It works!</h1>" }],
  ["HTML that says it is JSON", { status: 200, headers: typed, text: "<h1>It works!</h1>" }],
  ["nothing", { status: 200, text: "" }],
  ["nothing, and says so", { status: 204 }],
  ["JSON that breaks off", { status: 200, headers: typed, text: '{"projectId":"j1"' }],
  ["null", json(200, null)],
  ["a list", json(200, [])],
  ["an empty object", json(200, {})],
  ["text", json(200, "j1")],
]

const unnamed: ReadonlyArray<readonly [string, Script.Answer]> = [
  ["a project without an id", json(200, { transcriptId: "k1" })],
  ["an empty id", json(200, { projectId: "", transcriptId: "k1" })],
  ["an id that is a number", json(200, { projectId: 1, transcriptId: "k1" })],
  ["an id in an envelope", json(200, { project: { projectId: "j1" } })],
]

describe("at submit, an answer that cannot be read leaves the truth uncertain, and nothing is sent again", () => {
  it.each([...unreadable, ...unnamed])("%s", async (_, answer) => {
    const { exit, seen } = await play(scripted(emulator(), [on("submit", answer)]), runProject)
    const { status } = answer
    const evidence = { stage: "submit", status }
    expect(failure(exit)).toMatchObject({
      _tag: "Uncertain",
      reason: { _tag: "Malformed" },
      evidence,
      reference: "order-7",
    })
    expect(seen).toHaveLength(1)
  })

  it("what names it has are told, to find the project by", async () => {
    const steps = [
      on("submit", json(500, { error: "x", projectId: "j1", transcriptId: "k1" })),
      on("submit", json(200, { transcriptId: "k1", projectId: 7 })),
    ]
    const also = [{ projectId: "j1", transcriptId: "k1" }, { transcriptId: "k1" }]
    for (const [index, step] of steps.entries()) {
      const { exit } = await play(scripted(emulator(), [step]), runProject)
      expect(failure(exit)).toMatchObject({ _tag: "Uncertain", evidence: { also: also[index] } })
    }
  })
})

describe("any success that names a project is an acceptance", () => {
  it.each([200, 201, 202, 299])("status %s", async (status) => {
    const accepted = on("submit", json(status, { projectId: "j1", transcriptId: "k1", extra: { future: [1] } }))
    const ready = on("look", json(200, { status: "ready", extra: { future: [1] } }))
    const { exit } = await play(scripted(emulator(), [accepted, ready]), runProject)
    expect(value(exit)).toEqual({ projectId: "j1", transcriptId: "k1", status: "ready" })
  })

  it.each<{ readonly projectId: string; readonly transcriptId?: null | number }>([
    { projectId: "j1" },
    { projectId: "j1", transcriptId: null },
    { projectId: "j1", transcriptId: 7 },
  ])("without the name of a transcript: %o", async (body) => {
    const steps = [on("submit", json(200, body)), on("look", json(200, { status: "ready" }))]
    const { exit } = await play(scripted(emulator(), steps), runProject)
    expect(value(exit)).toEqual({ projectId: "j1", status: "ready" })
  })

  it("an id of an odd form is asked for as it is", async () => {
    const steps = [
      on("submit", json(200, { projectId: "j/1?a=b&c#d é", transcriptId: "k1" })),
      on("look", json(200, { status: "ready" })),
    ]
    const { exit, seen } = await play(scripted(emulator(), steps), runProject)
    expect(value(exit).projectId).toBe("j/1?a=b&c#d é")
    expect(looks(seen)).toMatchObject([{ path: "/api/projects/j%2F1%3Fa%3Db%26c%23d%20%C3%A9/status", query: {} }])
  })
})

describe("at a look, an answer that cannot be read is one failed look", () => {
  const odd: ReadonlyArray<readonly [string, Script.Answer]> = [
    ["a status that is a number", json(200, { status: 3 })],
    ["a status of null", json(200, { status: null })],
    ["a status in an envelope", json(200, { project: { status: "ready" } })],
  ]
  it.each([...unreadable, ...odd])("%s", async (_, answer) => {
    const { exit, seen, took } = await play(scripted(emulator(), [on("look", answer, 1000)]), runProject)
    const evidence = { stage: "look", status: answer.status }
    expect(failure(exit)).toMatchObject({ _tag: "Overdue", reason: { _tag: "Malformed" }, evidence })
    expect(took).toBeLessThanOrEqual(3000)
    expect(looks(seen).length).toBeLessThanOrEqual(199)
  })

  it("and the next one that can be read counts", async () => {
    const { exit, seen } = await play(faulty(emulator(), "html=200@look:2", "empty-body@look"), runProject)
    expect(value(exit).status).toBe("completed")
    expect(looks(seen)).toHaveLength(4)
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
    "500",
    "503=40",
    "429=40",
  ])("%s, at a look", async (fault) => {
    const service = emulator()
    const { exit, seen } = await play(faulty(service, `${fault}@look`), runProject, carrier)
    expect(value(exit).status).toBe("completed")
    expect(posts(seen)).toHaveLength(1)
    expect(looks(seen).length).toBeLessThanOrEqual(2)
    expect(await created(service)).toHaveLength(1)
  })
})

it("a word nobody knows is neither a success nor a failure, and is looked at with patience", async () => {
  const { exit, seen, took } = await play(faulty(emulator(), "unknown-status@look:always"), runProject)
  expect(failure(exit)).toMatchObject({ _tag: "Overdue", last: { _tag: "Unrecognised" } })
  expect(took).toBeLessThanOrEqual(3000)
  expect(looks(seen)).toHaveLength(199)
})
