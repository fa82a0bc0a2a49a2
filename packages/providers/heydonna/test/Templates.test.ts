import { Effect, Redacted, type Schema } from "effect"
import { describe, expect, it } from "vitest"
import * as Artifact from "@tenuto/core/Artifact"
import * as Client from "@tenuto/core/Client"
import * as HeyDonna from "@tenuto/heydonna"
import { apiKey, carriers, emulator, failure, faulty, lists, on, play, renderings, scripted, value } from "./stage.ts"

const list = Client.run(HeyDonna.listTemplates({}))
/** A service whose list looks like this: no page shows one. */
const listing = (json: Schema.Json) => scripted(emulator(), [on("submit", { status: 200, json }, 99)])
const link = "https://user:5ecre7@bucket.example/t1.docx?X-Amz-Signature=5ecre7"

describe("the list settles at once, as the service gave it", () => {
  it.each([
    ["an object", { templates: [{ id: "t1", name: "Deposition", isDefault: true, pages: 3.5, parent: null }] }],
    ["a list", [{ id: "t1" }, { id: "t2", tags: ["a", "b"] }]],
    ["an empty list", []],
    ["text", "none"],
    ["null", null],
  ])("%s", async (_, templates) => {
    const { exit, seen, took } = await play(listing(templates), list)
    expect(value(exit)).toEqual(templates)
    expect([lists(seen).length, seen.length, took]).toEqual([1, 1, 0])
  })

  it("two files never share a name, also where the name of a field holds a dot", async () => {
    const one = { a: { b: `${link}&1` }, "a.b": `${link}&2`, "a~1b": `${link}&3` }
    const output = value((await play(listing(one), list)).exit)
    const names = ["a.b", "a~1b", "a~01b"]
    for (const [nth, name] of names.entries()) {
      const found = Artifact.find(output, name)?.link
      expect(found === undefined ? undefined : Redacted.value(found)).toBe(`${link}&${nth + 1}`)
    }
  })

  it("asked for again by its handle, it is the list of now", async () => {
    const program = Effect.gen(function* () {
      const handle = yield* Client.submit(HeyDonna.listTemplates({}))
      return [yield* Client.look(HeyDonna.listTemplates, handle), yield* Client.settle(HeyDonna.listTemplates, handle)]
    })
    const { exit, seen } = await play(listing(["t1"]), program)
    expect(value(exit)).toEqual([{ _tag: "Succeeded", word: "listed", output: ["t1"] }, ["t1"]])
    expect(lists(seen)).toHaveLength(2)
  })
})

describe("it is asked for again whatever became of the first time, for it creates nothing", () => {
  describe.each(carriers)("carried by %s", (carrier) => {
    it.each([
      "reset-after-commit",
      "hang-after-commit",
      "truncated",
      "garbage",
      "500",
      "502",
      "503",
      "html",
      "empty-body",
    ])("%s", async (fault) => {
      const { exit, seen } = await play(faulty(emulator(), `${fault}@submit`), list, carrier)
      expect(value(exit)).toMatchObject({ templates: [{ projectType: "legal" }, { projectType: "general" }] })
      expect(lists(seen)).toHaveLength(2)
    })
  })

  it("429: after the time it names, else a minute", async () => {
    const { exit, seen } = await play(
      scripted(emulator(), [on("submit", { status: 429, json: { error: "Rate limit exceeded" } })]),
      list,
    )
    value(exit)
    expect(lists(seen).map(({ at }) => at)).toEqual([0, 60])
  })

  it("not for ever, and not where asking again cannot help", async () => {
    const broken = await play(faulty(emulator(), "500@submit:always"), list)
    expect(failure(broken.exit)).toMatchObject({ _tag: "Uncertain" })
    expect(lists(broken.seen)).toHaveLength(8)
    const foreign = await play(faulty(emulator(), "401@submit"), list)
    expect(failure(foreign.exit)).toMatchObject({ _tag: "Rejected", reason: { _tag: "Unauthenticated" } })
    expect(lists(foreign.seen)).toHaveLength(1)
  })
})

describe("what looks like an address may be a secret", () => {
  const templates = {
    templates: [{ id: "t1", preview: link, note: `see ${link}, or https://docs.example/t1#top`, [link]: 1 }],
    version: "https:5ecre7",
  }

  it("each comes as a link that never prints and is in no journal; in a text only its host is left", async () => {
    const { exit, journal, timeline } = await play(listing(templates), list)
    const output = value(exit)
    for (const text of [renderings(output), renderings(exit), journal, timeline]) expect(text).not.toContain("5ecre7@")
    for (const text of [renderings(output), journal]) expect(text).not.toContain("Signature")
    expect(output).toMatchObject({
      templates: [{ id: "t1", note: "see https://bucket.example/… or https://docs.example/…" }],
    })
    const found = Artifact.find(output, "templates.0.preview")
    expect(found?.link === undefined ? "" : Redacted.value(found.link)).toBe(link)
  })

  it("a link that came from a journal is renewed by asking for the list again", async () => {
    const program = Effect.gen(function* () {
      const { handle, name } = Artifact.find(yield* list, "templates.0.preview") ?? (yield* Effect.die("it is there"))
      const kept = new Artifact.Artifact({ name, handle })
      return (yield* Client.renew(HeyDonna.listTemplates, kept)).link
    })
    const { exit, seen } = await play(listing(templates), program)
    const renewed = value(exit)
    expect(renewed === undefined ? "" : Redacted.value(renewed)).toBe(link)
    expect(lists(seen)).toHaveLength(2)
  })

  it("a service that repeats the key does not make us keep it", async () => {
    const { exit, journal } = await play(listing({ note: `key ${apiKey}` }), list)
    for (const text of [renderings(value(exit)), journal]) expect(text).not.toContain(apiKey)
  })
})

it.each([300, 2000, 100_000])("a list that is nested %s levels deep is no list, and breaks nobody", async (depth) => {
  const text = `${"[".repeat(depth)}${"]".repeat(depth)}`
  const answer = on("submit", { status: 200, headers: { "content-type": "application/json" }, text }, 99)
  const { exit } = await play(scripted(emulator(), [answer]), list)
  expect(failure(exit)).toMatchObject({ _tag: "Uncertain", reason: { _tag: "Malformed" } })
})
