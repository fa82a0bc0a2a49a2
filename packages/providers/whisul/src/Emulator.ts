/**
 * A Whisul that does not exist: it keeps jobs, limits and links as its pages say, and encodes with the schemas the client
 * decodes with.
 *
 * It never makes music: every file says its name. Where the pages are silent FACTS.md says what it does.
 *
 * Law 12: same seed, same story, in memory and over sockets.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as Client from "@tenuto/core/Client"
 * import * as Journal from "@tenuto/core/Journal"
 * import * as Emulator from "@tenuto/testkit/Emulator"
 * import * as VirtualClock from "@tenuto/testkit/VirtualClock"
 * import * as Whisul from "@tenuto/whisul"
 * import * as WhisulEmulator from "@tenuto/whisul/Emulator"
 *
 * const story = Effect.gen(function* () {
 *   const { handler, ledger } = yield* WhisulEmulator.make({ work: "90 seconds" })
 *   const whisul = Whisul.layer({ apiKey: "test-key" }).pipe(Layer.provide(Emulator.layerMemory(handler)))
 *   const beat = Client.run(Whisul.generate({ prompt: "a relaxing lo-fi hip hop beat" }))
 *   const { title } = yield* Effect.provide(beat, [whisul, Journal.layerMemory])
 *   return { title, looks: (yield* ledger).operations[0]?.looks }
 * })
 * console.log(await Effect.runPromise(Effect.flatten(VirtualClock.run(story)))) // { title: "Midnight Grid", looks: 9 }
 * ```
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Body from "@tenuto/testkit/Body"
import * as Credential from "@tenuto/testkit/Credential"
import { type Behaviour, type Handler, json, type Request } from "@tenuto/testkit/Emulator"
import type * as Fault from "@tenuto/testkit/Fault"
import * as Routes from "@tenuto/testkit/Routes"
import * as Storage from "@tenuto/testkit/Storage"
import * as Window from "@tenuto/testkit/Window"
import * as Job from "./internal/emulatorJob.ts"
import * as Wire from "./internal/wire.ts"

/** How work ends: with a song, or with a sentence, or with none. */
export type Outcome = Job.Outcome

/** How the service behaves; every field has a default. */
export interface Options {
  /** How long a job runs. Default: 5 seconds. */
  readonly work?: Duration.Input
  /** How long a job is kept after it ended; then it is not found. Default: for ever. */
  readonly keep?: Duration.Input
  /** How long a song says it is, in whole seconds. Default: 2 minutes and 47 seconds. */
  readonly length?: Duration.Input
  /** The one key that is accepted. Default: any. */
  readonly apiKey?: string | Redacted.Redacted<string>
  /** What a key may ask for. Default: no limit. */
  readonly limit?: Window.Limit
  /** How much longer a request that comes during a block makes it (S004 "this will prolong the block"). Default: not at all. */
  readonly penalty?: Duration.Input
  /** Decide how work ends when it is submitted. Default: completed. */
  readonly outcome?: (submitted: { readonly prompt: string }) => Outcome
  /** Let all work fail with this sentence, unless `outcome` decides. */
  readonly failing?: string
  /** Names the jobs. Default: 0. */
  readonly seed?: number
}

/** One request. */
export type Entry = Routes.Entry

/** What the service has done so far. */
export interface Ledger {
  readonly operations: ReadonlyArray<Pick<Job.Job, "id" | "prompt" | "looks">>
  readonly requests: ReadonlyArray<Entry>
  /** Requests for a file that carried a credential. */
  readonly leaks: number
}

/** The service, and what can be asked of it beside HTTP. */
export interface Emulator {
  /** For `Emulator.layerMemory` and `Emulator.serve` of the test kit. The API stands under `/api`. */
  readonly handler: Handler
  /** What faults and scripts have to know of the service. */
  readonly hooks: Fault.Hooks
  /** Read what the service has done so far. */
  readonly ledger: Effect.Effect<Ledger>
}

const refused = (status: number, error: string, message: string, headers = {}): Behaviour =>
  json(status, Job.refuse(error, message), headers)
/** S004 "400 response body example". */
const invalid = (message: string): Behaviour => refused(400, "Invalid input", message)
const notFound = refused(404, "Job not found", "There is no such job.")

/** S004 has no codes, neither in a refusal nor in a job that failed: a label and a sentence, a sentence or null. */
const words: Omit<Fault.Hooks, "stageOf"> = {
  stages: ["submit", "look", "download"],
  refuse: ({ detail, headers, status }) => refused(status, "Refused", detail, headers),
  gone: notFound,
  unknownFailure: (job) => ({ ...job, status: "failed", result: null, error: "unheard of" }),
}

