/**
 * Reads how long a service asks us to wait: from the headers of an answer in the dialects that services speak, and from a body.
 *
 * | what is read | when it counts |
 * |---|---|
 * | `Retry-After`: seconds, an HTTP date; also Unix time, RFC 3339, `6m0s`; several at once | always |
 * | `Retry-After-Ms`, `X-Ms-Retry-After-Ms`: milliseconds | always |
 * | `RateLimit: "default";r=0;t=30` and the older `limit=9, remaining=0, reset=30` | when nothing remains |
 * | `RateLimit-Reset`, `X-RateLimit-Reset`, `X-RateLimit-Reset-After`, `X-RateLimit-Reset-Requests`, `…-RateLimit-Tokens-Reset`: | |
 * | seconds, Unix time, RFC 3339 or `6m0s`, beside the same name with `Remaining` | when nothing remains |
 *
 * On a 429 or 503 a reset counts too where the answer does not say what remains. A number that can only be an instant is one:
 * 1767225600 is a day in 2026, not 56 years. Of several hints the longest counts. What a table's own headers mean is
 * `Table.hints`.
 *
 * It never guesses: what cannot be read, or would be longer than a year, is reported as `unused` and used for nothing.
 *
 * Law 6: never sooner than asked. No hint is shortened.
 *
 * @example
 * ```ts
 * import * as DateTime from "effect/DateTime"
 * import * as Duration from "effect/Duration"
 * import * as Delay from "@tenuto/http/Delay"
 *
 * const now = DateTime.makeUnsafe("1994-11-06T08:49:00Z")
 * const inHeader = Delay.retryAfter({ "retry-after": "Sun, 06 Nov 1994 08:49:37 GMT" }, now)
 * const hint = Delay.longer(inHeader, Delay.millis(1500))
 * console.log(hint && Duration.format(hint)) // 37s
 * const { exhausted } = Delay.of({ ratelimit: '"default";r=0;t=30' }, now, 200)
 * console.log(exhausted && Duration.format(exhausted)) // 30s: no request on this credential before
 * ```
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type { Headers } from "./Exchange.ts"

/** No service means a hint that is longer; it has a slip of the unit, or a clock of its own. */
const longest = 366 * 86_400_000
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/** `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110), `Sunday, 06-Nov-94 08:49:37 GMT` (RFC 850), `Sun Nov  6 08:49:37 1994` (asctime). */
const forms = [
  /^[A-Z][a-z]{2}, (?<day>\d{2}) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<time>\d{2}:\d{2}:\d{2}) GMT$/,
  /^[A-Z][a-z]{5,8}, (?<day>\d{2})-(?<month>[A-Z][a-z]{2})-(?<year>\d{2}) (?<time>\d{2}:\d{2}:\d{2}) GMT$/,
  /^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[\d ]\d) (?<time>\d{2}:\d{2}:\d{2}) (?<year>\d{4})$/,
]

/** Read an HTTP date in any of its three forms; `undefined` for anything else. */
export const date = (value: string, now: DateTime.Utc): DateTime.Utc | undefined => {
  for (const form of forms) {
    const { day, month, time, year } = form.exec(value.trim())?.groups ?? {}
    const index = months.indexOf(month ?? "")
    if (day === undefined || time === undefined || year === undefined || index < 0) continue
    const text = `${fullYear(year, now)}-${pad(index + 1)}-${pad(Number(day))}T${time}`
    // A leap second is a second more than a clock can show.
    const isLeap = text.endsWith(":60")
    const iso = isLeap ? `${text.slice(0, -2)}59` : text
    const read = DateTime.make(`${iso}Z`)
    // The 31st of February is read as a day in March, and 24:00 as the next day: no date at all.
    if (read._tag === "None" || !DateTime.formatIso(read.value).startsWith(iso)) return undefined
    return DateTime.addDuration(DateTime.toUtc(read.value), Duration.seconds(isLeap ? 1 : 0))
  }
  return undefined
}

/** Two digits mean the latest year with them that is no more than 50 years ahead (RFC 9110, 5.6.7). */
const fullYear = (year: string, now: DateTime.Utc): string => {
  if (year.length === 4) return year
  const last = Number(DateTime.formatIso(now).slice(0, 4)) + 50
  return String(last - ((last - Number(year)) % 100))
}

const pad = (value: number): string => String(value).padStart(2, "0")

/** What the headers of one answer say of when to come back. */
export interface Hints {
  /** How long to leave alone what was asked. */
  readonly retryAfter?: Duration.Duration
  /** How long no request on this credential is worth sending, for nothing remains of its limit. */
  readonly exhausted?: Duration.Duration
  /** Hints that cannot be meant, word for word. */
  readonly unused?: string
}

/** A header of a service's own that says when to come back. */
export interface Header {
  /** In lower case. It replaces what would be read of a header with this name. */
  readonly name: string
  /** What a plain number counts. Default: seconds. */
  readonly unit?: "Seconds" | "Millis"
  /** The header that says what remains of a limit, where the hint says when it begins anew: it counts when nothing does. */
  readonly remaining?: string
}

const always: ReadonlyArray<Header> = [
  { name: "retry-after" },
  { name: "retry-after-ms", unit: "Millis" },
  { name: "x-ms-retry-after-ms", unit: "Millis" },
]

/** `x-ratelimit-reset-requests` beside `x-ratelimit-remaining-requests`, and every other name of this form. */
const resets = (headers: Headers): ReadonlyArray<Header> =>
  Object.keys(headers)
    .filter((name) => /rate-?limit.*-reset/.test(name))
    .map((name) => ({ name, remaining: name.replace(/reset(-after)?/, "remaining") }))

