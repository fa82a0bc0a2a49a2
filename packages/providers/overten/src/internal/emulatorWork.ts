/** What becomes of accepted work, and how an answer tells it: the client's own wire schemas, used to encode. */
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { type Behaviour, json } from "@tenuto/testkit/Emulator"
import * as Serial from "@tenuto/testkit/Serial"
import { type Fields, jsonOf, refuse } from "./emulatorRequest.ts"
import type { Format } from "./formats.ts"
import * as Wire from "./wire.ts"

/** The routes that make something. */
export const routes = {
  "/word/generate": { name: "word.generate", format: "word" },
  "/excel/generate": { name: "excel.generate", format: "excel" },
  "/slides/generate": { name: "slides.generate", format: "slides" },
  "/slides/outline": { name: "slides.outline", format: "slides", isOpen: true },
  "/excel/analyze": { name: "excel.analyze", format: "excel", isOpen: true },
} as const satisfies Readonly<Record<string, { name: string; format: Format; isOpen?: boolean }>>
export type Path = keyof typeof routes
export const paths = Object.keys(routes) as ReadonlyArray<Path>
/** The service's own name of what makes something. */
export type Name = (typeof routes)[Path]["name"]

/** Routes whose answer no page shows. */
export const isOpen = (path: Path): boolean => "isOpen" in routes[path]

/** How work ends: done, stopped by somebody, never begun, or with a code and a message. */
export type Outcome = "completed" | "cancelled" | "expired" | { readonly code: string; readonly message: string }

/** How a failed task tells why; no page shows it. */
export type Telling = "object" | "code" | "sentence"

/** One task. `posts` and `looks` count the requests that were about it. */
export interface Task {
  readonly id: string
  readonly run: string
  readonly path: Path
  readonly key: string | undefined
  /** What was asked for, to know another body under the same key. */
  readonly body: string
  readonly fields: Fields
  readonly createdAt: DateTime.Utc
  readonly startsAt: DateTime.Utc
  endsAt: DateTime.Utc
  outcome: Outcome
  posts: number
  looks: number
}

const letters = { letters: Serial.lower, length: 20 }
export const runId = Serial.make({ ...letters, prefix: "run_", kind: "run" })
export const taskId = Serial.make({ ...letters, prefix: "task_", kind: "task" })
export const requestId = Serial.make({ ...letters, prefix: "req_", kind: "request" })

/** Ours: what finished work costs. */
export const cost = 5

export const isEnded = (task: Task, now: DateTime.Utc): boolean => DateTime.isGreaterThanOrEqualTo(now, task.endsAt)
export const isDone = (task: Task, now: DateTime.Utc): boolean => isEnded(task, now) && task.outcome === "completed"
const isRunning = (task: Task, now: DateTime.Utc): boolean =>
  DateTime.isGreaterThanOrEqualTo(now, task.startsAt) && !isEnded(task, now)

/** How long work still goes on. */
export const rest = (task: Task, now: DateTime.Utc): Duration.Duration => DateTime.distance(now, task.endsAt)

export const statusOf = (task: Task, now: DateTime.Utc): string => {
  if (isEnded(task, now)) return typeof task.outcome === "string" ? task.outcome : "failed"
  return isRunning(task, now) ? "running" : "queued"
}

const encodeTask = Schema.encodeSync(Wire.Task)
const encodePayload = Schema.encodeSync(Wire.Payload)

/** Where an answer finds the addresses that it tells. */
export interface Links {
  readonly download: (run: string) => string
  readonly editor: (run: string) => string
}

const payloadOf = (task: Task, links: Links) => {
  const { format }: { readonly format: Format } = routes[task.path]
  const head = { run_id: task.run, task_id: task.id }
  const tail = {
    summary: `A ${format} result, as no service ever made it.`,
    credits_used: cost,
    duration_ms: DateTime.toEpochMillis(task.endsAt) - DateTime.toEpochMillis(task.startsAt),
  }
  if (!isOpen(task.path)) {
    const addresses = { download_url: links.download(task.run), edit_url: links.editor(task.run) }
    return { head, tail: encodePayload({ ...addresses, ...tail }) }
  }
  // No page shows these answers; their one member is ours.
  const own = task.path === "/slides/outline" ? { outline: ["Beginning", "Middle", "End"] } : { findings: ["No sheet"] }
  return { head, tail: { ...encodePayload(tail), ...own } }
}

/** Contract 3.4: the synchronous answer, flat. */
export const inline = (task: Task, links: Links): Behaviour => {
  const { head, tail } = payloadOf(task, links)
  return json(200, jsonOf({ ...encodeTask({ ...head, status: "completed" }), ...tail }))
}

/** Contract 3.4: taken, or promoted by the ceiling. */
export const accepted = (task: Task, message?: string): Behaviour => {
  const body = { run_id: task.run, task_id: task.id, status: "queued", ...(message === undefined ? {} : { message }) }
  return json(202, jsonOf(encodeTask(body)))
}

/** Contract 3.5: the task as it stands. */
export const told = (task: Task, now: DateTime.Utc, links: Links, telling: Telling): Behaviour => {
  const status = statusOf(task, now)
  const { head, tail } = payloadOf(task, links)
  const body = {
    ...head,
    status,
    ...(status === "running" ? { phase: "generating" } : {}),
    result: status === "completed" ? { ...head, ...tail } : null,
    error: status === "failed" ? failure(task.outcome, telling) : null,
  }
  return json(200, jsonOf(encodeTask(body)))
}

const failure = (outcome: Outcome, telling: Telling): Schema.Json => {
  if (typeof outcome === "string") return null
  if (telling === "object") return outcome
  return telling === "code" ? outcome.code : outcome.message
}

/** S002: which status goes with a code; any other is the service's own trouble. */
const statuses: Readonly<Record<string, number>> = {
  insufficient_credits: 402,
  preflight_failed: 400,
  not_implemented: 501,
  upstream_error: 502,
  service_unavailable: 503,
}

/** Ours: work that was waited for and did not succeed, told as an error that names it. */
export const broken = ({ id, outcome, run }: Task): Behaviour => {
  const ids = { run_id: run, task_id: id }
  if (typeof outcome === "string") return refuse(500, "internal_error", `The task was ${outcome}.`, ids)
  const status = Object.hasOwn(statuses, outcome.code) ? (statuses[outcome.code] ?? 500) : 500
  return refuse(status, outcome.code, outcome.message, ids)
}
