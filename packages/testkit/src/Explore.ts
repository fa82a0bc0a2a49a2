/**
 * Finds the story that breaks a client, makes it as short as it goes, and gives one line that replays it.
 *
 * It needs no test runner and no Effect: a suite is any function that tells a story. It judges nothing; the suite does.
 *
 * ```text
 * exhaustively: every story of 1, 2, … depth steps      randomly: as many as you like, of any length
 *        └─▶ red ──▶ shrink: drop steps, then plainer steps, seed 0, in memory ──▶ npx tenuto replay v1:…
 * ```
 *
 * Law 12: same seed, same story. Shrinking never grows a story, and what it gives is still red, for the same check.
 *
 * @example
 * ```ts
 * import * as Explore from "@tenuto/testkit/Explore"
 *
 * export const songs: Explore.Suite = {
 *   name: "songs",
 *   from: import.meta.url,
 *   kinds: ["503@look", "reset-after-commit@submit"],
 *   tell: async ({ steps }) => {
 *     const sent = steps.filter((step) => step.endsWith("@submit")).length + 1 // in place of a client and a service
 *     const violations = sent > 2 ? [{ check: "once", says: `${sent} songs were begun` }] : []
 *     return { timeline: `${sent} sent`, violations }
 *   },
 * }
 * const found = await Explore.exhaustively(songs, { depth: 3 })
 * if (found._tag === "Found") console.log(found.story.steps) // [ "reset-after-commit@submit", "reset-after-commit@submit" ]
 * await Explore.demand(Explore.randomly(songs, { runs: 20, length: 1, seed: 7 })) // in a test: rejects when one is red
 * ```
 */
import { Alike } from "./internal/alike.ts"
import { dice } from "./internal/dice.ts"
import { isLost, isSuite, pathOf, suitesOf } from "./internal/module.ts"
import * as Shrinking from "./internal/shrinking.ts"
import type { Story, Suite, Told, Violation } from "./internal/story.ts"
import { tell } from "./internal/telling.ts"
import * as Token from "./internal/token.ts"
import { unfitOf } from "./internal/unfit.ts"

export type { Heading, Story, Suite, Told, Violation } from "./internal/story.ts"

/** What every exploration may be told. */
export interface Options {
  /** Default: 0. */
  readonly seed?: number
  /** Default: as the suite says, or in memory. */
  readonly carrier?: Story["carrier"]
  /** How many red stories end it. Default: 1. */
  readonly stopAt?: number
  /** Real milliseconds after which one story is called endless. Default: 20,000. */
  readonly storyWithin?: number
}

/** What was explored. */
export interface Explored {
  readonly suite: string
  /** How many stories were told. */
  readonly stories: number
  /** How many of them had to be played; the others are told alike. */
  readonly played: number
  /** How many were red. */
  readonly red: number
  /** Every transition that was seen, sorted. */
  readonly transitions: ReadonlyArray<string>
}

/** Every story was green. */
export interface Nothing extends Explored {
  readonly _tag: "Nothing"
}

/** A story is red: the first that was met, and the smallest that it shrank to, with its violations. */
export interface Found extends Explored {
  readonly _tag: "Found"
  readonly first: Story
  readonly story: Story
  readonly violations: ReadonlyArray<Violation>
  readonly timeline: string
  readonly token: string
  /** `npx tenuto replay v1:…`; of a suite without `from`, what it needs to have one. */
  readonly line: string
}

/** An exploration that would tell no story, or none that a token could name: which of its numbers, and what is wrong. */
export class Unexplorable extends Error {
  readonly _tag = "Unexplorable"
  readonly part: string

  constructor(suite: string, part: string, says: string) {
    super(`${suite} cannot be explored: its ${part}: ${says}`)
    this.name = "Unexplorable"
    this.part = part
  }
}

// --- exploring ----------------------------------------------------------------------------------

/** Tell every story of 1 to `depth` steps, the short ones first: Σ kinds^i of them. Rejects with `Unexplorable`. */
export const exhaustively = (suite: Suite, options: Options & { readonly depth: number }): Promise<Found | Nothing> =>
  explore(suite, "exhaustively", options, every)

/** Tell `runs` stories of 1 to `length` steps, drawn by the seed. Rejects with `Unexplorable`. */
export const randomly = (
  suite: Suite,
  options: Options & { readonly runs: number; readonly length: number; readonly seed: number },
): Promise<Found | Nothing> => explore(suite, "randomly", options, drawn)

