/** Tells one story to its end, whatever a suite does: what it throws, and that it never ends, is a violation too. */
import { later } from "./host.ts"
import type { Story, Suite, Told } from "./story.ts"

const textOf = (thrown: unknown): { readonly check: string; readonly says: string } => {
  if (!(thrown instanceof Error)) return { check: "Thrown", says: String(thrown) }
  const check = "_tag" in thrown && typeof thrown._tag === "string" ? thrown._tag : thrown.name
  return { check, says: thrown.message }
}

const red = (check: string, says: string): Told => ({ timeline: "", violations: [{ check, says }] })

/** What is given up is waited for this long, in real milliseconds: one story may hold what another one needs. */
const grace = 1000

/** `within` are real milliseconds. */
export const tell = (suite: Suite, story: Story, within: number): Promise<Told> =>
  new Promise((resolve) => {
    const giveUp = new AbortController()
    const endless = red("Endless", `the story had not ended after ${within} ms of real time`)
    let disarm = later(within, () => {
      disarm = later(grace, () => resolve(endless))
      giveUp.abort()
    })
    const done = (told: Told) => {
      disarm()
      resolve(giveUp.signal.aborted ? endless : told)
    }
    const broken = (thrown: unknown) => {
      const { check, says } = textOf(thrown)
      done(red(check, says))
    }
    try {
      suite.tell(story, giveUp.signal).then(done, broken)
    } catch (thrown) {
      broken(thrown)
    }
  })
