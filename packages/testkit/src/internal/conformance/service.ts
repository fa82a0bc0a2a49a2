/** The services that a transport is told with. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { Behaviour } from "../../Behaviour.ts"
import type { Handler, Request } from "../../Handler.ts"

export const bytes = (given: string) => new TextEncoder().encode(given)
export const always =
  (behaviour: Behaviour): Handler =>
  () =>
    Effect.succeed(behaviour)

/** Count what reaches a service. */
export const counted = (behaviour: (request: Request, nth: number) => Behaviour) => {
  const seen: Array<Request> = []
  const handler: Handler = (request) =>
    Effect.sync(() => {
      seen.push(request)
      return behaviour(request, seen.length)
    })
  return { seen, handler }
}

/** A service that holds on to a request, and tells when it came and when its client left. */
export const holding = Effect.gen(function* () {
  const came = yield* Deferred.make<void>()
  const left = yield* Deferred.make<void>()
  const handler: Handler = () =>
    Effect.andThen(Deferred.succeed(came, undefined), Effect.never).pipe(
      Effect.onInterrupt(() => Deferred.succeed(left, undefined)),
    )
  return { handler, came: Deferred.await(came), left: Deferred.await(left) }
})

export const song = bytes("0123456789".repeat(20))
export const response = { status: 200, headers: { "content-type": "audio/flac" }, body: song }
