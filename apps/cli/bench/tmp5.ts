import * as Explore from "@tenuto/testkit/Explore"
import * as Suites from "../src/suites.ts"
const [, , name = "soundpiece", n = "200", seed = "1", length = "8"] = process.argv
const suite = (await (Suites as any)[name]()) as Explore.Suite
let differ = 0,
  red = 0,
  played = 0
const both: Explore.Suite = {
  ...suite,
  tell: async (story) => {
    const m = await suite.tell({ ...story, carrier: "memory" }),
      l = await suite.tell({ ...story, carrier: "loopback" })
    played++
    const v = [...m.violations, ...l.violations]
    if (m.timeline !== l.timeline) {
      const a = m.timeline.split("\n"),
        b = l.timeline.split("\n")
      const i = a.findIndex((x, i) => x !== b[i])
      v.push({ check: "carriers", says: `line ${i}: memory "${a[i]}" loopback "${b[i]}"` })
    }
    const { asked, ...rest } = m
    return {
      timeline: m.timeline + "\n-----\n" + l.timeline,
      violations: v,
      ...(asked ? { asked } : {}),
      transitions: m.transitions ?? [],
    }
  },
}
const t = performance.now()
const r = await Explore.randomly(both, {
  runs: Number(n),
  length: Number(length),
  seed: Number(seed),
  storyWithin: 60000,
})
console.log(
  name,
  r._tag,
  r.stories,
  "stories",
  r.played,
  "played",
  r.red,
  "red",
  ((performance.now() - t) / 1000).toFixed(1),
  "s",
)
if (r._tag === "Found") console.log(new Explore.Red(r).message)
