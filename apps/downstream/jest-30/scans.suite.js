import { suite } from "@tenuto/testkit/Promise"
import { scan } from "./scans.js"
import { service } from "./service.js"

const suiteOf = (/** @type {string} */ name, /** @type {boolean} */ trustsLooks) =>
  suite({
    name,
    from: import.meta.url,
    kinds: ["503@look", "429=30@look", "html@look", "reset-before-commit@look"],
    service,
    client: ({ url }) => scan(url, { trustsLooks }),
    // What it tells its caller, beside what the service told it: the check `as-told` compares the two.
    known: ({ value }) => (value === undefined ? {} : { claimed: value }),
  })

export const asItWas = suiteOf("as-it-was", true)
export const mended = suiteOf("mended", false)
