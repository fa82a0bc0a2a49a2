import * as Soundpiece from "@tenuto/soundpiece/Emulator"
import { suite } from "@tenuto/testkit/Promise"
import { receive } from "./inbox.ts"
import { newSong } from "./songs.ts"

export const service = () => Soundpiece.make({ work: "20 seconds", webhookSecret: "whsec_c2VjcmV0IG9mIHRoZSB0ZWFt" })

const suiteOf = (name: string, onlyWaits: boolean) =>
  suite({
    name,
    from: import.meta.url,
    kinds: ["lost@webhook", "late=60@webhook", "doubled@webhook", "early@webhook", "503@look"],
    service,
    receiver: receive,
    client: ({ url }) => newSong(`${url}/v1`, { onlyWaits }),
    secrets: ["spk_team"],
  })

export const asItWas = suiteOf("as-it-was", true)
export const mended = suiteOf("mended", false)
