/**
 * An Overten that does not exist: it keeps tasks, runs, keys, limits, retention and signed links as its pages say, and
 * encodes with the schemas the client decodes with.
 *
 * It never writes a document: every file is a few lines that say so. Where the pages are silent FACTS.md says what it does.
 *
 * Law 12: same seed, same story, in memory and over sockets.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as Client from "@tenuto/core/Client"
 * import * as Journal from "@tenuto/core/Journal"
 * import * as Overten from "@tenuto/overten"
 * import * as OvertenEmulator from "@tenuto/overten/Emulator"
 * import * as Emulator from "@tenuto/testkit/Emulator"
 * import * as VirtualClock from "@tenuto/testkit/VirtualClock"
 *
 * const story = Effect.gen(function* () {
 *   const { handler, ledger } = yield* OvertenEmulator.make({ work: "20 minutes", ceiling: "refuse" })
 *   const overten = Overten.layer({ apiKey: "sk_live_test" }).pipe(Layer.provide(Emulator.layerMemory(handler)))
 *   const brief = Client.run(Overten.wordGenerate({ prompt: "A brief on long notes" }))
 *   const { credits_used } = yield* Effect.provide(brief, [overten, Journal.layerMemory])
 *   return { credits_used, tasks: (yield* ledger).operations.map(({ status }) => status) }
 * })
 * console.log(await Effect.runPromise(Effect.flatten(VirtualClock.run(story)))) // { credits_used: 5, tasks: [ "cancelled", "completed" ] }
 * ```
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Courier from "@tenuto/testkit/Courier"
import { answer, type Behaviour, type Handler, json, type Request } from "@tenuto/testkit/Emulator"
import type * as Fault from "@tenuto/testkit/Fault"
import * as Routes from "@tenuto/testkit/Routes"
import * as Storage from "@tenuto/testkit/Storage"
import type * as Window from "@tenuto/testkit/Window"
import type { Signing } from "./internal/delivery.ts"
import * as Assets from "./internal/emulatorAssets.ts"
import * as Post from "./internal/emulatorCourier.ts"
import * as Desk from "./internal/emulatorDesk.ts"
import * as Gate from "./internal/emulatorGate.ts"
import * as Asked from "./internal/emulatorRequest.ts"
import * as Work from "./internal/emulatorWork.ts"

/** How work ends: done, stopped by somebody, never begun, or with a code and a message. */
export type Outcome = Work.Outcome

/** What was asked for: the fields of the body without the key, and without those that say nothing. */
export interface Submitted {
  readonly operation: Work.Name | "preflight"
  readonly input: Asked.Fields
}

/** How the service behaves; every field has a default. */
export interface Options {
  /** How long a task takes once it runs. Default: 5 seconds. */
  readonly work?: Duration.Input
  /** How long a task waits before it runs. Default: not at all. */
  readonly queue?: Duration.Input
  /** How long a synchronous request is held. Default: 300 seconds. */
  readonly hold?: Duration.Input
  /**
   * What happens at its end (C-OV-1): the task goes on and the answer is a 202 (default), the request is refused with 408
   * and its task stopped, or it is refused with a 408 that names the task, which goes on.
   */
  readonly ceiling?: "promote" | "refuse" | "name"
  /** How long a link to a file lives. Default: 24 hours. */
  readonly linkLife?: Duration.Input
  /** How long a link to an editor lives. Default: 15 minutes. */
  readonly editorLife?: Duration.Input
  /** How long tasks and runs are kept once they have ended. Default: 30 days. */
  readonly retention?: Duration.Input
  /** The one key that is accepted. Default: any. */
  readonly apiKey?: string | Redacted.Redacted<string>
  /** What the account is: how many requests in a minute, and how many runs at once. Default: `enterprise`. */
  readonly tier?: Gate.Tier
  /** How many requests it may make in any span of `window`, whatever its tier. */
  readonly limit?: Window.Limit
  /** How many runs at once, whatever its tier. */
  readonly places?: number
  /** What one run too many comes to: refused with 429 (default) or 503, or left in the queue. */
  readonly crowded?: Desk.Crowded
  /** The account's balance. Default: endless. */
  readonly credits?: number
  /** The organisation is suspended: 403 everywhere but at `GET /verify`. Default: no. */
  readonly isSuspended?: boolean
  /** The largest upload the tier takes, in bytes. Default: no limit. */
  readonly largest?: bigint
  /** Name the assets that a prompt lacks; any makes it `preflight_failed`. Default: none. */
  readonly missing?: (submitted: Submitted) => ReadonlyArray<string>
  /** Decide how work ends when it is submitted. Default: completed. */
  readonly outcome?: (submitted: Submitted) => Outcome
  /** Let all work fail with this code, unless `outcome` decides. */
  readonly failing?: string
  /** How a failed task tells why: an object (default), its code, or its message. */
  readonly telling?: Work.Telling
  /** How what is wrong with a body is told (C-OV-2). Default: `error`. */
  readonly shape?: Asked.Shape
  /** Say on every answer that the API is going to be retired: `X-Deprecated`, and `Sunset` as given. */
  readonly deprecated?: { readonly sunset?: string }
  /** The organisation's primary webhook secret. */
  readonly webhookSecret?: string
  /** How deliveries are signed, where no page says (T-OV-7). */
  readonly signing?: Signing
  /** How long a delivery rests after its first failed attempt, after the second, and so on. */
  readonly retries?: ReadonlyArray<Duration.Input>
  /** Names what is created and signs the links. Default: 0. */
  readonly seed?: number
}

