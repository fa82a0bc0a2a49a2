import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { Client } from "@tenuto/core"
import { Emulator } from "@tenuto/testkit"
import * as GoogleStyle from "@tenuto/examples/google-style"
import { type Fields, apiKey, asked, carriers, failure, service, stage, value, watched } from "./stage.ts"

const play = stage(GoogleStyle.layer)
const draft = GoogleStyle.render({ lyrics: "Hold the note" })
const run = Client.run(draft)

const name = "projects/choir 1/operations/7"
const work = (fields: Fields) => Emulator.json(200, { name, ...fields })
const refusal = (status: number, word: string, details: ReadonlyArray<Fields> = [], headers = {}) =>
  Emulator.json(status, { error: { code: status, status: word, message: "No.", details } }, headers)
const song = { title: "Hold the note", bars: 12 }
const started = work({ done: false })
const running = work({ metadata: { "@type": "type.ostinato.test/Progress", progressPercent: 40 } }) // no `done`: false
const done = work({ done: true, response: { "@type": "type.ostinato.test/Song", ...song } })
const posts = (paths: ReadonlyArray<string>) => paths.filter((path) => path.includes("POST"))
const look = "GET /v1/projects/choir%201/operations/7"

describe.each(carriers)("a service in the style of Google, over %s", (carrier) => {
  it("tells its progress, and is looked at no sooner than it asks", async () => {
    const late = Emulator.json(200, { name, metadata: { progressPercent: 80 } }, { "retry-after": "31" })
    const { exit, seen, took } = await play(
      carrier,
      service({ POST: [started], GET: [running, late, done] }),
      watched(draft),
    )
    const { output, told } = value(exit)
    expect(output).toEqual(song)
    expect(told).toEqual([
      { _tag: "Pending", word: "running", progress: 0 },
      { _tag: "Pending", word: "running", progress: 0.4 },
      { _tag: "Pending", word: "running", progress: 0.8 },
      { _tag: "Succeeded", word: "done", output: song },
    ])
    expect(asked(seen)).toEqual(["0 POST /v1/songs:render", `5 ${look}`, `10 ${look}`, `41 ${look}`])
    expect(seen.map(({ headers }) => headers["authorization"])).toEqual(Array.from(seen, () => `Bearer ${apiKey}`))
    expect(took).toBe(41)
  })

  it("may be done, or have failed, in the answer to the submit", async () => {
    const { exit, seen } = await play(carrier, service({ POST: [done] }), run)
    expect(value(exit)).toEqual(song)
    expect(asked(seen)).toEqual(["0 POST /v1/songs:render"])
    const failed = await play(carrier, service({ POST: [work({ done: true, error: { code: 8 } })] }), run)
    expect(failure(failed.exit)).toMatchObject({ _tag: "Failed", code: "8", reason: { _tag: "RateLimited" } })
    expect(failed.seen).toHaveLength(1)
  })

  it("survives a state that nobody knows, fields that nobody knows and a result that nobody can read", async () => {
    const marinating = work({ metadata: { state: "MARINATING", mood: "good" }, etag: "x" })
    const handler = service({ POST: [started], GET: [marinating, work({ done: true }), work({ done: "maybe" }), done] })
    const { exit, seen } = await play(carrier, handler, watched(draft))
    const { told } = value(exit)
    expect(told[1]).toMatchObject({ _tag: "Pending", word: "MARINATING" })
    expect(asked(seen).slice(1)).toHaveLength(4)
    // The same in the answer to the submit: the work has a name, and is not lost.
    const odd = await play(carrier, service({ POST: [work({ done: true, response: 7 })], GET: [done] }), run)
    expect(value(odd.exit)).toEqual(song)
  })

  it("fails with a number it documents, and with one of tomorrow", async () => {
    const failed = (error: Fields) => service({ POST: [started], GET: [work({ done: true, error })] })
    const known = await play(carrier, failed({ code: 3, message: "No such words here." }), run)
    expect(failure(known.exit)).toMatchObject({
      _tag: "Failed",
      code: "3",
      reason: { _tag: "Invalid" },
      evidence: { message: { _tag: "Developer", text: "No such words here." } },
    })
    const unknown = await play(carrier, failed({ code: 99 }), run)
    expect(failure(unknown.exit)).toMatchObject({
      _tag: "Failed",
      code: "99",
      reason: { _tag: "Unrecognised", code: "99" },
    })
  })

  it("is cancelled by a POST, whose answer is empty; the next look tells", async () => {
    const handler = service({
      POST: [started, Emulator.json(200, {})],
      GET: [running, work({ done: true, error: { code: 1, message: "cancelled" } })],
    })
    const program = Effect.gen(function* () {
      const handle = yield* Client.submit(draft)
      yield* Client.look(GoogleStyle.render, handle)
      const cancellation = yield* Client.cancel(GoogleStyle.render, handle)
      return { cancellation, end: yield* Effect.flip(Client.settle(GoogleStyle.render, handle)) }
    })
    const { exit, seen } = await play(carrier, handler, program)
    const { cancellation, end } = value(exit)
    expect(cancellation).toEqual({ _tag: "Asked", observation: { _tag: "Pending", word: "cancelling" } })
    expect(end._tag).toBe("Cancelled")
    expect(seen[2]).toMatchObject({ method: "POST", path: "/v1/projects/choir%201/operations/7:cancel", body: {} })
  })

  it("says so where cancelling is not for now, or not at all", async () => {
    const program = Effect.flatMap(Client.submit(draft), (handle) => Client.cancel(GoogleStyle.render, handle))
    const never = await play(carrier, service({ POST: [started, refusal(501, "UNIMPLEMENTED")] }), program)
    expect(failure(never.exit)).toMatchObject({ _tag: "Unseen", reason: { _tag: "NotImplemented" } })
    const late = await play(carrier, service({ POST: [started, refusal(400, "FAILED_PRECONDITION")] }), program)
    expect(failure(late.exit)).toMatchObject({ _tag: "Unseen", reason: { _tag: "Conflict", over: "State" } })
  })

  it("sends a submit whose answer is lost, or that may have worked, once", async () => {
    for (const answer of [Emulator.Behaviour.Reset(), refusal(503, "UNAVAILABLE"), refusal(504, "DEADLINE_EXCEEDED")]) {
      const { exit, seen } = await play(carrier, service({ POST: [answer] }), run)
      expect(failure(exit)._tag).toBe("Uncertain")
      expect(seen).toHaveLength(1)
    }
  })

  it("is asked again after the delay that it hides in the details of a refusal, to the second", async () => {
    const retry = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "30s" }
    const other = { "@type": "type.googleapis.com/google.rpc.Help", retryDelay: "99s" }
    const limited = refusal(429, "RESOURCE_EXHAUSTED", [other, retry], { "retry-after": "10" })
    const busy = refusal(503, "UNAVAILABLE", [{ ...retry, retryDelay: "40.500s" }])
    const busier = refusal(503, "UNAVAILABLE", [retry], { "retry-after": "50" })
    const { exit, seen } = await play(carrier, service({ POST: [limited, started], GET: [busy, busier, done] }), run)
    expect(value(exit)).toEqual(song)
    const looks = [35, 75.5, 125.5].map((at) => `${at} ${look}`)
    expect(asked(seen)).toEqual(["0 POST /v1/songs:render", "30 POST /v1/songs:render", ...looks])
  })

  it("takes another meaning from one status by the name in the body, and does without a body", async () => {
    const expired = await play(carrier, service({ POST: [started], GET: [refusal(404, "NOT_FOUND")] }), run)
    expect(failure(expired.exit)).toMatchObject({ _tag: "Lost", reason: { _tag: "NotFoundOrGone" } })
    const astray = await play(carrier, service({ POST: [started], GET: [Emulator.answer(404, "nginx")] }), run)
    expect(failure(astray.exit)).toMatchObject({ _tag: "Unseen", reason: { _tag: "NotFound" } })
    const refused = await play(carrier, service({ POST: [refusal(400, "INVALID_ARGUMENT")] }), run)
    expect(failure(refused.exit)).toMatchObject({ _tag: "Rejected", reason: { _tag: "Invalid" } })
    const bare = await play(carrier, service({ POST: [Emulator.answer(401, "who?")] }), run)
    expect(failure(bare.exit)).toMatchObject({ _tag: "Rejected", reason: { _tag: "Unauthenticated" } })
    expect(posts(asked(bare.seen))).toHaveLength(1)
  })

  it("cannot lead a look away by the name it gives", async () => {
    const names = { "//elsewhere.test/7": 2, "https://elsewhere.test/7": 2, "@elsewhere.test": 2, "../../7?x#y": 1 }
    for (const [odd, requests] of Object.entries(names)) {
      const handler = service({ POST: [Emulator.json(200, { name: odd })], GET: [done] })
      const { seen } = await play(carrier, handler, Effect.exit(run))
      expect(seen.slice(1).every(({ path }) => !path.includes("?"))).toBe(true)
      expect(seen).toHaveLength(requests)
    }
  })
})
