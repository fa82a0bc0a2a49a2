import { suite } from "@tenuto/testkit/Promise"
import { Agent } from "undici"
import { render } from "./client.ts"
import { films } from "./films.ts"

const suiteOf = (name: string, looksOnceMore: boolean) =>
  suite({
    name,
    from: import.meta.url,
    kinds: ["pass@look", "503@look", "429=30@look", "reset-after-commit@look"],
    service: films,
    client: ({ dispatcher, url }) =>
      render(
        url,
        new Agent().compose(() => dispatcher.dispatch),
        { looksOnceMore },
      ),
  })

export const asItWas = suiteOf("as-it-was", true)
export const mended = suiteOf("mended", false)
