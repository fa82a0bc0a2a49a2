/** One route that makes something: POST submits, the task is looked at, the run gives the file (contract 3.1). */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import * as Artifact from "@tenuto/core/Artifact"
import * as Handle from "@tenuto/core/Handle"
import type { Request } from "@tenuto/core/Lifecycle"
import type { Observation } from "@tenuto/core/Observation"
import * as Json from "@tenuto/http/Json"
import * as Link from "@tenuto/http/Link"
import type * as Provider from "@tenuto/http/Provider"
import * as Verdict from "@tenuto/http/Verdict"
import * as Answer from "./answer.ts"
import { type Format, formats } from "./formats.ts"
import { verdicts } from "./reasons.ts"
import { failureOf } from "./refusal.ts"
import * as Wire from "./wire.ts"

/** What is said of a route. */
export interface Route {
  readonly path: string
  readonly format: Format
  /** No page shows what it gives: the answer is passed on as it stands. */
  readonly isOpen?: boolean
}

/** Contract 3.10: the token of an editor's link lives for 15 minutes. */
const editorLife = Duration.minutes(15)

/** Contract 1: where the service itself writes that its API is. */
const home = "https://backend.overtenai.com"

const readTask = Json.decoder(Wire.Task, "the task")
const readPayload = Json.decoder(Wire.Payload, "the result")

export const make = (route: Route): Provider.Endpoint => ({
  submit: ({ input, key }) => ({
    method: "POST",
    path: route.path,
    body: key === undefined ? input : { ...input, idempotency_key: key },
  }),
  accepted: (body, request, { now, status }) =>
    Result.flatMap(readTask(body), (task) => {
      const handle = handleOf(task, request)
      if (handle === undefined) {
        // A route whose answer no page shows may give it without a task, but not with another word than that of the end.
        const isEnded = (task.status ?? "completed") === "completed" && task.error == null
        return route.isOpen === true && status === 200 && isEnded
          ? Result.map(observe(route, { ...task, status: "completed" }, body, bare(request), now), (observation) => ({
              handle: bare(request),
              observation,
            }))
          : Result.fail("the answer names no task")
      }
      // T-OV-8: the answer to a submit may be the end of the work. What cannot be read of it is looked at.
      const seen = observe(route, task, body, handle, now)
      return Result.succeed(Result.isSuccess(seen) ? { handle, observation: seen.success } : { handle })
    }),
  look: ({ id }) => ({ method: "GET", path: ["tasks", id] }),
  observed: (body, handle, { now }) =>
    Result.flatMap(readTask(body), (task) =>
      typeof task.task_id === "string" && task.task_id !== handle.id
        ? Result.fail("the answer is about another task than the one asked for")
        : observe(route, task, body, handle, now),
    ),
  // T-OV-3: the answer is a redirect, which is not followed with the credential.
  link: Link.redirect(({ handle, name }) => {
    const run = handle.also?.["run_id"]
    return name === "document" && run !== undefined ? { method: "GET", path: ["runs", run, "download"] } : undefined
  }),
})

const named = (id: unknown): id is string => typeof id === "string" && id !== ""

const handleOf = ({ run_id, task_id }: Wire.Task, request: Request): Handle.Handle | undefined =>
  named(task_id) ? Handle.of(request, { id: task_id, ...(named(run_id) ? { also: { run_id } } : {}) }) : undefined

const bare = (request: Request): Handle.Handle => Handle.of(request, { id: request.key ?? request.entry })

const observe = (
  route: Route,
  task: Wire.Task,
  body: unknown,
  handle: Handle.Handle,
  now: DateTime.Utc,
): Result.Result<Observation, string> => {
  const { error, message, phase, result, status: word } = task
  if (typeof word !== "string") return Result.fail("the task has no status")
  switch (word) {
    case "queued":
      return Result.succeed({ _tag: "Pending", word })
    case "running":
      return Result.succeed({ _tag: "Pending", word, ...(typeof phase === "string" ? { phase } : {}) })
    case "completed":
      // Contract 3.5: two shapes for one payload, at the top or in `result`.
      return Result.map(produced(route, { run_id: task.run_id, body: result ?? body }, handle, now), (output) => ({
        _tag: "Succeeded",
        word,
        output,
      }))
    case "failed":
      return Result.succeed(Verdict.failed(verdicts, { word, ...failureOf(error, message) }))
    case "cancelled":
      return Result.succeed({ _tag: "Cancelled", word })
    case "expired":
      return Result.succeed({ _tag: "Expired", word })
    default:
      return Result.succeed({ _tag: "Unrecognised", word })
  }
}

/** Members of an answer that are read, or that belong to the task and not to what it made. */
const known = [
  "run_id",
  "task_id",
  "status",
  "phase",
  "download_url",
  "edit_url",
  "summary",
  "credits_used",
  "duration_ms",
]

const produced = (
  route: Route,
  { body, run_id }: { readonly body: unknown; readonly run_id: unknown },
  handle: Handle.Handle,
  now: DateTime.Utc,
): Result.Result<Artifact.Tree, string> =>
  Result.gen(function* () {
    const payload = yield* readPayload(body)
    const run = [payload.run_id, run_id, handle.also?.["run_id"]].find(named)
    const made = { ...common(payload), ...(run === undefined ? {} : { run_id: run }) }
    const files = filesOf(
      route,
      payload,
      run === undefined ? handle : { ...handle, also: { ...handle.also, run_id: run } },
      now,
    )
    if (route.isOpen !== true) return { ...made, ...files }
    return { ...made, ...files, answer: Answer.kept(yield* Answer.read(body), known) }
  })

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value)

const common = ({ credits_used, duration_ms, summary, task_id }: Wire.Payload) => ({
  ...(named(task_id) ? { task_id } : {}),
  ...(typeof summary === "string" ? { summary } : {}),
  ...(isNumber(credits_used) ? { credits_used } : {}),
  ...(isNumber(duration_ms) && duration_ms >= 0 ? { duration: duration_ms } : {}),
})

const filesOf = (
  { format }: Route,
  { download_url, edit_url }: Wire.Payload,
  handle: Handle.Handle,
  now: DateTime.Utc,
): { readonly document?: Artifact.Artifact; readonly editor?: Artifact.Artifact } => {
  const link = (url: string) => ({ link: Artifact.link(url) })
  return {
    ...(named(download_url)
      ? {
          document: new Artifact.Artifact({
            name: "document",
            handle,
            mediaType: formats[format].mediaType,
            ...(isOfApi(download_url, handle) ? {} : link(download_url)),
          }),
        }
      : {}),
    ...(named(edit_url)
      ? {
          editor: new Artifact.Artifact({
            name: "editor",
            handle,
            mediaType: "text/html",
            expiresAt: DateTime.addDuration(now, editorLife),
            ...link(edit_url),
          }),
        }
      : {}),
  }
}

/** A route of the API is no link: it wants the credential, and gives the link. Elsewhere it is the link itself. */
const isOfApi = (url: string, { origin }: Handle.Handle): boolean =>
  !URL.canParse(url) || [origin, home].includes(new URL(url).origin)
