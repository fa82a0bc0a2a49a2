/**
 * What exploring costs: eleven ways to go wrong on the way to a song, every story to a depth of four, 16,104 in all, told by
 * the real client and the emulator in memory: `taskset -c 0 node apps/cli/bench/explore.ts [depth]`.
 *
 * Once as it is, where what is told alike is played once, and once with every story played.
 */
import { strict as assert } from "node:assert"
import * as Explore from "@tenuto/testkit/Explore"
import { common, soundpiece } from "../src/suites.ts"

const depth = Number(process.argv[2] ?? 4)
const expected = Array.from({ length: depth }, (_, i) => common.length ** (i + 1)).reduce((sum, n) => sum + n, 0)
const suite = await soundpiece(common)
/** Says of no story what it depended on, so that each is played. */
const whole: Explore.Suite = {
  ...suite,
  tell: async (story) => {
    const { asked: _, ...told } = await suite.tell(story)
    return told
  },
}

for (const [name, one] of Object.entries({ "as it is": suite, "every story played": whole })) {
  const used = process.cpuUsage()
  const began = performance.now()
  const { played, stories, transitions } = await Explore.demand(Explore.exhaustively(one, { depth }))
  const seconds = (performance.now() - began) / 1000
  const { system, user } = process.cpuUsage(used)
  assert.equal(stories, expected)
  console.log(
    `${name}: ${stories} stories, ${played} played, ${transitions.length} transitions, ${seconds.toFixed(2)} s,`,
    `${((user + system) / 1000 / played).toFixed(2)} ms of CPU for each that is played`,
  )
}
