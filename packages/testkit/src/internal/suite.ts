/** Tells stories of a service and a client without Effect: a kit for each story, judged when it is over. */
import type { Run } from "../Checks.ts"
import type { Ended, Explored, Service } from "../Kit.ts"
import { chances } from "./effects.ts"
import { allow } from "./insist.ts"
import { open } from "./kit.ts"
import { hiding } from "./reading.ts"
import { unfitOf } from "./unfit.ts"
import { isStalled } from "../VirtualClock.ts"
import type { Story, Suite, Told, Violation } from "./story.ts"

/** Listen for what is rejected and heard by nobody. */
const unheard = (reasons: Array<unknown>): (() => void) => {
  const { process } = globalThis as Partial<typeof globalThis>
  const hear = (reason: unknown) => void reasons.push(reason)
  process?.on("unhandledRejection", hear)
  return () => void process?.off("unhandledRejection", hear)
}

/** Words that a request takes by its stage alone: then what is told depends on nothing but what was asked for. */
const isPlain = (word: string): boolean => {
  const [name = "", stage = ""] = word.split(/[=@]/)
  return /@[a-z-]+$/.test(word) && !/@(?:webhook|long-poll)$/.test(word) && chances[name] === undefined && stage !== ""
}

type Outcome<A> = readonly [ended: Ended<A>, run: Partial<Run>, stalled?: Violation]

export const suiteOf = <S extends Service, A>(explored: Explored<S, A>): Suite => {
  allow(unfitOf("a suite", explored))
  const { carrier: usual, checks, client, from, kinds, known, name, secrets = [], service, ...rest } = explored

  const tell = async ({ carrier, seed, steps }: Story, signal?: AbortSignal): Promise<Told> => {
    const asked: Array<string> = []
    const broken: Array<unknown> = []
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
    const kit = await open(
      { ...rest, service: service(story), faults: steps, carrier, seed, name },
      {
        asked: (stage) => asked.push(stage === "long-poll" ? "look" : (stage ?? "")),
        broke: (thrown) => broken.push(thrown),
      },
    )
    signal?.addEventListener("abort", () => void kit.close(), { once: true })
    const unhandled: Array<unknown> = []
    let end = () => {}
    /** Another story may be played until this one has its turn: what is rejected then is none of it. */
    const playing: typeof client = (world) => {
      end = unheard(unhandled)
      return client(world)
    }
    Object.defineProperty(playing, "name", { value: client.name })
    try {
      const [ended, outcome, stalled] = await kit.run(playing).then(
        (value): Outcome<A> => [{ value }, { claimed: "succeeded" }],
        (thrown: unknown): Outcome<A> => {
          if (!isStalled(thrown)) return [{ thrown }, { thrown: [thrown] }]
          const { _tag, message, waiters } = thrown
          return _tag === "Deadlock" ? [{}, { waiting: waiters }] : [{}, {}, { check: _tag, says: message }]
        },
      )
      const took = (kit.now().getTime() - began) / 1000
      const run = { ...outcome, took, secrets, unhandled, ...(typeof known === "function" ? known(ended) : known) }
      // What a client made of a service that broke says nothing of the client.
      const violations =
        broken.length > 0
          ? [{ check: "service", says: hiding(String(broken[0]), secrets) }]
          : [...(stalled === undefined ? [] : [stalled]), ...(await kit.judge(run, checks))]
      const timeline = kit.timeline()
      return { timeline, violations, report: kit.report, ...(isPlainly ? { asked } : {}) }
    } finally {
      end()
      await kit.close()
    }
  }
  return {
    name,
    kinds,
    ...(from === undefined ? {} : { from }),
    ...(usual === undefined ? {} : { carrier: usual }),
    tell,
  }
}

/** Where the time of a kit begins. */
const began = Date.UTC(2026, 0, 1)
