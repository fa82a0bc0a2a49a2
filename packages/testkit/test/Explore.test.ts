import { readFileSync } from "node:fs"
import * as Arbitrary from "effect/Arbitrary"
import { Effect, Schema } from "effect"
import { describe, expect, it } from "vitest"
import * as Explore from "@tenuto/testkit/Explore"

const kinds = ["pass@look", "503@look", "reset@submit", "crash@look"]

interface Toy {
  readonly isRed?: (steps: ReadonlyArray<string>, story: Explore.Story) => boolean
  readonly check?: (steps: ReadonlyArray<string>) => string
}

/** A suite whose stories are what was asked of it, and red where it is told so. */
const toy = ({ check = () => "toy", isRed = () => false }: Toy = {}) => {
  const told: Array<Explore.Story> = []
  const suite: Explore.Suite = {
    name: "toy",
    from: "tenuto",
    kinds,
    tell: (story) => {
      told.push(story)
      const violations = isRed(story.steps, story) ? [{ check: check(story.steps), says: "it broke" }] : []
      return Promise.resolve({ timeline: `${story.seed} ${story.steps.join(" ")}`, violations })
    },
  }
  return { suite, told }
}

const count = (steps: ReadonlyArray<string>, word: string) => steps.filter((step) => step === word).length
const twoCrashes = (steps: ReadonlyArray<string>) => count(steps, "crash@look") >= 2

const found = (explored: Explore.Found | Explore.Nothing): Explore.Found => {
  if (explored._tag === "Found") return explored
  throw new Error("nothing was found")
}

const property = async <A>(schema: Schema.Schema<A>, holds: (value: A) => Promise<boolean>) => {
  const result = await Effect.runPromise(
    Arbitrary.checkEffect(Arbitrary.schema(schema), (value) => Effect.promise(() => holds(value)), {
      runs: 150,
      seed: 1,
      size: 8,
    }),
  )
  expect(result).toMatchObject({ _tag: "Passed" })
}

const Steps = Schema.Array(Schema.Literals(kinds)).check(Schema.isMaxLength(8))
const AnyStory = Schema.Struct({
  seed: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 99 })),
  carrier: Schema.Literals(["memory", "loopback"]),
  steps: Steps,
})
/** What a story has to hold to be red; any of these can stand alone. */
const anything = "*"
const AnyFault = Schema.Struct({
  needs: Schema.Array(Schema.Literals([...kinds, anything])).check(Schema.isMaxLength(3)),
})
const holds = (steps: ReadonlyArray<string>, needs: ReadonlyArray<string>) =>
  steps.length >= needs.length && needs.every((word) => word === anything || count(steps, word) >= count(needs, word))

/** Half a character is in no name: it has no bytes. */
const Text = Schema.String.check(Schema.makeFilter((text) => !/[\uD800-\uDFFF]/u.test(text)))
const Named = Text.check(Schema.isNonEmpty())
const Tokened = Schema.Struct({
  story: AnyStory,
  name: Named,
  words: Schema.Array(Text),
})

const rank = ({ carrier, seed, steps }: Explore.Story) => [
  Number(carrier === "loopback") + Number(seed !== 0) + steps.length,
  steps.reduce((sum, step) => sum + kinds.indexOf(step), 0),
]

type Shrinker = (suite: Explore.Suite, story: Explore.Story) => Promise<Explore.Story>

/** Stories with one thing less: a step, a plainer word, the seed, the wire. */
const simpler = (story: Explore.Story): ReadonlyArray<Explore.Story> => [
  { ...story, carrier: "memory" },
  { ...story, seed: 0 },
  ...story.steps.flatMap((step, at) => [
    { ...story, steps: story.steps.toSpliced(at, 1) },
    ...kinds.slice(0, kinds.indexOf(step)).map((kind) => ({ ...story, steps: story.steps.with(at, kind) })),
  ]),
]

