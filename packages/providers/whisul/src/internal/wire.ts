/** The service's own words: what goes over the wire, under the names and units of its pages. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Artifact from "@tenuto/core/Artifact"
import { pure } from "./pure.ts"

// --- units --------------------------------------------------------------------------------------

/** C-WH-3: `"m:ss"` on one page, seconds on another. Not a number where the text is neither. */
const secondsOf = (said: string | number): number => {
  if (typeof said === "number") return said
  const [, minutes, seconds] = /^(\d+):([0-5]\d)$/.exec(said) ?? []
  if (minutes !== undefined) return Number(minutes) * 60 + Number(seconds)
  return /^\d+(\.\d+)?$/.test(said) ? Number(said) : NaN
}

const Seconds = /* @__PURE__ */ pure(() =>
  Schema.Finite.check(Schema.makeFilter((seconds: number) => seconds >= 0 || "must not be less than nothing")).pipe(
    Schema.decodeTo(
      Schema.Duration,
      SchemaTransformation.transform({
        decode: (seconds: number) => Duration.millis(Math.round(seconds * 1000)),
        encode: (duration: Duration.Duration) => Duration.toMillis(duration) / 1000,
      }),
    ),
  ),
)

/** W:/api-reference/get-job `"duration": "2:47"`; W:/introduction "in seconds". Both are read, the first is written. */
const Length = /* @__PURE__ */ pure(() =>
  Schema.Union([Schema.String, Schema.Number]).pipe(
    Schema.decodeTo(
      Seconds,
      SchemaTransformation.transform({
        decode: secondsOf,
        encode: (seconds: number): string | number =>
          Number.isInteger(seconds) ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` : seconds,
      }),
    ),
  ),
)

/** Not a number where the text is no instant; the 31st of February is none. */
const millisOf = (text: string): number => {
  const form = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(\.\d+)?(Z|[+-]\d{2}:\d{2})?$/
  const [, date, time, fraction = "", zone = "Z"] = form.exec(text) ?? []
  const iso = `${date}T${time}`
  const isReal = Option.exists(DateTime.make(`${iso}Z`), (read) => DateTime.formatIso(read).startsWith(iso))
  const instant = isReal ? DateTime.make(`${iso}${fraction}${zone}`) : Option.none()
  return Option.match(instant, { onNone: () => NaN, onSome: DateTime.toEpochMillis })
}

/** S004 `"2026-02-17 15:39:34"`; W:/api-reference/get-job "(UTC)". T-WH-2: without a zone it is UTC, never local time. */
const Instant = /* @__PURE__ */ pure(() =>
  Schema.String.pipe(
    Schema.decodeTo(
      Schema.Finite,
      SchemaTransformation.transform({
        decode: millisOf,
        encode: (millis: number) => DateTime.formatIso(DateTime.makeUnsafe(millis)).slice(0, 19).replace("T", " "),
      }),
    ),
    Schema.decodeTo(
      Schema.DateTimeUtc,
      SchemaTransformation.transform({
        decode: (millis: number) => DateTime.makeUnsafe(millis),
        encode: DateTime.toEpochMillis,
      }),
    ),
  ),
)

/** W:/api-reference/get-job "comma-separated". */
const Tags = /* @__PURE__ */ pure(() =>
  Schema.String.pipe(
    Schema.decodeTo(
      Schema.Array(Schema.String),
      SchemaTransformation.transform({
        decode: (text: string): ReadonlyArray<string> =>
          text
            .split(",")
            .map((tag) => tag.trim())
            .filter((tag) => tag !== ""),
        encode: (tags: ReadonlyArray<string>) => tags.join(", "),
      }),
    ),
  ),
)

/** A name that a path can hold. Its form is not checked beyond that. */
const Id = Schema.String.check(
  Schema.makeFilter((text: string) => !/^\.{0,2}$|\p{Surrogate}/u.test(text) || "must name a job"),
)

const Link = Schema.String.check(
  Schema.makeFilter(
    (text: string) =>
      (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) || "must be an absolute http or https URL",
  ),
)

// --- bodies -------------------------------------------------------------------------------------

/** S004 "present and non-empty". */
export const Request = /* @__PURE__ */ pure(() =>
  Schema.Struct({
    prompt: Schema.String.check(Schema.makeFilter((text: string) => text !== "" || "must not be empty")),
  }),
)

/** 202: W:/api-reference/compose. */
export const Accepted = Schema.Struct({ message: Schema.String, job_id: Id, poll_url: Schema.String })

/** S004 "400 response body example". T-WH-4: here `error` is a label; in a job it is a sentence, or null. */
export const Refusal = Schema.Struct({ error: Schema.NonEmptyString, message: Schema.NonEmptyString })

/** W:/api-reference/get-job. */
export const Result = /* @__PURE__ */ pure(() =>
  Schema.Struct({
    title: Schema.String,
    bpm: Schema.Finite,
    duration: Length,
    song_url: Link,
    image_url: Link,
    tags: Tags,
  }),
)

/** S004 "Failed job response", W:/api-reference/get-job. T-WH-5: it does not say which job it is. */
export const Job = /* @__PURE__ */ pure(() =>
  Schema.Struct({
    status: Schema.String,
    prompt: Schema.String,
    result: Schema.NullOr(Result),
    error: Schema.NullOr(Schema.String),
    started_at: Instant,
    finished_at: Schema.optionalKey(Instant),
  }),
)
export type Job = typeof Job.Type

// --- what comes of it ---------------------------------------------------------------------------

/** What stands beside the files. No page says that any of it is always there. */
export const facts = /* @__PURE__ */ pure(() => ({
  title: Schema.String,
  bpm: Schema.Finite,
  duration: Length,
  tags: Tags,
}))
export const times = /* @__PURE__ */ pure(() => ({ started_at: Instant, finished_at: Instant }))

export const Song = /* @__PURE__ */ pure(() =>
  Schema.Struct({
    song: Artifact.Embedded,
    image: Schema.optionalKey(Artifact.Embedded),
    title: Schema.optionalKey(facts.title),
    bpm: Schema.optionalKey(facts.bpm),
    duration: Schema.optionalKey(facts.duration),
    tags: Schema.optionalKey(facts.tags),
    started_at: Schema.optionalKey(times.started_at),
    finished_at: Schema.optionalKey(times.finished_at),
  }),
)
