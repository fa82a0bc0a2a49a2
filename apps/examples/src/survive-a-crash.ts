/**
 * Survive a crash: keep a journal, and on every start go on with what an earlier process left open.
 *
 * Run it, kill it while it waits, run it again: the same song, never a second one.
 */
import { Console, Effect, Layer } from "effect"
import { Client } from "@tenuto/core"
import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
import * as Soundpiece from "@tenuto/soundpiece"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"

export interface Settings {
  readonly apiKey: string
  readonly baseUrl?: string
  readonly journal: string
}

/** Your own name for the order is the key: asking for it again finds the same work. */
export const order = (key: string) =>
  Effect.gen(function* () {
    const recovered = yield* Client.recover(Object.values(Soundpiece.operations))
    yield* Console.log(`recovered ${recovered.length}`)
    const song = Soundpiece.newSong({ lyrics: "Again, from the top", prompt: "March" }, { key })
    const { outputs } = yield* Client.run(song)
    yield* Console.log(`settled ${outputs[0].audio.handle.id}`)
    return outputs
  })

export const live = ({ apiKey, baseUrl, journal }: Settings) =>
  Layer.mergeAll(
    Soundpiece.layer({ apiKey, ...(baseUrl === undefined ? {} : { baseUrl }) }).pipe(
      Layer.provide(NodeTransport.layer),
    ),
    SqliteJournal.layer(journal),
  )

if (import.meta.main) {
  const { SOUNDPIECE_URL: baseUrl, SOUNDPIECE_KEY: apiKey = "" } = process.env
  const settings = { apiKey, journal: "jobs.db", ...(baseUrl === undefined ? {} : { baseUrl }) }
  await Effect.runPromise(Effect.provide(order("550e8400-e29b-41d4-a716-446655440000"), live(settings)))
}