/** What binds a shrinker: it is red still, it never grew, and nothing simpler is red. */
const lawful = async (shrinker: Shrinker, needs: ReadonlyArray<string>, story: Explore.Story) => {
  const { suite } = toy({ isRed: (steps) => holds(steps, needs) })
  const isRed = async (story: Explore.Story) => (await suite.tell(story)).violations.length > 0
  if (!(await isRed(story))) return []
  const small = await shrinker(suite, story)
  const isSame = (one: Explore.Story) => JSON.stringify(one) === JSON.stringify(small)
  const simplerOnes = await Promise.all(
    simpler(small)
      .filter((one) => !isSame(one))
      .map(isRed),
  )
  const [length = 0, weight = 0] = rank(small)
  const [before = 0, weighed = 0] = rank(story)
  const again = await shrinker(suite, story)
  return [
    ...((await isRed(small)) ? [] : ["it is green"]),
    ...(length > before || (length === before && weight > weighed) ? ["it grew"] : []),
    ...(simplerOnes.includes(true) ? ["it could be simpler"] : []),
    ...(JSON.stringify(again) === JSON.stringify(small) ? [] : ["it is another one each time"]),
  ]
}

const mutants: Readonly<Record<string, Shrinker>> = {
  "keeps a green story": (_, story) => Promise.resolve({ ...story, steps: story.steps.slice(1) }),
  "adds a step": (_, story) => Promise.resolve({ ...story, steps: [...story.steps, "pass@look"] }),
  "does nothing": (_, story) => Promise.resolve(story),
  "only drops steps": (suite, story) => Explore.shrink({ ...suite, kinds: [] }, story),
  "keeps the seed": async (suite, story) => ({ ...(await Explore.shrink(suite, story)), seed: story.seed }),
  "keeps the carrier": async (suite, story) => ({ ...(await Explore.shrink(suite, story)), carrier: story.carrier }),
  "begins with another step each time": (() => {
    let times = 0
    return async (suite, story) => {
      const small = await Explore.shrink(suite, story)
      return times++ % 2 === 0 ? small : { ...small, steps: small.steps.toReversed() }
    }
  })(),
}

describe("laws", () => {
  const stories = Schema.Struct({ story: AnyStory, fault: AnyFault })

  it("shrinking never grows a story, keeps it red, and leaves nothing simpler that is red", () =>
    property(stories, async ({ fault, story }) => (await lawful(Explore.shrink, fault.needs, story)).length === 0))

  it.each(Object.entries(mutants))("a shrinker that %s is caught", async (_, mutant) => {
    const story = {
      seed: 3,
      carrier: "loopback",
      steps: ["crash@look", "503@look", "reset@submit", "crash@look"],
    } as const
    const caught: Array<string> = []
    for (const needs of [["crash@look", anything], ["503@look"], []]) {
      caught.push(...(await lawful(mutant, needs, story)))
    }
    expect(caught).not.toEqual([])
  })

  it("shrinks to a story that breaks the same check", async () => {
    const check = (steps: ReadonlyArray<string>) => (steps.length > 1 ? "grave" : "slight")
    const { suite } = toy({ isRed: () => true, check })
    const small = await Explore.shrink(suite, {
      seed: 0,
      carrier: "memory",
      steps: ["503@look", "503@look", "503@look"],
    })
    expect(small.steps).toEqual(["pass@look", "pass@look"])
  })

  it("gives a green story back as it is", async () => {
    const story = { seed: 4, carrier: "loopback", steps: ["503@look"] } as const
    expect(await Explore.shrink(toy().suite, story)).toBe(story)
  })

  it("a token that is written is read as what it was, and no shell changes it", () =>
    property(Tokened, async ({ name, story, words }) => {
      const suite: Explore.Suite = {
        name,
        kinds: words,
        tell: () => Promise.resolve({ timeline: "told", violations: [] }),
      }
      const token = await Explore.tokenOf(suite, { ...story, steps: words }, "told")
      const replayed = await Explore.replay(token, { suites: [suite] })
      const isRead = JSON.stringify(replayed.story.steps) === JSON.stringify(words) && replayed.suite === name
      const { carrier, seed } = replayed.story
      const isPlain = /^[A-Za-z0-9@%+=:./_-]+$/.test(token)
      return isPlain && isRead && replayed.isSame && carrier === story.carrier && seed === story.seed
    }))

  it.each(["half of a pair: \ud83d", "\ude00\ud83d", "\ud83d\ude00", "%uD83D"])(
    "a token carries every name: %j",
    async (name) => {
      const suite: Explore.Suite = {
        name,
        kinds: [name],
        tell: () => Promise.resolve({ timeline: "told", violations: [] }),
      }
      const token = await Explore.tokenOf(suite, { seed: 0, carrier: "memory", steps: [name] }, "told")
      expect(token).toMatch(/^[A-Za-z0-9@%+=:./_-]+$/)
      const { story, suite: found } = await Explore.replay(token, { suites: [suite] })
      expect([found, ...story.steps]).toEqual([name, name])
    },
  )

  it.each([1, 2, 3, 4, 5])(
    "exhaustively tells the sum of the powers, each story once, to a depth of %i",
    async (depth) => {
      const { suite, told } = toy()
      const explored = await Explore.exhaustively(suite, { depth })
      const expected = Array.from({ length: depth }, (_, i) => kinds.length ** (i + 1)).reduce((sum, n) => sum + n, 0)
      expect(explored).toMatchObject({ _tag: "Nothing", stories: expected, played: expected, red: 0 })
      expect(new Set(told.map(({ steps }) => steps.join(" "))).size).toBe(expected)
    },
  )

  it("the same seed tells the same stories, and another seed others", async () => {
    const tell = async (seed: number) => {
      const { suite, told } = toy()
      await Explore.randomly(suite, { runs: 40, length: 5, seed })
      return JSON.stringify(told)
    }
    expect(await tell(1)).toBe(await tell(1))
    expect(await tell(2)).not.toBe(await tell(1))
  })
})

