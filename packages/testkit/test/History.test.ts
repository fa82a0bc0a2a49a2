import { describe, expect, it } from "vitest"
import * as History from "@tenuto/testkit/History"

const judged = (invocations: ReadonlyArray<History.Invocation>, operations: ReadonlyArray<History.Operation>) =>
  History.judge({ invocations, operations }).map(({ says }) => says)

const waltz = { work: "waltz", from: 0, to: 10 } as const
const keyed = { ...waltz, key: "k" } as const
const op = { id: "op_1", work: "waltz", at: 5 } as const
const underKey = { ...op, key: "k" } as const

describe("laws", () => {
  it("nothing asked and nothing done is a story", () => {
    expect(judged([], [])).toEqual([])
  })

  it("whoever was told ok has its operation, there when it was told", () => {
    expect(judged([{ ...waltz, outcome: "ok", id: "op_1" }], [op])).toEqual([])
    expect(judged([{ ...waltz, outcome: "ok", id: "op_1" }], [])).toEqual([
      'the invocation for "waltz" from 0 s on was told op_1, which the service never created for it',
    ])
    expect(judged([{ ...waltz, openUntil: 20, outcome: "ok", id: "op_1" }], [{ ...op, at: 11 }])).toEqual([
      'the invocation for "waltz" from 0 s on was told op_1 before it was created at 11 s',
    ])
    expect(judged([{ ...waltz, outcome: "ok", id: "op_1" }], [{ ...op, work: "polka" }])).toHaveLength(2)
  })

  it("a refusal created nothing", () => {
    expect(judged([{ ...waltz, outcome: "refused" }], [])).toEqual([])
    expect(judged([{ ...waltz, outcome: "refused" }], [op])).toEqual([
      "op_1 was created at 5 s, and no invocation can have done it",
    ])
  })

  it("unless another attempt under the same key created it", () => {
    const refused = { ...keyed, outcome: "refused" } as const
    expect(judged([refused, { ...keyed, outcome: "unknown" }], [underKey])).toEqual([])
    expect(judged([refused, { ...keyed, key: "other", outcome: "unknown" }], [underKey])).toHaveLength(1)
  })

  it("an unknown outcome may go either way, once", () => {
    const unknown = { ...waltz, outcome: "unknown" } as const
    expect(judged([unknown], [])).toEqual([])
    expect(judged([unknown], [op])).toEqual([])
    expect(judged([unknown], [op, { ...op, id: "op_2" }])).toHaveLength(1)
    expect(judged([unknown, unknown], [op, { ...op, id: "op_2" }])).toEqual([])
  })

  it("nothing is created out of nothing, before it was asked for, or when nobody asks any more", () => {
    expect(judged([], [op])).toHaveLength(1)
    expect(judged([{ ...waltz, from: 6, outcome: "unknown" }], [op])).toHaveLength(1)
    expect(judged([{ ...waltz, to: 4, outcome: "unknown" }], [op])).toHaveLength(1)
    expect(judged([{ ...waltz, to: 4, openUntil: 5, outcome: "unknown" }], [op])).toEqual([])
    expect(judged([{ work: "waltz", from: 0, outcome: "unknown" }], [{ ...op, at: 1e9 }])).toEqual([])
  })

  it("no key is created twice, and no id", () => {
    const asked = { ...keyed, outcome: "unknown" } as const
    expect(judged([asked, asked], [underKey, { ...underKey, id: "op_2" }])).toEqual(['the key "k" was created 2 times'])
    const unkeyed = { ...waltz, outcome: "unknown" } as const
    expect(judged([unkeyed, unkeyed], [op, op])).toEqual(['the id "op_1" was created 2 times'])
  })

  it("two may be told the same operation under one key, and never without one", () => {
    const later = { from: 20, to: 21, outcome: "ok", id: "op_1" } as const
    expect(
      judged(
        [
          { ...keyed, outcome: "ok", id: "op_1" },
          { ...keyed, ...later },
        ],
        [underKey],
      ),
    ).toEqual([])
    expect(
      judged(
        [
          { ...waltz, outcome: "ok", id: "op_1" },
          { ...waltz, ...later },
        ],
        [op],
      ),
    ).toHaveLength(1)
  })

  it("operations are shared out so that each finds its invocation, if there is a way", () => {
    const long = { work: "waltz", from: 0, to: 9, outcome: "unknown" } as const
    const short = { ...long, from: 4, to: 6 } as const
    expect(judged([long, short], [op, { ...op, id: "op_2", at: 8 }])).toEqual([])
    expect(
      judged(
        [long, short],
        [
          { ...op, at: 7 },
          { ...op, id: "op_2", at: 8 },
        ],
      ),
    ).toHaveLength(1)
  })
})

// --- against a checker that tries every story ---------------------------------------------------

