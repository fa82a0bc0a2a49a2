import { inspect } from "node:util"
import { Cause, Exit, Redacted } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Soundpiece from "@tenuto/soundpiece"
import { apiKey, carriers, emulator, failure, faulty, on, play, runSong, scripted, song, value } from "./stage.ts"

/** Everything a program might print. */
const renderings = (thing: unknown): string =>
  [
    String(thing),
    JSON.stringify(thing),
    inspect(thing, { depth: 20, showHidden: true }),
    thing instanceof Error ? `${thing.message}${thing.stack}` : "",
    Exit.isExit(thing) && Exit.isFailure(thing) ? Cause.pretty(thing.cause) : "",
  ].join("\n")

const signature = /signature=[0-9a-f]/

describe.each(carriers)("carried by %s", (carrier) => {
  it("no link and no key are in an output, the journal or the timeline", async () => {
    const { exit, journal, seen, timeline } = await play(emulator().handler, runSong, carrier)
    const output = value(exit)
    expect(Redacted.value(output.outputs[0].audio.link as never)).toMatch(signature)
    for (const text of [renderings(output), renderings(exit), journal, timeline]) {
      expect(text).not.toMatch(signature)
      expect(text).not.toContain(apiKey)
    }
    expect(journal.split("\n")).toHaveLength(4)
    expect(seen[0]?.headers["authorization"]).toBe(`Bearer ${apiKey}`)
  })

  it.each([
    "401@submit",
    "500@submit:always",
    "html@submit:always",
    "garbage@submit:always",
    "reset-after-commit@submit:always",
    "401@look",
    "wrong-shape@look:always",
    "hang-after-commit@look:always",
  ])("no key is in a failure (%s)", async (fault) => {
    const { exit, journal, timeline } = await play(faulty(emulator(), fault), runSong, carrier)
    failure(exit)
    for (const text of [renderings(exit), renderings(failure(exit)), journal, timeline])
      expect(text).not.toContain(apiKey)
  })
})

it.each([
  ["a sentence", { detail: `The key ${apiKey} was revoked` }],
  [
    "a list",
    { detail: [{ loc: ["header", "authorization"], msg: `Bearer ${apiKey} is not valid`, type: "value_error" }] },
  ],
])("a service that repeats the key in %s does not make us print it", async (_, json) => {
  for (const stage of ["submit", "look"] as const) {
    const { exit, journal } = await play(scripted(emulator(), [on(stage, { status: 401, json })]), runSong)
    const error = failure(exit)
    expect(error).toMatchObject({ evidence: { status: 401 } })
    for (const text of [renderings(error), journal]) expect(text).not.toContain(apiKey)
  }
})

it("a link in an answer that cannot be read is not printed", async () => {
  const link = "https://cdn.example/a?signature=f00dfeed"
  const shapes = [
    { id: "op_1", status: "ready", outputs: { url: link } },
    { id: "op_1", status: "ready", outputs: [link] },
    { id: "op_1", status: "ready", output: link },
    { id: "op_1", status: ["ready", link] },
  ]
  for (const shape of shapes) {
    const steps = [
      on("submit", { status: 200, json: { song: { id: "op_1", status: "processing" } } }),
      on("look", { status: 200, json: { song: shape } }, 99),
    ]
    const { exit, journal, timeline } = await play(scripted(emulator(), steps), runSong)
    for (const text of [renderings(failure(exit)), journal, timeline]) expect(text).not.toContain("f00d")
  }
})

it("the key goes to the configured origin only, whatever an answer says", async () => {
  const service = emulator()
  const origins = new Set<string>()
  const watched: Emulator.Handler = (request) => {
    if (request.headers["authorization"] !== undefined) origins.add(new URL(request.url).origin)
    return service.handler(request)
  }
  await play(faulty({ ...service, handler: watched }, "redirect@submit", "redirect@look"), runSong)
  expect([...origins]).toEqual(["http://service.test"])
  const handle = value((await play(emulator().handler, Client.submit(song))).exit)
  const { exit, seen } = await play(
    service.handler,
    Client.settle(Soundpiece.newSong, { ...handle, origin: "http://elsewhere.test" }),
  )
  expect(failure(exit)).toMatchObject({ _tag: "Unseen", reason: { _tag: "Invalid" } })
  expect(seen).toEqual([])
})