describe("exploring", () => {
  it("finds the story and gives its shortest form, with the line that replays it", async () => {
    const { suite } = toy({ isRed: twoCrashes })
    const explored = found(await Explore.randomly(suite, { runs: 200, length: 6, seed: 1, carrier: "loopback" }))
    expect(explored.story).toEqual({ seed: 0, carrier: "memory", steps: ["crash@look", "crash@look"] })
    expect(twoCrashes(explored.first.steps)).toBe(true)
    expect(explored.line).toMatch(/^npx tenuto replay v1:toy:memory:0:crash@look\+crash@look:[0-9a-f]{8}$/)
  })

  it("prints no line that leads nowhere: a suite without from is told what it needs, and a path is as good as its address", async () => {
    const { from: _, ...homeless } = toy({ isRed: () => true }).suite
    const lineOf = async (from: object) =>
      found(await Explore.exhaustively({ ...homeless, ...from }, { depth: 1 })).line
    expect(await lineOf({})).toBe("give the suite `from: import.meta.url` to have a line here that replays it")
    const line = await lineOf({ from: import.meta.url })
    expect(line).toMatch(/^npx tenuto replay v1:\S*test\/Explore\.test\.ts:toy:memory:0::[0-9a-f]{8}$/)
    expect(await lineOf({ from: import.meta.filename })).toBe(line)
  })

  it("ends at the first red story, or at as many as are asked for", async () => {
    const { suite } = toy({ isRed: (steps) => steps.includes("503@look") })
    expect(await Explore.exhaustively(suite, { depth: 3 })).toMatchObject({ stories: 2, red: 1 })
    expect(await Explore.exhaustively(suite, { depth: 3, stopAt: 3 })).toMatchObject({ red: 3 })
    expect(await Explore.exhaustively(suite, { depth: 2, stopAt: Infinity })).toMatchObject({ stories: 20, red: 8 })
  })

  it("plays once what is told alike, and calls red what it did not play", async () => {
    const asking: Explore.Suite = {
      name: "asking",
      kinds,
      tell: ({ steps }) => {
        const left = [...steps]
        const asked: Array<string> = []
        const ask = (stage: string) => {
          asked.push(stage)
          const at = left.findIndex((step) => step.endsWith(`@${stage}`))
          return at < 0 ? undefined : left.splice(at, 1)[0]
        }
        // One submit; two looks, unless it was reset.
        const words = ask("submit") === "reset@submit" ? ["reset"] : [ask("look"), ask("look")]
        const violations = words[1] === "crash@look" ? [{ check: "crash", says: "it crashed in the second look" }] : []
        return Promise.resolve({ timeline: words.join(" "), violations, asked, transitions: words.map(String) })
      },
    }
    const bare: Explore.Suite = {
      ...asking,
      tell: async (story) => {
        const { asked: _, ...told } = await asking.tell(story)
        return told
      },
    }
    const [lean, whole] = await Promise.all(
      [asking, bare].map((suite) => Explore.exhaustively(suite, { depth: 4, stopAt: Infinity })),
    )
    expect(whole).toMatchObject({ stories: 340, played: 340 })
    expect(lean).toMatchObject({ stories: 340, played: 13, red: whole?.red, transitions: whole?.transitions })
    expect([found(lean ?? whole!).story, found(lean ?? whole!).first]).toEqual([
      found(whole!).story,
      found(whole!).first,
    ])
  })

  it("tells the transitions that were seen, sorted, each once", async () => {
    const suite: Explore.Suite = {
      name: "moving",
      kinds: ["b", "a"],
      tell: ({ steps }) => Promise.resolve({ timeline: "", violations: [], transitions: steps }),
    }
    expect((await Explore.exhaustively(suite, { depth: 2 })).transitions).toEqual(["a", "b"])
  })

  it.each([
    ["rejects", () => Promise.reject(new TypeError("no such song"))],
    [
      "throws",
      () => {
        throw new TypeError("no such song")
      },
    ],
  ] as const)("a story that %s is red, and says why", async (_, tell) => {
    const explored = found(await Explore.exhaustively({ name: "broken", kinds, tell }, { depth: 1 }))
    expect(explored.violations).toEqual([{ check: "TypeError", says: "no such song" }])
    expect(explored.story.steps).toEqual([])
  })

  it("a story that never ends is red", async () => {
    const endless: Explore.Suite = { name: "endless", kinds, tell: () => new Promise(() => {}) }
    const explored = found(await Explore.exhaustively(endless, { depth: 1, storyWithin: 20 }))
    expect(explored.violations).toEqual([
      { check: "Endless", says: "the story had not ended after 20 ms of real time" },
    ])
  })
})

