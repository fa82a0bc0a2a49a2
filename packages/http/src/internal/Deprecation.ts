/** Reads whether a service is going to retire an endpoint: `Deprecation` (RFC 9745), `Sunset` (RFC 8594) and their older spellings. */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Delay from "../Delay.ts"
import type { Headers } from "../Exchange.ts"

/** What the service says of the endpoint; `sunset` is when it goes, where that is said in a form that can be read. */
export interface Deprecation {
  readonly sunset?: DateTime.Utc
}

export const of = (headers: Headers, now: DateTime.Utc): Deprecation | undefined => {
  const said = headers["deprecation"] ?? headers["x-deprecated"]
  const date = headers["sunset"]
  if (date === undefined && (said === undefined || /^\s*(false|0)?\s*$/i.test(said))) return undefined
  const sunset = date === undefined ? undefined : (Delay.date(date, now) ?? isoDate(date))
  return sunset === undefined ? {} : { sunset }
}

/** Not every service keeps to the date of HTTP. */
const isoDate = (text: string): DateTime.Utc | undefined =>
  /^\s*\d{4}-\d{2}-\d{2}/.test(text)
    ? Option.getOrUndefined(Option.map(DateTime.make(text.trim()), DateTime.toUtc))
    : undefined
