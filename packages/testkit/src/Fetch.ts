/**
 * A `fetch` that is carried by a transport of the kit, for clients that are not ours: hand it to them, or put it in the
 * place of the global one.
 *
 * It takes part in the time of the clock it is made under. A failure is what Node makes of it: a `TypeError` whose
 * `cause.code` is `ECONNREFUSED`, `ECONNRESET`, `ENOTFOUND`, `UND_ERR_SOCKET` or the like. A request body is read whole
 * before it is sent. It keeps no cookies and no cache.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Emulator from "@tenuto/testkit/Emulator"
 * import * as Fetch from "@tenuto/testkit/Fetch"
 * import * as VirtualClock from "@tenuto/testkit/VirtualClock"
 *
 * const slow: Emulator.Handler = () => Effect.delay(Effect.succeed(Emulator.json(200, { sung: true })), "20 seconds")
 * const story = Effect.gen(function* () {
 *   const fetch = yield* Fetch.make
 *   return yield* Effect.promise(() => fetch("http://choir.test/songs/1").then((answer) => answer.json()))
 * })
 * const told = VirtualClock.run(Effect.provide(story, Emulator.layerMemory(slow)))
 * console.log(await Effect.runPromise(Effect.flatten(told))) // { sung: true }, in no time
 * ```
 */
import type { Transport } from "@tenuto/http/Transport"
import * as Effect from "effect/Effect"
import { fetchOn } from "./internal/fetching.ts"

/** Make one on the current transport and clock. It lives as long as they do. */
export const make: Effect.Effect<typeof globalThis.fetch, never, Transport> = Effect.map(
  Effect.context<Transport>(),
  fetchOn,
)