/** One task. `posts` and `looks` count the requests that were about it. */
export interface Operation extends Pick<Work.Task, "id" | "run" | "key" | "posts" | "looks"> {
  readonly operation: Work.Name
  readonly status: string
}

/** One file or image. */
export type Upload = Assets.Upload

/** What the service has done so far. */
export interface Ledger {
  readonly operations: ReadonlyArray<Operation>
  readonly uploads: ReadonlyArray<Upload>
  readonly requests: ReadonlyArray<Routes.Entry>
  /** Requests for a file or an editor that carried a credential. */
  readonly leaks: number
}

/** The service, and what can be asked of it beside HTTP. */
export interface Emulator {
  /** For `Emulator.layerMemory` and `Emulator.serve` of the test kit. The API stands under `/api/v1`. */
  readonly handler: Handler
  /** What faults and scripts have to know of the service. */
  readonly hooks: Fault.Hooks
  /** Read what the service has done so far. */
  readonly ledger: Effect.Effect<Ledger>
  /** Delivers to the `webhook_url` of each request, while somebody runs its `deliveries`. */
  readonly courier: Courier.Courier
}

const base = "/api/v1"

/** S002 "Error codes"; a 408 or a 504 without one comes from whoever stands between. */
const words: Omit<Fault.Hooks, "stageOf"> = {
  stages: ["submit", "look", "download"],
  refuse: ({ code, detail, headers, status }) =>
    Asked.refuse(status, code ?? codes[status] ?? "error", detail, {}, headers),
}
const codes: Readonly<Record<number, string>> = {
  401: "invalid_api_key",
  403: "forbidden",
  409: "conflict",
  410: "gone",
  429: "rate_limit_exceeded",
  500: "internal_error",
  503: "service_unavailable",
}

