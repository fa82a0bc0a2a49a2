import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Delay from "@tenuto/http/Delay"

const at = (iso: string) => DateTime.makeUnsafe(iso)
const now = at("2026-11-22T04:00:00Z")
const millisOf = (hint: Duration.Duration | undefined) => (hint === undefined ? undefined : Duration.toMillis(hint))
const asked = (text: string, date?: string) =>
  millisOf(Delay.retryAfter({ "retry-after": text, ...(date === undefined ? {} : { date }) }, now))
const iso = (text: string, from = now) => {
  const read = Delay.date(text, from)
  return read === undefined ? undefined : DateTime.formatIso(read)
}

describe("laws", () => {
  it("never sooner than asked: no hint is shorter than what was written", () => {
    for (const text of ["1", "1.1", "0.0001", "1.0001", "2147483.648", "2592000", "31536000"]) {
      assert.isAtLeast(asked(text) ?? 0, Number(text) * 1000 - 1e-6, text)
      assert.isTrue(Number.isInteger(asked(text)), text)
    }
  })

  it("no hint overflows: what is longer than a year cannot be meant, is reported and used for nothing", () => {
    for (const text of ["9".repeat(20), "9".repeat(400), "99999999", "4102444800", "Fri, 31 Dec 9999 23:59:59 GMT"]) {
      assert.deepStrictEqual(Delay.of({ "retry-after": text }, now, 429), { unused: `retry-after: ${text}` }, text)
    }
    assert.deepStrictEqual(Delay.of({ "retry-after": "7, " + "9".repeat(400) }, now, 200), {
      retryAfter: Duration.seconds(7),
      unused: `retry-after: ${"9".repeat(400)}`,
    })
    for (const value of [Number.MAX_VALUE, Infinity, 1e18, 1_767_225_600_000]) assert.isUndefined(Delay.millis(value))
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
    ["5s", 5000],
    ["6m0s", 360_000],
    ["1h2m3.5s", 3_723_500],
    ["20ms", 20],
    ["1500µs", 2],
    ["5s later", undefined],
    ["1 2", undefined],
    ["1,,2", 2000],
    ["NaN", undefined],
    ["Infinity", undefined],
    ["soon", undefined],
    ["2027", 2_027_000],
    ["2026-11-22T05:00:00Z", 3_600_000],
    ["2026-11-22T06:00:00.5+01:00", 3_600_500],
    ["2026-11-22T03:00:00Z", undefined],
    ["2026-22-11T05:00:00Z", undefined],
    // A number that can only be an instant is one: in seconds, with a fraction, in milliseconds.
    ["1795320090", 90_000],
    ["1795320090.25", 90_250],
    ["1795320090000", 90_000],
    ["1767225600", undefined],
    ["999999999", undefined],
    // Sent by the service and by its proxy.
    ["5, 30", 30_000],
    ["30,5", 30_000],
    ["30, soon", 30_000],
    ["Sun, 22 Nov 2026 04:01:30 GMT, Sun, 22 Nov 2026 04:00:30 GMT", 90_000],
    ["60, Sun, 22 Nov 2026 04:01:30 GMT", 90_000],
    ["Sunday, 22-Nov-26 04:01:30 GMT, 120", 120_000],
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

describe("the headers of an answer", () => {
  const [seconds30, minutes6] = [Duration.seconds(30), Duration.minutes(6)]
  const cases: ReadonlyArray<readonly [Record<string, string>, "retryAfter" | "exhausted", Duration.Duration]> = [
    [{ "retry-after": "30" }, "retryAfter", seconds30],
    [{ "retry-after-ms": "30000" }, "retryAfter", seconds30],
    [{ "x-ms-retry-after-ms": "30000" }, "retryAfter", seconds30],
    [{ ratelimit: '"default";r=0;t=30' }, "exhausted", seconds30],
    [{ ratelimit: '"a, b;r=9;t=1";r=0;t=30, "day";r=7;t=9000' }, "exhausted", seconds30],
    [{ ratelimit: "default; r=0; t=30; pk=:YQ==:, hour;r=0;t=360" }, "exhausted", minutes6],
    [{ ratelimit: "limit=10, remaining=0, reset=30" }, "exhausted", seconds30],
    [{ "ratelimit-reset": "30", "ratelimit-remaining": "0" }, "exhausted", seconds30],
    [{ "x-ratelimit-reset": "1795320030", "x-ratelimit-remaining": "0" }, "exhausted", seconds30],
    [{ "x-ratelimit-reset": "1795320030000", "x-ratelimit-remaining": "0" }, "exhausted", seconds30],
    [{ "x-rate-limit-reset": "1795320030", "x-rate-limit-remaining": "0" }, "exhausted", seconds30],
    [{ "x-ratelimit-reset-after": "29.9996", "x-ratelimit-remaining": "0" }, "exhausted", seconds30],
    [{ "x-ratelimit-reset-requests": "6m0s", "x-ratelimit-remaining-requests": "0" }, "exhausted", minutes6],
    [
      { "anthropic-ratelimit-tokens-reset": "2026-11-22T04:06:00Z", "anthropic-ratelimit-tokens-remaining": "0" },
      "exhausted",
      minutes6,
    ],
  ]
  for (const [headers, kind, span] of cases) {
    it(`${JSON.stringify(headers)} are heard on 429, 503 and 200`, () => {
      for (const status of [200, 429, 503]) assert.deepStrictEqual(Delay.of(headers, now, status), { [kind]: span })
    })
  }

  it("that say when a limit begins anew ask for nothing while some of it remains", () => {
    for (const status of [200, 429, 503]) {
      assert.deepStrictEqual(Delay.of({ ratelimit: '"default";r=5;t=30' }, now, status), {})
      assert.deepStrictEqual(Delay.of({ "x-ratelimit-reset": "30", "x-ratelimit-remaining": "5" }, now, status), {})
    }
  })

  it("that say when and not whether anything remains count on a 429 and a 503, and on nothing else", () => {
    for (const headers of [
      { ratelimit: '"default";t=30' },
      { "ratelimit-reset": "30" },
      { "x-ratelimit-reset": "30s" },
    ]) {
      for (const status of [429, 503]) assert.deepStrictEqual(Delay.of(headers, now, status), { exhausted: seconds30 })
      for (const status of [200, 202, 400, 404, 500]) assert.deepStrictEqual(Delay.of(headers, now, status), {})
    }
  })

  it("of several limits the one that begins anew last counts, of those of which nothing remains", () => {
    const headers = {
      "x-ratelimit-reset-requests": "6m0s",
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-tokens": "1h",
      "x-ratelimit-remaining-tokens": "149984",
      ratelimit: '"default";r=0;t=30',
      "retry-after": "7",
    }
    assert.deepStrictEqual(Delay.of(headers, now, 429), { retryAfter: Duration.seconds(7), exhausted: minutes6 })
  })

  it("count from the answer's own date", () => {
    const headers = { date: "Sun, 22 Nov 2026 05:00:00 GMT", "x-ratelimit-reset": "1795323630" }
    assert.deepStrictEqual(Delay.of(headers, now, 429), { exhausted: seconds30 })
  })

  it("may be named by the service, with a unit and what remains, and stand in the place of the usual reading", () => {
    const own: ReadonlyArray<Delay.Header> = [
      { name: "x-wait", unit: "Millis" },
      { name: "x-quota-resets", remaining: "x-quota-left" },
      { name: "x-ratelimit-reset", unit: "Millis", remaining: "x-ratelimit-remaining" },
    ]
    assert.deepStrictEqual(Delay.of({ "x-wait": "30000" }, now, 200, own), { retryAfter: seconds30 })
    const none = { "x-quota-resets": "30", "x-quota-left": "0" }
    assert.deepStrictEqual(Delay.of(none, now, 200, own), { exhausted: seconds30 })
    assert.deepStrictEqual(Delay.of({ ...none, "x-quota-left": "1" }, now, 200, own), {})
    assert.deepStrictEqual(Delay.of({ "x-ratelimit-reset": "30000" }, now, 429, own), { exhausted: seconds30 })
  })

  it("that nobody can read are reported, and an instant that has passed is none of them", () => {
    for (const text of ["soon", "-1", "1e3", "Tue, 31 Feb 2027 00:00:00 GMT"]) {
      assert.deepStrictEqual(Delay.of({ "retry-after": text }, now, 429), { unused: `retry-after: ${text}` })
    }
    for (const text of ["0", "1767225600", "Sun, 22 Nov 2026 03:59:59 GMT", ""]) {
      assert.deepStrictEqual(Delay.of({ "retry-after": text }, now, 429), {})
    }
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
