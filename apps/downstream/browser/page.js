/** Runs in the browser, and posts what it found, or what it failed with, to where it came from. */
import { replay } from "@tenuto/testkit/Explore"
import { demand, exhaustively } from "@tenuto/testkit/Promise"
import { asItWas, mended } from "./songs.suite.js"

const explore = async () => {
  const { stories } = await demand(exhaustively(mended, { depth: 3 }))
  const red = await demand(exhaustively(asItWas, { depth: 1 })).catch((error) => error)
  const { isRed, isSame } = await replay(red.found.token, { suites: [asItWas], times: 10 })
  return { message: red.message, isRed, isSame, stories }
}
const found = await explore().catch((error) => ({ message: String(error) }))
await fetch("/found", { method: "POST", body: JSON.stringify(found) })
