/**
 * A HeyDonna that does not exist: it keeps projects, templates and limits, and delivers, as its pages say, and encodes
 * with the schemas the client decodes with.
 *
 * It fetches no recording and makes no transcript. Where the pages are silent FACTS.md says what it does.
 *
 * Law 12: same seed, same story, in memory and over sockets.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as Client from "@tenuto/core/Client"
 * import * as Journal from "@tenuto/core/Journal"
 * import * as HeyDonna from "@tenuto/heydonna"
 * import * as HeyDonnaEmulator from "@tenuto/heydonna/Emulator"
 * import * as Emulator from "@tenuto/testkit/Emulator"
 * import * as VirtualClock from "@tenuto/testkit/VirtualClock"
 *
 * const audioUrl = "https://bucket.example/audio.mp3?signature=…"
 * const story = Effect.gen(function* () {
 *   const { handler, ledger } = yield* HeyDonnaEmulator.make({ work: "10 minutes", words: ["ready", "finalized"] })
 *   const heydonna = HeyDonna.layer({ apiKey: "hd_ext_test" }).pipe(Layer.provide(Emulator.layerMemory(handler)))
 *   const project = Client.run(HeyDonna.createProject({ title: "Smith v. Jones", audioUrl }, { reference: "order-7" }))
 *   const { status } = yield* Effect.provide(project, [heydonna, Journal.layerMemory])
 *   return { status, created: (yield* ledger).operations.map(({ externalRef }) => externalRef) }
 * })
 * console.log(await Effect.runPromise(Effect.flatten(VirtualClock.run(story)))) // { status: "ready", created: [ "order-7" ] }
 * ```
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Body from "@tenuto/testkit/Body"
import type * as Courier from "@tenuto/testkit/Courier"
import * as Credential from "@tenuto/testkit/Credential"
import { answer, type Behaviour, type Handler, json, type Request } from "@tenuto/testkit/Emulator"
import type * as Fault from "@tenuto/testkit/Fault"
import * as Routes from "@tenuto/testkit/Routes"
import * as Window from "@tenuto/testkit/Window"
import * as Post from "./internal/emulatorPost.ts"
import * as Asked from "./internal/emulatorRequest.ts"
import * as Work from "./internal/emulatorWork.ts"
import { sentences } from "./internal/reasons.ts"
import * as Wire from "./internal/wire.ts"

/** What was asked for: the fields of the body, and `externalRef`. */
export type Submitted = Asked.Taken

/** One template. Its shape is ours: no page shows the list. */
export interface Template {
  readonly id: string
  readonly name: string
  readonly projectType: "legal" | "general"
}

/** Where deliveries go. The service has this in the settings of a key. */
export type Hook = Post.Hook

/** How the service behaves; every field has a default. */
export interface Options {
  /** How long a project goes on. Default: 5 seconds. */
  readonly work?: Duration.Input
  /** How long a POST takes to fetch the recording. Default: no time. */
  readonly fetching?: Duration.Input
  /** The word of a project that goes on; no page names one. Default: `processing`. */
  readonly pending?: string
  /** The words of its end, in their order: `["transcribed", "ready", "finalized"]`. Default: `completed`. */
  readonly words?: ReadonlyArray<string>
  /** How long each of them but the last is shown. Default: as long as `work`. */
  readonly step?: Duration.Input
  /** Let all projects fail, unless `outcome` decides. No page has a code, so what it is called is told nowhere. */
  readonly failing?: string
  /** Decide the words of a project's end when it is submitted. */
  readonly outcome?: (submitted: Submitted) => ReadonlyArray<string>
  /** What the host of the recording answers to the service. Default: 200. */
  readonly source?: (submitted: Submitted) => number
  /** The templates there are. Default: one for each type of project. */
  readonly templates?: ReadonlyArray<Template>
  /** The one key that is accepted. Default: any. */
  readonly apiKey?: string | Redacted.Redacted<string>
  /** How many projects and lists a key may ask for in any span of `window`. Default: 100 in a minute. */
  readonly limit?: Window.Limit
  /** Default: nothing is delivered. */
  readonly webhook?: Hook
  /** Names the projects. Default: 0. */
  readonly seed?: number
}

/** What the service has done so far. */
export interface Ledger {
  readonly operations: ReadonlyArray<Pick<Work.Work, "id" | "transcriptId" | "externalRef" | "gets">>
  readonly requests: ReadonlyArray<Routes.Entry>
}

/** The service, and what can be asked of it beside HTTP. */
export interface Emulator {
  /** For `Emulator.layerMemory` and `Emulator.serve` of the test kit. The API stands under `/api`. */
  readonly handler: Handler
  /** What faults and scripts have to know of the service. Asking for the templates is a submit. */
  readonly hooks: Fault.Hooks
  /** Read what the service has done so far. */
  readonly ledger: Effect.Effect<Ledger>
  /** Delivers to the address of `webhook`, while somebody runs its `deliveries`. */
  readonly courier: Courier.Courier
}

const encode = {
  created: Schema.encodeSync(Wire.Created),
  project: Schema.encodeSync(Wire.Project),
  delivery: Schema.encodeSync(Wire.Delivery),
}

const write = Schema.encodeSync(Schema.fromJsonString(Wire.Refusal))

const refuse = (status: number, error: string, more: Omit<Wire.Refusal, "error"> = {}, headers = {}): Behaviour =>
  answer(status, write({ error, ...more }), { "content-type": "application/json", ...headers })

const manners = {
  unknown: () => Effect.succeed(refuse(404, "Not found")),
  wrongVerb: (_: Request, allow: string) => Effect.succeed(refuse(405, "Method not allowed", {}, { allow })),
}

