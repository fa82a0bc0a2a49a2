import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Delay from "@tenuto/http/Delay"

const at = (iso: string) => DateTime.makeUnsafe(iso)
const now = at("2026-11-22T04:00:00Z")
const century = 36_500 * 24 * 3600 * 1000
const millisOf = (hint: Duration.Duration | undefined) => (hint === undefined ? undefined : Duration.toMillis(hint))
const asked = (text: string, date?: string) =>
  millisOf(Delay.retryAfter({ "retry-after": text, ...(date === undefined ? {} : { date }) }, now))
const iso = (text: string, from = now) => {
  const read = Delay.date(text, from)
  return read === undefined ? undefined : DateTime.formatIso(read)
}

describe("laws", () => {
  it("never sooner than asked: no hint is shorter than what was written", () => {
    for (const text of ["1", "1.1", "0.0001", "1.0001", "2147483.648", "2592000", "99999999"]) {
      assert.isAtLeast(asked(text) ?? 0, Number(text) * 1000 - 1e-6, text)
      assert.isTrue(Number.isInteger(asked(text)), text)
    }
  })

  it("no hint overflows: whatever is asked, it is at most a century", () => {
    for (const text of ["9".repeat(20), "9".repeat(400), "1, " + "9".repeat(400), "Fri, 31 Dec 9999 23:59:59 GMT"]) {
      assert.strictEqual(asked(text), century, text)
    }
    for (const value of [Number.MAX_VALUE, Infinity, 1e18]) assert.strictEqual(millisOf(Delay.millis(value)), century)
  })
})

describe("Retry-After", () => {
  const table: ReadonlyArray<readonly [string, number | undefined]> = [
    ["1", 1000],
    ["120", 120_000],
    ["  7  ", 7000],
    ["007", 7000],
    ["1.5", 1500],
    ["0.0001", 1],
    ["0", undefined],
    ["0.0", undefined],
    ["", undefined],
    ["   ", undefined],
    ["-1", undefined],
    ["-3", undefined],
    ["+3", undefined],
    ["1e3", undefined],
    ["0x10", undefined],
    [".5", undefined],
    ["5.", undefined],
    ["5s", undefined],
    ["1 2", undefined],
    ["1,,2", undefined],
    ["NaN", undefined],
    ["Infinity", undefined],
    ["soon", undefined],
    ["2027", 2_027_000],
    ["2026-11-22T05:00:00Z", undefined],
    // Sent by the service and by its proxy.
    ["5, 30", 30_000],
    ["30,5", 30_000],
    ["Sun, 22 Nov 2026 04:01:30 GMT", 90_000],
    ["Sunday, 22-Nov-26 04:01:30 GMT", 90_000],
    ["Sun Nov 22 04:01:30 2026", 90_000],
    ["Sun, 22 Nov 2026 04:00:00 GMT", undefined],
    ["Sun, 22 Nov 2026 03:59:59 GMT", undefined],
    ["Tue, 31 Feb 2027 00:00:00 GMT", undefined],
    ["sun, 22 nov 2026 04:01:30 gmt", undefined],
  ]
  for (const [text, expected] of table) {
    it(`of ${JSON.stringify(text)} is ${expected === undefined ? "no hint" : `${expected} ms`}`, () => {
      assert.strictEqual(asked(text), expected)
    })
  }

  it("is no hint where there is none", () => assert.isUndefined(Delay.retryAfter({}, now)))

  it("as a date counts from the answer's own date, so a wrong clock here does no harm", () => {
    const until = "Sun, 22 Nov 2026 04:01:30 GMT"
    // Our clock is an hour behind, then an hour ahead: without the answer's date it would be 90 s, or nothing.
    assert.strictEqual(asked("Sun, 22 Nov 2026 05:01:30 GMT", "Sun, 22 Nov 2026 05:00:00 GMT"), 90_000)
    assert.strictEqual(asked("Sun, 22 Nov 2026 03:01:30 GMT", "Sun, 22 Nov 2026 03:00:00 GMT"), 90_000)
    assert.isUndefined(asked(until, "Sun, 22 Nov 2026 04:01:30 GMT"))
    assert.strictEqual(asked(until, "nonsense"), 90_000)
    assert.strictEqual(asked("10", "Sun, 22 Nov 2026 05:00:00 GMT"), 10_000)
  })
})

