/** A small service that sings on request and tells a webhook, and a receiver for what it tells; both at one origin. */
import { DateTime, Duration, Effect, Exit, Result, Schema } from "effect"
import type { Scope } from "effect"
import { Transport } from "@tenuto/http/Transport"
import * as Body from "@tenuto/testkit/Body"
import * as Courier from "@tenuto/testkit/Courier"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Routes from "@tenuto/testkit/Routes"
import * as Timeline from "@tenuto/testkit/Timeline"
import { inMemory, overLoopback } from "./carriers.ts"

export const start = Date.parse("2026-01-01T00:00:00Z")
const since = Effect.map(DateTime.now, (now) => DateTime.toEpochMillis(now) - start)

/** Signs in the clear, so that a test can read what was signed. */
const sign: Courier.Rules["sign"] = ({ at, body, first, id }) =>
  Effect.succeed({
    "choir-id": id,
    "choir-sent": DateTime.formatIso(at),
    "choir-first": DateTime.formatIso(first),
    "choir-signature": signatureOf(body),
  })
const signatureOf = (body: Uint8Array) => `signed(${Buffer.from(body).toString("base64")})`

const opposite = (body: Schema.Json): Schema.Json => ({ ...(body as object), status: "failed" })

/** Without an opposite to claim. */
export const plain: Courier.Rules = {
  sign,
  within: "10 seconds",
  pauses: ["5 seconds", "5 minutes", "30 minutes"],
  userAgent: "Choir-Webhook/1.0",
}
export const rules: Courier.Rules = { ...plain, forge: opposite }

const isAsked = Schema.is(Schema.Struct({ hook: Schema.String, work: Schema.Finite }))

/** `POST /v1/songs` with a hook and seconds of work. */
export const choir = (given: Partial<Courier.Rules> = {}) =>
  Effect.gen(function* () {
    const courier = yield* Courier.make({ ...rules, ...given })
    let count = 0
    const submit = Routes.route({
      method: "POST",
      path: "/v1/songs",
      stage: "submit",
      answer: (request) =>
        Effect.gen(function* () {
          const asked = Body.json(request)
          if (Result.isFailure(asked) || !isAsked(asked.success)) return Emulator.json(400, { error: "unreadable" })
          const { hook, work } = asked.success
          const id = `song-${++count}`
          // The body is made when it goes: it says when that was.
          const body = Effect.map(since, (at) => ({ id, status: "sung", made: at }))
          yield* courier.post({
            id: `msg-${id}`,
            url: hook,
            after: Duration.seconds(work),
            body,
            headers: { "choir-event": "song" },
          })
          return Emulator.json(202, { id })
        }),
    })
    const { handler, stage } = yield* Routes.make([submit], {
      unknown: () => Effect.succeed(Emulator.answer(404)),
      wrongVerb: (_, allow) => Effect.succeed(Emulator.answer(405, "", { allow })),
    })
    return { handler, stage, courier }
  })

type Choir = Effect.Success<ReturnType<typeof choir>>

/** A letter as it arrived; `at` in milliseconds of the story. */
export interface Arrived {
  readonly at: number
  readonly id: string | undefined
  readonly text: string
  readonly isBelieved: boolean
  readonly headers: Readonly<Record<string, string>>
}

export interface Played {
  readonly arrived: ReadonlyArray<Arrived>
  readonly ledger: ReadonlyArray<Courier.Entry>
  readonly timeline: string
}

export interface Play {
  readonly rules?: Partial<Courier.Rules>
  /** What the receiver does with the nth letter, from 1. Default: 204. */
  readonly receive?: (count: number) => Effect.Effect<Emulator.Behaviour>
  /** Put faults or a script before the service. */
  readonly disturb?: (choir: Choir) => Effect.Effect<Emulator.Handler, unknown>
  /** Seconds of work of each song that is asked for, all at once. */
  readonly works?: ReadonlyArray<number>
  readonly lasts?: Duration.Input
  /** What the owner does instead of keeping the courier for the whole story. */
  readonly own?: (courier: Courier.Courier) => Effect.Effect<void, never, Transport | Scope.Scope>
}

const limits = { timeout: Duration.seconds(30), maxBytes: 1_000_000n }

const tell = async (carrier: typeof overLoopback, play: Play): Promise<Played> => {
  const { disturb, lasts = "2 hours", own, receive = () => Effect.succeed(Emulator.answer(204)), works = [60] } = play
  const arrived: Array<Arrived> = []
  const service = await Effect.runPromise(choir(play.rules))
  const disturbed = await Effect.runPromise(disturb?.(service) ?? Effect.succeed(service.handler))
  const receiver: Emulator.Handler = ({ body, headers }) =>
    Effect.gen(function* () {
      const text = new TextDecoder().decode(body)
      const isBelieved = headers["choir-signature"] === signatureOf(body)
      arrived.push({ at: yield* since, id: headers["choir-id"], text, isBelieved, headers })
      return yield* receive(arrived.length)
    })
  const both = Timeline.service((request) =>
    new URL(request.url).pathname === "/hook" ? receiver(request) : disturbed(request),
  )
  const { exit, text } = await carrier(both, (base) =>
    Effect.gen(function* () {
      yield* own === undefined ? Effect.forkScoped(service.courier.deliveries) : Effect.forkScoped(own(service.courier))
      const transport = yield* Transport
      for (const work of works) {
        const body = new TextEncoder().encode(JSON.stringify({ hook: `${base}/hook`, work }))
        yield* transport.send({ method: "POST", url: `${base}/v1/songs`, headers: {}, body }, limits)
      }
      yield* Effect.sleep(lasts)
    }),
  )
  if (Exit.isFailure(exit)) throw new Error(String(exit))
  return { arrived, ledger: await Effect.runPromise(service.courier.ledger), timeline: text }
}

/** Play one story twice, in memory and over sockets. */
export const onBoth = async (play: Play): Promise<readonly [memory: Played, loopback: Played]> => [
  await tell(inMemory, play),
  await tell(overLoopback, play),
]
export const inMemoryOnly = (play: Play): Promise<Played> => tell(inMemory, play)
