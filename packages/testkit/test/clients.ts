/** Clients as people write them, one right and many wrong, and a choir for them to speak to. */
import { Duration, Effect, Layer, Result } from "effect"
import type { Headers } from "@tenuto/http/Exchange"
import { Transport } from "@tenuto/http/Transport"
import * as Body from "@tenuto/testkit/Body"
import type * as Checks from "@tenuto/testkit/Checks"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Fault from "@tenuto/testkit/Fault"
import * as Rehearsal from "@tenuto/testkit/Rehearsal"
import * as Routes from "@tenuto/testkit/Routes"

export const apiKey = "choir_4f9d2c71e8b3"
const store = "http://store.test"

// --- the service --------------------------------------------------------------------------------

interface Manners {
  /** Whether it keeps `idempotency-key`. */
  readonly isKeyed?: boolean
  /** The word it has for work that ended. */
  readonly ending?: string
  /** The word it has for work that goes on. */
  readonly going?: string
}

interface Song {
  readonly id: string
  readonly key?: string | undefined
  readonly endsAt: number
}

/** Songs take ten seconds; their files lie at another origin. */
const choir = ({ ending = "done", going = "singing", isKeyed = true }: Manners) =>
  Effect.gen(function* () {
    const songs: Array<Song> = []
    const now = Effect.map(
      Effect.clockWith((clock) => clock.currentTimeMillis),
      (millis) => millis / 1000,
    )
    const tell = ({ endsAt, id }: Song) =>
      Effect.map(now, (at) =>
        Emulator.json(200, { id, status: at < endsAt ? going : ending, file: `${store}/files/${id}` }),
      )
    const submit = (request: Emulator.Request) =>
      Effect.flatMap(now, (at) => {
        const key = isKeyed ? request.headers["idempotency-key"] : undefined
        const known = songs.find((song) => key !== undefined && song.key === key)
        if (known !== undefined) return tell(known)
        const song = { id: `s${songs.length + 1}`, key, endsAt: at + 10 }
        songs.push(song)
        return tell(song)
      })
    const look = (_: Emulator.Request, { id }: { readonly id: string }) => {
      const song = songs.find((one) => one.id === id)
      return song === undefined ? Effect.succeed(Emulator.json(404, {})) : tell(song)
    }
    const routes = yield* Routes.make(
      [
        { method: "POST", path: "/songs", stage: "submit", answer: submit },
        Routes.route({ method: "GET", path: "/songs/:id", stage: "look", answer: look }),
        Routes.route({
          method: "GET",
          path: "/files/:id",
          stage: "download",
          answer: () => Effect.succeed(Emulator.answer(200, "la", { "content-type": "audio/mpeg" })),
        }),
      ],
      { unknown: () => Effect.succeed(Emulator.json(404, {})), wrongVerb: () => Effect.succeed(Emulator.answer(405)) },
    )
    return { ...routes, ledger: Effect.sync(() => ({ operations: songs.map(({ id, key }) => ({ id, key })) })) }
  })

// --- what a client is given ---------------------------------------------------------------------

/** An answer as `fetch` has it. */
interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly json: { readonly id?: string; readonly status?: string; readonly file?: string }
}

interface Init {
  readonly method?: string
  readonly headers?: Headers
  readonly body?: object
}

/** `fetch` and a clock. Like `fetch` it follows redirects, with every header but `authorization`, unless told not to. */
interface World {
  readonly origin: string
  readonly fetch: (url: string, init?: Init) => Promise<Answer>
  readonly sleep: (seconds: number) => Promise<void>
  readonly now: () => Promise<number>
  /** When the caller loses patience. */
  readonly deadline: number
}

/** What a client says to its caller. */
type Report = Pick<Checks.Run, "claimed" | "thrown" | "unhandled" | "logs">
export type Client = (world: World) => Promise<Report>

const empty: Answer["json"] = {}

const send = (url: string, init: Init, hops = 0): Effect.Effect<Answer, Error, Transport> =>
  Effect.gen(function* () {
    const transport = yield* Transport
    const { body, headers = {}, method = "GET" } = init
    const sent = body === undefined ? {} : { body: new TextEncoder().encode(JSON.stringify(body)) }
    const answer = yield* transport.send(
      { method, url, headers: { ...headers, "content-type": "application/json" }, ...sent },
      { timeout: Duration.seconds(30), maxBytes: 1n << 20n },
    )
    const { location } = answer.headers
    if (answer.status === 302 && location !== undefined && hops < 5) {
      const { authorization: _, ...kept } = headers
      return yield* send(location, { headers: kept }, hops + 1)
    }
    const json = Result.getOrElse(Body.json(answer), () => empty) as Answer["json"]
    return { status: answer.status, headers: answer.headers, json }
  })

export interface Told extends Manners {
  readonly faults?: ReadonlyArray<string>
  readonly deadline?: number
}