const manners = {
  unknown: () => Effect.succeed(refused(404, "Not found", "There is no such endpoint.")),
  wrongVerb: (_: Request, allow: string) =>
    Effect.succeed(refused(405, "Method not allowed", `This endpoint takes ${allow}.`, { allow })),
}

const take = Schema.decodeUnknownResult(Wire.Request)

/** What a request asks for, or what is wrong with it: S004 names the three ways to be invalid. */
const promptOf = (request: Request): Result.Result<string, Behaviour> => {
  if (!/^application\/json\b/i.test(request.headers["content-type"] ?? "")) {
    return Result.fail(invalid("The 'Content-Type' header must be application/json."))
  }
  const body = Result.mapError(Body.json(request), () => invalid("The request body is not valid JSON."))
  return Result.flatMap(body, (given) =>
    Result.mapBoth(take(given), {
      onFailure: () => invalid("The 'prompt' field is required and must not be empty."),
      onSuccess: ({ prompt }) => prompt,
    }),
  )
}

/** Make a service of its own: two of them share nothing. */
export const make = (options: Options = {}): Effect.Effect<Emulator> =>
  Effect.gen(function* () {
    const { apiKey, failing, outcome: decide, seed = 0 } = options
    const span = (given: Duration.Input | undefined, otherwise: Duration.Input) =>
      Duration.fromInputUnsafe(given ?? otherwise)
    const work = span(options.work, "5 seconds")
    const keep = span(options.keep, Duration.infinity)
    const length = span(options.length, "167 seconds")
    const penalty = span(options.penalty, 0)

    const jobs = new Map<string, Job.Job>()
    const window = yield* Window.make(options.limit)
    const blocks = new Map<string, DateTime.Utc>()
    const storage = yield* Storage.make({
      prefix: Job.prefix,
      isPublic: true, // contract 5.9: plain links, which no page says die
      life: "1 hour", // means nothing to a public file
      find: (path) => Job.fileAt(jobs.values(), path),
    })

    /** How long a key has to stay away; whoever asks all the same makes it longer. */
    const blocked = Effect.fnUntraced(function* (key: string) {
      const now = yield* DateTime.now
      const block = blocks.get(key)
      if (block !== undefined && DateTime.isLessThan(now, block)) {
        blocks.set(key, DateTime.addDuration(block, penalty))
        return true
      }
      const wait = yield* window.admit(key)
      if (wait !== undefined) blocks.set(key, DateTime.addDuration(now, wait))
      return wait !== undefined
    })

    const guard = Effect.fnUntraced(function* (request: Request) {
      const key = Credential.bearer(request)
      if (key === undefined || !Credential.isAccepted(key, apiKey)) {
        return refused(401, "Unauthorized", "Your API key is missing, invalid, or expired.")
      }
      return (yield* blocked(key))
        ? refused(429, "Rate limit exceeded", "You have sent too many requests in a short period.")
        : undefined
    })

    const submit = (request: Request): Effect.Effect<Behaviour> =>
      Effect.map(DateTime.now, (startedAt) => {
        const asked = promptOf(request)
        if (Result.isFailure(asked)) return asked.failure
        const prompt = asked.success
        const outcome = decide?.({ prompt }) ?? (failing === undefined ? "completed" : { error: failing })
        const id = Job.idOf(seed, jobs.size)
        const finishesAt = DateTime.addDuration(startedAt, work)
        const job = { id, prompt, startedAt, finishesAt, outcome, length, looks: 0 }
        jobs.set(id, job)
        return json(202, Job.accept(job))
      })

    const look = ({ url }: Request, { id }: { readonly id: string }): Effect.Effect<Behaviour> =>
      Effect.map(DateTime.now, (now) => {
        const job = jobs.get(id)
        if (job === undefined) return notFound
        job.looks++
        const isKept = !Duration.isFinite(keep) || DateTime.isLessThan(now, DateTime.addDuration(job.finishesAt, keep))
        return isKept
          ? json(
              200,
              Job.tell(job, now, (path) => storage.link(url, path, now).url),
            )
          : notFound
      })

    const { handler, requests, stage } = yield* Routes.make(
      [
        Routes.route({ method: "POST", path: "/api/generate", stage: "submit", answer: submit }),
        Routes.route({ method: "GET", path: "/api/jobs/:id", stage: "look", answer: look }),
        storage.route,
      ],
      { ...manners, guard },
    )

    return {
      handler,
      hooks: { ...words, stageOf: stage },
      ledger: Effect.gen(function* () {
        return {
          operations: Array.from(jobs.values(), ({ id, looks, prompt }) => ({ id, prompt, looks })),
          requests: yield* requests,
          leaks: yield* storage.leaks,
        }
      }),
    }
  })
