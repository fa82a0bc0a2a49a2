/**
 * A Soundpiece that does not exist: it keeps operations, keys, holds, limits and signed links as its pages say, and
 * encodes with the schemas the client decodes with.
 *
 * It never makes music: every file is a quiet tone. Where the pages are silent FACTS.md says what it does.
 *
 * Law 12: same seed, same story, in memory and over sockets.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as Client from "@tenuto/core/Client"
 * import * as Journal from "@tenuto/core/Journal"
 * import * as Soundpiece from "@tenuto/soundpiece"
 * import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
 * import * as Emulator from "@tenuto/testkit/Emulator"
 * import * as VirtualClock from "@tenuto/testkit/VirtualClock"
 *
 * const story = Effect.gen(function* () {
 *   const { handler, ledger } = yield* SoundpieceEmulator.make({ work: "50 seconds", failing: "tos_violation" })
 *   const soundpiece = Soundpiece.layer({ apiKey: "spk_test" }).pipe(Layer.provide(Emulator.layerMemory(handler)))
 *   const song = Client.run(Soundpiece.newSong({ lyrics: "Hold the note", prompt: "Slow waltz" })).pipe(
 *     Effect.catchTag("Failed", ({ reason }) => Effect.succeed(reason._tag)),
 *   )
 *   const said = yield* Effect.provide(song, [soundpiece, Journal.layerMemory])
 *   return { said, created: (yield* ledger).operations.length }
 * })
 * console.log(await Effect.runPromise(Effect.flatten(VirtualClock.run(story)))) // { said: "PolicyViolation", created: 1 }
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
import { answer, type Behaviour, type Handler, type Request } from "@tenuto/testkit/Emulator"
import type * as Fault from "@tenuto/testkit/Fault"
import * as Routes from "@tenuto/testkit/Routes"
import * as Storage from "@tenuto/testkit/Storage"
import * as Window from "@tenuto/testkit/Window"
import type * as Courier from "@tenuto/testkit/Courier"
import * as Asked from "./internal/emulatorRequest.ts"
import * as Post from "./internal/emulatorPost.ts"
import * as Work from "./internal/emulatorWork.ts"
import { type Name, routes } from "./internal/routes.ts"
import { Refusal } from "./internal/wire.ts"

/** How work ends: with its files, or with a code and a message. */
export type Outcome = Work.Outcome

/** What was asked for: the fields of the body with their defaults, without the key. */
export interface Submitted {
  readonly route: Name
  readonly input: Asked.Fields
}

/** How the service behaves; every field has a default. */
export interface Options {
  /** How long an operation takes. Default: 5 seconds. */
  readonly work?: Duration.Input
  /** How long a GET with `wait=true` is held. Default: 20 seconds. */
  readonly hold?: Duration.Input
  /** How long a link to a file lives. Default: 15 minutes. */
  readonly linkLife?: Duration.Input
  /** How long a file is where the request does not say. Default: 3 seconds. */
  readonly length?: Duration.Input
  /** The one key that is accepted. Default: any. */
  readonly apiKey?: string | Redacted.Redacted<string>
  /** How many requests an account may make in any span of `window`. Default: no limit. */
  readonly limit?: Window.Limit
  /** Decide how work ends when it is submitted. Default: ready. */
  readonly outcome?: (submitted: Submitted) => Outcome
  /** Let all work fail with this code, unless `outcome` decides. */
  readonly failing?: string
  /** What a PUT with a known key gives: the operation as it stands (default), or the first answer again (C-SP-4). */
  readonly replay?: "current" | "original"
  /** The account's signing secret (`whsec_…`). Without one nothing is delivered, whatever `callback_url` says. Default: none. */
  readonly webhookSecret?: string | Redacted.Redacted<string>
  /** How long a delivery rests after each attempt that failed; after the last it is given up. Default: three pauses of ours. */
  readonly webhookPauses?: ReadonlyArray<Duration.Input>
  /** Names the operations and signs the links. Default: 0. */
  readonly seed?: number
}