/** A test that tells no story is green for nothing, and a seed that no token writes cannot be replayed. */
const unexplorable = (suite: unknown, way: "exhaustively" | "randomly", options: unknown) => {
  if (!isSuite(suite)) return new Unexplorable("this", "suite", `not what ${way} needs: give what suite(…) gives`)
  const { from, kinds, name } = suite
  if (from !== undefined && isLost(from)) {
    return new Unexplorable(
      name,
      "from",
      "it leads to no file: give import.meta.url of the module that exports the suite",
    )
  }
  if (kinds.length === 0) return new Unexplorable(name, "kinds", "there is no word to tell a story with")
  const unfit = unfitOf(way, options)
  return unfit === undefined ? undefined : new Unexplorable(name, unfit.option, unfit.says)
}

function* every(
  { carrier: usual = "memory", kinds }: Suite,
  { carrier = usual, depth, seed = 0 }: Options & { readonly depth: number },
): Generator<Story> {
  let beginnings: ReadonlyArray<ReadonlyArray<string>> = [[]]
  for (let length = 1; length <= depth; length++) {
    const longer: Array<ReadonlyArray<string>> = []
    for (const beginning of beginnings) {
      for (const kind of kinds) {
        const steps = [...beginning, kind]
        if (length < depth) longer.push(steps)
        yield { seed, carrier, steps }
      }
    }
    beginnings = longer
  }
}

function* drawn(
  { carrier: usual = "memory", kinds }: Suite,
  { carrier = usual, length, runs, seed }: Options & { runs: number; length: number; seed: number },
): Generator<Story> {
  const roll = dice(seed)
  for (let run = 0; run < runs; run++) {
    const steps = Array.from({ length: 1 + roll(length) }, () => kinds[roll(kinds.length)] ?? "")
    yield { seed: roll(2) === 0 ? 0 : 1 + roll(999_999), carrier, steps }
  }
}

const explore = async <O extends Options>(
  suite: Suite,
  way: "exhaustively" | "randomly",
  options: O,
  stories: (suite: Suite, options: O) => Iterable<Story>,
): Promise<Found | Nothing> => {
  const wrong = unexplorable(suite, way, options)
  if (wrong !== undefined) return Promise.reject(wrong)
  const { stopAt = 1, storyWithin = 20_000 } = options
  const transitions = new Set<string>()
  const alike = new Alike()
  let first: Shrinking.Run | undefined
  let [count, played, red] = [0, 0, 0]
  for (const story of stories(suite, options)) {
    count++
    const known = alike.find(story)
    const told = known ?? (await tell(suite, story, storyWithin))
    if (known === undefined) {
      played++
      alike.keep(story, told)
      for (const transition of told.transitions ?? []) transitions.add(transition)
    }
    if (told.violations.length === 0) continue
    first ??= { story, told }
    if (++red >= stopAt) break
  }
  const explored = { suite: suite.name, stories: count, played, red, transitions: [...transitions].toSorted() }
  if (first === undefined) return { _tag: "Nothing", ...explored }
  const { story, told } = await smallest(suite, first, storyWithin)
  const { timeline, violations } = told
  const token = await tokenOf(suite, story, timeline)
  return {
    _tag: "Found",
    ...explored,
    first: first.story,
    story,
    violations,
    timeline,
    token,
    line: suite.from === undefined ? lineless : `npx tenuto replay ${token}`,
  }
}

const lineless = "give the suite `from: import.meta.url` to have a line here that replays it"

/** A story that is told 2,000 times and still not smallest is small enough. */
const mostTellings = 2000

const smallest = (suite: Suite, run: Shrinking.Run, within: number): Promise<Shrinking.Run> => {
  const alike = new Alike()
  return Shrinking.shrink(
    suite,
    run,
    async (story) => {
      const told = alike.find(story) ?? (await tell(suite, story, within))
      alike.keep(story, told)
      return told
    },
    mostTellings,
  )
}

/**
 * Make a red story smaller: drop steps, then put plainer steps, then seed 0 and memory. It never grows, and what comes back
 * is red for a check that the given story breaks. A green story is given back as it is.
 */
export const shrink = async (
  suite: Suite,
  story: Story,
  options: Pick<Options, "storyWithin"> = {},
): Promise<Story> => {
  const { storyWithin = 20_000 } = options
  const told = await tell(suite, story, storyWithin)
  return told.violations.length === 0 ? story : (await smallest(suite, { story, told }, storyWithin)).story
}

// --- replaying ----------------------------------------------------------------------------------

/** Name a story and the timeline it was told as. */
export const tokenOf = async (suite: Suite, { carrier, seed, steps }: Story, timeline: string): Promise<string> => {
  const module = suite.from === undefined ? undefined : pathOf(suite.from)
  const hash = Token.hashOf(timeline)
  return Token.write({ ...(module === undefined ? {} : { module }), suite: suite.name, carrier, seed, steps, hash })
}

