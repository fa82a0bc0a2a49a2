/** What explorations say of the services, and of clients with a bug. */
import { describe, expect, it } from "vitest"
import * as Explore from "@tenuto/testkit/Explore"
import * as Transitions from "@tenuto/testkit/Transitions"
import * as Suites from "../src/suites.ts"
import { onBoth } from "./both.ts"
import { corners, depth, unreachable } from "./corners.ts"
import * as Planted from "./planted.ts"

const found = (explored: Explore.Found | Explore.Nothing): Explore.Found => {
  if (explored._tag === "Found") return explored
  throw new Error(`${explored.suite}: nothing was found in ${explored.stories} stories`)
}

describe("a planted bug", () => {
  it.each([
    ["a new key for each attempt", Planted.newKey, "once", 1],
    ["an unanswered submit that is called refused", Planted.denying, "truth", 1],
    ["a request that is sent twice", Planted.doubling, "ahead", 0],
    ["a pause that is not kept", Planted.deaf, "patience", 1],
    ["a driver that shows another state", Planted.lying, "machine", 0],
    ["a driver that plans too soon", Planted.hasty, "action", 0],
    ["a client that comes back late", Planted.late, "deadline", 0],
    ["a journal that forgets", Planted.forgetful, "saved", 0],
    ["a file that is put together from two beginnings", Planted.joining, "whole", 1],
    ["a key that is shown to the storage", Planted.trusting, "leak", 0],
    ["a client that waits for nothing", Planted.waiting, "Deadlock", 0],
    ["a client that breaks", Planted.broken, "defect", 0],
  ] as const)("%s is found, and shrunk", async (_, suite, check, length) => {
    const { line, story, violations } = found(await Explore.exhaustively(suite, { depth: 2 }))
    expect([violations[0]?.check, story.steps]).toEqual([check, expect.objectContaining({ length })])
    expect(line).toMatch(/^npx tenuto replay v1:(?:apps\/cli\/)?test\/planted\.ts:/)
  })

  it("of a new key is found among stories at random too, and replays to the same hash on both carriers", async () => {
    const { story, token, violations } = found(
      await Explore.randomly(Planted.newKey, { runs: 500, length: 8, seed: 5, carrier: "loopback" }),
    )
    expect(violations).toEqual([{ check: "once", says: "one piece of work was begun 2 times" }])
    expect(story).toEqual({ seed: 0, carrier: "memory", steps: ["reset-after-commit@submit"] })
    for (const carried of [token, token.replace(":memory:", ":loopback:")]) {
      expect(await Explore.replay(carried, { times: 5 })).toMatchObject({ isSame: true, isRed: true })
    }
  })

  it("of waiting for ever is named, whether real time or the clock tells", async () => {
    const endless = async (suite: Explore.Suite, storyWithin: number) =>
      found(await Explore.exhaustively(suite, { depth: 1, storyWithin })).violations
    expect(await endless(Planted.patient, 50)).toMatchObject([
      { check: "Endless", says: expect.stringMatching(/real/) },
    ])
    // Real time would tell after a day.
    expect(await endless(Planted.impatient, 86_400_000)).toMatchObject([
      { check: "Endless", says: expect.stringMatching(/there is still no end/) },
    ])
  })

  it("of waiting for nothing is named, without waiting for a clock that is real", async () => {
    const story = { seed: 0, carrier: "memory", steps: [] } as const
    // I/O that is stuck would be told after a day.
    const { violations } = await Planted.waiting.tell(story)
    expect(violations[0]?.says).toContain("nothing can happen any more")
  })
})

describe("every transition of the machine", () => {
  it("is reached by exploring, except those that no client can make", async () => {
    const reached = new Set<string>()
    for (const [make, kinds] of corners) {
      const { transitions } = await Explore.demand(Explore.exhaustively(await make(kinds), { depth }))
      for (const transition of transitions) reached.add(transition)
    }
    expect([...reached, ...Object.keys(unreachable)].toSorted()).toEqual(Transitions.all)
  })
})

