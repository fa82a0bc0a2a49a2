/** How the exchanges of any service are read by default: keys, pieces of work, hints, ends and doubts. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Delay from "@tenuto/http/Delay"
import * as Verdict from "@tenuto/http/Verdict"
import { builtin } from "./builtin.ts"
import { isObject, type Members, unbounded } from "./content.ts"
import { guises, replacing } from "./guises.ts"
import type { Ending, Exchange, Transcript } from "./transcribed.ts"

const membersOf = (value: unknown): Members => (isObject(value) ? value : {})

/** JSON whose members have one order, so that it may be compared. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  )
}
export const written = (value: unknown): string => JSON.stringify(sorted(value))

const isAsked = ({ stage }: Exchange, ...stages: ReadonlyArray<string>): boolean =>
  stage !== undefined && stages.includes(stage)
export const isSubmit = (exchange: Exchange): boolean => isAsked(exchange, "submit")
export const isLook = (exchange: Exchange): boolean => isAsked(exchange, "look", "long-poll")

// --- keys and work ------------------------------------------------------------------------------

const keyHeaders = ["idempotency-key", "x-idempotency-key"]
const keyMembers = ["idempotency_key", "idempotencyKey"]

/** The key of a request: a header, or a member of its body. */
export const keyOf = ({ body, headers }: Exchange): string | undefined => {
  const members = membersOf(body)
  const given = [...keyHeaders.map((name) => headers[name]), ...keyMembers.map((name) => members[name])]
  return given
    .map((key) => (typeof key === "number" ? String(key) : key))
    .find((key): key is string => typeof key === "string" && key !== "")
}

/** What is asked for, whatever its key: two submits that ask for the same are one piece of work. */
export const workOf =
  (key: (exchange: Exchange) => string | undefined) =>
  (exchange: Exchange): string => {
    const { headers, method, path, query } = exchange
    const body = typeof exchange.body === "string" ? unbounded(headers, exchange.body) : exchange.body
    const own = key(exchange)
    const members = Object.entries(membersOf(body))
    const rest = members.filter(([name, value]) => !keyMembers.includes(name) && (own === undefined || value !== own))
    return `${method} ${path} ${written([query, members.length === 0 ? body : Object.fromEntries(rest)])}`
  }

/** Where a request goes, as it may be shown. */
export const shown = ({ at, method, path }: Exchange): string => `${method} ${path} at ${at} s`

// --- answers ------------------------------------------------------------------------------------

const hintMembers = ["retryAfterMs", "retry_after_ms"]

/** How many seconds an answer asks us to wait: in its header, or in milliseconds in its body. */
export const hintOf = ({ answer }: Exchange, { start }: Transcript): number | undefined => {
  if (answer === undefined) return undefined
  const now = DateTime.addDuration(DateTime.makeUnsafe(start), Duration.seconds(answer.at))
  const members = membersOf(answer.body)
  const inBody = hintMembers.map((name) => Delay.millis(members[name])).reduce(Delay.longer, undefined)
  const hint = Delay.longer(Delay.retryAfter(answer.headers, DateTime.toUtc(now)), inBody)
  return hint === undefined ? undefined : Duration.toSeconds(hint)
}

const well = /^(?:succeed(?:ed)?|success|successful|completed?|ready|done|finished|finalized)$/i
const badly =
  /^(?:failed|failure|error|errored|abort(?:ed)?|cancell?ed|crashed|expired|rejected|terminated|timed[-_ ]?out)$/i

/** Every word of status in an answer, but for those of the parts in its lists. */
const wordsOf = (value: unknown, depth = 0): ReadonlyArray<string> =>
  depth > 3
    ? []
    : Object.entries(membersOf(value)).flatMap(([name, member]) =>
        /^(?:status|state)$/i.test(name) && typeof member === "string" ? [member] : wordsOf(member, depth + 1),
      )

type End = "succeeded" | "failed" | undefined

/** What an envelope is about: its own `success`, in words or not, says that the request worked. */
const unwrapped = (body: unknown): unknown => {
  const { data, status } = membersOf(body)
  return data !== undefined && typeof status === "string" && /^success$/i.test(status) ? data : body
}

/** How an answer says that the work ended: by its words, or without any by `done`. An envelope's `success` settles nothing. */
export const endOf = (exchange: Exchange): End => endIn(exchange, unwrapped(exchange.answer?.body))

