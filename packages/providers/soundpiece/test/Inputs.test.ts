import { Duration, Effect } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Operation from "@tenuto/core/Operation"
import * as Soundpiece from "@tenuto/soundpiece"
import { emulator, failure, keysOf, play, puts, value } from "./stage.ts"

const prompt = "Waltz"
const lyrics = "La"
const source = { url: "https://files.example/take.wav" }
const long = `https://hooks.example/${"a".repeat(2048 - 22)}`
/** One character each, two UTF-16 units. */
const notes = (count: number) => "🎵".repeat(count)

type Draft = Operation.Draft<typeof Soundpiece.newSong>
const untyped = (operation: { readonly name: string }, input: object): Draft => ({ operation, input }) as never

const { autoCutDown, newFx, newInstrumental, newSample, newSong, remixInstrumental, remixSong, separateStems } =
  Soundpiece

describe("a limit is refused before anything is sent, and the field is named", () => {
  it.each<[string, Draft, string]>([
    ["no character of lyrics", newSong({ lyrics: "", prompt }), "lyrics"],
    ["3001 characters of lyrics", newSong({ lyrics: "a".repeat(3001), prompt }), "lyrics"],
    ["3001 notes as lyrics", newSong({ lyrics: notes(3001), prompt }), "lyrics"],
    ["no character of a prompt", newSong({ lyrics, prompt: "" }), "prompt"],
    ["1025 characters of a prompt", newSong({ lyrics, prompt: "a".repeat(1025) }), "prompt"],
    ["a song with neither prompt nor reference", newSong({ lyrics }), "prompt"],
    ["an instrumental with neither prompt nor reference", untyped(newInstrumental, {}), "prompt"],
    ["a callback of 2049 characters", newSong({ lyrics, prompt, callback_url: `${long}a` }), "callback_url"],
    ["a callback that is no URL", newSong({ lyrics, prompt, callback_url: "hooks.example" }), "callback_url"],
    ["a reference that is no URL", newSong({ lyrics, reference: { url: "take.wav" } }), "reference.url"],
    ["a source that is no URL", untyped(separateStems, { source: { url: "" } }), "source.url"],
    ["no source", untyped(separateStems, {}), "source"],
    ["0 variations", untyped(remixInstrumental, { source, n_variations: 0 }), "n_variations"],
    ["4 variations", untyped(remixSong, { source, lyrics, prompt, n_variations: 4 }), "n_variations"],
    ["1.5 variations", untyped(remixInstrumental, { source, n_variations: 1.5 }), "n_variations"],
    ["a sample of no length", untyped(newSample, { prompt, duration: Duration.zero }), "duration"],
    ["an effect without end", untyped(newFx, { prompt, duration: Duration.infinity }), "duration"],
    [
      "a cut to less than nothing",
      untyped(autoCutDown, { source, target_duration: Duration.seconds(-1) }),
      "target_duration",
    ],
    ["a bare number of seconds", untyped(autoCutDown, { source, target_duration: 30 }), "target_duration"],
    ["a field nobody knows", untyped(newSong, { lyrics, prompt, tempo: 120 }), "tempo"],
    [
      "a field nobody knows inside another",
      untyped(newSong, { lyrics, reference: { ...source, loud: true } }),
      "reference.loud",
    ],
    ["a key among the input", untyped(newSong, { lyrics, prompt, idempotency_key: "mine" }), "idempotency_key"],
    ["a name of ours for a field", untyped(newSong, { lyrics, prompt, callbackUrl: long }), "callbackUrl"],
  ])("%s", async (_, draft, field) => {
    const service = emulator()
    const { exit, seen } = await play(service.handler, Client.run(draft))
    const error = failure(exit)
    expect(error).toMatchObject({ _tag: "Rejected", evidence: { stage: "draft" }, reason: { _tag: "Invalid" } })
    const { issues } = (
      error as { readonly reason: { readonly issues: ReadonlyArray<{ readonly path: ReadonlyArray<string> }> } }
    ).reason
    expect(issues.map(({ path }) => path.join("."))).toContain(field)
    expect(seen).toEqual([])
    expect(await Effect.runPromise(service.ledger)).toEqual({ operations: [], requests: [], leaks: 0 })
  })

  it("every field that is wrong is named at once", async () => {
    const { exit } = await play(
      emulator().handler,
      Client.run(newSong({ lyrics: "", prompt: notes(1025), callback_url: "x" })),
    )
    expect(failure(exit).message).toMatch(/lyrics: .*prompt: .*callback_url: /)
  })
})

describe("what is just within the limits is sent as it is, and taken", () => {
  it.each<[string, Draft]>([
    ["3000 notes as lyrics and 1024 as a prompt", newSong({ lyrics: notes(3000), prompt: notes(1024) })],
    ["one character each", newSong({ lyrics: "a", prompt: "b" })],
    ["a prompt and a reference", newSong({ lyrics, prompt, reference: source })],
    ["a callback of 2048 characters", newSong({ lyrics, prompt, callback_url: long })],
    ["3 variations", untyped(remixSong, { source, lyrics, prompt, n_variations: 3 })],
  ])("%s", async (_, draft) => {
    const { exit, seen } = await play(emulator().handler, Client.run(draft))
    value(exit)
    expect(puts(seen)[0]?.body).toMatchObject(draft.input)
  })
})

describe("keys", () => {
  it("a key of the caller's is sent as it is", async () => {
    const key = "550e8400-e29b-41d4-a716-446655440000"
    const { exit, seen } = await play(emulator().handler, Client.run(newSong({ lyrics, prompt }, { key })))
    value(exit)
    expect(puts(seen)[0]?.body).toMatchObject({ idempotency_key: key })
  })

  it("a key that is no UUID is refused by the service, which names the field", async () => {
    const { exit, seen } = await play(emulator().handler, Client.run(newSong({ lyrics, prompt }, { key: "order-17" })))
    expect(failure(exit)).toMatchObject({
      _tag: "Rejected",
      reason: { issues: [{ path: ["body", "idempotency_key"] }] },
    })
    expect(seen).toHaveLength(1)
  })

  it("minted keys are UUIDs, each another", async () => {
    const draft = newSong({ lyrics, prompt })
    const { seen } = await play(
      emulator().handler,
      Effect.forEach(Array.from({ length: 20 }), () => Client.submit(draft)),
    )
    const keys = keysOf(seen)
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(new Set(keys).size).toBe(20)
  })
})