const dice = (seed: number) => {
  let state = seed | 0
  return (sides: number): number => {
    state = (state + 0x6d2b79f5) | 0
    const mixed = Math.imul(state ^ (state >>> 15), state | 1)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides
  }
}

/** The rules of a story, word for word; every way to give operations their creators is tried. */
const hasStory = ({ invocations, operations }: History.History): boolean => {
  const until = (asked: History.Invocation) => asked.openUntil ?? asked.to ?? Infinity
  const fits = (asked: History.Invocation, made: History.Operation) =>
    asked.outcome !== "refused" &&
    asked.work === made.work &&
    asked.key === made.key &&
    asked.from <= made.at &&
    made.at <= until(asked)
  const isTrue = (creators: ReadonlyArray<number>) =>
    invocations.every((asked, index) => {
      if (asked.outcome !== "ok") return true
      const own = operations[creators.indexOf(index)]
      if (own !== undefined && own.id !== asked.id) return false
      const named = operations.find(({ id }) => id === asked.id)
      if (named === undefined || named.work !== asked.work || named.key !== asked.key) return false
      return named.at <= (asked.to ?? Infinity) && (asked.key !== undefined || own !== undefined)
    })
  const tell = (creators: ReadonlyArray<number>): boolean => {
    const made = operations[creators.length]
    if (made === undefined) return isTrue(creators)
    return invocations.some(
      (asked, index) => !creators.includes(index) && fits(asked, made) && tell([...creators, index]),
    )
  }
  const keys = operations.flatMap(({ key }) => (key === undefined ? [] : [key]))
  const isOnce = (names: ReadonlyArray<string>) => new Set(names).size === names.length
  return isOnce(keys) && isOnce(operations.map(({ id }) => id)) && tell([])
}

const small = (seed: number): History.History => {
  const die = dice(seed)
  // Every other one is about one work without keys, where all depends on who may have created what.
  const keys = die(2) === 0 ? [] : [{ key: "k1" }, { key: "k2" }]
  const about = () => ({ work: keys.length > 0 && die(5) === 0 ? "polka" : "waltz", ...keys[die(3)] })
  const invocations = Array.from({ length: 1 + die(5) }, (): History.Invocation => {
    const from = die(4)
    const to = from + die(5)
    const open = die(4) === 0 ? { openUntil: to + die(3) } : {}
    const asked = { ...about(), from, ...(die(6) === 0 ? {} : { to }), ...open }
    const outcome = (["ok", "unknown", "unknown", "unknown", "refused"] as const)[die(5)] ?? "unknown"
    return outcome === "ok" ? { ...asked, outcome, id: `op_${die(3)}` } : { ...asked, outcome }
  })
  const operations = Array.from({ length: die(4) }, (_, index) => ({
    id: die(12) === 0 ? "op_0" : `op_${index}`,
    ...about(),
    at: 1 + die(6),
  }))
  return { invocations, operations }
}

describe("against a checker that tries every story", () => {
  it("says the same of forty thousand small histories", () => {
    let stories = 0
    for (let seed = 1; seed <= 40_000; seed++) {
      const history = small(seed)
      const has = hasStory(history)
      if (has && history.operations.length > 0) stories++
      expect(History.judge(history).length === 0, JSON.stringify(history)).toBe(has)
    }
    // Both answers were called for.
    expect(stories).toBeGreaterThan(3000)
    expect(stories).toBeLessThan(37_000)
  })
})

/** A history of a busy service in the order of time, whose reads are counted. */
const counted = (size: number) => {
  let reads = 0
  const watched = <A extends object>(entry: A): A =>
    new Proxy(entry, {
      get: (target, name, receiver): unknown => {
        reads++
        return Reflect.get(target, name, receiver)
      },
    })
  const invocations = Array.from({ length: size }, (_, index): History.Invocation => {
    const asked = { work: "waltz", from: index, to: index + 50 }
    if (index % 3 === 0) return watched({ ...asked, outcome: "unknown" })
    if (index % 3 === 1) return watched({ ...asked, outcome: "ok", id: `op_${index}` })
    return watched({ ...asked, key: `k${index % 2 === 0 ? index : index - 3}`, outcome: "unknown" })
  })
  const operations = Array.from({ length: size }, (_, index) => index)
    .filter((index) => index % 3 !== 2)
    .map((index) => watched({ id: `op_${index}`, work: "waltz", at: index + (index % 3 === 0 ? 40 : 1) }))
    .toSorted((one, other) => one.at - other.at)
  reads = 0
  const violations = History.judge({ invocations, operations })
  return { reads, violations }
}

describe("it is linear", () => {
  it("reads each entry of a hundred thousand as often as of a thousand", () => {
    const [some, many] = [counted(1000), counted(100_000)]
    expect([some.violations, many.violations]).toEqual([[], []])
    expect(many.reads / some.reads).toBeGreaterThan(90)
    expect(many.reads / some.reads).toBeLessThan(105)
  })
})
