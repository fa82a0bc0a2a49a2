/**
 * What a service saw and said, as data: every request, the answer it got, how the exchange ended and the fault that was
 * played on it, beside the operations that the service created.
 *
 * It judges nothing ({@link Checks} does), and knows nothing of the client: Tenuto's or hand-written, with or without
 * Effect. Its data is plain: seconds since the beginning, JSON, text.
 *
 * Law 12: same seed, same transcript, in memory and over sockets.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Emulator from "@tenuto/testkit/Emulator"
 * import * as Transcript from "@tenuto/testkit/Transcript"
 *
 * const choir: Emulator.Handler = () => Effect.succeed(Emulator.json(202, { id: "1", status: "singing" }))
 * const program = Effect.gen(function* () {
 *   const { exchanges, handler } = yield* Transcript.make(choir)
 *   const { url } = yield* Emulator.serve(handler)
 *   yield* Effect.promise(() => fetch(`${url}/songs`, { method: "POST", body: "{}" }))
 *   return exchanges.map(({ answer, method, path, stage }) => `${stage}: ${method} ${path} ${answer?.status}`)
 * })
 * console.log(await Effect.runPromise(Effect.scoped(program))) // [ "submit: POST /songs 202" ]
 * ```
 */
import type { Response } from "@tenuto/http/Exchange"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Body from "./Body.ts"
import type { Behaviour } from "./Behaviour.ts"
import type { Stage } from "./Fault.ts"
import type { Handler, Request } from "./Handler.ts"
import { lazily } from "./internal/lazily.ts"
import { onLeaving } from "./internal/leaving.ts"
import { isBodiless } from "./internal/play.ts"
import { type Ending, type Exchange, grain, type Transcript } from "./internal/transcribed.ts"
import { hearing } from "./internal/witness.ts"

export type { Answer, Created, Ending, Exchange, Letter, Transcript } from "./internal/transcribed.ts"

/** A service that is being written down. `exchanges` grows with every request. */
export interface Recorder<R = never> extends Pick<Transcript, "start" | "exchanges"> {
  /** The service as it was, to be put on a carrier in its place. */
  readonly handler: Handler<R>
}

/** What a recorder may be told of its service. */
export interface Options {
  /** Which stage a request belongs to: `hooks` of an emulator. Default: GET is a look, DELETE and `…/cancel` a cancel, else a submit. */
  readonly stageOf?: (request: Request) => Stage | undefined
}

/** The stages of a service that nobody knows better: ending work is no work. */
export const byVerb = ({ method, url }: Request): Stage => {
  if (method === "GET" || method === "HEAD") return "look"
  return method === "DELETE" || /[/:]cancel\/?$/i.test(new URL(url).pathname) ? "cancel" : "submit"
}

const textOf = (body: Uint8Array): string => new TextDecoder().decode(body)
const read = (part: Pick<Request, "body">): unknown => Result.getOrElse(Body.json(part), () => textOf(part.body))
const isReadable = ({ headers }: Response): boolean => /json|text|xml/.test(headers["content-type"] ?? "text")

const queryOf = ({ searchParams }: URL): Exchange["query"] =>
  Object.fromEntries(
    Array.from(new Set(searchParams.keys()), (name) => {
      const [value = "", ...more] = searchParams.getAll(name)
      return [name, more.length === 0 ? value : [value, ...more]]
    }),
  )

/** The answer that a client has whole, and how long it takes to arrive. */
const wholeOf = (
  behaviour: Behaviour,
  method: string,
): { readonly response: Response; readonly seconds: number } | undefined => {
  if (behaviour._tag === "Answered") return { response: behaviour.response, seconds: 0 }
  if (behaviour._tag !== "Slowed") return undefined
  const { head, response } = behaviour
  const piece = isBodiless(method, response.status) ? undefined : behaviour.piece
  const pieces = piece === undefined ? 0 : Math.ceil(response.body.byteLength / Math.max(1, piece.bytes))
  const every = piece === undefined ? 0 : Duration.toSeconds(piece.every)
  return { response, seconds: Duration.toSeconds(head) + pieces * every }
}

type Draft = { -readonly [Field in keyof Exchange]: Exchange[Field] }

/** Write down whatever reaches a service, faults and stories before it included. It begins now. */
export const make = <R = never>(handler: Handler<R>, { stageOf = byVerb }: Options = {}): Effect.Effect<Recorder<R>> =>
  Effect.map(Effect.service(Clock.Clock), (clock) => {
    const began = clock.currentTimeMillisUnsafe()
    const exchanges: Array<Exchange> = []
    const elapsed = () => (clock.currentTimeMillisUnsafe() - began) / 1000
    const recorded: Handler<R> = (request) =>
      Effect.suspend(() => {
        const at = elapsed()
        const stage = stageOf(request)
        const { headers, method } = request
        // Most requests are never looked at: they are read when somebody does.
        const url = lazily(() => new URL(request.url))
        const query = lazily(() => queryOf(url()))
        const asked = lazily(() => read(request))
        const draft: Draft = {
          at,
          ...(stage === undefined ? {} : { stage }),
          get origin() {
            return url().origin
          },
          method,
          get path() {
            return url().pathname
          },
          get query() {
            return query()
          },
          headers,
          get body() {
            return asked()
          },
          get openUntil() {
            return draft.end === undefined ? elapsed() : undefined
          },
        }
        exchanges.push(draft)
        const close = (did: Ending, behaviour?: Behaviour): void => {
          const whole = behaviour && wholeOf(behaviour, method)
          draft.end = { at: elapsed() + (whole?.seconds ?? 0), did }
          if (whole === undefined) return void delete draft.answer
          const { response } = whole
          const { headers, status } = response
          const told = { at: draft.end.at, status, headers }
          if (!isReadable(response)) return void (draft.answer = told)
          const said = lazily(() => read(response))
          draft.answer = {
            ...told,
            get body() {
              return said()
            },
          }
        }
        // With the last byte its client may close the connection: that is no leaving.
        const leave = Effect.sync(() => {
          if (elapsed() < (draft.end?.at ?? 0) - grain) close("Left")
        })
        const played = (behaviour: Behaviour): Effect.Effect<Behaviour> => {
          // A request that hangs is open until its client leaves; a slow answer has arrived unless it does.
          if (behaviour._tag === "Hung") return Effect.never
          const own = { ...behaviour }
          if (own._tag === "Slowed") onLeaving(own, leave)
          close(own._tag, own)
          return Effect.succeed(own)
        }
        return handler(request).pipe(
          // The outermost fault is the one that the client sees.
          hearing((_, fault) => void (draft.fault ??= fault)),
          Effect.flatMap(played),
          Effect.onInterrupt(() => Effect.sync(() => close("Left"))),
        )
      })
    return { handler: recorded, start: DateTime.formatIso(DateTime.makeUnsafe(began)), exchanges }
  })
