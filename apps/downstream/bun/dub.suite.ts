import { suite } from "@tenuto/testkit/Promise"
import { dub } from "./dub.ts"
import { service } from "./service.ts"

const suiteOf = (name: string, endsAtAnyWord: boolean) =>
  suite({
    name,
    from: import.meta.url,
    kinds: ["503@look", "429=30@look", "unknown-status@look", "unknown-field@look"],
    service,
    client: ({ url }) => dub(url, { endsAtAnyWord }),
  })

export const asItWas = suiteOf("as-it-was", true)
export const mended = suiteOf("mended", false)
