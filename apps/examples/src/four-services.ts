/**
 * Four services in one program: each is data, so each is driven alike, and each says in its own codes what went wrong.
 *
 * The type of `everything` says which services it needs; one transport and one journal serve them all.
 */
import { Effect, Layer } from "effect"
import { Client, Failure } from "@tenuto/core"
import { SqliteJournal } from "@tenuto/journal"
import { NodeTransport } from "@tenuto/transport-node"
import * as HeyDonna from "@tenuto/heydonna"
import * as Overten from "@tenuto/overten"
import * as Soundpiece from "@tenuto/soundpiece"
import * as Whisul from "@tenuto/whisul"

const song = Client.run(Soundpiece.newSong({ lyrics: "Hold the note", prompt: "Slow waltz" }))
const letter = Client.run(Overten.wordGenerate({ prompt: "A letter of thanks", async: true })) // the work may take longer than one answer
const beat = Client.run(Whisul.generate({ prompt: "a relaxing lo-fi hip hop beat" }))
const transcript = Client.run(
  HeyDonna.createProject(
    { title: "Smith v. Jones", audioUrl: "https://bucket.example/recording.mp3" },
    { reference: "order-7" },
  ),
).pipe(
  // Without a key nobody sends it twice: whoever lost the answer looks for the reference at the service.
  Effect.catchTag("Uncertain", ({ reference }) => Effect.succeed({ lookFor: reference })),
)

/** Each has its own result: one that fails stops none of the others. */
export const everything = Effect.all({ song, letter, beat, transcript }, { mode: "result", concurrency: "unbounded" })

const { SOUNDPIECE_KEY = "", OVERTEN_KEY = "", HEYDONNA_KEY = "", WHISUL_KEY = "" } = process.env
export const services = Layer.mergeAll(
  Soundpiece.layer({ apiKey: SOUNDPIECE_KEY }),
  Overten.layer({ apiKey: OVERTEN_KEY, tier: "pro" }),
  HeyDonna.layer({ apiKey: HEYDONNA_KEY }),
  Whisul.layer({ apiKey: WHISUL_KEY }),
).pipe(Layer.provide(NodeTransport.layer), Layer.merge(SqliteJournal.layer("jobs.db")))

if (import.meta.main) {
  const ended = await Effect.runPromise(Effect.provide(everything, services))
  for (const [name, result] of Object.entries(ended)) {
    if (result._tag === "Success") console.log(name, "is there")
    else if (Failure.isFailure(result.failure)) console.log(name, result.failure._tag, result.failure.message)
  }
}
