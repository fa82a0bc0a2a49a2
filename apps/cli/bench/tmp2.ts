import * as Effect from "effect/Effect"
import * as Client from "@tenuto/core/Client"
import * as Soundpiece from "@tenuto/soundpiece"
import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
import * as Rehearsal from "@tenuto/testkit/Rehearsal"
const key = "550e8400-e29b-41d4-a716-446655440000"
const time = async (name: string, f: () => Promise<unknown>, N = 3000) => {
  for (let i = 0; i < 500; i++) await f()
  const c = process.cpuUsage()
  for (let i = 0; i < N; i++) await f()
  const u = process.cpuUsage(c)
  console.log(name, ((u.user + u.system) / N).toFixed(0), "us")
}
const make = () => Effect.runPromise(SoundpieceEmulator.make({ work: "50 seconds" }))
const connect = (origin: string) => Soundpiece.layer({ apiKey: "spk_test", baseUrl: `${origin}/v1` })
const program = Client.run(Soundpiece.newSong({ lyrics: "Hold the note", prompt: "Slow waltz" }, { key }))
const submit = Client.submit(Soundpiece.newSong({ lyrics: "Hold the note", prompt: "Slow waltz" }, { key }))
await time("emulator make", make)
await time("empty", async () => {
  const { handler } = await make()
  await Rehearsal.play({ connect, handler, program: Effect.void })
})
await time("sleep", async () => {
  const { handler } = await make()
  await Rehearsal.play({ connect, handler, program: Effect.sleep("1 second") })
})
await time("submit", async () => {
  const { handler } = await make()
  await Rehearsal.play({ connect, handler, program: submit })
})
await time("run (4 requests)", async () => {
  const { handler } = await make()
  await Rehearsal.play({ connect, handler, program })
})