/** How an answer may be understood: who has no other word takes that of the envelope. */
export const claimOf = (exchange: Exchange): End => endOf(exchange) ?? endIn(exchange, exchange.answer?.body)

const endIn = ({ answer }: Exchange, body: unknown): End => {
  if (answer === undefined || answer.status < 200 || answer.status > 299) return undefined
  const words = wordsOf(body)
  const { done, error } = membersOf(body)
  if (words.length === 0 && done === true) return error === undefined || error === null ? "succeeded" : "failed"
  const isEnded = words.length > 0 && words.every((word) => well.test(word) || badly.test(word))
  return isEnded ? (words.some((word) => badly.test(word)) ? "failed" : "succeeded") : undefined
}

/** An instant as services write it: a date in text, or seconds or milliseconds since 1970. */
const millisOf = (value: unknown): number | undefined => {
  if (typeof value === "number") return value < 1e11 ? value * 1000 : value
  if (typeof value !== "string") return undefined
  if (/^\d+$/.test(value)) return millisOf(Number(value))
  const instant = DateTime.make(value)
  return instant._tag === "None" ? undefined : DateTime.toEpochMillis(instant.value)
}

const expiriesOf = (value: unknown, name = "", depth = 0): ReadonlyArray<unknown> => {
  if (typeof value === "object" && value !== null) {
    return depth > 6
      ? []
      : Object.entries(value).flatMap(([key, member]) =>
          expiriesOf(member, Array.isArray(value) ? name : key, depth + 1),
        )
  }
  if (/expir/i.test(name)) return [value]
  const query =
    typeof value === "string" && /^https?:\/\/\S+\?/.test(value) ? URL.parse(value)?.searchParams : undefined
  return query === undefined ? [] : [query.get("expires") ?? query.get("Expires")]
}

/** When the first link of an answer dies, in seconds since the beginning: as the answer says, else never. */
export const lifeOf = ({ answer }: Exchange, { start }: Transcript): number => {
  const began = DateTime.toEpochMillis(DateTime.makeUnsafe(start))
  const deaths = expiriesOf(answer?.body).map(millisOf)
  return Math.min(Infinity, ...deaths.map((millis) => (millis === undefined ? Infinity : (millis - began) / 1000)))
}

const unsent: ReadonlySet<string> = new Set(["Refused", "Unnamed", "Untrusted"] satisfies ReadonlyArray<Ending>)

/** Whether a submit may have started work: unless it never left, or was refused. The careful reading of `Verdict`. */
export const isInDoubt = ({ answer, end }: Exchange): boolean => {
  if (end === undefined) return false // Nobody has answered yet.
  if (answer === undefined) return !unsent.has(end.did)
  return Verdict.judge([], { stage: "submit", status: answer.status }).truth === "Uncertain"
}

// --- secrets ------------------------------------------------------------------------------------

// Not every machine has it; where it is missing, the other forms are searched.
const whole = {
  depth: 30,
  showHidden: true,
  maxArrayLength: Infinity,
  maxStringLength: Infinity,
  breakLength: Infinity,
}
const inspect = (value: unknown): string => builtin("node:util")?.inspect(value, whole) ?? ""
const json = (value: unknown): string => JSON.stringify([value]) // in a list, so that what has no JSON is null

/** What breaks whoever prints it shows nothing that way. */
const printed = (print: (value: unknown) => string, value: unknown): string => {
  try {
    return print(value)
  } catch {
    return ""
  }
}

/** Everything that a program could print of a value. */
export const renderingsOf = (value: unknown): ReadonlyArray<readonly [form: string, text: string]> => [
  ["text", printed(String, value)],
  ["JSON", printed(json, value)],
  ["inspection", printed(inspect, value)],
  ...(value instanceof Error
    ? ([
        ["message", value.message],
        ["stack", value.stack ?? ""],
      ] as const)
    : []),
]

/** Tells whether a text shows a secret. */
export const showing = (secret: string): ((text: string) => boolean) => {
  const all = guises(secret)
  return (text) => all.some((guise) => text.includes(guise))
}

/** Show a text without secrets: a path may hold one. */
export const hiding = (text: string, secrets: ReadonlyArray<string>): string =>
  replacing(secrets.flatMap(guises))(text, () => "(secret)")
