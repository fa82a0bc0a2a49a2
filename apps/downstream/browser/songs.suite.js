import * as Soundpiece from "@tenuto/soundpiece/Emulator"
import { suite } from "@tenuto/testkit/Promise"
import { newSong } from "./songs.js"

const apiKey = "spk_4f9d2c71e8"

const suiteOf = (name, tellsAll) =>
  suite({
    name,
    from: import.meta.url,
    kinds: ["503@look", "429=30@look", "reset-after-commit@submit", "401@look"],
    service: () => Soundpiece.make({ work: "20 seconds" }),
    client: ({ url }) => newSong(`${url}/v1`, apiKey, { tellsAll }),
    secrets: [apiKey],
  })

export const asItWas = suiteOf("as-it-was", true)
export const mended = suiteOf("mended", false)
