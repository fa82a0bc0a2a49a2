import { describe, expect, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Contract from "@tenuto/core/Contract"
import * as Pace from "@tenuto/core/Pace"
import type { Reason } from "@tenuto/core/Reason"
import { instant } from "./choir.ts"

const { hours, millis, minutes, seconds } = Duration
const keyed = { _tag: "Keyed", field: "key" } as const
const held = Contract.make({
  idempotency: keyed,
  cadence: { _tag: "LongPoll", hold: seconds(20), floor: seconds(1) },
})
const asked = Contract.make({
  idempotency: keyed,
  cadence: { _tag: "Interval", every: seconds(5), floor: seconds(2) },
  delays: {
    limited: { _tag: "Ladder", steps: [seconds(5), seconds(10), seconds(20), seconds(40), seconds(60)] },
    unavailable: { _tag: "Range", min: seconds(3), max: seconds(9) },
  },
})

const pause = (contract: Contract.Contract, reason: Reason, count: number, die: number) =>
  Duration.toSeconds(Pace.afterTrouble(contract, reason, count, die))
const nextAt = (contract: Contract.Contract, looks: Pace.Looks, die = 0) =>
  DateTime.toEpochMillis(Pace.nextLook(contract, instant(0), looks, die)) / 1000
const look = (began: number, ended: number, hold?: number) => ({
  began: instant(began),
  ended: instant(ended),
  ...(hold === undefined ? {} : { hold: seconds(hold) }),
})
const limited: Reason = { _tag: "RateLimited" }
const unavailable: Reason = { _tag: "Unavailable" }

describe("a contract without a floor", () => {
  it("asks for no hot loop", () => {
    const zero = Duration.zero
    const rushed = [
      Contract.make({ idempotency: keyed, cadence: { _tag: "Interval", every: zero, floor: zero } }),
      Contract.make({ idempotency: keyed, cadence: { _tag: "LongPoll", hold: zero, floor: zero } }),
    ]
    for (const contract of rushed) {
      expect(nextAt(contract, Pace.returned(Pace.none, look(10, 10)))).toBe(10.1)
    }
  })
})

describe("a pause after trouble", () => {
  it("climbs a ladder and stays on its last step: 5, 10, 20, 40, 60, 60", () => {
    expect([1, 2, 3, 4, 5, 6].map((count) => pause(asked, limited, count, 0))).toEqual([5, 10, 20, 40, 60, 60])
  })

  it("doubles up to its cap when it is exponential", () => {
    expect([1, 2, 3, 6, 7, 8, 1000].map((count) => pause(held, limited, count, 0))).toEqual([1, 2, 4, 32, 60, 60, 60])
    expect([0, 1, 2].map((count) => pause(held, { _tag: "Timeout" }, count, 0))).toEqual([0.5, 0.5, 1])
  })

  it("falls between the ends of a range", () => {
    expect([0, 0.5, 1].map((die) => pause(asked, unavailable, 4, die))).toEqual([3, 6, 9])
  })

  it("is lengthened by chance by a quarter at most, never shortened", () => {
    expect([0, 0.5, 1].map((die) => pause(asked, limited, 1, die))).toEqual([5, 5.625, 6.25])
    expect([0, 0.5, 1].map((die) => pause(held, limited, 3, die))).toEqual([4, 4.5, 5])
  })

  it("is what the service asked for when that is longer, and ours when it is not", () => {
    expect(pause(asked, { _tag: "RateLimited", retryAfter: seconds(7) }, 1, 0)).toBe(7)
    expect(pause(asked, { _tag: "RateLimited", retryAfter: seconds(7) }, 2, 0)).toBe(10)
    expect(pause(held, { _tag: "Unavailable", retryAfter: Duration.days(30) }, 1, 0)).toBe(2_592_000)
  })
})

describe("the next look", () => {
  it("of an interval comes after it, counted from the end of the last look", () => {
    expect(nextAt(asked, Pace.none)).toBe(5)
    expect(nextAt(asked, Pace.returned(Pace.none, look(5, 8)))).toBe(13)
  })

  it("of a long poll that was held comes at once", () => {
    expect(nextAt(held, Pace.none)).toBe(0)
    expect(nextAt(held, Pace.returned(Pace.none, look(0, 20, 20)))).toBe(20)
    expect(nextAt(held, Pace.returned(Pace.none, look(0, 18, 20)))).toBe(18)
  })

  it("of a long poll that comes back early gets more and more room: 1, 2, 4, 8, 16, 20, 20 seconds", () => {
    let looks = Pace.none
    const room = Array.from({ length: 7 }, () => {
      looks = Pace.returned(looks, look(0, 0, 20))
      return nextAt(held, looks)
    })
    expect(room).toEqual([1, 2, 4, 8, 16, 20, 20])
    expect(nextAt(held, Pace.returned(looks, look(100, 120, 20)))).toBe(120)
  })

  it("after one that failed pauses for that trouble, and longer each time in a row", () => {
    const once = Pace.missed(Pace.none, { ...look(0, 1), trouble: limited })
    const twice = Pace.missed(once, { ...look(6, 7), trouble: limited })
    expect([nextAt(asked, once), nextAt(asked, twice)]).toEqual([6, 17])
    const seen = Pace.returned(twice, look(17, 18))
    expect(nextAt(asked, seen)).toBe(23)
    expect(nextAt(asked, Pace.missed(seen, { ...look(23, 24), trouble: limited }))).toBe(29)
  })

  it("waits as long as the service asked, whatever comes in between", () => {
    const hour: Reason = { _tag: "RateLimited", retryAfter: hours(1) }
    const left = Pace.missed(Pace.none, { ...look(0, 10), trouble: hour })
    expect(nextAt(held, left)).toBe(3610)
    expect(nextAt(held, Pace.returned(left, look(60, 60)))).toBe(3610)
    expect(nextAt(held, Pace.missed(left, { ...look(60, 61), trouble: { _tag: "Timeout" } }))).toBe(3610)
    const longer: Reason = { _tag: "Unavailable", retryAfter: hours(2) }
    expect(nextAt(held, Pace.missed(left, { ...look(60, 61), trouble: longer }))).toBe(7261)
    expect(nextAt(held, Pace.returned(left, look(3610, 3611, 20)))).toBe(3611)
  })

  it("never overflows: an endless pause is a long one", () => {
    const endless: Reason = { _tag: "RateLimited", retryAfter: Duration.infinity }
    const at = nextAt(held, Pace.missed(Pace.none, { ...look(0, 0), trouble: endless }))
    expect(at).toBe(Duration.toSeconds(Duration.days(36_500)))
    expect(Duration.toSeconds(Pace.afterTrouble(held, endless, 1, 0))).toBe(at)
  })
})

describe("what a service asks for", () => {
  const dice = [0, 0.001, 0.25, 0.5, 0.75, 0.999]
  const hints = [0.001, 0.9, 7, 30, 3600, 86_400, 2_592_000].map((span) => seconds(span))
  const contracts = [
    held,
    asked,
    Contract.make({ ...held, delays: { limited: { _tag: "Assumed", pause: seconds(9) } } }),
  ]
  const short: Contract.Delay = { _tag: "Ladder", steps: [millis(1)] }

  it("is kept and spread: nothing comes sooner, everything comes within a quarter more", () => {
    for (const hint of hints) {
      const asking: Reason = { _tag: "RateLimited", retryAfter: hint }
      const least = Duration.toMillis(hint)
      const isSpread = (pause: number) => {
        expect(pause).toBeGreaterThanOrEqual(least)
        expect(pause).toBeLessThanOrEqual(Math.ceil(least * 1.25) + 1)
      }
      for (const contract of contracts) {
        const hinted = Contract.make({
          ...contract,
          cadence: { _tag: "Hinted", otherwise: hint, floor: millis(1) },
          delays: { ...contract.delays, limited: short },
        })
        for (const die of dice) {
          isSpread(Duration.toMillis(Pace.pauseOf(short, hint, 1, die)))
          isSpread(Duration.toMillis(Pace.pauseOf({ _tag: "Assumed", pause: minutes(1) }, hint, 1, die)))
          isSpread(Duration.toMillis(Pace.spreadOver(hint, die)))
          if (Duration.isLessThan(hint, seconds(1))) continue // less than the least pause of any contract
          const looks = [
            Pace.missed(Pace.none, { ...look(10, 10), trouble: asking }),
            Pace.returned(Pace.none, { ...look(10, 10), retryAfter: hint }),
            Pace.postponed(Pace.returned(Pace.none, look(0, 0)), instant(10), hint),
          ]
          for (const one of looks) isSpread(nextAt(hinted, one, die) * 1000 - 10_000)
          isSpread(nextAt(hinted, Pace.accepted(instant(0), hint), die) * 1000)
        }
      }
    }
  })

  it("brings a fleet back at as many instants as there are dice", () => {
    const looks = Pace.missed(Pace.none, { ...look(0, 0), trouble: { _tag: "RateLimited", retryAfter: seconds(30) } })
    expect(new Set(dice.map((die) => nextAt(held, looks, die))).size).toBe(dice.length)
    expect([0, 0.5, 1].map((die) => nextAt(held, looks, die))).toEqual([30, 33.75, 37.5])
  })
})

describe("a hold", () => {
  it("is the contract's for a long poll, and none for an interval", () => {
    expect(Pace.hold(held)).toEqual(seconds(20))
    expect(Pace.hold(asked)).toBeUndefined()
  })
})

describe("a contract", () => {
  it("has careful defaults for what is not said", () => {
    expect(held.limits).toEqual({
      wait: minutes(5),
      answer: seconds(30),
      submit: seconds(30),
      hint: Duration.days(1),
      sends: 8,
    })
    expect(held.cancellation).toBe("None")
    expect(asked.delays.otherwise).toEqual({ _tag: "Exponential", base: millis(500), cap: seconds(30) })
    expect(Contract.isKeyed(held)).toBe(true)
  })
})
