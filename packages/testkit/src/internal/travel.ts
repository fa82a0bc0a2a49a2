/** A transport whose requests are trips: they stop time while on the wire, and their ends are paired by a header. */
import { reveal, type Request } from "@tenuto/http/Exchange"
import type { Transport } from "@tenuto/http/Transport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import { current } from "./clock.ts"
import { header, type Trip } from "./trip.ts"

/** The method and path of a request: all of it that may be shown. */
export const labelOf = (request: Request): string => `${request.method} ${pathOf(reveal(request.url))}`

export const pathOf = (url: string): string => (URL.canParse(url) ? new URL(url).pathname : "?")

const marked = (request: Request, trip: Trip): Request => ({
  ...request,
  headers: { ...request.headers, [header]: String(trip.id) },
})

const leave = (trip: Trip) => (exit: Exit.Exit<unknown, unknown>) => Effect.sync(() => trip.left(Exit.isSuccess(exit)))

/** Count what the reader sees, and stop time only while it pulls. */
const seen = <E>(trip: Trip, body: Stream.Stream<Uint8Array, E>): Stream.Stream<Uint8Array, E> =>
  Stream.suspend(() => {
    trip.clientIs("waiting")
    return body.pipe(
      Stream.flatMap((chunk) => {
        trip.saw(chunk.byteLength)
        trip.clientIs("idle")
        return Stream.concat(
          Stream.succeed(chunk),
          Stream.drain(Stream.fromEffect(Effect.sync(() => trip.clientIs("waiting")))),
        )
      }),
      Stream.ensuring(Effect.sync(() => trip.clientIs("idle"))),
    )
  })

export const travelling = (inner: Transport["Service"]): Transport["Service"] => ({
  send: (request, limits) =>
    Effect.flatMap(current, (engine) => {
      if (engine === undefined) return inner.send(request, limits)
      return Effect.suspend(() => {
        const trip = engine.depart(() => labelOf(request))
        return Effect.onExit(inner.send(marked(request, trip), limits), leave(trip))
      })
    }),
  open: (request, limits) =>
    Effect.flatMap(current, (engine) => {
      if (engine === undefined) return inner.open(request, limits)
      return Effect.gen(function* () {
        const trip = engine.depart(() => labelOf(request))
        trip.counted = true
        // Registered before the inner transport's own: finalizers run backwards, so the socket is closed first.
        yield* Effect.addFinalizer(() => Effect.sync(() => trip.left(trip.seen > 0)))
        const opened = yield* inner
          .open(marked(request, trip), limits)
          .pipe(Effect.onError(() => Effect.sync(() => trip.left(false))))
        trip.saw(1)
        if (!trip.isLocal) trip.clientIs("idle")
        return trip.isLocal ? opened : { ...opened, body: seen(trip, opened.body) }
      })
    }),
})
