/** Reads the body of a request as it is asked for. Between two chunks it leaves no listener behind, and the socket stopped. */
import type { IncomingMessage } from "node:http"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"

type Next = Pull.Pull<NonEmptyReadonlyArray<Uint8Array>, "Aborted">

/** An async iterator would destroy the socket when it is let go, and could not be let go while it waits. */
export const of = (request: IncomingMessage): Stream.Stream<Uint8Array, "Aborted"> => {
  const next: Next = Effect.callback((resume) => {
    // The end may be told with the last chunk, while nobody listens.
    if (request.readableEnded) return resume(Cause.done())
    // Whoever goes away while this waits is let go by the answer's end; whoever is gone already, here.
    if (request.destroyed) return resume(Effect.fail("Aborted"))
    const stop = () => {
      request.pause()
      request.off("data", onData).off("end", onEnd)
    }
    const say = (what: Next) => {
      stop()
      resume(what)
    }
    const onData = (chunk: Buffer) => say(Effect.succeed([chunk]))
    const onEnd = () => say(Cause.done())
    request.on("data", onData).on("end", onEnd)
    request.resume()
    return Effect.sync(stop)
  })
  return Stream.fromPull(Effect.succeed(next))
}