/** Play a client against the choir. */
export const play = async (
  client: Client,
  { deadline = 300, faults = [], ...manners }: Told = {},
): Promise<Checks.Run> => {
  const service = await Effect.runPromise(choir(manners))
  const handler = await Effect.runPromise(
    Effect.flatMap(Effect.forEach(faults, Fault.parse), (planned) =>
      Fault.apply(service.handler, planned, { stageOf: service.stage }),
    ),
  )
  let report: Report = {}
  const program = Effect.gen(function* () {
    const origin = yield* Rehearsal.Origin
    const run = Effect.runPromiseWith(yield* Effect.context<Transport>())
    const began = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
    const world: World = {
      origin,
      deadline,
      fetch: (url, init = {}) => run(send(url, init)),
      sleep: (seconds) => run(Effect.sleep(Duration.seconds(seconds))),
      now: () => run(Effect.clockWith((clock) => Effect.map(clock.currentTimeMillis, (now) => (now - began) / 1000))),
    }
    report = yield* Effect.promise(() => client(world))
  })
  const played = await Rehearsal.play({ connect: () => Layer.empty, ...service, handler, program })
  const isKeyed = manners.isKeyed ?? true
  return { ...played, thrown: [played.exit], deadline, secrets: [apiKey], isKeyed, ...report }
}

// --- the right one ------------------------------------------------------------------------------

/** Where the wrong ones differ from the right one. */
export interface Ways {
  /** The headers of the n-th send of a submit, beside the credential. */
  readonly submitting?: (send: number) => Headers
  readonly body?: (send: number) => object
  /** Whether a submit whose answer is lost, or 5xx, goes out again. */
  readonly isResent?: boolean
  /** What is waited before the next try, where the answer asks for so long, or for nothing. */
  readonly pause?: (asked: number | undefined) => number
  readonly downloading?: Headers
  /** What a look's word means: the end of the work, or nothing. */
  readonly endOf?: (word: string | undefined) => Checks.Claim | undefined
  /** What a look that failed means. */
  readonly failedLook?: Checks.Claim
  readonly looksAfterEnd?: number
  /** Whether pauses are cut at the deadline. */
  readonly isPunctual?: boolean
  readonly rejection?: (init: Init) => Error
}

const withKey = { "x-api-key": apiKey }
const known = (word: string | undefined): Checks.Claim | undefined =>
  word === "done" ? "succeeded" : word === "broken" ? "failed" : undefined

/** Seconds, or a date that counts from the answer's own. */
const hintOf = ({ headers }: Answer): number | undefined => {
  const text = headers["retry-after"]
  if (text === undefined) return undefined
  return /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.parse(headers["date"] ?? "")) / 1000
}

export const make =
  (ways: Ways = {}): Client =>
  async ({ deadline, fetch, now, origin, sleep }) => {
    const { isPunctual = true, isResent = true, pause = (asked) => asked ?? 2 } = ways
    const submitting = ways.submitting ?? (() => ({ "idempotency-key": "k1" }))
    const rest = async (asked?: number): Promise<boolean> => {
      const seconds = pause(asked)
      const left = deadline - (await now())
      if (isPunctual && seconds >= left) {
        // A pause that is longer than the patience ends the wait at once.
        if (asked === undefined) await sleep(Math.max(0, left))
        return false
      }
      await sleep(seconds)
      return (await now()) < deadline
    }
    const tried = async (url: string, init: Init): Promise<Answer | undefined> => {
      try {
        const answer = await fetch(url, init)
        return answer
      } catch {
        return undefined
      }
    }
    let song: Answer | undefined
    for (let count = 0; ; count++) {
      const headers = { ...withKey, ...submitting(count) }
      const init = { method: "POST", headers, body: ways.body?.(count) ?? { lyrics: "Hold the note" } }
      song = await tried(`${origin}/songs`, init)
      if (song?.json.id !== undefined && song.status === 200) break
      const isRefused = song !== undefined && song.status < 500 && song.status !== 429
      if (isRefused || (!isResent && song?.status !== 429))
        return { thrown: [ways.rejection?.(init) ?? new Error("not taken")] }
      if (!(await rest(song && hintOf(song)))) return {}
    }
    const { id } = song.json
    // Under a known key the answer is the work as it stands, which may have ended.
    for (let looked: Answer | undefined = song; ;) {
      const isAnswered = looked?.status === 200
      const claimed = isAnswered ? (ways.endOf ?? known)(looked?.json.status) : ways.failedLook
      if (claimed !== undefined) {
        for (let i = 0; i < (ways.looksAfterEnd ?? 0); i++) await tried(`${origin}/songs/${id}`, { headers: withKey })
        if (looked?.json.file !== undefined) await tried(looked.json.file, { headers: ways.downloading ?? {} })
        return { claimed }
      }
      if (!(await rest(looked && hintOf(looked)))) return {}
      looked = await tried(`${origin}/songs/${id}`, { headers: withKey })
    }
  }
