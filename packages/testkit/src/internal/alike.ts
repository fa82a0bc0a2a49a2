/**
 * Knows which stories are told alike: those that answer every question of a run with the same step.
 *
 * A suite that says what it asked for, in order, promises that a run depends on nothing else of its steps.
 */
import type { Story, Told } from "./story.ts"

/** Where a run comes to a question, or to its end. */
interface Place {
  asks?: string
  readonly ways: Map<string | undefined, Place>
  told?: Told
}

const green: Told = { timeline: "", violations: [] }

const place = (): Place => ({ ways: new Map() })
const stageOf = (step: string): string => step.slice(step.lastIndexOf("@") + 1)

/** Hands out the steps of a story: each question takes the first step of its stage that is left. */
export const drawer = (steps: ReadonlyArray<string>): ((stage: string) => string | undefined) => {
  const left = [...steps]
  return (stage) => {
    const at = left.findIndex((step) => stageOf(step) === stage)
    return at < 0 ? undefined : left.splice(at, 1)[0]
  }
}

/** The runs of one seed on one carrier, by what they asked and what they were given. */
export class Alike {
  private readonly roots = new Map<string, Place>()

  private root({ carrier, seed }: Story): Place {
    const name = `${carrier} ${seed}`
    const known = this.roots.get(name) ?? place()
    this.roots.set(name, known)
    return known
  }

  /** What a story that is told alike was told as. */
  find(story: Story): Told | undefined {
    const draw = drawer(story.steps)
    let here: Place | undefined = this.root(story)
    while (here?.asks !== undefined) here = here.ways.get(draw(here.asks))
    return here?.told
  }

  /** Remember a run that said what it asked for. */
  keep(story: Story, told: Told): void {
    if (told.asked === undefined) return
    const draw = drawer(story.steps)
    let here = this.root(story)
    for (const stage of told.asked) {
      here.asks = stage
      const word = draw(stage)
      const next = here.ways.get(word) ?? place()
      here.ways.set(word, next)
      here = next
    }
    // Of a green run nothing more is asked, and there are thousands of them.
    here.told = told.violations.length === 0 ? green : told
  }
}
