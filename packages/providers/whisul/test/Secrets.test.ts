import { inspect } from "node:util"
import { Cause, Exit, Redacted } from "effect"
import { describe, expect, it } from "vitest"
import * as Handle from "@tenuto/core/Handle"
import type * as Emulator from "@tenuto/testkit/Emulator"
import {
  answers,
  apiKey,
  carriers,
  emulator,
  failure,
  faulty,
  fixture,
  on,
  play,
  runBeat,
  scripted,
  value,
} from "./stage.ts"

/** Everything a program might print. */
const renderings = (thing: unknown): string =>
  [
    String(thing),
    JSON.stringify(thing),
    inspect(thing, { depth: 20, showHidden: true }),
    thing instanceof Error ? `${thing.message}${thing.stack}` : "",
    Exit.isExit(thing) && Exit.isFailure(thing) ? Cause.pretty(thing.cause) : "",
  ].join("\n")

const completed = fixture("jobs.completed")

describe.each(carriers)("carried by %s", (carrier) => {
  it("no link and no key are in an output, the journal or the timeline", async () => {
    const { exit, journal, seen, timeline } = await play(emulator().handler, runBeat, carrier)
    const { image, song } = value(exit)
    expect(Redacted.value(song.link as never)).toMatch(/\/cdn\/audio\//)
    expect(image && Redacted.value(image.link as never)).toMatch(/\/cdn\/covers\//)
    for (const text of [renderings(value(exit)), renderings(exit), journal, timeline]) {
      expect(text).not.toContain("/cdn/")
      expect(text).not.toContain(apiKey)
    }
    expect(journal.split("\n")).toHaveLength(4)
    // S004: in the header, and never in the query or the body.
    for (const { body, headers, query } of seen) {
      expect(headers["authorization"]).toBe(`Bearer ${apiKey}`)
      const { authorization: _, ...others } = headers
      expect(JSON.stringify([others, query, body])).not.toContain(apiKey)
    }
  })

  it.each([
    "401@submit",
    "429@submit:always",
    "500@submit:always",
    "html@submit:always",
    "garbage@submit:always",
    "reset-after-commit@submit:always",
    "redirect@submit",
    "401@look",
    "429@look:always",
    "500@look:always",
    "wrong-shape@look:always",
    "hang-after-commit@look:always",
    "redirect@look:always",
  ])("no key is in a failure (%s)", async (fault) => {
    const { exit, journal, timeline } = await play(faulty(emulator(), fault), runBeat, carrier)
    for (const text of [renderings(exit), renderings(failure(exit)), journal, timeline]) {
      expect(text).not.toContain(apiKey)
    }
  })
})

describe("a service that repeats the key does not make us print or keep it", () => {
  const words = `The key ${apiKey} was revoked`
  it.each([
    ["the message of a refusal", answers("submit", 401, { error: "Unauthorized", message: words })],
    ["the label of a refusal", answers("submit", 401, { error: words })],
    ["the name of a job", answers("submit", 202, { job_id: apiKey, poll_url: `/jobs/${apiKey}` })],
    ["the address of a job", answers("submit", 202, { job_id: "1", poll_url: `/jobs/${apiKey}` })],
    ["the status of a job", answers("look", 200, { status: words }, 99)],
    ["the error of a job", answers("look", 200, { ...fixture("jobs.failed"), error: words })],
    ["the refusal of a look", answers("look", 401, { message: words })],
    [
      "the title and the tags of a song",
      answers("look", 200, { ...completed, result: { ...(completed["result"] as object), title: words, tags: words } }),
    ],
  ])("in %s", async (_, step) => {
    const { exit, journal, timeline } = await play(scripted(emulator(), [step]), runBeat)
    for (const text of [renderings(exit), journal, timeline]) expect(text).not.toContain(apiKey)
  })
})

it("a link in an answer that cannot be read is not printed", async () => {
  const link = "ftp://cdn.example/a?signature=f00dfeed"
  const shapes = [
    { status: "completed", result: link },
    { status: "completed", result: [link] },
    { status: "completed", result: { song_url: link } },
    { status: "completed", result: { [link]: link } },
    { status: ["completed", link] },
    { [link]: "completed" },
  ]
  for (const shape of shapes) {
    const { exit, journal, timeline } = await play(scripted(emulator(), [answers("look", 200, shape, 99)]), runBeat)
    for (const text of [renderings(failure(exit)), journal, timeline]) expect(text).not.toContain("f00d")
  }
})

it("the signed part of a link in the text of a failure is not printed", async () => {
  const error = "could not read https://files.example/take.wav?signature=f00dfeed"
  const { exit, journal } = await play(
    scripted(emulator(), [answers("look", 200, { ...fixture("jobs.failed"), error })]),
    runBeat,
  )
  for (const text of [renderings(failure(exit)), journal]) expect(text).not.toContain("f00d")
  expect(failure(exit).message).toContain("https://files.example/take.wav?…")
})

it("a query in the address of a job, which may be a secret, is in no handle", async () => {
  const step = answers("submit", 202, { job_id: "1", poll_url: "/jobs/1?token=f00dfeed" })
  const { exit, journal } = await play(scripted(emulator(), [step, answers("look", 200, completed)]), runBeat)
  expect(Handle.write(value(exit).song.handle)).not.toContain("f00d")
  expect(journal).not.toContain("f00d")
})

it("the text of a job that failed is for developers", async () => {
  const { exit } = await play(emulator({ failing: "GPU 7 is on fire" }).handler, runBeat)
  expect(failure(exit)).toMatchObject({ evidence: { message: { _tag: "Developer", text: "GPU 7 is on fire" } } })
})

it("the key goes to the configured origin only, whatever an answer says", async () => {
  const service = emulator()
  const origins = new Set<string>()
  const watched: Emulator.Handler = (request) => {
    if (request.headers["authorization"] !== undefined) origins.add(new URL(request.url).origin)
    return service.handler(request)
  }
  await play(faulty({ ...service, handler: watched }, "redirect@look"), runBeat)
  const elsewhere = on("submit", {
    status: 307,
    headers: { location: "https://evil.test/api/generate" },
    json: { job_id: "1", poll_url: "https://evil.test/api/jobs/1" },
  })
  await play(scripted({ ...service, handler: watched }, [elsewhere]), runBeat)
  expect([...origins]).toEqual(["http://service.test"])
})
