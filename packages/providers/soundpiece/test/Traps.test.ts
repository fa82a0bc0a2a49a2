import { Duration, Effect, Stream } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Remedy from "@tenuto/core/Remedy"
import * as Download from "@tenuto/http/Download"
import * as Soundpiece from "@tenuto/soundpiece"
import { emulator, failure, gets, keysOf, on, play, puts, runSong, scripted, song, value } from "./stage.ts"

const key = "550e8400-e29b-41d4-a716-446655440000"
const keyed = Soundpiece.newSong({ lyrics: "La", prompt: "Waltz" }, { key })
const file = { url: "https://cdn.example/a", expires_at: "2030-01-01T00:00:00Z", duration: 3 }
const answer = (json: object) => ({ status: 200, json: json as never })
const accepted = on("submit", answer({ song: { id: "op_1", status: "processing" } }))

describe("contradictions", () => {
  it("C-SP-1 tos_violation and content_policy are one reason under two codes", async () => {
    const seen = await Promise.all(
      ["tos_violation", "content_policy"].map(async (code) =>
        failure((await play(emulator({ failing: code }).handler, runSong)).exit),
      ),
    )
    expect(seen).toMatchObject([
      { reason: { _tag: "PolicyViolation" }, code: "tos_violation" },
      { reason: { _tag: "PolicyViolation" }, code: "content_policy" },
    ])
  })

  it("C-SP-2 whether or not it is required, every PUT carries a key", async () => {
    const { seen } = await play(emulator().handler, Effect.all([runSong, Client.run(keyed)]))
    expect(keysOf(seen)).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), key])
  })

  it("C-SP-3 after an internal_error nothing is sent by itself, with the same key or another", async () => {
    const service = emulator({ failing: "internal_error" })
    const { exit, seen } = await play(service.handler, Client.run(keyed))
    const error = failure(exit) as Remedy.Trouble
    expect(Remedy.of(error, Soundpiece.contract)).toEqual({ _tag: "StartAnew" })
    expect(puts(seen)).toHaveLength(1)
  })

  it.each(["current", "original"] as const)(
    "C-SP-4 a replay that gives the %s answer ends in the same outcome",
    async (replay) => {
      const service = emulator({ replay, work: "10 seconds" })
      const first = await play(service.handler, Client.submit(keyed))
      const second = await play(service.handler, Effect.andThen(Effect.sleep("1 minute"), Client.run(keyed)))
      expect(value(second.exit).outputs).toHaveLength(1)
      expect(gets(second.seen)).toHaveLength(1)
      expect(gets(second.seen)[0]?.query["id"]).toBe(value(first.exit).id)
      expect((await Effect.runPromise(service.ledger)).operations).toMatchObject([{ key, puts: 2 }])
    },
  )

  it("C-SP-4 the status of an answer to a PUT is not believed; a look decides", async () => {
    const failed = { id: "op_1", status: "failed", error: { code: "internal_error", message: "x" } }
    const ready = { id: "op_1", status: "ready", outputs: [file] }
    const steps = [on("submit", answer({ song: failed })), on("look", answer({ song: ready }))]
    expect(value((await play(scripted(emulator(), steps), runSong)).exit).outputs).toHaveLength(1)
    const other = [on("submit", answer({ song: ready })), on("look", answer({ song: failed }))]
    expect(failure((await play(scripted(emulator(), other), runSong)).exit)).toMatchObject({ _tag: "Failed" })
  })

  it("C-SP-5 the API before v1 is no success and no failure; its 410 names the replacement", async () => {
    const old = answer({ computation: { id: "c1", status: "generating", asset_ids: [] } })
    const { exit } = await play(scripted(emulator(), [on("submit", old, 99), on("look", old, 99)]), runSong)
    expect(failure(exit)).toMatchObject({ _tag: "Overdue", last: { _tag: "Unrecognised", word: "generating" } })
    const gone = { status: 410, json: { detail: "Use PUT /v1/create.new_song" } }
    const error = failure((await play(scripted(emulator(), [on("submit", gone)]), runSong)).exit) as Remedy.Trouble
    expect(Remedy.of(error, Soundpiece.contract)).toEqual({ _tag: "Migrate", to: "Use PUT /v1/create.new_song" })
  })
})