/** Read what the headers of an answer say; `own` are headers that only this service sends. */
export const of = (headers: Headers, now: DateTime.Utc, status: number, own: ReadonlyArray<Header> = []): Hints => {
  // A wrong clock on either side does no harm to an instant.
  const from = date(headers["date"] ?? "", now) ?? now
  const isRefusal = status === 429 || status === 503
  const found: { retryAfter: number; exhausted: number; unused: Array<string> } = {
    retryAfter: 0,
    exhausted: 0,
    unused: [],
  }
  const isUsed = ({ remaining }: Header) => {
    const left = remaining === undefined ? "0" : headers[remaining]
    return left === undefined ? isRefusal : Number(left) <= 0
  }
  const take = (to: "retryAfter" | "exhausted", text: string, millis: number | undefined) => {
    if (millis === undefined || millis > longest) found.unused.push(text)
    else found[to] = Math.max(found[to], Math.ceil(millis))
  }
  const common = [...always, ...resets(headers)].filter((one) => own.every(({ name }) => name !== one.name))
  for (const header of [...own, ...common]) {
    const text = headers[header.name] ?? ""
    if (!isUsed(header)) continue
    for (const part of text.match(parts) ?? [])
      if (part.trim() !== "")
        take(
          header.remaining === undefined ? "retryAfter" : "exhausted",
          `${header.name}: ${part.trim()}`,
          spanOf(part.trim(), from, header.unit),
        )
  }
  for (const [left, seconds] of limitsOf(headers["ratelimit"] ?? ""))
    if (left === undefined ? isRefusal : left <= 0) take("exhausted", `ratelimit: ${seconds}`, seconds * 1000)
  return {
    ...(found.retryAfter > 0 ? { retryAfter: Duration.millis(found.retryAfter) } : {}),
    ...(found.exhausted > 0 ? { exhausted: Duration.millis(found.exhausted) } : {}),
    ...(found.unused.length > 0 ? { unused: found.unused.join("; ") } : {}),
  }
}

/** Sent twice, by a service and its proxy, a header comes as a list; the comma of a date is none between two. */
const parts = /\s*(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,)?[^,]+/g

/**
 * What remains of each limit, and in how many seconds it begins anew. `RateLimit` is a structured field (RFC 9651): a list
 * of names with parameters; one without its names has commas between limits only.
 */
const limitsOf = (text: string): ReadonlyArray<readonly [left: number | undefined, seconds: number]> => {
  const read = (part: string, left: RegExp, reset: RegExp) => {
    const [, seconds] = reset.exec(part) ?? []
    const [, remaining] = left.exec(part) ?? []
    return seconds === undefined
      ? []
      : [[remaining === undefined ? undefined : Number(remaining), Number(seconds)] as const]
  }
  const unnamed = text.replace(/"(?:[^"\\]|\\.)*"/g, "")
  const old = read(unnamed, /\bremaining=(\d+)/, /\breset=(\d+)/)
  return old.length > 0 ? old : unnamed.split(",").flatMap((part) => read(part, /;\s*r=(-?\d+)/, /;\s*t=(\d+)/))
}

/** Milliseconds from an instant on, where a text says so; `undefined` where it says nothing that can be read. */
const spanOf = (text: string, from: DateTime.Utc, unit: Header["unit"] = "Seconds"): number | undefined => {
  const until = (millis: number) => millis - DateTime.toEpochMillis(from)
  if (/^\d+(\.\d+)?$/.test(text)) {
    const count = Number(text)
    const span = unit === "Millis" ? count : count * 1000
    // Of seconds 1e9 are 31 years, and an instant in 2001; what is beyond 1e11 counts milliseconds since 1970.
    if (count < (unit === "Millis" ? 1e11 : 1e9)) return span
    return until(count < 1e11 ? count * 1000 : count)
  }
  if (goDuration.test(text)) {
    let millis = 0
    for (const [, count, name = ""] of text.matchAll(goParts)) millis += Number(count) * (units[name] ?? 0)
    return millis
  }
  const instant = date(text, from) ?? (rfc3339.test(text) ? Option.getOrUndefined(DateTime.make(text)) : undefined)
  return instant === undefined ? undefined : until(DateTime.toEpochMillis(instant))
}

/** `6m0s` and the like. */
const units: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
}
const goParts = /(\d+(?:\.\d+)?)(h|ms|m|us|µs|ns|s)/g
const goDuration = /^(\d+(\.\d+)?(h|ms|m|us|µs|ns|s))+$/
const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/

/**
 * Read `Retry-After` and its kin in milliseconds, and nothing of limits.
 *
 * An instant counts from the answer's own `Date` where it has one, so that a wrong clock on either side does no harm.
 * Zero, a negative number, an instant that has passed and anything unreadable are no hint.
 */
export const retryAfter = (headers: Headers, now: DateTime.Utc): Duration.Duration | undefined =>
  of(headers, now, 200).retryAfter

/** Read a number of milliseconds from a body. Anything but a positive number of less than a year is no hint. */
export const millis = (value: unknown): Duration.Duration | undefined =>
  typeof value === "number" && value > 0 && value <= longest ? Duration.millis(Math.ceil(value)) : undefined

/** Tell whether a service can mean to be left alone for that long. */
export const isMeant = (hint: Duration.Duration): boolean => Duration.toMillis(hint) <= longest

/** Choose the longer of two hints. */
export const longer = (
  one: Duration.Duration | undefined,
  other: Duration.Duration | undefined,
): Duration.Duration | undefined => (one === undefined ? other : other === undefined ? one : Duration.max(one, other))
