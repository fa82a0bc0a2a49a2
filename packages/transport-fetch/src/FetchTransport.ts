/**
 * Carries requests by `fetch`, wherever there is one: browsers, workers, edge
 * platforms, Deno, Bun, Node.js.
 *
 * It never retries by itself, follows no redirect, sends no cookie, reads no
 * cache, and claims no more than `fetch` tells.
 *
 * Law 3: `Unsent` is said on positive proof only: the request is not valid, or
 * the connection was refused or the name has no address (in Node.js; in Bun and
 * Deno of what they send once), or, in Node.js, the certificate is not trusted.
 * A time-out is never proof, and a browser never gives one.
 * Law 7: interrupting aborts at once and leaves no timer.
 * Law 10: texts name the host and port, and nothing else of a request.
 *
 * What it cannot know or prevent: some platforms send a request again when a
 * kept connection dies under it. Measured of one that must not arrive twice:
 * Node.js sends it once; Bun once, for it gets a connection of its own; Deno
 * (2.9) once with a body, and again without one; workers (workerd) send a GET
 * again; Chromium sends all of them again. Every `fetch` may send one again
 * that was answered 421. `fetch` decodes a compressed body, whose
 * `content-encoding` and `content-length` are then left out. A body that ends
 * by closing passes as whole when it is reset, and Node.js takes an unasked
 * `100 Continue` for no answer. Where a request without a key must not go out
 * twice, use `@tenuto/transport-node`.
 *
 * @example
 * ```ts
 * import * as Layer from "effect/Layer"
 * import * as Soundpiece from "@tenuto/soundpiece"
 * import * as FetchTransport from "@tenuto/transport-fetch/FetchTransport"
 *
 * export const soundpiece = Soundpiece.layer({ apiKey: "spk_…" }).pipe(Layer.provideMerge(FetchTransport.layer))
 * ```
 */
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { join, type Request } from "@tenuto/http/Exchange"
import { type Opened, Transport, type Limits, type Unanswered, type Unsent } from "@tenuto/http/Transport"
import * as Head from "./internal/Head.ts"
import * as Problem from "./internal/Problem.ts"
import * as Wire from "./internal/Wire.ts"

/** Which `fetch`, and what is known of it. */
export interface Options {
  /** The `fetch` to use. The global one of the moment if not given. */
  readonly fetch?: typeof globalThis.fetch
  /**
   * Whether that `fetch` sends a request once at most, as Node's own does. Only then is a refused connection proof
   * that nothing was sent. False for a given `fetch`, true for the global one.
   */
  readonly sendsOnce?: boolean
}

interface Flight extends Wire.Parcel {
  readonly method: string
  readonly controller: AbortController
}

const start = (request: Request, limits: Omit<Limits, "maxBytes">): Effect.Effect<Flight, Unsent> =>
  Effect.suspend(() => {
    const parcel = Wire.read(request, limits)
    return "_tag" in parcel
      ? parcel
      : Effect.succeed({ ...parcel, method: request.method, controller: new AbortController() })
  })

/** Abort whatever is still under way when it ends badly or is interrupted. */
const aborting =
  (flight: Flight) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.onError(self, () => Effect.sync(() => flight.controller.abort()))

const within =
  (limit: Duration.Duration, late: () => Unanswered) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | Unanswered, R> =>
    Effect.timeoutOrElse(self, { duration: limit, orElse: () => Effect.fail(late()) })

/** Gives the next chunk, or nothing at the end of a whole body. */
const reading = ({ place }: Flight, head: Head.Head, response: Response) => {
  const reader = response.body?.getReader()
  let received = 0
  if (reader === undefined) return Effect.undefined
  return Effect.tryPromise({
    try: () => reader.read(),
    catch: (error) => Problem.ofBody(place, error),
  }).pipe(
    Effect.flatMap(({ value }) => {
      received += value?.byteLength ?? 0
      const isShort = value === undefined && head.length !== undefined && head.length !== received
      return isShort ? Effect.fail(Problem.truncated(place)) : Effect.succeed(value)
    }),
  )
}

/** Make the transport over a given `fetch`, such as one that goes through a proxy. */
export const layerWith = (options: Options): Layer.Layer<Transport> => {
  const isOnce = options.sendsOnce ?? options.fetch === undefined
  const fetch: typeof globalThis.fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init))

  const answer = (flight: Flight): Effect.Effect<Response, Unsent | Unanswered> =>
    Effect.tryPromise({
      try: () => fetch(flight.url, { ...flight.init, signal: flight.controller.signal }),
      catch: (error) => Problem.ofFetch(flight.place, isOnce && flight.isOnce, error),
    }).pipe(
      Effect.tap((response) => (Head.isOpaque(response) ? Effect.fail(Problem.opaque(flight.place)) : Effect.void)),
    )

  const whole = Effect.fnUntraced(function* (flight: Flight, { maxBytes }: Limits) {
    const response = yield* answer(flight)
    const head = Head.of(flight.method, response)
    const read = reading(flight, head, response)
    const chunks: Array<Uint8Array> = []
    let size = 0
    for (let chunk = yield* read; chunk !== undefined; chunk = yield* read) {
      size += chunk.byteLength
      if (size > maxBytes) return yield* Problem.tooLarge(flight.place, maxBytes)
      chunks.push(chunk)
    }
    return { status: head.status, headers: head.headers, body: join(chunks) }
  })

  const opening = Effect.fnUntraced(function* (request: Request, limits: Omit<Limits, "maxBytes">) {
    const { timeout } = limits
    const flight = yield* start(request, limits)
    const { controller, place } = flight
    yield* Effect.addFinalizer(() => Effect.sync(() => controller.abort()))
    const response = yield* answer(flight).pipe(
      aborting(flight),
      within(timeout, () => Problem.timeout(place, timeout)),
    )
    const head = Head.of(flight.method, response)
    const pull = reading(flight, head, response).pipe(
      within(timeout, () => Problem.silence(place, timeout)),
      aborting(flight),
      Effect.flatMap((chunk) => (chunk === undefined ? Cause.done() : Effect.succeed([chunk] as const))),
    )
    const opened: Opened = {
      status: head.status,
      headers: head.headers,
      body: Stream.fromPull(Effect.succeed(pull)),
    }
    return opened
  })

  return Layer.succeed(Transport, {
    send: (request, limits) =>
      Effect.flatMap(start(request, limits), (flight) =>
        whole(flight, limits).pipe(
          aborting(flight),
          within(limits.timeout, () => Problem.timeout(flight.place, limits.timeout)),
        ),
      ),
    open: opening,
  })
}

/** The transport over the global `fetch`. */
export const layer: Layer.Layer<Transport> = layerWith({})
