import * as Explore from "@tenuto/testkit/Explore"
import * as Suites from "../src/suites.ts"
const [, , name = "soundpiece", mode = "bench", n = "3", carrier = "memory"] = process.argv
const suite = await (Suites as any)[name](mode === "bench" ? Suites.common : undefined)
const c = process.cpuUsage(),
  t = performance.now()
const r =
  mode === "bench"
    ? await Explore.exhaustively(suite, { depth: Number(n), stopAt: Infinity, carrier: carrier as "memory" })
    : mode === "all"
      ? await Explore.exhaustively(suite, { depth: Number(n), carrier: carrier as "memory" })
      : await Explore.randomly(suite, { runs: Number(n), length: 8, seed: 1, carrier: carrier as "memory" })
const u = process.cpuUsage(c)
console.log(
  r._tag,
  r.stories,
  "stories",
  r.played,
  "played",
  r.red,
  "red",
  performance.now() - t,
  "ms; cpu",
  (u.user + u.system) / 1000,
  (u.user + u.system) / 1000 / r.played,
  "each played",
)
console.log(r.transitions.join("\n"))
if (r._tag === "Found") console.log(new Explore.Red(r).message)
