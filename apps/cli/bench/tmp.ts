import * as Effect from "effect/Effect"
import * as Client from "@tenuto/core/Client"
import * as Soundpiece from "@tenuto/soundpiece"
import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
import * as Rehearsal from "@tenuto/testkit/Rehearsal"
import * as Fault from "@tenuto/testkit/Fault"
const kinds = [
  "reset-before-commit@submit",
  "reset-after-commit@submit",
  "503@submit",
  "429=30@submit",
  "html@submit",
  "reset-after-commit@look",
  "503@look",
  "429=30@look",
  "truncated@look",
  "unknown-status@look",
  "wrong-shape@look",
]
const tell = async (steps: string[]) => {
  const emulated = await Effect.runPromise(
    Effect.gen(function* () {
      const service = yield* SoundpieceEmulator.make({ work: "50 seconds" })
      const planned = yield* Effect.forEach(steps, Fault.parse)
      return yield* Fault.apply(service.handler, planned, { stageOf: service.stage })
    }),
  )
  return Rehearsal.play({
    connect: (origin) => Soundpiece.layer({ apiKey: "spk_test", baseUrl: `${origin}/v1` }),
    handler: emulated,
    program: Client.run(
      Soundpiece.newSong(
        { lyrics: "Hold the note", prompt: "Slow waltz" },
        { key: "550e8400-e29b-41d4-a716-446655440000" },
      ),
    ),
  })
}
const N = Number(process.argv[2] ?? 2000)
let n = 0,
  requests = 0
const pick = (i: number) => [0, 1, 2, 3].map((k) => kinds[Math.floor(i / 11 ** k) % 11]!)
for (let i = 0; i < 200; i++) await tell(pick(i * 7))
const t = performance.now(),
  c = process.cpuUsage()
for (let i = 0; i < N; i++) {
  const p = await tell(pick(i * 7))
  requests += p.seen.length
  n++
}
const u = process.cpuUsage(c)
console.log(
  n,
  "stories",
  requests / n,
  "requests each",
  (performance.now() - t) / n,
  "ms each; cpu",
  (u.user + u.system) / 1000 / n,
)
