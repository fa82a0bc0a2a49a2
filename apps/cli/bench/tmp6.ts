import * as Explore from "@tenuto/testkit/Explore"
import * as Transitions from "@tenuto/testkit/Transitions"
import * as Suites from "../src/suites.ts"
const seen = new Set<string>()
const words: Record<string, [string[], number][]> = {
  soundpiece: [
    [
      [
        "hang-after-commit@submit",
        "429=30@submit",
        "reset-after-commit@submit",
        "503@look",
        "unknown-status@look",
        "crash@pause",
        "crash-after-commit@look",
        "again@caller",
        "elsewhere@caller",
        "gone@look",
        "401@submit",
        "prompt@pause",
        "failed@work",
      ],
      3,
    ],
  ],
  overten: [
    [
      [
        "limited@pause",
        "429=30@submit",
        "reset-after-commit@submit",
        "503@look",
        "cancelled@work",
        "expired@work",
        "tomorrow@caller",
        "crash@pause",
      ],
      2,
    ],
  ],
  whisul: [
    [
      [
        "429=30@submit",
        "reset-after-commit@submit",
        "crash@pause",
        "found@caller",
        "changed@caller",
        "elsewhere@caller",
        "crash-after-commit@look",
        "again@caller",
      ],
      4,
    ],
  ],
}
for (const [name, list] of Object.entries(words))
  for (const [w, depth] of list) {
    const t = performance.now()
    const r = await Explore.exhaustively(await (Suites as any)[name](w), { depth })
    console.log(name, r._tag, r.stories, r.played, (performance.now() - t).toFixed(0), "ms")
    if (r._tag === "Found") console.log(new Explore.Red(r).message)
    for (const x of r.transitions) seen.add(x)
  }
console.log(
  Transitions.all.filter((x) => !seen.has(x)),
  [...seen].filter((x) => !Transitions.all.includes(x)),
)