describe("traps", () => {
  it("T-SP-1 at a look 422 means that there is no such operation, 404 that there is no such route", async () => {
    const at = async (status: number) =>
      failure((await play(scripted(emulator(), [on("look", { status, json: { detail: "x" } })]), runSong)).exit)
    expect(await at(422)).toMatchObject({ _tag: "Lost", reason: { what: "operation" } })
    expect(await at(404)).toMatchObject({ _tag: "Unseen", reason: { what: "endpoint" } })
  })

  it("T-SP-2 asking again with the key of a failed operation gives the same operation, once and no more", async () => {
    const service = emulator({ failing: "internal_error" })
    const first = failure((await play(service.handler, Client.run(keyed))).exit)
    // Another process, with a journal that knows nothing.
    const second = await play(service.handler, Client.run(keyed))
    expect(failure(second.exit)).toMatchObject({
      _tag: "Failed",
      handle: { id: (first as { handle: { id: string } }).handle.id },
    })
    expect([puts(second.seen).length, gets(second.seen).length]).toEqual([1, 1])
    // The same process: its journal knows the end, and nothing is sent at all.
    const third = await play(service.handler, Effect.andThen(Effect.exit(Client.run(keyed)), Client.run(keyed)))
    expect(failure(third.exit)).toMatchObject({ _tag: "Failed" })
    expect(third.seen).toHaveLength(2)
    expect((await Effect.runPromise(service.ledger)).operations).toHaveLength(1)
  })

  it("T-SP-3 a code nobody knows is told as it is, and never sent again", async () => {
    const { exit, seen } = await play(emulator({ failing: "vibe_mismatch" }).handler, runSong)
    const error = failure(exit) as Remedy.Trouble
    expect(error).toMatchObject({ _tag: "Failed", reason: { _tag: "Unrecognised", code: "vibe_mismatch" } })
    expect(Remedy.isAutomatic(Remedy.of(error, Soundpiece.contract))).toBe(false)
    expect(puts(seen)).toHaveLength(1)
  })

  it.each([
    ["under its name", { song: { id: "op_1", status: "ready", outputs: [file] } }],
    ["under another name", { track: { id: "op_1", status: "ready", outputs: [file] } }],
    ["beside other members", { meta: { took: 3 }, track: { id: "op_1", status: "ready", outputs: [file] } }],
    [
      "under its name, beside another operation",
      { song: { id: "op_1", status: "ready", outputs: [file] }, parent: { id: "op_0", status: "failed" } },
    ],
    ["with one file where many are usual", { song: { id: "op_1", status: "ready", output: file } }],
  ])("T-SP-4 the operation is found %s", async (_, json) => {
    const { exit } = await play(scripted(emulator(), [accepted, on("look", answer(json))]), runSong)
    expect(value(exit).outputs).toHaveLength(1)
  })

  it("T-SP-4 one file is found where one is usual, even in a list; of several none is picked", async () => {
    const fx = Client.run(Soundpiece.newFx({ prompt: "Door", duration: Duration.seconds(1) }), { within: "30 seconds" })
    const submitted = on("submit", answer({ fx: { id: "op_1", status: "processing" } }))
    const look = (outputs: ReadonlyArray<object>) =>
      on("look", answer({ fx: { id: "op_1", status: "ready", outputs } }), 99)
    expect(value((await play(scripted(emulator(), [submitted, look([file])]), fx)).exit).output.duration).toEqual(
      Duration.seconds(3),
    )
    expect(failure((await play(scripted(emulator(), [submitted, look([file, file])]), fx)).exit)).toMatchObject({
      _tag: "Overdue",
      reason: { _tag: "Malformed" },
    })
  })

  it("T-SP-4 a file that says null where others have a kind is a file", async () => {
    const ready = { song: { id: "op_1", status: "ready", outputs: [{ ...file, kind: null }] } }
    const { exit } = await play(scripted(emulator(), [accepted, on("look", answer(ready))]), runSong)
    expect(value(exit).outputs[0]).not.toHaveProperty("kind")
  })

  it("T-SP-7 a link that was kept is not trusted: it is renewed, and the key does not travel with it", async () => {
    const service = emulator({ linkLife: "1 minute" })
    const program = Effect.gen(function* () {
      const handle = yield* Client.submit(song)
      const { outputs } = yield* Client.settle(Soundpiece.newSong, handle)
      yield* Effect.sleep("56 seconds") // within the skew of clocks
      yield* Stream.runDrain(Download.stream(Soundpiece.newSong, outputs[0].audio))
    })
    const { exit, seen } = await play(service.handler, program)
    value(exit)
    expect(gets(seen)).toHaveLength(2)
    expect(await Effect.runPromise(service.ledger)).toMatchObject({ leaks: 0 })
  })

  it.each([429, 500, 503])(
    "T-SP-8 a look answered %s is a failed look, even if its body speaks of a failed operation",
    async (status) => {
      const lie = { song: { id: "op_1", status: "failed", error: { code: "internal_error", message: "x" } } }
      const { exit } = await play(scripted(emulator(), [on("look", { status, json: lie })]), runSong)
      expect(value(exit).outputs).toHaveLength(1)
    },
  )

  it("T-SP-9 a service that never holds is looked at ever more rarely, never twice in a second", async () => {
    const { exit, seen } = await play(emulator({ hold: 0, work: "250 seconds" }).handler, runSong)
    expect(value(exit).outputs).toHaveLength(1)
    const times = gets(seen).map(({ at }) => at)
    for (const [index, at] of times.entries()) expect(at - (times[index - 1] ?? -1)).toBeGreaterThanOrEqual(1)
    expect(times.length).toBeLessThanOrEqual(20)
  })

  it("T-SP-10 a quota that is used up is a failed operation, not a refused request, and asks for payment", async () => {
    const error = failure((await play(emulator({ failing: "quota_exceeded" }).handler, runSong)).exit) as Remedy.Trouble
    expect(error._tag).toBe("Failed")
    expect(Remedy.of(error, Soundpiece.contract)).toEqual({ _tag: "Pay" })
  })

  it("T-SP-11 an id of any form is taken and asked for as it is", async () => {
    const id = "op_01h7k... &wait=false"
    const steps = [
      on("submit", answer({ song: { id, status: "processing" } })),
      on("look", answer({ song: { id, status: "ready", outputs: [file] } })),
    ]
    const { exit, seen } = await play(scripted(emulator(), steps), runSong)
    value(exit)
    expect(gets(seen)[0]?.query).toEqual({ id, wait: "true" })
  })
})
