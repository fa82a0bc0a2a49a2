/**
 * Reads whether a service is going to retire an endpoint: `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and their older
 * spellings.
 *
 * It guesses nothing: a date that cannot be read is none.
 *
 * @example
 * ```ts
 * import * as DateTime from "effect/DateTime"
 * import * as Deprecation from "@tenuto/http/Deprecation"
 *
 * const headers = { "x-deprecated": "true", sunset: "Sun, 06 Nov 2034 08:49:37 GMT" }
 * const said = Deprecation.of(headers, DateTime.makeUnsafe("2026-01-01T00:00:00Z"))
 * console.log(said?.sunset && DateTime.formatIso(said.sunset)) // 2034-11-06T08:49:37.000Z
 * ```
 */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Delay from "./Delay.ts"
import type { Headers } from "./Exchange.ts"

/** What the service says of the endpoint; `sunset` is when it goes, where that is said in a form that can be read. */
export interface Deprecation {
  readonly sunset?: DateTime.Utc
}

/** Read the headers of an answer; `undefined` where they say nothing of the kind. */
export const of = (headers: Headers, now: DateTime.Utc): Deprecation | undefined => {
  const said = headers["deprecation"] ?? headers["x-deprecated"]
  const date = headers["sunset"]
  if (date === undefined && (said === undefined || /^\s*(false|\??0)?\s*$/i.test(said))) return undefined
  const sunset = date === undefined ? undefined : (Delay.date(date, now) ?? isoDate(date))
  return sunset === undefined ? {} : { sunset }
}

/** Not every service keeps to the date of HTTP. */
const isoDate = (text: string): DateTime.Utc | undefined =>
  /^\s*\d{4}-\d{2}-\d{2}/.test(text)
    ? Option.getOrUndefined(Option.map(DateTime.make(text.trim()), DateTime.toUtc))
    : undefined
