/**
 * What exploring costs, told by the real clients and the emulators in memory: `taskset -c 0 node apps/cli/bench/explore.ts [depth]`.
 *
 * First the explorations that lead to every corner of the machine: to a depth of four the first of them, of eleven kinds, is
 * 16,104 stories. Then eleven kinds of trouble with a submit or a look: of two stages only, few of them are told alike. At last
 * these once more, with every story played.
 */
import { strict as assert } from "node:assert"
import * as Explore from "@tenuto/testkit/Explore"
import * as Transitions from "@tenuto/testkit/Transitions"
import { common, soundpiece } from "../src/suites.ts"
import { corners, depth as deepest, unreachable } from "../test/corners.ts"

const depth = Number(process.argv[2] ?? deepest)

/** Explore one suite, and say what it cost. */
const explore = async (name: string, suite: Explore.Suite) => {
  const expected = Array.from({ length: depth }, (_, i) => suite.kinds.length ** (i + 1)).reduce((sum, n) => sum + n, 0)
  const used = process.cpuUsage()
  const began = performance.now()
  const { played, stories, transitions } = await Explore.demand(Explore.exhaustively(suite, { depth }))
  const seconds = (performance.now() - began) / 1000
  const { system, user } = process.cpuUsage(used)
  assert.equal(stories, expected)
  console.log(
    `${name}: ${suite.kinds.length} kinds, ${stories} stories, ${played} played, ${transitions.length} transitions,`,
    `${seconds.toFixed(2)} s, ${((user + system) / 1000 / played).toFixed(2)} ms of CPU for each that is played`,
  )
  return { seconds, transitions }
}

const reached = new Set<string>()
let together = 0
for (const [make, kinds] of corners) {
  const suite = await make(kinds)
  const { seconds, transitions } = await explore(suite.name, suite)
  for (const transition of transitions) reached.add(transition)
  together += seconds
}
const possible = Transitions.all.filter((transition) => !Object.hasOwn(unreachable, transition))
console.log(
  `together: ${together.toFixed(2)} s, ${reached.size} of ${possible.length} transitions that a client can make`,
)
assert.deepEqual([...reached].toSorted(), possible)

const suite = await soundpiece(common)
await explore("trouble with any request", suite)
await explore("trouble with any request, every story played", {
  ...suite,
  // It says of no story what it depended on.
  tell: async (story) => {
    const { asked: _, ...told } = await suite.tell(story)
    return told
  },
})
