import * as Soundpiece from "@tenuto/soundpiece/Emulator"
import { suite } from "@tenuto/testkit/Promise"
import { newSong } from "./songs.ts"

const suiteOf = (name: string, hearsRetryAfter: boolean) =>
  suite({
    name,
    from: import.meta.url,
    kinds: ["503@look", "429=30@look", "429=30@submit", "reset-after-commit@submit", "500@submit"],
    origin: "https://api.soundpiece.co",
    service: () => Soundpiece.make({ work: "20 seconds" }),
    client: () => newSong("Slow waltz", { hearsRetryAfter }),
    secrets: ["spk_team"],
  })

export const asItWas = suiteOf("as-it-was", false)
export const mended = suiteOf("mended", true)
