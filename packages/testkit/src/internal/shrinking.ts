/** Makes a red story smaller for as long as it stays red for the same reason; the same story always shrinks alike. */
import type { Story, Suite, Told } from "./story.ts"

/** A story and how it went. */
export interface Run {
  readonly story: Story
  readonly told: Told
}

/** Stories that are one step simpler, the greatest gain first. */
const simpler = (story: Story, { carrier: usual, kinds }: Suite): ReadonlyArray<Story> => {
  const { carrier, seed, steps } = story
  const without = steps.map((_, at) => ({ ...story, steps: steps.toSpliced(at, 1) }))
  const halves =
    steps.length < 4
      ? []
      : [steps.slice(0, steps.length >> 1), steps.slice(steps.length >> 1)].map((half) => ({ ...story, steps: half }))
  const plainer = steps.flatMap((step, at) =>
    kinds.slice(0, Math.max(0, kinds.indexOf(step))).map((kind) => ({ ...story, steps: steps.with(at, kind) })),
  )
  return [
    ...(carrier === "memory" || usual !== undefined ? [] : [{ ...story, carrier: "memory" as const }]),
    ...(seed === 0 ? [] : [{ ...story, seed: 0 }]),
    ...(steps.length === 0 ? [] : [{ ...story, steps: [] }]),
    ...halves,
    ...without,
    ...plainer,
  ]
}

/** Give back the smallest that was found, after at most `most` tellings. */
export const shrink = async (
  suite: Suite,
  run: Run,
  tell: (story: Story) => Promise<Told>,
  most: number,
): Promise<Run> => {
  const checks = new Set(run.told.violations.map(({ check }) => check))
  let best = run
  let left = most
  for (let candidates = simpler(best.story, suite), at = 0; at < candidates.length && left > 0; at++) {
    const story = candidates[at]
    if (story === undefined) break
    left--
    const told = await tell(story)
    if (!told.violations.some(({ check }) => checks.has(check))) continue
    best = { story, told }
    candidates = simpler(story, suite)
    at = -1
  }
  return best
}
