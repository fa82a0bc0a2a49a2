import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Client, Handle } from "@tenuto/core"
import { Emulator, type Rehearsal } from "@tenuto/testkit"
import * as AzureStyle from "@tenuto/examples/azure-style"
import { type Answers, type Fields, apiKey, asked, carriers, failure, service, stage, value, watched } from "./stage.ts"

const play = stage(AzureStyle.layer)
const draft = AzureStyle.render({ lyrics: "Hold the note" })
const run = Client.run(draft)

const empty = (location: string, retryAfter?: number): Emulator.Behaviour =>
  Emulator.answer(202, "", {
    "operation-location": location,
    ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
  })
const taken: Answers = (origin) => empty(`${origin}/operations/7?api-version=2026-01-01`)
const monitor = (fields: Fields, retryAfter?: number) => {
  const hint = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }
  return Emulator.json(200, { id: "7", ...fields }, { "x-ms-request-id": "req-9", ...hint })
}
const song = { title: "Hold the note", bars: 12 }
const running = monitor({ status: "Running" })
const done = monitor({ status: "Succeeded", result: { ...song, key: "D minor" } })
const posts = (seen: ReadonlyArray<Rehearsal.Seen>) => seen.filter(({ method }) => method === "POST")

describe.each(carriers)("a service in the style of Azure, over %s", (carrier) => {
  it("tells its progress, and is looked at when it asks to be, to the second", async () => {
    const handler = service({
      POST: [(origin) => empty(`${origin}/operations/7?api-version=2026-01-01`, 7)],
      GET: [
        monitor({ status: "NotStarted" }, 12),
        monitor({ status: "Running", percentComplete: 40 }, 31),
        monitor({ status: "Running", percentComplete: 140 }),
        done,
      ],
    })
    const { exit, seen, took } = await play(carrier, handler, watched(draft))
    const { output, told } = value(exit)
    expect(output).toEqual(song)
    expect(told).toEqual([
      { _tag: "Pending", word: "NotStarted" },
      { _tag: "Pending", word: "Running", progress: 0.4 },
      { _tag: "Pending", word: "Running", progress: 1 },
      { _tag: "Succeeded", word: "Succeeded", output: song },
    ])
    const look = "GET /operations/7"
    expect(asked(seen)).toEqual(["0 POST /songs:render", `7 ${look}`, `19 ${look}`, `50 ${look}`, `55 ${look}`])
    expect(seen[1]?.query).toEqual({ "api-version": "2026-01-01" })
    expect(seen.map(({ headers }) => headers["api-key"])).toEqual(Array.from(seen, () => apiKey))
    expect(took).toBe(55)
  })

  it("may say relatively where to look", async () => {
    for (const location of ["/operations/7", "operations/7"]) {
      const { exit, seen } = await play(carrier, service({ POST: [empty(location)], GET: [done] }), run)
      expect(value(exit)).toEqual(song)
      expect(seen[1]?.path).toBe("/operations/7")
    }
  })

  it("may be done in the answer to the submit", async () => {
    const at = (body: Fields) => (origin: string) =>
      Emulator.json(202, body, { "operation-location": `${origin}/operations/7` })
    const { exit, seen } = await play(carrier, service({ POST: [at({ status: "Succeeded", result: song })] }), run)
    expect(value(exit)).toEqual(song)
    expect(seen).toHaveLength(1)
    const odd = await play(carrier, service({ POST: [at({ hello: "there" })], GET: [done] }), run)
    expect(value(odd.exit)).toEqual(song) // a body that says nothing does not lose the work
  })

  it("survives a word that nobody knows, and fields that nobody knows", async () => {
    const handler = service({ POST: [taken], GET: [monitor({ status: "Marinating", mood: "good" }), running, done] })
    const { exit, seen } = await play(carrier, handler, watched(draft))
    const { told } = value(exit)
    expect(told[0]).toEqual({ _tag: "Unrecognised", word: "Marinating" })
    expect(asked(seen).at(-1)).toBe("15 GET /operations/7")
  })

  it("fails with a code it documents, and with one of tomorrow", async () => {
    const failed = (code: string) => monitor({ status: "Failed", error: { code, message: "No such words here." } })
    const known = await play(carrier, service({ POST: [taken], GET: [failed("LyricsRefused")] }), run)
    expect(failure(known.exit)).toMatchObject({
      _tag: "Failed",
      code: "LyricsRefused",
      reason: { _tag: "PolicyViolation" },
      evidence: { requestId: "req-9", message: { _tag: "Developer", text: "No such words here." } },
    })
    const unknown = await play(carrier, service({ POST: [taken], GET: [failed("TooBeautiful")] }), run)
    expect(failure(unknown.exit)).toMatchObject({
      _tag: "Failed",
      code: "TooBeautiful",
      reason: { _tag: "Unrecognised", code: "TooBeautiful" },
    })
  })

  it("is cancelled by a DELETE, whose answer is empty; the next look tells", async () => {
    const handler = service({
      POST: [taken],
      DELETE: [Emulator.answer(204)],
      GET: [running, monitor({ status: "Canceled" })],
    })
    const program = Effect.gen(function* () {
      const handle = yield* Client.submit(draft)
      yield* Client.look(AzureStyle.render, handle)
      const cancellation = yield* Client.cancel(AzureStyle.render, handle)
      return { cancellation, end: yield* Effect.flip(Client.settle(AzureStyle.render, handle)) }
    })
    const { exit, seen } = await play(carrier, handler, program)
    const { cancellation, end } = value(exit)
    expect(cancellation).toEqual({ _tag: "Asked", observation: { _tag: "Pending", word: "cancelling" } })
    expect(end._tag).toBe("Cancelled")
    expect(seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "POST /songs:render",
      "GET /operations/7",
      "DELETE /operations/7",
      "GET /operations/7",
    ])
  })

  it("says that it is too late to cancel what is done", async () => {
    const program = Effect.flatMap(Client.submit(draft), (handle) => Client.cancel(AzureStyle.render, handle))
    const late = await play(carrier, service({ POST: [taken], DELETE: [done] }), program)
    expect(value(late.exit)).toMatchObject({ _tag: "TooLate", observation: { _tag: "Succeeded" } })
    const refusal = Emulator.json(409, { error: { code: "NotCancellable", message: "It is done." } })
    const refused = await play(carrier, service({ POST: [taken], DELETE: [refusal] }), program)
    expect(failure(refused.exit)).toMatchObject({ _tag: "Unseen", reason: { _tag: "Conflict", over: "State" } })
  })

  it("sends a submit whose answer is lost once: it may have started", async () => {
    const { exit, seen } = await play(carrier, service({ POST: [Emulator.Behaviour.Reset()] }), run)
    expect(failure(exit)._tag).toBe("Uncertain")
    expect(posts(seen)).toHaveLength(1)
  })

  it("sends a submit that was refused again, no sooner than asked", async () => {
    const limited = Emulator.json(429, { error: { code: "TooManyRequests" } }, { "retry-after": "30" })
    const { exit, seen } = await play(carrier, service({ POST: [limited, taken], GET: [done] }), run)
    expect(value(exit)).toEqual(song)
    expect(asked(posts(seen))).toEqual(["0 POST /songs:render", "30 POST /songs:render"])
  })

  it("loses no work to a look that fails, and knows when its monitor is gone", async () => {
    const unavailable = Emulator.answer(503, "<h1>later</h1>", { "content-type": "text/html", "retry-after": "20" })
    const handler = service({ POST: [taken], GET: [unavailable, Emulator.json(404, { error: { code: "NotFound" } })] })
    const { exit, seen } = await play(carrier, handler, run)
    expect(failure(exit)).toMatchObject({ _tag: "Lost", reason: { _tag: "NotFoundOrGone" } })
    expect(asked(seen).slice(1)).toEqual(["5 GET /operations/7", "25 GET /operations/7"])
  })

  it("accepts nothing that says not where to look, and sends nothing again", async () => {
    for (const nowhere of [Emulator.answer(202), empty("http://[oops")]) {
      const { exit, seen } = await play(carrier, service({ POST: [nowhere] }), run)
      expect(failure(exit)).toMatchObject({ _tag: "Uncertain", reason: { _tag: "Malformed" } })
      expect(seen).toHaveLength(1)
    }
  })

  it("gets no credential to another origin: a second server that is named as the place to look sees nothing", async () => {
    const visits: Array<string> = []
    const thief: Emulator.Handler = ({ url }) => Effect.sync(() => (visits.push(url), done))
    let elsewhere = "http://elsewhere.test"
    const at = (text: (host: string) => string) => () => empty(text(new URL(elsewhere).host))
    const places = [(host: string) => `http://${host}/operations/7`, (host: string) => `//${host}/operations/7`]
    for (const place of places) {
      const program = Effect.gen(function* () {
        if (carrier === "loopback") elsewhere = (yield* Emulator.serve(thief)).url
        const handle = yield* Client.submit(draft)
        const seen = yield* Effect.flip(Client.settle(AzureStyle.render, handle))
        const cancelled = yield* Effect.flip(Client.cancel(AzureStyle.render, handle))
        return { handle, tags: [seen._tag, cancelled._tag], reason: seen }
      })
      const { exit, journal, seen } = await play(carrier, service({ POST: [at(place)], GET: [done] }), program)
      const { handle, reason, tags } = value(exit)
      expect(tags).toEqual(["Unseen", "Unseen"])
      expect(reason.message).toContain("leads away")
      expect(handle.locator).toBe(`${elsewhere}/operations/7`) // kept for people
      expect(asked(seen)).toEqual(["0 POST /songs:render"])
      expect(visits).toEqual([])
      expect(journal).not.toContain(apiKey)
    }
  })

  it("is looked at by a handle that was written down, with or without a place", async () => {
    const handler = service({ POST: [taken], GET: [done] })
    const program = Effect.gen(function* () {
      const { locator: _, ...handle } = yield* Client.submit(draft)
      return yield* Client.settle(AzureStyle.render, JSON.parse(Handle.write(handle)) as Handle.Handle)
    })
    expect(value((await play(carrier, handler, program)).exit)).toEqual(song)
  })
})
