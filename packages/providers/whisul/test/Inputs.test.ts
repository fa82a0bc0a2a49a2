import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import type * as Operation from "@tenuto/core/Operation"
import * as Whisul from "@tenuto/whisul"
import { emulator, failure, ledgerOf, play, posts, value } from "./stage.ts"

type Draft = Operation.Draft<typeof Whisul.generate>
const untyped = (input: unknown): Draft => ({ operation: Whisul.generate, input }) as never

interface Issues {
  readonly reason: { readonly issues: ReadonlyArray<{ readonly path: ReadonlyArray<string | number> }> }
}

describe("what the service would refuse is refused before anything is sent, and the field is named", () => {
  it.each<[string, Draft, ReadonlyArray<string>]>([
    ["no character of a prompt", Whisul.generate({ prompt: "" }), ["prompt"]],
    ["no prompt", untyped({}), ["prompt"]],
    ["a prompt of null", untyped({ prompt: null }), ["prompt"]],
    ["a prompt that is a number", untyped({ prompt: 7 }), ["prompt"]],
    ["a prompt that is a list", untyped({ prompt: ["a"] }), ["prompt"]],
    ["a field nobody knows", untyped({ prompt: "a", lyrics: "b" }), ["lyrics"]],
    ["a name of ours for a field", untyped({ Prompt: "a" }), ["prompt", "Prompt"]],
    ["all of it at once", untyped({ prompt: "", tempo: 120, key: "mine" }), ["prompt", "tempo", "key"]],
    ["nothing", untyped(undefined), [""]],
    ["a text", untyped("a"), [""]],
  ])("%s", async (_, draft, fields) => {
    const service = emulator()
    const { exit, seen } = await play(service.handler, Client.run(draft))
    const error = failure(exit)
    expect(error).toMatchObject({ _tag: "Rejected", evidence: { stage: "draft" }, reason: { _tag: "Invalid" } })
    const { issues } = (error as unknown as Issues).reason
    expect(issues.map(({ path }) => path.join(".")).toSorted()).toEqual([...fields].toSorted())
    expect(seen).toEqual([])
    expect(ledgerOf(service)).toEqual({ operations: [], requests: [], leaks: 0 })
  })
})

describe("anything else is sent as it is", () => {
  it.each([
    ["one character", "a"],
    ["a space, which the service may judge", " "],
    ["notes", "🎵".repeat(1000)],
    ["lines and quotes", 'a\n"b"\\\u0000'],
    ["much", "a".repeat(100_000)],
  ])("%s", async (_, prompt) => {
    const service = emulator()
    const { exit, seen } = await play(service.handler, Client.run(Whisul.generate({ prompt })))
    value(exit)
    expect(posts(seen).map(({ body }) => body)).toEqual([{ prompt }])
    expect(ledgerOf(service).operations).toMatchObject([{ prompt }])
  })
})

describe("keys and references stay at home: the service takes neither", () => {
  it("nothing but the prompt is sent, in no header and no query either", async () => {
    const draft = Whisul.generate({ prompt: "La" }, { key: "order-7", reference: "customer-9" })
    const { seen } = await play(emulator().handler, Client.run(draft))
    const [post] = posts(seen)
    expect(post?.body).toEqual({ prompt: "La" })
    expect(JSON.stringify(seen)).not.toMatch(/order-7|customer-9/)
  })

  it("asking again under a key of the caller's own finds the work that this journal knows", async () => {
    const service = emulator()
    const draft = Whisul.generate({ prompt: "La" }, { key: "order-7" })
    const { exit, seen } = await play(service.handler, Effect.all([Client.run(draft), Client.run(draft)]))
    const [first, second] = value(exit)
    expect(second.song.handle.id).toBe(first.song.handle.id)
    expect(posts(seen)).toHaveLength(1)
    // Without one, every draft is work of its own.
    const twice = emulator()
    const anew = Client.run(Whisul.generate({ prompt: "La" }))
    value((await play(twice.handler, Effect.all([anew, anew]))).exit)
    expect(ledgerOf(twice).operations).toHaveLength(2)
  })

  it("another prompt under a key that is known is refused before anything is sent", async () => {
    const ask = (prompt: string) => Client.run(Whisul.generate({ prompt }, { key: "order-7" }))
    const { exit, seen } = await play(emulator().handler, Effect.andThen(ask("La"), ask("Lo")))
    expect(failure(exit)).toMatchObject({ _tag: "Rejected", reason: { _tag: "Conflict" } })
    expect(posts(seen)).toHaveLength(1)
  })
})

it("the compiler knows the input and that there are no codes", () => {
  // @ts-expect-error there is no code to compare with
  const code: Operation.Code<typeof Whisul.generate> = "internal_error"
  // @ts-expect-error a song needs a prompt
  const draft = Whisul.generate({})
  expect([code, draft.operation.name, Whisul.generate.codes]).toEqual(["internal_error", "generate", []])
})
