/** A choir with a client of its own: it takes songs under a key, holds looks open, and writes letters when it has sung. */
import { DateTime, Duration, Effect, Result, Schema } from "effect"
import * as Client from "@tenuto/core/Client"
import * as Contract from "@tenuto/core/Contract"
import * as Handle from "@tenuto/core/Handle"
import * as Inbox from "@tenuto/core/Inbox"
import type { Observation } from "@tenuto/core/Observation"
import * as Operation from "@tenuto/core/Operation"
import * as Delay from "@tenuto/http/Delay"
import * as Json from "@tenuto/http/Json"
import * as Provider from "@tenuto/http/Provider"
import type * as Verdict from "@tenuto/http/Verdict"
import type * as Webhook from "@tenuto/http/Webhook"
import * as Body from "@tenuto/testkit/Body"
import * as Courier from "@tenuto/testkit/Courier"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Fault from "@tenuto/testkit/Fault"
import * as Rehearsal from "@tenuto/testkit/Rehearsal"
import * as Routes from "@tenuto/testkit/Routes"
import * as Timeline from "@tenuto/testkit/Timeline"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"

// --- the client ---------------------------------------------------------------------------------

const service = "choir"
const contract = Contract.make({
  idempotency: { _tag: "Keyed", field: "key" },
  cadence: { _tag: "LongPoll", hold: Duration.seconds(20), floor: Duration.seconds(1) },
})
const input = Schema.Struct({ lyrics: Schema.String })
const sing = Operation.make({ service, name: "sing", contract, input, output: Schema.String, codes: [] })

const rejected = (status: number, reason: Extract<Verdict.Verdict, { truth: "Rejected" }>["reason"]) =>
  ({ stage: "submit", status, truth: "Rejected", reason, source: "/docs" }) as const
const unseen = (status: number) =>
  ({ stage: "look", status, truth: "Unseen", reason: { _tag: "Unavailable" }, source: "/docs" }) as const
const verdicts: ReadonlyArray<Verdict.Verdict> = [
  rejected(402, { _tag: "Unpaid" }),
  rejected(429, { _tag: "RateLimited" }),
  rejected(503, { _tag: "Unavailable" }),
  unseen(502),
  unseen(503),
]

const Song = Schema.Struct({ id: Schema.String, status: Schema.String })
const read = Json.decoder(Song, "the song")
const observe = ({ status: word }: typeof Song.Type): Observation => {
  if (word === "sung") return { _tag: "Succeeded", word, output: "La" }
  return word === "singing" ? { _tag: "Pending", word } : { _tag: "Unrecognised", word }
}

const table: Provider.Table<"choir"> = {
  service,
  base: "http://service.test/v1",
  credential: Provider.bearer,
  endpoints: {
    sing: {
      submit: ({ input, key }) => ({ method: "POST", path: "/songs", body: { ...input, key: key ?? null } }),
      accepted: (body, request) => Result.map(read(body), ({ id }) => ({ handle: Handle.of(request, { id }) })),
      look: ({ id }) => ({ method: "GET", path: `/songs/${id}` }),
      observed: (body) => Result.map(read(body), observe),
    },
  },
  verdicts,
  trouble: ({ headers, now }) => {
    const retryAfter = Delay.retryAfter(headers, now)
    return retryAfter === undefined ? {} : { retryAfter }
  },
}

// --- the service --------------------------------------------------------------------------------

/** Who takes the letters; it is where the client is, and shares the port. */
const hook = "/hook"