/** One request. */
export type Entry = Routes.Entry

/** What the service has done so far. */
export interface Ledger {
  readonly operations: ReadonlyArray<Pick<Work.Work, "id" | "key" | "route" | "puts" | "gets">>
  readonly requests: ReadonlyArray<Entry>
  /** Requests for a file that carried a credential. */
  readonly leaks: number
}

/** The service, and what can be asked of it beside HTTP. */
export interface Emulator {
  /** For `Emulator.layerMemory` and `Emulator.serve` of the test kit. The API stands under `/v1`. */
  readonly handler: Handler
  /** What faults and scripts have to know of the service. */
  readonly hooks: Fault.Hooks
  /** Read what the service has done so far. */
  readonly ledger: Effect.Effect<Ledger>
  /** Delivers to the `callback_url` of each operation, while somebody runs its `deliveries`. */
  readonly courier: Courier.Courier
}

const isRoute = (name: string): name is Name => Object.hasOwn(routes, name)

const isJson = Schema.is(Schema.Json)
const write = Schema.encodeSync(Schema.fromJsonString(Schema.Unknown))
const encodeRefusal = Schema.encodeSync(Refusal)

const json = (status: number, body: unknown, headers = {}): Behaviour =>
  answer(status, write(body), { "content-type": "application/json", ...headers })
const refuse = (status: number, detail: Refusal["detail"], headers = {}): Behaviour =>
  json(status, encodeRefusal({ detail }), headers)

/** S000 shows one message for a policy refusal; the others are ours. */
const messageOf = (code: string): string =>
  code === "tos_violation" || code === "content_policy"
    ? "The provided lyrics were rejected by our content policy."
    : `The operation failed with ${code}.`

/** S000 has no code in a refusal, and calls work that it does not find a 422. */
const words: Omit<Fault.Hooks, "stageOf"> = {
  stages: ["submit", "look", "long-poll", "download"],
  refuse: ({ detail, headers, status }) => refuse(status, detail, headers),
  gone: refuse(422, [Asked.unknownId]),
  resourceOf: ({ url }) => `${new URL(url).pathname} ${new URL(url).searchParams.get("id")}`,
}
/** S001: a GET with `wait=true` is held. */
const lookOf = ({ url }: Request): Fault.Stage =>
  new URL(url).searchParams.get("wait")?.toLowerCase() === "true" ? "long-poll" : "look"

const manners = {
  unknown: () => Effect.succeed(refuse(404, "Not Found")),
  wrongVerb: (_: Request, allow: string) => Effect.succeed(refuse(405, "Method Not Allowed", { allow })),
}

