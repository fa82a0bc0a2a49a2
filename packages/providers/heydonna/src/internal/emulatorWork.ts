/** What becomes of a project: the words it goes through, and what is delivered at which of them. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Serial from "@tenuto/testkit/Serial"
import type { Taken } from "./emulatorRequest.ts"

/** One project. `gets` counts the requests that were about it. */
export interface Work extends Taken {
  readonly id: string
  readonly transcriptId: string
  readonly createdAt: DateTime.Utc
  /** How long the word of work that goes on is shown, and then each word but the last. */
  readonly work: Duration.Duration
  readonly step: Duration.Duration
  readonly pending: string
  readonly words: ReadonlyArray<string>
  gets: number
}

/** W:/api-reference/ `j57abc123def456`, `k89xyz789ghi012`: a letter each; the length is ours. */
export const projectId = Serial.make({ prefix: "j", length: 31, kind: "project" })
export const transcriptId = Serial.make({ prefix: "k", length: 31, kind: "transcript" })

/** S003 "400 … invalid ID format". Which format that is, no page says: ours takes small letters and digits. */
export const isId = (text: string): boolean => /^[0-9a-z]+$/.test(text)

/** The word that a project shows at an instant. */
export const wordAt = ({ createdAt, pending, step, work, words }: Work, now: DateTime.Utc): string => {
  const past = Duration.toMillis(DateTime.distance(createdAt, now)) - Duration.toMillis(work)
  if (past < 0) return pending
  const steps = Duration.toMillis(step)
  const passed = steps === 0 ? words.length : Math.floor(past / steps)
  return words[Math.min(passed, words.length - 1)] ?? pending
}

/** Which words are told of, and as what: the page has two events. `completed` is its `ready` under another name (C-HD-1). */
const events: Readonly<Record<string, string>> = {
  completed: "project.ready",
  ready: "project.ready",
  failed: "project.failed",
}

/** What is to be delivered of a project, and how long after it was created. */
export interface Notice {
  readonly event: string
  readonly status: string
  readonly after: Duration.Duration
}

export const notices = ({ step, work, words }: Work): ReadonlyArray<Notice> =>
  words.flatMap((status, index) => {
    const event = Object.hasOwn(events, status) ? events[status] : undefined
    return event === undefined ? [] : [{ event, status, after: Duration.sum(work, Duration.times(step, index)) }]
  })