describe("a story that was red once is green", () => {
  it.each([
    // A handle that was brought was on record only after the first look had come back.
    [Suites.heydonna, ["reset-after-commit@submit", "found@caller", "crash-after-commit@look"]],
    [Suites.whisul, ["reset-after-commit@submit", "found@caller", "crash-after-commit@look"]],
    // That the caller asked again was on record only with the next send.
    [Suites.soundpiece, ["503@submit", "prompt@pause", "401@submit", "again@caller", "crash@pause"]],
    // A delivery ended the wait, and its file's link was renewed sooner than looks were welcome again.
    [Suites.soundpiece, ["expired-link@download", "429=30@look"]],
  ] as const)("%o %o", async (suite, steps) => {
    const { asked, violations } = await (await suite()).tell({ seed: 0, carrier: "memory", steps })
    expect(violations).toEqual([])
    // Every word was used.
    expect(asked?.map((stage) => `@${stage}`)).toEqual(
      expect.arrayContaining(steps.map((step) => step.slice(step.indexOf("@")))),
    )
  })
})

describe("a fault that lasts", () => {
  const wire = async (steps: ReadonlyArray<string>) => {
    const suite = await Suites.soundpiece([...steps])
    const { timeline, violations } = await suite.tell({ seed: 0, carrier: "memory", steps })
    const answers = [...timeline.matchAll(/wire +answered (\d+)/g)].map(([, status]) => status)
    return { answers, violations }
  }

  it("outlasts the request that it struck: an outage, and a key that is revoked", async () => {
    const outage = await wire(["outage=60@look"])
    expect(outage.answers.filter((status) => status === "503").length).toBeGreaterThan(1)
    expect(outage.violations).toEqual([])
    const revoked = await wire(["revoked@look", "pass@look"])
    expect(revoked.answers.slice(1).every((status) => status === "401")).toBe(true)
  })

  it.each(["503@look:2", "503@download", "503@long-poll"])(
    "%s, which is never played, is no green story",
    async (word) => {
      const suite = await Suites.heydonna([word])
      const { violations } = await suite.tell({ seed: 0, carrier: "memory", steps: [word] })
      expect(violations).toMatchObject([{ check: "kinds" }])
    },
  )
})

describe("the services", () => {
  it.each([
    ["soundpiece", Suites.soundpiece],
    ["overten", Suites.overten],
    ["overten, at once", Suites.overtenAtOnce],
    ["heydonna", Suites.heydonna],
    ["whisul", Suites.whisul],
  ] as const)("%s: nothing is found, and both carriers tell the same", async (_, make) => {
    await Explore.demand(Explore.randomly(onBoth(await make()), { runs: 40, length: 8, seed: 3 }))
  })

  it("what takes its steps in another order of stages is told alike", async () => {
    const suite = await Suites.soundpiece()
    const told: Array<Explore.Story> = []
    const noting: Explore.Suite = {
      ...suite,
      tell: (story) => {
        told.push(story)
        return Promise.resolve({ timeline: "", violations: [] })
      },
    }
    await Explore.randomly(noting, { runs: 40, length: 8, seed: 9 })
    const stage = (step: string) => step.slice(step.indexOf("@"))
    for (const story of told) {
      const steps = story.steps.toSorted((one, other) => stage(one).localeCompare(stage(other)))
      const [as, sorted] = [await suite.tell(story), await suite.tell({ ...story, steps })]
      expect([sorted.timeline, sorted.asked]).toEqual([as.timeline, as.asked])
    }
  })

  it("soundpiece: eleven ways to go wrong, told to a depth of three", async () => {
    const explored = await Explore.demand(Explore.exhaustively(await Suites.soundpiece(Suites.common), { depth: 3 }))
    expect(explored).toMatchObject({ stories: 11 + 11 ** 2 + 11 ** 3, red: 0 })
    expect(explored.played).toBeLessThan(explored.stories)
  })
})
