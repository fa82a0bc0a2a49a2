/** What becomes of accepted work, and how an answer tells it: the client's own wire schemas, used to encode. */
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as Serial from "@tenuto/testkit/Serial"
import * as Storage from "@tenuto/testkit/Storage"
import * as Wire from "./wire.ts"

/** A song, or the sentence that tells why there is none; the service may give no sentence. */
export type Outcome = "completed" | { readonly error: string | null }

/** One job. `looks` counts the requests that were about it. */
export interface Job {
  readonly id: string
  readonly prompt: string
  readonly startedAt: DateTime.Utc
  readonly finishesAt: DateTime.Utc
  readonly outcome: Outcome
  readonly length: Duration.Duration
  looks: number
}

/** Contract 5.3: a UUID. */
export const idOf = Serial.uuid()

/** Where files are; the pages show a host of its own. */
export const prefix = "/cdn/"
const pathOf = {
  song_url: (id: string) => `${prefix}audio/${id.slice(0, 8)}.mp3`,
  image_url: (id: string) => `${prefix}covers/${id.slice(0, 8)}.jpg`,
}

/** The file at a path; a job that fails has none. */
export const fileAt = (jobs: Iterable<Job>, path: string): Storage.Stored | undefined => {
  for (const { id, outcome } of jobs) {
    if (outcome !== "completed") continue
    if (path === pathOf.song_url(id)) return Storage.sample(`song ${id}`, "audio/mpeg")
    if (path === pathOf.image_url(id)) return Storage.sample(`cover ${id}`, "image/jpeg")
  }
  return undefined
}

const encodeAccepted = Schema.encodeSync(Wire.Accepted)
const encodeJob = Schema.encodeSync(Wire.Job)
const encodeRefusal = Schema.encodeSync(Wire.Refusal)

/** The answer to a submit, word by word as the page has it (W:/api-reference/compose). */
export const accept = ({ id }: Job): Schema.Json =>
  encodeAccepted({ message: "Composition task received.", job_id: id, poll_url: `/jobs/${id}` })

/** The job as it stands. */
export const tell = (job: Job, now: DateTime.Utc, link: (path: string) => string): Schema.Json => {
  const { finishesAt, id, length, outcome, prompt, startedAt } = job
  const head = { prompt, started_at: startedAt }
  if (DateTime.isLessThan(now, finishesAt)) {
    return encodeJob({ status: "running", ...head, result: null, error: null })
  }
  const end = { ...head, finished_at: finishesAt }
  if (outcome !== "completed") return encodeJob({ status: "failed", ...end, result: null, error: outcome.error })
  const result = {
    title: "Midnight Grid",
    bpm: 140,
    duration: length,
    song_url: link(pathOf.song_url(id)),
    image_url: link(pathOf.image_url(id)),
    tags: ["trap", "dark", "808s", "synth", "bass"],
  }
  return encodeJob({ status: "completed", ...end, result, error: null })
}

/** A refusal. S004 shows the body of a 400 only; the words of every other are ours. */
export const refuse = (error: string, message: string): Schema.Json => encodeRefusal({ error, message })