const choir = (work: Duration.Input, origin: () => string) =>
  Effect.gen(function* () {
    const courier = yield* Courier.make({ sign: () => Effect.succeed({}), within: "10 seconds", pauses: ["5 seconds"] })
    const songs = new Map<string, { readonly id: string; readonly ends: DateTime.Utc }>()
    const submit = Routes.route({
      method: "POST",
      path: "/v1/songs",
      stage: "submit",
      answer: (request) =>
        Effect.gen(function* () {
          const asked = Body.json(request)
          const key = Result.isSuccess(asked) ? JSON.stringify(asked.success) : ""
          const ends = DateTime.addDuration(yield* DateTime.now, Duration.fromInputUnsafe(work))
          const song = songs.get(key) ?? { id: `op_${songs.size + 1}0f`, ends }
          if (!songs.has(key)) {
            songs.set(key, song)
            const body = Effect.succeed({ id: song.id })
            const after = Duration.fromInputUnsafe(work)
            yield* courier.post({ id: `msg_${songs.size}`, url: `${origin()}${hook}`, after, body })
          }
          return Emulator.json(202, { id: song.id, status: "singing" })
        }),
    })
    const look = Routes.route({
      method: "GET",
      path: "/v1/songs/:id",
      stage: "look",
      answer: (_, { id }) =>
        Effect.gen(function* () {
          const song = [...songs.values()].find((one) => one.id === id)
          if (song === undefined) return Emulator.json(404, {})
          const left = DateTime.distance(yield* DateTime.now, song.ends)
          yield* Effect.sleep(Duration.clamp(left, { minimum: Duration.zero, maximum: Duration.seconds(20) }))
          const isSung = DateTime.isGreaterThanOrEqualTo(yield* DateTime.now, song.ends)
          return Emulator.json(200, { id, status: isSung ? "sung" : "singing" })
        }),
    })
    const { handler, stage } = yield* Routes.make([submit, look], {
      unknown: () => Effect.succeed(Emulator.answer(404)),
      wrongVerb: (_, allow) => Effect.succeed(Emulator.answer(405, "", { allow })),
    })
    return { handler, stage, courier }
  })

// --- the story ----------------------------------------------------------------------------------

export interface Story {
  readonly faults?: ReadonlyArray<string>
  readonly work?: Duration.Input
  readonly within?: Duration.Input
  /** How many songs are asked for, three seconds apart. */
  readonly songs?: number
  /** Somebody takes letters. */
  readonly isListening?: boolean
  readonly carrier?: "memory" | "loopback"
}

const Letter = Schema.Struct({ id: Schema.String })
const letter = Json.decoder(Letter, "the letter")

/** A receiver of letters that nobody has to sign. */
const receiving = (inbox: Inbox.Inbox): Webhook.Receiver =>
  Effect.fnUntraced(function* ({ body }) {
    const json = body instanceof Uint8Array ? Json.read({}, body) : Result.fail("it is no body")
    const { id } = Result.getOrThrow(letter(Result.getOrThrow(json)))
    const outcome = yield* inbox.put({ service, id, name: id, at: yield* DateTime.now, body: null })
    return { status: 200, headers: {}, outcome }
  })

export const apiKey = "chk_s3cret_0001"

export const play = async (story: Story = {}) => {
  const {
    carrier = "memory",
    faults = [],
    isListening = false,
    songs = 1,
    within = "10 minutes",
    work = "50 seconds",
  } = story
  let origin = ""
  const inbox = Inbox.makeMemory()
  const { courier, handler: plain, stage } = await Effect.runPromise(choir(work, () => origin))
  const planned = await Effect.runPromise(Effect.forEach(faults, Fault.parse))
  const disturbed = await Effect.runPromise(Fault.apply(plain, planned, { stageOf: stage, webhook: courier.plan }))
  let receiver = receiving(inbox)
  const handler: Emulator.Handler = (request) =>
    new URL(request.url).pathname === hook
      ? Effect.map(receiver(request), ({ status }) => Emulator.answer(status))
      : disturbed(request)
  const song = (index: number) =>
    Client.run(sing({ lyrics: `Song ${index}` }), { within: Duration.fromInputUnsafe(within) }).pipe(
      Effect.provideService(Inbox.Inbox, isListening ? inbox : Inbox.nobody),
      Effect.delay(index * 3000),
      Effect.exit,
    )
  return Rehearsal.play({
    connect: (at) => Provider.layer(table, { apiKey, baseUrl: `${at}/v1` }),
    handler,
    program: Effect.gen(function* () {
      origin = yield* Rehearsal.Origin
      receiver = yield* Timeline.receiver(receiver)
      if (isListening) yield* Effect.forkScoped(courier.deliveries)
      const ends = yield* Effect.forEach(
        Array.from({ length: songs }, (_, index) => index),
        song,
        {
          concurrency: "unbounded",
        },
      )
      if (isListening) yield* Effect.sleep("2 minutes")
      return ends
    }),
    ...(carrier === "loopback" ? { transport: NodeTransport.layer } : {}),
  })
}