/** S003 "422 — No template available", word for word. */
const noTemplate = "No template available for this project type. Provide a templateId or configure a system default."

const standard: ReadonlyArray<Template> = [
  { id: "m57legal", name: "Deposition", projectType: "legal" },
  { id: "m57general", name: "Minutes", projectType: "general" },
]

const notFound = refuse(404, "Project not found")
/** S003 has sentences and no codes; work that it does not find it calls 404, whatever became of it. */
const words: Omit<Fault.Hooks, "stageOf"> = {
  stages: ["submit", "look"],
  refuse: ({ detail, headers, retryAfter, status }) =>
    refuse(status, detail, retryAfter === undefined ? {} : { retryAfterMs: Duration.toMillis(retryAfter) }, headers),
  gone: notFound,
  unknownFailure: (project) => ({ ...project, status: "failed" }),
}

/** Make a service of its own: two of them share nothing. */
export const make = (options: Options = {}): Effect.Effect<Emulator> =>
  Effect.gen(function* () {
    const { apiKey, failing, pending = "processing", seed = 0, source, templates = standard, webhook } = options
    const work = Duration.fromInputUnsafe(options.work ?? "5 seconds")
    const step = options.step === undefined ? work : Duration.fromInputUnsafe(options.step)
    const fetching = Duration.fromInputUnsafe(options.fetching ?? 0)
    const end = failing === undefined ? (options.words ?? ["completed"]) : ["failed"]

    const works = new Map<string, Work.Work>()
    const budget = yield* Window.make(options.limit ?? { requests: 100, window: "1 minute" })
    const courier = yield* Post.courier(webhook)

    /** S003 "Rate Limits": counted for each key, on two of the three calls. */
    const guard = Effect.fnUntraced(function* (request: Request, { stage }: Routes.Route) {
      const key = Credential.bearer(request)
      if (key === undefined) return refuse(401, "Missing Authorization header")
      if (!Credential.isAccepted(key, apiKey)) return refuse(401, "Invalid API key")
      const wait = stage === "submit" ? yield* budget.admit(key) : undefined
      if (wait === undefined) return undefined
      const retryAfterMs = Math.ceil(Duration.toMillis(wait))
      return refuse(429, "Rate limit exceeded", { retryAfterMs }, { "retry-after": Window.retryAfter(wait) })
    })

    const deliver = (created: Work.Work, { url }: Hook) =>
      Effect.forEach(
        Work.notices(created),
        ({ after, event, status }) => {
          const { createdAt, externalRef, id: projectId } = created
          const timestamp = DateTime.formatIso(DateTime.addDuration(createdAt, after))
          const body = Effect.succeed(encode.delivery({ event, projectId, externalRef, status, timestamp }))
          return courier.post({ id: `${projectId} ${status}`, url, after: Duration.sum(fetching, after), body })
        },
        { discard: true },
      )

    const isTemplate = ({ projectType = "general", templateId }: Asked.Asked) =>
      templates.some((template) =>
        templateId === undefined ? template.projectType === projectType : template.id === templateId,
      )

    const submit = Effect.fnUntraced(function* (request: Request) {
      const body = Body.json(request)
      if (Result.isFailure(body)) return refuse(400, Asked.unreadable)
      const taken = Asked.take(body.success)
      if (Result.isFailure(taken)) return refuse(400, taken.failure)
      const { input } = taken.success
      if (!isTemplate(input)) {
        return input.templateId === undefined ? refuse(422, noTemplate) : refuse(403, "Template not found")
      }
      const fetched = source?.(taken.success) ?? 200
      if (fetched < 200 || fetched > 299) {
        yield* Effect.sleep(fetching)
        const details = `Failed to fetch source URL (status ${fetched}): ${input.audioUrl}`
        return refuse(502, `${sentences.undownloaded} from the provided URL`, { details })
      }
      // Whoever leaves while the recording is fetched leaves a project behind.
      const created: Work.Work = {
        ...taken.success,
        id: Work.projectId(seed, works.size),
        transcriptId: Work.transcriptId(seed, works.size),
        createdAt: DateTime.addDuration(yield* DateTime.now, fetching),
        work,
        step,
        pending,
        words: options.outcome?.(taken.success) ?? end,
        gets: 0,
      }
      works.set(created.id, created)
      if (webhook !== undefined) yield* deliver(created, webhook)
      yield* Effect.sleep(fetching)
      return json(201, encode.created({ projectId: created.id, transcriptId: created.transcriptId }))
    })

    const look = (id: string) =>
      Effect.map(DateTime.now, (now) => {
        if (!Work.isId(id)) return refuse(400, "Invalid project ID")
        const found = works.get(id)
        if (found === undefined) return notFound
        found.gets++
        return json(200, encode.project({ status: Work.wordAt(found, now) }))
      })

    const { handler, requests, stage } = yield* Routes.make(
      [
        { method: "POST", path: "/api/projects", stage: "submit", answer: submit },
        Routes.route({
          method: "GET",
          path: "/api/projects/:id/status",
          stage: "look",
          answer: (_, { id }) => look(id),
        }),
        {
          method: "GET",
          path: "/api/templates",
          stage: "submit",
          answer: () => Effect.succeed(json(200, { templates: templates.map((template) => ({ ...template })) })),
        },
      ],
      { ...manners, guard },
    )

    return {
      handler,
      hooks: { ...words, stageOf: stage, webhook: courier.plan },
      courier,
      ledger: Effect.gen(function* () {
        return {
          operations: Array.from(works.values(), ({ externalRef, gets, id, transcriptId }) => ({
            id,
            transcriptId,
            externalRef,
            gets,
          })),
          requests: yield* requests,
        }
      }),
    }
  })