/** Every file that a module of the kit loads, and what it asks of other packages. */
const asks = (file: URL, seen = new Set<string>()): ReadonlyArray<string> => {
  if (seen.has(file.href)) return []
  seen.add(file.href)
  const imports = readFileSync(file, "utf8").matchAll(/^(?:import|export)(?! type) [^;]*? from "([^"]+)"$/gm)
  return Array.from(imports, ([, name = ""]) => name).flatMap((name) =>
    name.startsWith(".") ? asks(new URL(name, file), seen) : [name],
  )
}

describe("a team without Effect", () => {
  it("needs none to explore", () => {
    expect(asks(new URL("../src/Explore.ts", import.meta.url))).toEqual([])
    expect(asks(new URL("../src/Fault.ts", import.meta.url))).toContain("effect/Effect")
  })
})

describe("demanding", () => {
  it("rejects with the violations, the steps, the timeline and exactly one line that replays", async () => {
    const { suite } = toy({ isRed: twoCrashes })
    const error: unknown = await Explore.demand(Explore.exhaustively(suite, { depth: 3 })).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(Explore.Red)
    const { message } = error as Explore.Red
    expect(message.split("\n").filter((line) => line.includes("tenuto replay"))).toHaveLength(1)
    expect(message).toMatchInlineSnapshot(`
      "toy: one of 20 stories is red
        toy: it broke
      the shortest one, in memory, seed 0:
        crash@look
        crash@look
      0 crash@look crash@look
      npx tenuto replay v1:toy:memory:0:crash@look+crash@look:8e174d47"
    `)
  })

  it("gives back what was explored when nothing was found", async () => {
    expect(await Explore.demand(Explore.exhaustively(toy().suite, { depth: 1 }))).toMatchObject({ stories: 4 })
  })
})

describe("what cannot be explored", () => {
  const { suite } = toy()
  it.each([
    ["depth", () => Explore.exhaustively(suite, { depth: 0 })],
    ["depth", () => Explore.exhaustively(suite, { depth: Number.NaN })],
    ["runs", () => Explore.randomly(suite, { runs: 0, length: 3, seed: 1 })],
    ["length", () => Explore.randomly(suite, { runs: 3, length: 1.5, seed: 1 })],
    ["seed", () => Explore.exhaustively(suite, { depth: 1, seed: -1 })],
    ["kinds", () => Explore.exhaustively({ ...suite, kinds: [] }, { depth: 1 })],
    ["from", () => Explore.exhaustively({ ...suite, from: "./toy.suite.mjs" }, { depth: 1 })],
    ["from", () => Explore.exhaustively({ ...suite, from: "https://toys.test/toy.suite.mjs" }, { depth: 1 })],
    ["depht", () => Explore.exhaustively(suite, { depht: 2 } as never)],
    ["depth", () => Explore.exhaustively(suite, {} as never)],
    ["seed", () => Explore.randomly(suite, { runs: 1, length: 1 } as never)],
    ["carrier", () => Explore.exhaustively(suite, { depth: 1, carrier: "sockets" } as never)],
    ["stopAt", () => Explore.exhaustively(suite, { depth: 1, stopAt: 0 })],
    ["what was given", () => Explore.exhaustively(suite, undefined as never)],
    ["suite", () => Explore.exhaustively(undefined as never, { depth: 1 })],
    ["stories", () => Explore.demand(suite as never)],
  ])("is refused, and not green for nothing: its %s", async (part, exploring) => {
    await expect(exploring()).rejects.toMatchObject({ _tag: "Unexplorable", part })
  })

  it("is no seed that fits a number: its token is read", async () => {
    const seed = Number.MAX_SAFE_INTEGER
    const { suite } = toy({ isRed: (_, story) => story.seed === seed })
    const { token } = found(await Explore.exhaustively(suite, { depth: 1, seed }))
    expect(await Explore.replay(token, { suites: [suite] })).toMatchObject({
      story: { seed },
      isSame: true,
      isRed: true,
    })
  })
})

