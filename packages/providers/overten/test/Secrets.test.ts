import { inspect } from "node:util"
import { Cause, Effect, Exit, Redacted, Stream } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Download from "@tenuto/http/Download"
import type * as Emulator from "@tenuto/testkit/Emulator"
import * as Overten from "@tenuto/overten"
import {
  apiKey,
  brief,
  carriers,
  emulator,
  failure,
  faulty,
  on,
  play,
  runBrief,
  runSlow,
  scripted,
  value,
} from "./stage.ts"

const secret = "whsec_5f3a9c17d2e8b604"
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
    const program = Effect.gen(function* () {
      const output = yield* runBrief
      if (output.document === undefined) return yield* Effect.die("there is no document")
      const linked = yield* Client.renew(Overten.wordGenerate, output.document)
      yield* Stream.runDrain(Download.stream(Overten.wordGenerate, linked))
      return { output, linked }
    })
    const { exit, journal, timeline } = await play(emulator().handler, program, { carrier })
    const { linked, output } = value(exit)
    expect(Redacted.value(output.editor?.link as never)).toMatch(signature)
    expect(Redacted.value(linked.link as never)).toMatch(signature)
    for (const text of [renderings(output), renderings(linked), renderings(exit), journal, timeline]) {
      expect(text).not.toMatch(signature)
      expect(text).not.toContain(apiKey)
    }
    expect(journal.split("\n")).toHaveLength(3)
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
    for (const auth of ["bearer", "x-api-key"] as const) {
      const { exit, journal, timeline } = await play(faulty(emulator(), fault), runSlow, { carrier, auth })
      failure(exit)
      for (const text of [renderings(exit), renderings(failure(exit)), journal, timeline])
        expect(text).not.toContain(apiKey)
    }
  })
})

it.each([
  ["a message", { success: false, error: "invalid_api_key", message: `The key ${apiKey} was revoked` }],
  ["a code", { success: false, error: apiKey, message: "No" }],
  ["a list", { detail: [{ loc: ["header", apiKey], msg: `Bearer ${apiKey} is not valid`, type: "value_error" }] }],
  ["a name", { success: false, error: "invalid_api_key", message: "No", run_id: apiKey }],
])("a service that repeats the key in %s does not make us print it", async (_, json) => {
  for (const stage of ["submit", "look"] as const) {
    const { exit, journal } = await play(scripted(emulator(), [on(stage, { status: 401, json })]), runSlow)
    const error = failure(exit)
    expect(error).toMatchObject({ evidence: { status: 401 } })
    for (const text of [renderings(error), journal]) expect(text).not.toContain(apiKey)
  }
})

it("a link in a message, or in the error of a task, is not printed whole", async () => {
  const link = "https://cdn.example/a?signature=f00dfeed"
  const message = `Could not fetch ${link} for you`
  const refused = { status: 400, json: { success: false, error: "invalid_request", message } }
  const failed = { status: 200, json: { status: "failed", error: { code: "upstream_error", message } } }
  for (const step of [on("submit", refused), on("look", failed)]) {
    const { exit, journal } = await play(scripted(emulator(), [step]), runSlow)
    for (const text of [renderings(failure(exit)), journal]) expect(text).not.toContain("f00d")
  }
})

it("a link in an answer that cannot be read, or where none is read, is not printed", async () => {
  const link = "https://cdn.example/a?signature=f00dfeed"
  const shapes = [
    { status: "completed", result: { download_url: [link] } },
    { status: "completed", result: { edit_url: { url: link } } },
    { status: ["completed", link], result: link },
  ]
  for (const shape of shapes) {
    const { exit, journal, timeline } = await play(
      scripted(emulator(), [on("look", { status: 200, json: shape }, 999)]),
      runSlow,
    )
    for (const text of [renderings(exit), journal, timeline]) expect(text).not.toContain("f00d")
  }
})

it("the secret that signs webhooks is in the answer to verify, and nowhere after it", async () => {
  const { exit, journal, timeline } = await play(
    emulator({ webhookSecret: secret }).handler,
    Client.run(Overten.verify({})),
  )
  expect(value(exit)).toMatchObject({ status: "active" })
  for (const text of [renderings(exit), journal, timeline]) expect(text).not.toContain(secret)
})

it("the key goes to the configured origin only, whatever an answer says", async () => {
  const service = emulator()
  const origins = new Set<string>()
  const watched: Emulator.Handler = (request) => {
    if (JSON.stringify(request.headers).includes(apiKey)) origins.add(new URL(request.url).origin)
    return service.handler(request)
  }
  await play(faulty({ ...service, handler: watched }, "redirect@submit", "redirect@look"), runSlow)
  expect([...origins]).toEqual(["http://service.test"])
  const handle = value((await play(emulator().handler, Client.submit(brief))).exit)
  const { exit, seen } = await play(
    service.handler,
    Client.settle(Overten.wordGenerate, { ...handle, origin: "http://elsewhere.test" }),
  )
  expect(failure(exit)).toMatchObject({ _tag: "Unseen", reason: { _tag: "Invalid" } })
  expect(seen).toEqual([])
})