/** A token that cannot be replayed: which part of it, and what is wrong with that. */
export class Unreplayable extends Error {
  readonly _tag = "Unreplayable"
  readonly part: Token.Fault["part"]

  constructor(token: unknown, { part, says }: Token.Fault) {
    const short = String(token)
    super(`${short.length > 200 ? `${short.slice(0, 200)}…` : short} cannot be replayed: its ${part}: ${says}`)
    this.name = "Unreplayable"
    this.part = part
  }
}

/** A story told again. `hashes` has one for each time. */
export interface Replayed {
  readonly suite: string
  readonly story: Story
  readonly told: Told
  /** The hash that the token names. */
  readonly hash: string
  readonly hashes: ReadonlyArray<string>
  /** Whether every telling gave the timeline that the token names. */
  readonly isSame: boolean
  /** Whether any telling was red. */
  readonly isRed: boolean
}

/**
 * Tell the story of a token again, `times` times; a suite without a module is looked for among `suites`.
 *
 * Rejects with `Unreplayable` where the token cannot be read, or leads to no suite.
 */
export const replay = async (
  token: string,
  options: {
    readonly suites?: ReadonlyArray<Suite>
    readonly times?: number
    readonly storyWithin?: number
  } = {},
): Promise<Replayed> => {
  const { storyWithin = 20_000, suites = [], times = 1 } = options
  const read = Token.read(token)
  if ("part" in read) return unreplayable(token, read)
  const { carrier, hash, module, seed, steps } = read
  const there = module === undefined ? suites : await suitesOf(module, storyWithin)
  if (typeof there === "string") return unreplayable(token, { part: "module", says: there })
  const [suite, other] = there.filter(({ name }) => name === read.suite)
  if (suite === undefined) {
    const names = there.map(({ name }) => name).join(", ")
    const says = `${module ?? "this command"} has no suite "${read.suite}"; it has ${names === "" ? "none" : names}`
    return unreplayable(token, { part: "suite", says })
  }
  if (other !== undefined) {
    const says = `${module ?? "this command"} has more than one suite "${suite.name}": give each a name of its own`
    return unreplayable(token, { part: "suite", says })
  }
  const strange = steps.find((step) => !suite.kinds.includes(step))
  if (strange !== undefined) {
    const says = `"${strange}" is no word of ${suite.name}; its words are ${suite.kinds.join(", ")}`
    return unreplayable(token, { part: "steps", says })
  }
  const story: Story = { seed, carrier, steps }
  let told = await tell(suite, story, storyWithin)
  const hashes = [Token.hashOf(told.timeline)]
  while (hashes.length < times) {
    const again = await tell(suite, story, storyWithin)
    hashes.push(Token.hashOf(again.timeline))
    if (told.violations.length === 0) told = again
  }
  const isSame = hashes.every((one) => one === hash)
  return { suite: suite.name, story, told, hash, hashes, isSame, isRed: told.violations.length > 0 }
}

const unreplayable = (token: string, fault: Token.Fault): Promise<never> =>
  Promise.reject(new Unreplayable(token, fault))

// --- in a test ----------------------------------------------------------------------------------

/** An exploration found a red story: its message is all that a person needs. */
export class Red extends Error {
  readonly _tag = "Red"
  readonly found: Found

  constructor(found: Found) {
    const { line, stories, story, suite, timeline, violations } = found
    const { carrier, seed, steps } = story
    super(
      [
        `${suite}: one of ${stories} stories is red`,
        ...violations.map(({ check, says }) => `  ${check}: ${says}`),
        `the shortest one, ${carrier === "memory" ? "in memory" : "over loopback"}, seed ${seed}:`,
        ...(steps.length === 0 ? ["  nothing has to go wrong"] : steps.map((step) => `  ${step}`)),
        timeline.trimEnd(),
        line,
      ].join("\n"),
    )
    this.name = "Red"
    this.found = found
  }
}

/** Demand that nothing is found. Rejects with `Red`, whose message tells the story and holds the line that replays it. */
export const demand = async (exploring: Found | Nothing | Promise<Found | Nothing>): Promise<Nothing> => {
  const explored = await exploring
  if (!/^(?:Nothing|Found)$/.test(String(Reflect.get(Object(explored), "_tag")))) {
    const says = "demand takes what was explored: demand(exhaustively(suite, { depth: 2 }))"
    return Promise.reject(new Unexplorable(isSuite(explored) ? explored.name : "this", "stories", says))
  }
  return explored._tag === "Nothing" ? explored : Promise.reject(new Red(explored))
}