/** Make a service of its own: two of them share nothing. */
export const make = (options: Options = {}): Effect.Effect<Emulator> =>
  Effect.gen(function* () {
    const { ceiling = "promote", crowded = "429", failing, seed = 0, shape = "error", telling = "object" } = options
    const tier = options.tier ?? "enterprise"
    const secret = options.webhookSecret ?? "whsec_emulated_primary_secret"
    const span = (given: Duration.Input | undefined, otherwise: Duration.Input) =>
      Duration.fromInputUnsafe(given ?? otherwise)
    const hold = span(options.hold, "300 seconds")

    const gate = yield* Gate.make({
      base,
      apiKey: options.apiKey,
      tier,
      limit: options.limit,
      isSuspended: options.isSuspended ?? false,
      deprecated: options.deprecated,
      secret,
      seed,
    })
    const courier = yield* Post.make({ ...options.signing, key: secret, pauses: options.retries ?? pauses })
    const desk = Desk.make({
      seed,
      work: span(options.work, "5 seconds"),
      queue: span(options.queue, 0),
      kept: span(options.retention, "30 days"),
      places: options.places ?? Gate.tiers[tier].places,
      crowded,
      credits: options.credits ?? Infinity,
      outcome: (path, input) =>
        options.outcome?.({ operation: Work.routes[path].name, input }) ??
        (failing === undefined ? "completed" : { code: failing, message: `The run failed with ${failing}.` }),
    })
    const assets = Assets.make(seed, options.largest)

    const shelf = yield* Storage.make({
      prefix: "/storage/",
      life: span(options.linkLife, "24 hours"),
      seed,
      find: (path) => Desk.fileAt(desk, path.replace(/^\/storage\//, "")),
    })
    const desktop = yield* Storage.make({
      prefix: "/editor/",
      life: span(options.editorLife, "15 minutes"),
      seed,
      find: (path) => Storage.sample(`an editor of ${path.replace(/^\/editor\//, "")}`, "text/html"),
    })
    const linksFor = (url: string, now: DateTime.Utc): Work.Links => ({
      download: (run) => `${new URL(url).origin}${base}/runs/${run}/download`,
      editor: (run) => desktop.link(url, `/editor/${run}`, now).url,
    })

    const lacking = (operation: Submitted["operation"], input: Asked.Fields): Behaviour | undefined => {
      const names = options.missing?.({ operation, input }) ?? []
      if (names.length === 0) return undefined
      return Asked.refuse(400, "preflight_failed", `The prompt lacks assets: missing=${JSON.stringify(names)}`)
    }

    /** Contract 3.4: the three answers to a submit. */
    const submit = (path: Work.Path) =>
      Effect.fnUntraced(function* (request: Request) {
        const now = yield* DateTime.now
        const taken = Asked.take(Asked.bodies.generate, request, shape)
        if (Result.isFailure(taken)) return taken.failure
        const { fields } = taken.success
        const refusal = lacking(Work.routes[path].name, fields)
        if (refusal !== undefined) return refusal
        const work = desk.take(path, taken.success, now)
        if (Result.isFailure(work)) return work.failure
        const { isNew, task } = work.success
        task.posts++
        const rest = Duration.max(Work.rest(task, now), Duration.zero)
        const isAsync = fields["async"] === true
        // What is going to be stopped at the ceiling never ends in a way that is delivered.
        const isDoomed = !isAsync && ceiling === "refuse" && Duration.isGreaterThan(rest, hold)
        if (isNew && !isDoomed) yield* Post.post(courier, task, rest)
        if (isAsync) return Work.accepted(task)
        const pause = Duration.min(rest, hold)
        yield* Effect.sleep(pause)
        const then = yield* DateTime.now
        if (Work.isEnded(task, then)) {
          return task.outcome === "completed" ? Work.inline(task, linksFor(request.url, then)) : Work.broken(task)
        }
        if (ceiling === "promote") {
          const seconds = Duration.toSeconds(hold)
          return Work.accepted(task, `Sync ceiling (${seconds}s) exceeded; continuing asynchronously.`)
        }
        if (ceiling === "refuse") desk.abandon(task, then)
        const ids = ceiling === "name" ? { run_id: task.run, task_id: task.id } : {}
        const message = "The request hit the sync ceiling. Resubmit with async: true and poll /tasks/{id}."
        return Asked.refuse(408, "sync_timeout_upgrade_async", message, ids)
      })

    const look = Effect.fnUntraced(function* ({ url }: Request, id: string) {
      const now = yield* DateTime.now
      const task = desk.tasks.get(id)
      if (task === undefined) return Desk.missing("Task")
      task.looks++
      return desk.gone(task.endsAt, now) ?? Work.told(task, now, linksFor(url, now), telling)
    })

    const download = Effect.fnUntraced(function* ({ url }: Request, run: string) {
      const now = yield* DateTime.now
      const file = Desk.fileOf(desk, run, now)
      if (Result.isFailure(file)) return file.failure
      return answer(302, "", { location: shelf.link(url, `/storage/${file.success}`, now).url })
    })

    const preflight = (request: Request) =>
      Effect.sync(() => {
        const taken = Asked.take(Asked.bodies.preflight, request, shape)
        if (Result.isFailure(taken)) return taken.failure
        return lacking("preflight", taken.success.fields) ?? json(200, { success: true, missing: [] })
      })

    const { route } = Routes
    const table = yield* Routes.make(
      [
        ...Work.paths.map((path) =>
          route({ method: "POST", path: `${base}${path}`, stage: "submit", answer: submit(path) }),
        ),
        route({
          method: "GET",
          path: `${base}/tasks/:id`,
          stage: "look",
          answer: (request, { id }) => look(request, id),
        }),
        route({
          method: "GET",
          path: `${base}/runs/:id/download`,
          stage: "download",
          answer: (request, { id }) => download(request, id),
        }),
        route({ method: "POST", path: `${base}/files`, stage: "submit", answer: assets.upload("file") }),
        route({ method: "GET", path: `${base}/files/:id`, stage: "look", answer: assets.look("file") }),
        route({ method: "POST", path: `${base}/images`, stage: "submit", answer: assets.upload("image") }),
        route({ method: "GET", path: `${base}/images/:id`, stage: "look", answer: assets.look("image") }),
        route({ method: "POST", path: `${base}/preflight`, stage: "submit", answer: preflight }),
        gate.verify,
        shelf.route,
        desktop.route,
      ],
      gate.manners,
    )

    return {
      handler: (request) => Effect.map(table.handler(request), (behaviour) => gate.signed(request, behaviour)),
      hooks: { ...words, stageOf: table.stage, webhook: courier.plan },
      courier,
      ledger: Effect.gen(function* () {
        const now = yield* DateTime.now
        return {
          operations: Array.from(desk.tasks.values(), (task) => ({
            id: task.id,
            run: task.run,
            operation: Work.routes[task.path].name,
            key: task.key,
            status: Work.statusOf(task, now),
            posts: task.posts,
            looks: task.looks,
          })),
          uploads: yield* assets.all,
          requests: yield* table.requests,
          leaks: (yield* shelf.leaks) + (yield* desktop.leaks),
        }
      }),
    }
  })

/** Ours: the schedule of retries is on no page. */
const pauses = ["10 seconds", "1 minute", "5 minutes", "30 minutes", "2 hours"] as const
