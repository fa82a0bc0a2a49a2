/** Runs in the browser, and posts what it found to where it came from. */
import { replay } from "@tenuto/testkit/Explore"
import { demand, exhaustively } from "@tenuto/testkit/Promise"
import { asItWas, mended } from "./songs.suite.js"

const red = await demand(exhaustively(asItWas, { depth: 1 })).catch((error) => error)
const again = await replay(red.found.token, { suites: [asItWas], times: 10 })
const { stories } = await demand(exhaustively(mended, { depth: 3 }))
const found = { message: red.message, isRed: again.isRed, isSame: again.isSame, stories }
await fetch("/found", { method: "POST", body: JSON.stringify(found) })
