/**
 * Tells each service stories at random: `node apps/cli/bench/stories.ts [runs] [length] [seed] [memory|both] [service…]`.
 *
 * It ends at the first red story of a service, says how it goes and which line replays it, and exits with 1.
 */
import * as Explore from "@tenuto/testkit/Explore"
import { all } from "../src/suites.ts"
import { onBoth } from "../test/both.ts"

const [runs = "2000", length = "8", seed = "1", carriers = "memory", ...names] = process.argv.slice(2)

for (const suite of await all()) {
  if (names.length > 0 && !names.includes(suite.name)) continue
  const began = performance.now()
  const told = carriers === "both" ? onBoth(suite) : suite
  const options = { runs: Number(runs), length: Number(length), seed: Number(seed), storyWithin: 60_000 }
  const explored = await Explore.randomly(told, options)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(
    `${suite.name}: ${explored.stories} stories, ${explored.played} played, ${explored.red} red, ${seconds} s`,
  )
  if (explored._tag === "Nothing") continue
  console.log(new Explore.Red(explored).message)
  process.exitCode = 1
}
