/** Submit and await a song in a browser: the whole of what such a page has to ship. */
import { connect } from "@tenuto/core/Promise"
import * as Soundpiece from "@tenuto/soundpiece"
import { fetchTransport } from "@tenuto/transport-fetch"

export const sing = async (apiKey: string, lyrics: string, prompt: string, baseUrl?: string) => {
  const soundpiece = connect(Soundpiece, {
    apiKey,
    transport: fetchTransport(),
    ...(baseUrl === undefined ? {} : { baseUrl }),
  })
  return await soundpiece.run("create.new_song", { lyrics, prompt }).finally(soundpiece.close)
}