describe("replaying", () => {
  it("does not choose between two suites of one name", async () => {
    const { suite } = toy({ isRed: twoCrashes })
    const { token } = found(await Explore.exhaustively(suite, { depth: 2 }))
    const refused = Explore.replay(token, { suites: [toy().suite, suite] })
    await expect(refused).rejects.toMatchObject({ _tag: "Unreplayable", part: "suite" })
  })

  const tokenOf = async (suite: Explore.Suite) => found(await Explore.exhaustively(suite, { depth: 3 })).token

  it("tells the same story to the same hash, as often as it is asked", async () => {
    const { suite } = toy({ isRed: twoCrashes })
    const replayed = await Explore.replay(await tokenOf(suite), { suites: [suite], times: 5 })
    expect(replayed).toMatchObject({ suite: "toy", isSame: true, isRed: true })
    expect(new Set(replayed.hashes)).toEqual(new Set([replayed.hash]))
    expect(replayed.hashes).toHaveLength(5)
  })

  it("says when the story is another one, and when it is green by now", async () => {
    const token = await tokenOf(toy({ isRed: twoCrashes }).suite)
    const mended: Explore.Suite = {
      ...toy().suite,
      tell: () => Promise.resolve({ timeline: "mended", violations: [] }),
    }
    expect(await Explore.replay(token, { suites: [mended] })).toMatchObject({ isSame: false, isRed: false })
  })

  it("is red when one telling of many is", async () => {
    let tellings = 0
    const { suite } = toy({ isRed: (steps) => twoCrashes(steps) && (tellings < 20 || tellings++ === 22) })
    const token = await tokenOf(suite)
    tellings = 20
    expect(await Explore.replay(token, { suites: [suite], times: 4 })).toMatchObject({ isRed: true })
    expect(await Explore.replay(token, { suites: [suite], times: 4 })).toMatchObject({ isRed: false })
  })

  it.each([
    ["v2:toy:memory:0::00000000", "version"],
    ["", "version"],
    ["v1:toy:memory:0:00000000", "form"],
    ["v1:a:b:toy:memory:0::00000000", "form"],
    ["v1::toy:memory:0::00000000", "module"],
    ["v1::memory:0::00000000", "suite"],
    ["v1:%zz:memory:0::00000000", "suite"],
    ["v1:to%u0079:memory:0::00000000", "suite"],
    ["v1:%uD83D%uDE00:memory:0::00000000", "suite"],
    ["v1:toy:pigeon:0::00000000", "carrier"],
    ["v1:toy:memory:-1::00000000", "seed"],
    ["v1:toy:memory:00::00000000", "seed"],
    ["v1:toy:memory:0:a,b:00000000", "steps"],
    ["v1:toy:memory:0:503@look++503@look:00000000", "steps"],
    ["v1:toy:memory:0:dance@look:00000000", "steps"],
    ["v1:toy:memory:0::0000000g", "hash"],
    ["v1:toy:memory:0::000", "hash"],
    ["v1:other:memory:0::00000000", "suite"],
    ["v1:packages/none.ts:toy:memory:0::00000000", "module"],
    ["v1:../outside.ts:toy:memory:0::00000000", "module"],
    ["v1:/etc/passwd:toy:memory:0::00000000", "module"],
  ])("refuses %s for its %s", async (token, part) => {
    const error: unknown = await Explore.replay(token, { suites: [toy().suite] }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Explore.Unreplayable)
    expect(error).toMatchObject({ _tag: "Unreplayable", part })
  })
})
