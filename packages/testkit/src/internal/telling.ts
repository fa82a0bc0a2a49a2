/** Tells one story to its end, whatever a suite does: what it throws, and that it never ends, is a violation too. */
import { later } from "./host.ts"
import type { Story, Suite, Told } from "./story.ts"

const textOf = (thrown: unknown): { readonly check: string; readonly says: string } => {
  if (!(thrown instanceof Error)) return { check: "Thrown", says: String(thrown) }
  const check = "_tag" in thrown && typeof thrown._tag === "string" ? thrown._tag : thrown.name
  return { check, says: thrown.message }
}

const red = (check: string, says: string): Told => ({ timeline: "", violations: [{ check, says }] })

/** `within` are real milliseconds. */
export const tell = (suite: Suite, story: Story, within: number): Promise<Told> =>
  new Promise((resolve) => {
    const late = () => resolve(red("Endless", `the story had not ended after ${within} ms of real time`))
    const disarm = later(within, late)
    const done = (told: Told) => {
      disarm()
      resolve(told)
    }
    const broken = (thrown: unknown) => {
      const { check, says } = textOf(thrown)
      done(red(check, says))
    }
    try {
      suite.tell(story).then(done, broken)
    } catch (thrown) {
      broken(thrown)
    }
  })
