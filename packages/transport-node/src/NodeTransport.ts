/**
 * Carries requests over sockets of its own, by undici's HTTP/1.1 client, and
 * proves whether a request could have left.
 *
 * It never retries, follows no redirect, pipelines nothing and speaks no
 * HTTP/2. It leaves the global `fetch` as it is. Unless a request says
 * otherwise it names itself `tenuto/<version>` and takes gzip, deflate, br and
 * zstd, which it undoes within the limit as `fetch` does; what is asked for by
 * `range` it asks for as it is.
 *
 * Law 3: `Unsent` is said exactly when the request was never bound to a
 * connected socket. From then on every failure is `Unanswered`, also where a
 * kept-alive connection turns out to be dead; so a request that is not
 * idempotent goes on a connection that has carried nothing.
 * Law 7: time-outs follow Effect's clock; interrupting closes the socket at
 * once, a half-connected one too, and leaves no timer.
 * Law 10: texts name the host and port, and nothing else of a request.
 *
 * @example
 * ```ts
 * import * as Layer from "effect/Layer"
 * import * as Soundpiece from "@tenuto/soundpiece"
 * import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
 *
 * export const soundpiece = Soundpiece.layer({ apiKey: "spk_…" }).pipe(
 *   Layer.provideMerge(NodeTransport.layerWith({ connections: 16, connectTimeout: "3 seconds" })), // downloads use it too
 * )
 * ```
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Exchange from "@tenuto/http/Exchange"
import { type Opened, Transport, type Unanswered, type Unsent } from "@tenuto/http/Transport"
import * as Encoding from "./internal/Encoding.ts"
import { Origin } from "./internal/Origin.ts"
import { Streamed } from "./internal/Streamed.ts"
import { makeConnect } from "./internal/Undici.ts"
import { Whole } from "./internal/Whole.ts"
import * as Wire from "./internal/Wire.ts"

/** How the transport behaves; every field has a default. */
export interface Options {
  /** How long making a connection may take, within the request's own time-out. 10 seconds if not given. */
  readonly connectTimeout?: Duration.Input
  /** How many connections an origin gets; further requests wait, within their time-out. 256 if not given. */
  readonly connections?: number
  /** How long an unused connection is kept; a service's own `keep-alive` hint may shorten it. 4 seconds if not given. */
  readonly idle?: Duration.Input
  /** Certificates to trust in place of the well-known ones, in PEM. */
  readonly authorities?: string | ReadonlyArray<string>
}

/** The longest span a timer of the platform takes. */
const longest = 2 ** 31 - 1

/** Make the transport; closing the scope closes every socket. */
export const layerWith = (options: Options): Layer.Layer<Transport> =>
  Layer.effect(
    Transport,
    Effect.gen(function* () {
      const settings = {
        connections: Math.max(1, options.connections ?? 256),
        connectTimeout: Duration.fromInputUnsafe(options.connectTimeout ?? "10 seconds"),
        idle: Math.min(Math.max(1, Duration.toMillis(Duration.fromInputUnsafe(options.idle ?? "4 seconds"))), longest),
      }
      const { authorities } = options
      const connect = makeConnect({
        allowH2: false,
        timeout: 0,
        ...(authorities === undefined ? {} : { ca: typeof authorities === "string" ? authorities : [...authorities] }),
      })
      const origins = new Map<string, Origin>()
      const originOf = (url: string): Origin => {
        const known = origins.get(url)
        if (known !== undefined) return known
        const origin = new Origin(url, settings, connect)
        origins.set(url, origin)
        return origin
      }
      yield* Effect.addFinalizer(() =>
        Effect.forEach([...origins.values()], (origin) => origin.close, { concurrency: "unbounded", discard: true }),
      )
      return Transport.of({
        send: (request, limits) =>
          Effect.withFiber((fiber) => {
            const parcel = Wire.read(request, limits)
            if ("_tag" in parcel) return parcel
            return Effect.callback<Exchange.Response, Unsent | Unanswered>((resume) => {
              const flight = new Whole(parcel, originOf(parcel.origin), limits, fiber.context, resume)
              flight.start()
              return Effect.sync(() => flight.cancel())
            }).pipe(Effect.flatMap((whole) => Encoding.undoWhole(parcel.place, request.method, whole, limits)))
          }),
        open: (request, limits) =>
          Effect.withFiber((fiber) => {
            const parcel = Wire.read(request, limits)
            if ("_tag" in parcel) return parcel
            let flight: Streamed | undefined
            const stop = Effect.sync(() => flight?.cancel())
            return Effect.andThen(
              Effect.addFinalizer(() => stop),
              Effect.callback<Opened, Unsent | Unanswered>((resume) => {
                flight = new Streamed(parcel, originOf(parcel.origin), limits.timeout, fiber.context, resume)
                flight.start()
                return stop
              }),
            ).pipe(Effect.flatMap((opened) => Encoding.undo(parcel.place, request.method, opened)))
          }),
      })
    }),
  )

/** The transport with its defaults; closing the scope closes every socket. */
export const layer: Layer.Layer<Transport> = layerWith({})
