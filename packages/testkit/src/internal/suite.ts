/** Tells stories of a service and a client without Effect: a kit for each story, judged when it is over. */
import type { Run } from "../Checks.ts"
import type { Ended, Explored, Service } from "../Kit.ts"
import { chances } from "./effects.ts"
import { open } from "./kit.ts"
import { isStalled } from "../VirtualClock.ts"
import type { Story, Suite, Told } from "./story.ts"

/** What is rejected meanwhile and heard by nobody. */
const unheard = () => {
  const { process } = globalThis as Partial<typeof globalThis>
  const reasons: Array<unknown> = []
  const hear = (reason: unknown) => void reasons.push(reason)
  process?.on("unhandledRejection", hear)
  return { reasons, end: () => void process?.off("unhandledRejection", hear) }
}

/** Words that a request takes by its stage alone: then what is told depends on nothing but what was asked for. */
const isPlain = (word: string): boolean => {
  const [name = "", stage = ""] = word.split(/[=@]/)
  return /@[a-z-]+$/.test(word) && !/@(?:webhook|long-poll)$/.test(word) && chances[name] === undefined && stage !== ""
}

type Outcome<A> = readonly [ended: Ended<A>, run: Partial<Run>]

export const suiteOf = <S extends Service, A>(explored: Explored<S, A>): Suite => {
  const { checks, client, from, kinds, known, name, secrets = [], service, ...rest } = explored

  const tell = async ({ carrier, seed, steps }: Story): Promise<Told> => {
    const asked: Array<string> = []
    let isPlainly = kinds.every(isPlain)
    const story = {
      carrier,
      seed,
      // A service that reads what is to come depends on more than what it was asked for.
      get steps() {
        isPlainly = false
        return steps
      },
    }
    const kit = await open({
      ...rest,
      service: service(story),
      faults: steps,
      carrier,
      seed,
      name,
      asked: (stage) => asked.push(stage === "long-poll" ? "look" : (stage ?? "")),
    })
    const { end, reasons: unhandled } = unheard()
    try {
      const [ended, outcome] = await kit.run(client).then(
        (value): Outcome<A> => [{ value }, { claimed: "succeeded" }],
        (thrown: unknown): Outcome<A> =>
          isStalled(thrown) ? [{}, { waiting: thrown.waiters }] : [{ thrown }, { thrown: [thrown] }],
      )
      const took = (kit.now().getTime() - began) / 1000
      const run = { ...outcome, took, secrets, unhandled, ...(typeof known === "function" ? known(ended) : known) }
      const violations = await kit.judge(run, checks)
      const timeline = kit.timeline()
      return { timeline, violations, report: kit.report, ...(isPlainly ? { asked } : {}) }
    } finally {
      end()
      await kit.close()
    }
  }
  return { name, kinds, ...(from === undefined ? {} : { from }), tell }
}

/** Where the time of a kit begins. */
const began = Date.UTC(2026, 0, 1)
