/** Submit and await a song in a browser: the whole of what such a page has to ship. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Client from "@tenuto/core/Client"
import * as Journal from "@tenuto/core/Journal"
import * as Soundpiece from "@tenuto/soundpiece"
import * as FetchTransport from "@tenuto/transport-fetch/FetchTransport"

export const sing = (apiKey: string, lyrics: string, prompt: string, baseUrl?: string) => {
  const soundpiece = Soundpiece.layer({ apiKey, baseUrl }).pipe(Layer.provide(FetchTransport.layer))
  const song = Client.run(Soundpiece.newSong({ lyrics, prompt }))
  return Effect.runPromise(Effect.provide(song, [soundpiece, Journal.layerMemory]))
}