/** Make a service of its own: two of them share nothing. */
export const make = (options: Options = {}): Effect.Effect<Emulator> =>
  Effect.gen(function* () {
    const { apiKey, failing, outcome: decide, replay = "current", seed = 0 } = options
    const span = (given: Duration.Input | undefined, otherwise: Duration.Input) =>
      Duration.fromInputUnsafe(given ?? otherwise)
    const hold = span(options.hold, "20 seconds")
    const length = Duration.toSeconds(span(options.length, "3 seconds"))

    const works = new Map<string, Work.Work>()
    const byKey = new Map<string, Work.Work>()
    const budget = yield* Window.make(options.limit)
    const { webhookPauses: pauses, webhookSecret: secret } = options
    const courier = yield* Post.courier({ pauses, secret })
    const storage = yield* Storage.make({
      prefix: Work.prefix,
      seed,
      life: options.linkLife ?? "15 minutes",
      find: (path) =>
        Array.from(works.values(), ({ files }) => files)
          .flat()
          .find((file) => file.path === path),
    })

    const tell = (work: Work.Work, isEnded: boolean, url: string, now: DateTime.Utc): Behaviour =>
      json(
        200,
        Work.tell(work, isEnded, (path) => storage.link(url, path, now)),
      )

    /** Contract 2.9: one budget for the account, whole seconds, no other header. */
    const guard = Effect.fnUntraced(function* (request: Request) {
      if (!Credential.isAccepted(Credential.bearer(request), apiKey)) {
        return refuse(401, "Missing or invalid Authorization header")
      }
      const wait = yield* budget.admit("the account")
      if (wait === undefined) return undefined
      const seconds = Window.retryAfter(wait)
      return refuse(429, `Rate limit exceeded; retry in ${seconds} seconds`, { "retry-after": seconds })
    })

    const begin = (route: Name, { echo, key }: Asked.Taken, createdAt: DateTime.Utc): Work.Work => {
      const id = Work.idOf(seed, works.size)
      const outcome =
        decide?.({ route, input: echo }) ??
        (failing === undefined ? "ready" : { code: failing, message: messageOf(failing) })
      const endsAt = DateTime.addDuration(createdAt, span(options.work, "5 seconds"))
      const files = Work.filesOf(id, route, echo, length)
      const work = { id, route, key, echo, createdAt, endsAt, outcome, files, puts: 0, gets: 0 }
      works.set(id, work)
      byKey.set(`${route} ${key.toLowerCase()}`, work)
      return work
    }

    /** W:/webhooks: without a signing secret "no callbacks are sent at all, silently". The links are made when it goes. */
    const announce = (work: Work.Work, { callback }: Asked.Taken, near: string): Effect.Effect<void> =>
      callback === undefined || secret === undefined
        ? Effect.void
        : courier.post({
            id: `msg_${work.id.slice(3)}`,
            url: callback,
            after: DateTime.distance(work.createdAt, work.endsAt),
            body: Effect.map(DateTime.now, (now) => {
              const body = Work.delivery(work, (path) => storage.link(near, path, now))
              return isJson(body) ? body : null
            }),
          })

    const submit = (route: Name) =>
      Effect.fnUntraced(function* (request: Request) {
        const now = yield* DateTime.now
        const body = Body.json(request)
        if (Result.isFailure(body)) return refuse(400, "The request body is not valid JSON")
        const taken = Asked.take(route, body.success)
        if (Result.isFailure(taken)) return refuse(422, taken.failure)
        const known = byKey.get(`${route} ${taken.success.key.toLowerCase()}`)
        const work = known ?? begin(route, taken.success, now)
        if (known === undefined) yield* announce(work, taken.success, request.url)
        work.puts++
        const isEnded = replay === "current" && DateTime.isGreaterThanOrEqualTo(now, work.endsAt)
        return tell(work, isEnded, request.url, now)
      })

    const look = (route: Name) =>
      Effect.fnUntraced(function* ({ url }: Request) {
        const now = yield* DateTime.now
        const asked = Asked.asked(new URL(url).searchParams)
        if (Result.isFailure(asked)) return refuse(422, asked.failure)
        const work = works.get(asked.success.id)
        if (work === undefined || work.route !== route) return refuse(422, [Asked.unknownId])
        work.gets++
        const rest = Duration.max(Work.rest(work, now), Duration.zero)
        const pause = asked.success.wait ? Duration.min(rest, hold) : Duration.zero
        if (Duration.isGreaterThan(pause, Duration.zero)) yield* Effect.sleep(pause)
        return tell(work, Duration.isGreaterThanOrEqualTo(pause, rest), url, DateTime.addDuration(now, pause))
      })

    const table = Object.keys(routes)
      .filter(isRoute)
      .flatMap((name): ReadonlyArray<Routes.Route> => [
        { method: "PUT", path: `/v1/${name}`, stage: "submit", answer: submit(name) },
        { method: "GET", path: `/v1/${name}`, stage: lookOf, answer: look(name) },
      ])
    const { handler, requests, stage } = yield* Routes.make([...table, storage.route], { ...manners, guard })

    return {
      handler,
      hooks: { ...words, stageOf: stage, webhook: courier.plan },
      courier,
      ledger: Effect.gen(function* () {
        return {
          operations: Array.from(works.values(), ({ gets, id, key, puts, route }) => ({ id, key, route, puts, gets })),
          requests: yield* requests,
          leaks: yield* storage.leaks,
        }
      }),
    }
  })
