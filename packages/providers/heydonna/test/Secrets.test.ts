import { Effect, Logger, References, Tracer } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as HeyDonna from "@tenuto/heydonna"
import * as Emulator from "@tenuto/testkit/Emulator"
import {
  apiKey,
  audioUrl,
  carriers,
  emulator,
  failure,
  faulty,
  on,
  play,
  renderings,
  runProject,
  scripted,
  title,
  value,
} from "./stage.ts"

/** A signature that stands in the service's own texts only. */
const theirs = "0ther5ecre7"
const undownloaded = {
  error: "Failed to download audio from the provided URL",
  details: `Failed to fetch source URL (status 403): https://bucket.example/a.mp3?X-Amz-Signature=${theirs} (${audioUrl})`,
}

/** What a program says while it runs: its logs, its spans, and every step that a watcher is shown. */
const overheard = <A, E, R>(program: Effect.Effect<A, E, R>) => {
  const said: Array<string> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      const attribute = span.attribute.bind(span)
      span.attribute = (key, at) => {
        said.push(`${key} ${renderings(at)}`)
        attribute(key, at)
      }
      said.push(options.name)
      return span
    },
  })
  const logger = Logger.make(({ cause, message }) => void said.push(renderings(message), renderings(cause)))
  const watched = program.pipe(
    Effect.tapCause((cause) => Effect.logError("it failed", cause)),
    Effect.withSpan("a run of the caller's"),
    Effect.provideService(Client.Watcher, (step) => Effect.logDebug("Happened" in step ? step : step._tag)),
    Effect.withTracer(tracer),
    Effect.provide(Logger.layer([logger])),
    Effect.provideService(References.MinimumLogLevel, "All"),
  )
  return { said, program: watched }
}

describe.each(carriers)("carried by %s", (carrier) => {
  it("details are in no message, JSON, inspection, log, span, journal or timeline", async () => {
    for (const status of [500, 502, 503]) {
      const heard = overheard(runProject)
      const { exit, journal, timeline } = await play(
        scripted(emulator(), [on("submit", { status, json: undownloaded })]),
        heard.program,
        carrier,
      )
      const [drafted = "", ...later] = journal.split("\n")
      expect(drafted).toContain('"Drafted"')
      for (const text of [renderings(failure(exit)), renderings(exit), later.join("\n"), timeline, ...heard.said]) {
        expect(text).not.toContain(theirs)
        expect(text).not.toContain("5ecre7")
        expect(text).not.toContain("Failed to fetch")
      }
      expect(drafted).not.toContain(theirs)
    }
  })

  it("the input's own link is in the journal's draft, for it may have to be sent again, and nowhere else", async () => {
    const heard = overheard(runProject)
    const { exit, journal, timeline } = await play(emulator().handler, heard.program, carrier)
    const [drafted = "", ...later] = journal.split("\n")
    expect(drafted).toContain(audioUrl)
    for (const text of [renderings(value(exit)), renderings(exit), later.join("\n"), timeline, ...heard.said]) {
      expect(text).not.toContain("5ecre7")
      expect(text).not.toContain(apiKey)
    }
    expect(drafted).not.toContain(apiKey)
  })

  it.each([
    "401@submit",
    "500@submit",
    "html@submit",
    "garbage@submit",
    "reset-after-commit@submit",
    "401@look",
    "wrong-shape@look:always",
  ])("no key and no link is in a failure (%s)", async (fault) => {
    const { exit, journal, timeline } = await play(faulty(emulator(), fault), runProject, carrier)
    for (const text of [renderings(failure(exit)), renderings(exit), timeline, journal]) {
      expect(text).not.toContain(apiKey)
    }
    for (const text of [renderings(failure(exit)), renderings(exit), timeline]) expect(text).not.toContain("5ecre7")
  })
})

it.each([
  ["its sentence", { error: `Failed to download audio from ${audioUrl}` }],
  ["a field it names", { error: `Missing required field: ${audioUrl}` }],
  ["details of another kind", { error: "x", details: { url: audioUrl } }],
  ["a member nobody knows", { error: "x", url: audioUrl }],
])("a link of the caller's in %s is not shown", async (_, json) => {
  for (const [stage, status] of [
    ["submit", 400],
    ["submit", 502],
    ["look", 400],
  ] as const) {
    const { exit, journal } = await play(scripted(emulator(), [on(stage, { status, json })]), runProject)
    const [, ...later] = journal.split("\n")
    for (const text of [renderings(failure(exit)), later.join("\n")]) expect(text).not.toContain("5ecre7")
  }
})

it("a service that repeats the key does not make us print it", async () => {
  for (const stage of ["submit", "look"] as const) {
    const json = { error: `The key ${apiKey} was revoked`, details: apiKey }
    const { exit, journal } = await play(scripted(emulator(), [on(stage, { status: 401, json })]), runProject)
    for (const text of [renderings(failure(exit)), journal]) expect(text).not.toContain(apiKey)
  }
})

it("what no page shows of a finished project is not kept: it may hold links", async () => {
  const json = { status: "ready", transcriptUrl: audioUrl, files: [{ url: audioUrl }], error: `x ${audioUrl}` }
  for (const word of ["ready", "failed", "marinating"]) {
    const answer = on("look", { status: 200, json: { ...json, status: word } }, 999)
    const { exit, journal, timeline } = await play(scripted(emulator(), [answer]), runProject)
    const [, ...later] = journal.split("\n")
    for (const text of [renderings(exit), later.join("\n"), timeline]) expect(text).not.toContain("5ecre7")
  }
})

it("the key goes to the configured origin only, whatever an answer says", async () => {
  const service = emulator()
  const origins = new Set<string>()
  const watched: Emulator.Handler = (request) => {
    if (request.headers["authorization"] !== undefined) origins.add(new URL(request.url).origin)
    return service.handler(request)
  }
  await play(faulty({ ...service, handler: watched }, "redirect@look"), runProject)
  expect([...origins]).toEqual(["http://service.test"])
  const handle = value(
    (await play(emulator().handler, Client.submit(HeyDonna.createProject({ title, audioUrl })))).exit,
  )
  const astray = { ...handle, origin: "http://elsewhere.test" }
  const { exit, seen } = await play(service.handler, Client.settle(HeyDonna.createProject, astray))
  expect(failure(exit)).toMatchObject({ _tag: "Unseen", reason: { _tag: "Invalid" } })
  expect(seen).toEqual([])
})
