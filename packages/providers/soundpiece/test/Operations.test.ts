import { Duration, Effect, Exit } from "effect"
import { describe, expect, it } from "vitest"
import * as Client from "@tenuto/core/Client"
import * as Operation from "@tenuto/core/Operation"
import * as Soundpiece from "@tenuto/soundpiece"
import { apiKey, carriers, emulator, failure, play, value } from "./stage.ts"

const source = { url: "https://files.example/take.wav" }
const seconds = Duration.seconds

/** One draft of every operation, and what its result looks like. */
const drafts = {
  "create.new_song": [Soundpiece.newSong({ lyrics: "La", prompt: "Waltz" }), { outputs: [3] }],
  "create.new_instrumental": [Soundpiece.newInstrumental({ reference: source }), { outputs: [3] }],
  "create.new_sample": [
    Soundpiece.newSample({ prompt: "Kick", duration: seconds(1.5), loopable: true }),
    { output: 1.5 },
  ],
  "create.new_fx": [Soundpiece.newFx({ prompt: "Door", duration: seconds(2) }), { output: 2 }],
  "create.remix_song": [
    Soundpiece.remixSong({ source, lyrics: "La", prompt: "Polka", n_variations: 3 }),
    { outputs: [3, 3, 3] },
  ],
  "create.remix_instrumental": [Soundpiece.remixInstrumental({ source }), { outputs: [3] }],
  "adapt.separate_stems": [Soundpiece.separateStems({ source }), { outputs: [3, 3, 3, 3] }],
  "adapt.auto_cut_down": [Soundpiece.autoCutDown({ source, target_duration: seconds(30) }), { output: 30 }],
} as const satisfies Record<keyof typeof Soundpiece.operations, readonly [Operation.Draft<Operation.Any>, unknown]>

const lengthOf = ({ duration }: Soundpiece.Track) => duration && Duration.toSeconds(duration)
const shape = (output: Soundpiece.Tracks | Soundpiece.OneTrack) =>
  "outputs" in output ? { outputs: output.outputs.map(lengthOf) } : { output: lengthOf(output.output) }

/** What was asked, as the wire names it. */
const bodies: Record<keyof typeof drafts, object> = {
  "create.new_song": { lyrics: "La", prompt: "Waltz" },
  "create.new_instrumental": { reference: source },
  "create.new_sample": { prompt: "Kick", duration: 1.5, loopable: true },
  "create.new_fx": { prompt: "Door", duration: 2 },
  "create.remix_song": { source, lyrics: "La", prompt: "Polka", n_variations: 3 },
  "create.remix_instrumental": { source },
  "adapt.separate_stems": { source },
  "adapt.auto_cut_down": { source, target_duration: 30 },
}

type Name = keyof typeof drafts
const names = Object.keys(drafts) as ReadonlyArray<Name>
const run = (
  name: Name,
): Effect.Effect<Soundpiece.Tracks | Soundpiece.OneTrack, unknown, Client.Needs<typeof Soundpiece.newSong>> =>
  Client.run<Operation.Any>(drafts[name][0]) as never

describe.each(carriers)("every operation, from input to output, carried by %s", (carrier) => {
  it.each(names)("%s", async (name) => {
    const service = emulator({ apiKey })
    const { exit, seen, took } = await play(service.handler, run(name), carrier)
    expect(shape(value(exit))).toEqual(drafts[name][1])
    expect(took).toBe(5)
    const { operations } = await Effect.runPromise(service.ledger)
    expect(operations).toMatchObject([{ route: name, puts: 1, gets: 1 }])
    expect(seen[0]?.body).toEqual({ ...bodies[name], idempotency_key: operations[0]?.key })
  })
})

it("the stems say which is which", async () => {
  const { exit } = await play(emulator().handler, Client.run(drafts["adapt.separate_stems"][0]))
  expect(value(exit).outputs.map(({ kind }) => kind)).toEqual(["vocals", "drums", "bass", "other"])
})

/** Contract 2.6: which codes which endpoints document. */
const everywhere = ["internal_error", "generation_timeout", "quota_exceeded"]
const sourced = ["source_unreachable", "source_format_unsupported", "source_too_short", "source_too_long"]
const documented: Record<Name, ReadonlyArray<string>> = {
  "create.new_song": [...everywhere, ...sourced, "tos_violation", "content_policy"],
  "create.new_instrumental": [...everywhere, ...sourced, "tos_violation"],
  "create.new_sample": [...everywhere, "tos_violation"],
  "create.new_fx": [...everywhere, "tos_violation"],
  "create.remix_song": [...everywhere, ...sourced, "tos_violation"],
  "create.remix_instrumental": [...everywhere, ...sourced, "tos_violation"],
  "adapt.separate_stems": [...everywhere, ...sourced],
  "adapt.auto_cut_down": [...everywhere, ...sourced],
}

describe("failure codes", () => {
  it.each(names)("%s lists the codes it documents, and each arrives as it is", async (name) => {
    expect(Soundpiece.operations[name].codes).toEqual(documented[name])
    for (const code of documented[name]) {
      const { exit } = await play(emulator({ failing: code }).handler, run(name))
      expect(failure(exit)).toMatchObject({ _tag: "Failed", code })
    }
  })

  it("the compiler knows them", () => {
    const songCode: Operation.Code<typeof Soundpiece.newSong> = "content_policy"
    // @ts-expect-error adapting generates nothing, so nothing can violate a policy
    const stemsCode: Operation.Code<typeof Soundpiece.separateStems> = "tos_violation"
    // @ts-expect-error a song needs lyrics
    const draft = Soundpiece.newSong({ prompt: "Waltz" })
    expect([songCode, stemsCode, draft.operation.name]).toEqual(["content_policy", "tos_violation", "create.new_song"])
  })
})

it("the same seed gives the same story, in memory and over sockets", async () => {
  const stories = await Promise.all(
    carriers.map(async (carrier) => {
      const { exit, timeline } = await play(
        emulator({ seed: 7, work: "42 seconds" }).handler,
        run("create.new_song"),
        carrier,
      )
      expect(Exit.isSuccess(exit)).toBe(true)
      return timeline
    }),
  )
  expect(stories[0]).toContain("GET /v1/create.new_song?id=op#1&wait")
  expect(stories[1]).toBe(stories[0])
})
