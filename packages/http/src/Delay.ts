/**
 * Reads how long a service asks us to wait: `Retry-After` in seconds or as a date, and milliseconds in a body.
 *
 * It never guesses: what is not one of the known forms is no hint at all.
 *
 * Law 6: never sooner than asked. No hint is shortened, except to a century, which no timer outlives.
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
 * ```
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import type { Headers } from "./Exchange.ts"

const longest = Duration.days(36_500)
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

/**
 * Read `Retry-After`.
 *
 * A date counts from the answer's own `Date` where it has one, so that a wrong clock on either side does no harm.
 * Zero, a negative number, a date that has passed and anything unreadable are no hint.
 */
export const retryAfter = (headers: Headers, now: DateTime.Utc): Duration.Duration | undefined => {
  const text = headers["retry-after"]?.trim()
  if (text === undefined || text === "") return undefined
  // Sent twice, by a service and its proxy, it comes as a list: both are to be kept.
  if (/^\d+(\.\d+)?(\s*,\s*\d+(\.\d+)?)*$/.test(text)) {
    return positive(Duration.seconds(Math.max(...text.split(",").map(Number))))
  }
  const until = date(text, now)
  if (until === undefined) return undefined
  const from = date(headers["date"] ?? "", now) ?? now
  return positive(DateTime.distance(from, until))
}

/** Read a number of milliseconds from a body. Anything but a positive number is no hint. */
export const millis = (value: unknown): Duration.Duration | undefined =>
  typeof value === "number" ? positive(Duration.millis(value)) : undefined

/** Choose the longer of two hints. */
export const longer = (
  one: Duration.Duration | undefined,
  other: Duration.Duration | undefined,
): Duration.Duration | undefined => (one === undefined ? other : other === undefined ? one : Duration.max(one, other))

/** Whole milliseconds, rounded up: a timer that drops a fraction would fire too soon. */
const positive = (duration: Duration.Duration): Duration.Duration | undefined =>
  Duration.isGreaterThan(duration, Duration.zero)
    ? Duration.min(Duration.millis(Math.ceil(Duration.toMillis(duration))), longest)
    : undefined
