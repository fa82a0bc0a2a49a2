/** Takes work and keeps it: keys, runs, places for runs, credits. It never tells an answer of work that was taken. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import type { Behaviour } from "@tenuto/testkit/Emulator"
import * as Storage from "@tenuto/testkit/Storage"
import * as Window from "@tenuto/testkit/Window"
import { refuse, type Taken } from "./emulatorRequest.ts"
import * as Work from "./emulatorWork.ts"
import { formats } from "./formats.ts"

/** What exceeding the number of runs at once comes to; no page says. */
export type Crowded = "429" | "503" | "queue"

/** How the desk works. */
export interface Rules {
  readonly seed: number
  readonly work: Duration.Duration
  readonly queue: Duration.Duration
  readonly kept: Duration.Duration
  readonly places: number
  readonly crowded: Crowded
  readonly credits: number
  readonly outcome: (path: Work.Path, fields: Taken["fields"]) => Work.Outcome
}

/** Contract 3.5: what nobody picks up for so long expires. */
const patience = Duration.hours(24)

export interface Desk {
  readonly tasks: ReadonlyMap<string, Work.Task>
  /** Take work, or find it by its key; `isNew` where it was taken now. */
  readonly take: (
    path: Work.Path,
    taken: Taken,
    now: DateTime.Utc,
  ) => Result.Result<{ readonly task: Work.Task; readonly isNew: boolean }, Behaviour>
  /** Give up work that nobody waits for any more. */
  readonly abandon: (task: Work.Task, now: DateTime.Utc) => void
  /** Why a task or a run is not to be seen. */
  readonly gone: (ended: DateTime.Utc, now: DateTime.Utc) => Behaviour | undefined
  readonly ofRun: (run: string) => ReadonlyArray<Work.Task>
}

const sorted = (fields: Taken["fields"]): Schema.JsonObject =>
  Object.fromEntries(Object.entries(fields).toSorted(([one], [other]) => (one < other ? -1 : 1)))

export const missing = (what: string): Behaviour => refuse(404, "not_found", `${what} not found.`)
const conflict = (message: string): Behaviour => refuse(409, "conflict", message)

export const make = (rules: Rules): Desk => {
  const tasks = new Map<string, Work.Task>()
  const byKey = new Map<string, Work.Task>()
  let runs = 0

  const ofRun = (run: string) => Array.from(tasks.values()).filter((task) => task.run === run)
  const gone = (ended: DateTime.Utc, now: DateTime.Utc) =>
    DateTime.isGreaterThanOrEqualTo(now, DateTime.addDuration(ended, rules.kept))
      ? refuse(410, "gone", "The resource has expired (30-day retention).")
      : undefined
  const active = (now: DateTime.Utc) => Array.from(tasks.values()).filter((task) => !Work.isEnded(task, now))

  /** Contract 3.12: only success is charged; what goes on holds what it will cost. */
  const balance = (now: DateTime.Utc): number => {
    const charged = Array.from(tasks.values()).filter(
      (task) => task.outcome === "completed" || !Work.isEnded(task, now),
    )
    return rules.credits - charged.length * Work.cost
  }

  /** The run that a request belongs to, when it says so. */
  const runFor = (run: string, now: DateTime.Utc): Behaviour | undefined => {
    const last = ofRun(run).at(-1)
    if (last === undefined) return missing("Run")
    if (!Work.isEnded(last, now)) return conflict("The run has a task that is not in a terminal state.")
    return gone(last.endsAt, now)
  }

  /** When a place is free; the instant itself while there is room. */
  const placeAt = (now: DateTime.Utc): DateTime.Utc => {
    const ends = active(now)
      .map(({ endsAt }) => endsAt)
      .toSorted(DateTime.Order)
    return ends.at(-rules.places) ?? now
  }

  const begin = (path: Work.Path, { fields, key }: Taken, body: string, now: DateTime.Utc): Work.Task => {
    const outcome = rules.outcome(path, fields)
    const given = fields["run_id"]
    const run = typeof given === "string" ? given : Work.runId(rules.seed, runs++)
    const ready = DateTime.addDuration(DateTime.max(now, placeAt(now)), rules.queue)
    const startsAt = outcome === "expired" ? DateTime.addDuration(now, patience) : ready
    const endsAt = outcome === "expired" ? startsAt : DateTime.addDuration(ready, rules.work)
    const id = Work.taskId(rules.seed, tasks.size)
    const task = { id, run, path, key, body, fields, createdAt: now, startsAt, endsAt, outcome, posts: 0, looks: 0 }
    tasks.set(id, task)
    if (key !== undefined) byKey.set(key, task)
    return task
  }

  return {
    tasks,
    ofRun,
    gone,
    abandon: (task, now) => {
      task.outcome = "cancelled"
      task.endsAt = now
    },
    take: (path, taken, now) => {
      const body = JSON.stringify([path, sorted(taken.fields)])
      const known = taken.key === undefined ? undefined : byKey.get(taken.key)
      if (known !== undefined) {
        return known.body === body
          ? Result.succeed({ task: known, isNew: false })
          : Result.fail(conflict("The idempotency key was used with a different body."))
      }
      const run = taken.fields["run_id"]
      const refusal = typeof run === "string" ? runFor(run, now) : undefined
      if (refusal !== undefined) return Result.fail(refusal)
      const left = balance(now)
      if (left < Work.cost) {
        const message = `Insufficient credits. Required: ${Work.cost}, balance: ${Math.max(0, left)}.`
        return Result.fail(refuse(402, "insufficient_credits", message))
      }
      if (rules.crowded !== "queue" && active(now).length >= rules.places) {
        const message = "Too many concurrent runs."
        if (rules.crowded === "503") return Result.fail(refuse(503, "service_unavailable", message))
        const wait = Window.retryAfter(DateTime.distance(now, placeAt(now)))
        return Result.fail(refuse(429, "rate_limit_exceeded", message, {}, { "retry-after": wait }))
      }
      return Result.succeed({ task: begin(path, taken, body, now), isNew: true })
    },
  }
}

/** The file of a run as its last finished task left it: human edits and later tasks change it (contract 3.10). */
export const fileOf = (desk: Desk, run: string, now: DateTime.Utc): Result.Result<string, Behaviour> => {
  const tasks = desk.ofRun(run)
  const [last] = tasks.slice(-1)
  if (last === undefined) return Result.fail(missing("Run"))
  const refusal = desk.gone(last.endsAt, now)
  if (refusal !== undefined) return Result.fail(refusal)
  const done = tasks.findLast((task) => Work.isDone(task, now) && !Work.isOpen(task.path))
  return done === undefined
    ? Result.fail(conflict("The run has no document yet."))
    : Result.succeed(`${done.id}.${formats[Work.routes[done.path].format].ending}`)
}

/** The bytes of a file, by the task that made it. */
export const fileAt = (desk: Desk, name: string): Storage.Stored | undefined => {
  const task = desk.tasks.get(name.replace(/\.\w+$/, ""))
  return task === undefined
    ? undefined
    : Storage.sample(`run ${task.run}, task ${task.id}`, formats[Work.routes[task.path].format].mediaType)
}
