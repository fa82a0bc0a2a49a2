/**
 * Test your own code: an hour of a service's life in milliseconds, without a socket and without a sleep.
 *
 * The code under test is the program of `sing.ts`; the service is an emulator that misbehaves as the script says.
 */
import { Effect, Layer } from "effect"
import { Journal } from "@tenuto/core"
import * as Soundpiece from "@tenuto/soundpiece"
import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
import { Emulator, Script, Timeline, VirtualClock } from "@tenuto/testkit"
import { sing } from "./sing.ts"

/** The first submit is lost after the service has taken it; then the service limits us; then it works for 50 seconds. */
const story = Script.make([
  Script.on("submit", "reset-after-commit"),
  Script.on("submit", "429=30"),
  Script.on("look", "503"),
])

export const rehearsal = VirtualClock.run(
  Effect.gen(function* () {
    const soundpiece = yield* SoundpieceEmulator.make({ work: "50 seconds" })
    const scripted = yield* Script.apply(soundpiece.handler, story, soundpiece.hooks)
    const transport = Timeline.transport(Emulator.layerMemory(scripted))
    const services = Layer.mergeAll(
      Soundpiece.layer({ apiKey: "spk_rehearsal" }).pipe(Layer.provide(transport)),
      Journal.layerMemory,
    )
    const said = yield* Timeline.watching(Effect.provide(sing, services))
    const { operations } = yield* soundpiece.ledger
    return { said, created: operations.length, timeline: yield* Timeline.text }
  }).pipe(Effect.provide(Timeline.layer())),
)