describe("an HTTP date", () => {
  const table: ReadonlyArray<readonly [string, string | undefined]> = [
    ["Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.000Z"],
    ["Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37.000Z"],
    ["Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37.000Z"],
    ["Sun Nov 16 08:49:37 1994", "1994-11-16T08:49:37.000Z"],
    ["  Sun, 06 Nov 1994 08:49:37 GMT ", "1994-11-06T08:49:37.000Z"],
    ["Tue, 29 Feb 2028 00:00:00 GMT", "2028-02-29T00:00:00.000Z"],
    ["Sat, 31 Dec 2016 23:59:60 GMT", "2017-01-01T00:00:00.000Z"],
    ["Mon, 29 Feb 2027 00:00:00 GMT", undefined],
    ["Tue, 31 Feb 2026 00:00:00 GMT", undefined],
    ["Tue, 31 Apr 2026 00:00:00 GMT", undefined],
    ["Tue, 00 Jan 2026 00:00:00 GMT", undefined],
    ["Tue, 32 Jan 2026 00:00:00 GMT", undefined],
    ["Tue, 06 Jan 2026 24:00:00 GMT", undefined],
    ["Tue, 06 Jan 2026 12:60:00 GMT", undefined],
    ["Tue, 06 Jan 2026 12:00:61 GMT", undefined],
    ["Tue, 06 Foo 2026 12:00:00 GMT", undefined],
    ["Tue, 6 Jan 2026 12:00:00 GMT", undefined],
    ["Tue, 06 Jan 2026 12:00:00 UTC", undefined],
    ["Tue, 06 Jan 2026 12:00:00 +0100", undefined],
    ["tue, 06 jan 2026 12:00:00 gmt", undefined],
    ["Tue, 06 Jan 2026 12:00:00 GMT, 5", undefined],
    ["06 Jan 2026 12:00:00 GMT", undefined],
    ["-3", undefined],
    ["1", undefined],
    ["", undefined],
  ]
  for (const [text, expected] of table) {
    it(`${JSON.stringify(text)} is ${expected ?? "none"}`, () => assert.strictEqual(iso(text), expected))
  }

  it("with two digits for its year means the latest such year that is no more than 50 years ahead", () => {
    const yearOf = (digits: string, from: string) =>
      iso(`Sunday, 06-Nov-${digits} 08:49:37 GMT`, at(`${from}-06-01T00:00:00Z`))?.slice(0, 4)
    assert.strictEqual(yearOf("26", "2026"), "2026")
    assert.strictEqual(yearOf("76", "2026"), "2076")
    assert.strictEqual(yearOf("77", "2026"), "1977")
    assert.strictEqual(yearOf("99", "2026"), "1999")
    assert.strictEqual(yearOf("00", "1999"), "2000")
    assert.strictEqual(yearOf("00", "2099"), "2100")
    assert.strictEqual(yearOf("99", "2100"), "2099")
  })
})

describe("milliseconds in a body", () => {
  const table: ReadonlyArray<readonly [unknown, number | undefined]> = [
    [1500, 1500],
    [0.2, 1],
    [1500.4, 1501],
    [0, undefined],
    [-1, undefined],
    [Number.NaN, undefined],
    [Number.NEGATIVE_INFINITY, undefined],
    ["1500", undefined],
    [null, undefined],
    [undefined, undefined],
    [[1500], undefined],
    [true, undefined],
  ]
  for (const [value, expected] of table) {
    it(`${String(value)} (${typeof value}) is ${expected ?? "no hint"}`, () => {
      assert.strictEqual(millisOf(Delay.millis(value)), expected)
    })
  }
})

it("the longer of two hints is taken, whichever is there", () => {
  const [short, long] = [Duration.seconds(1), Duration.seconds(2)]
  assert.strictEqual(millisOf(Delay.longer(short, long)), 2000)
  assert.strictEqual(millisOf(Delay.longer(long, short)), 2000)
  assert.strictEqual(millisOf(Delay.longer(undefined, short)), 1000)
  assert.strictEqual(millisOf(Delay.longer(short, undefined)), 1000)
  assert.isUndefined(Delay.longer(undefined, undefined))
})
