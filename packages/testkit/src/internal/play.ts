/** Plays a behaviour onto a carrier: what a service does on one request, the same in memory and over a socket. */
import type { Headers, Response } from "@tenuto/http/Exchange"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Behaviour } from "../Behaviour.ts"
import type { Handler, Request } from "../Handler.ts"
import { current, wait } from "./clock.ts"
import { leave } from "./leaving.ts"
import { header, type Trip } from "./trip.ts"

/** Why nothing left. */
export type Refused = "Refused" | "NameNotFound" | "Tls"

/** The service's end of one exchange. */
export interface Sink {
  readonly whole: (response: Response) => Effect.Effect<void>
  readonly head: (status: number, headers: Headers, length: number) => Effect.Effect<void>
  readonly chunk: (bytes: Uint8Array) => Effect.Effect<void>
  readonly end: Effect.Effect<void>
  /** Everything written so far has reached the client. */
  readonly settle: Effect.Effect<void>
  readonly close: Effect.Effect<void>
  readonly reset: Effect.Effect<void>
  readonly raw: (bytes: Uint8Array) => Effect.Effect<void>
  readonly refuse: (problem: Refused) => Effect.Effect<void>
}

// They belong to one connection, or are made by the carrier; the private mark is nobody's business.
const stripped = new Set([
  header,
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
])

/** What `@tenuto/transport-node` says of itself: in memory nobody would, and one story is told by both. */
const own: ReadonlyMap<string, RegExp> = new Map([
  ["user-agent", /^tenuto(\/[\w.+-]+)?$/],
  ["accept-encoding", /^gzip, deflate, br, zstd$/],
])

/** The headers a service is shown. */
export const shown = (headers: Readonly<Record<string, string>>): Headers =>
  Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => !stripped.has(name) && own.get(name)?.test(value) !== true),
  )

/** Whether an answer to this may have a body at all. */
export const isBodiless = (method: string, status: number): boolean =>
  method === "HEAD" || status === 204 || status === 304 || (status >= 100 && status < 200)

const pause = (duration: Duration.Duration, trip: Trip | undefined, sink: Sink): Effect.Effect<void> =>
  Effect.gen(function* () {
    if (Duration.isZero(duration)) return
    yield* sink.settle
    trip?.serverIs("service")
    yield* Effect.sleep(duration)
    trip?.serverIs("writing")
  })

/** Begin an answer and break off. The last byte is always kept back: a body that is whole is not cut. */
const part = ({ body, headers, status }: Response, bytes: number, sink: Sink): Effect.Effect<void> =>
  Effect.gen(function* () {
    const kept = body.subarray(0, Math.min(bytes, Math.max(0, body.byteLength - 1)))
    yield* sink.head(status, headers, Math.max(1, body.byteLength))
    if (kept.byteLength > 0) yield* sink.chunk(kept)
    yield* sink.settle
  })

const play = (behaviour: Behaviour, method: string, trip: Trip | undefined, sink: Sink): Effect.Effect<void> => {
  switch (behaviour._tag) {
    case "Answered":
      return sink.whole(behaviour.response)
    case "Slowed":
      return Effect.gen(function* () {
        const { response, head, piece } = behaviour
        yield* pause(head, trip, sink)
        if (piece === undefined || isBodiless(method, response.status)) return yield* sink.whole(response)
        const { body } = response
        const step = Math.max(1, piece.bytes)
        yield* sink.head(response.status, response.headers, body.byteLength)
        for (let at = 0; at < body.byteLength; at += step) {
          yield* pause(piece.every, trip, sink)
          yield* sink.chunk(body.subarray(at, at + step))
        }
        yield* sink.end
      }).pipe(Effect.onInterrupt(() => leave(behaviour)))
    case "Truncated":
      return Effect.andThen(
        part(behaviour.response, behaviour.bytes, sink),
        behaviour.isReset ? sink.reset : sink.close,
      )
    case "Stalled":
      return Effect.gen(function* () {
        yield* part(behaviour.response, behaviour.bytes, sink)
        trip?.serverIs("service")
        return yield* Effect.never
      })
    case "Misdeclared":
      return Effect.gen(function* () {
        const { response, declared } = behaviour
        // What has no half states its whole length, and its connection lives on.
        if (declared === response.body.byteLength) return yield* sink.whole(response)
        yield* sink.head(response.status, response.headers, declared)
        yield* sink.chunk(response.body)
        yield* sink.settle
        yield* sink.close
      })
    case "Garbled":
      return sink.raw(behaviour.bytes)
    case "Reset":
      return sink.reset
    case "Refused":
      return sink.refuse("Refused")
    case "Unnamed":
      return sink.refuse("NameNotFound")
    case "Untrusted":
      return sink.refuse("Tls")
    case "Hung":
      return Effect.never
  }
}

/**
 * Take a request through its service. What arrives and what is answered at one instant takes turns, so that concurrent
 * exchanges have one order on every carrier.
 */
export const attend = <R>(
  handler: Handler<R>,
  request: Request,
  trip: Trip | undefined,
  sink: Sink,
): Effect.Effect<void, never, R> =>
  Effect.flatMap(current, (engine) => {
    if (engine === undefined || trip === undefined) {
      return Effect.flatMap(handler(request), (behaviour) => play(behaviour, request.method, undefined, sink))
    }
    const serve = Effect.suspend(() => {
      trip.serverIs("service")
      if (engine.watch.isRush) return Effect.never
      return Effect.flatMap(handler(request), (behaviour) => {
        if (behaviour._tag === "Hung") return Effect.never
        const answer = Effect.suspend(() => {
          trip.serverIs("writing")
          return play(behaviour, request.method, trip, sink)
        })
        return Effect.andThen(
          wait(engine, engine.now, () => `${trip.label()} is answered`),
          answer,
        )
      })
    })
    return Effect.andThen(
      wait(engine, engine.now, () => `${trip.label()} arrives`, trip.order),
      serve,
    )
  })
