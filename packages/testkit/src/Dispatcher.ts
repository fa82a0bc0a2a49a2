/**
 * An undici dispatcher that is carried by a transport of the kit, for clients that speak undici: `setGlobalDispatcher`,
 * or the option `dispatcher` of undici's `fetch` and `request` and of Node's own `fetch`.
 *
 * It takes part in the time of the clock it is made under, and speaks to the handlers of undici 6, 7 and 8. It upgrades
 * no connection. A request body is read whole before it is sent.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Dispatcher from "@tenuto/testkit/Dispatcher"
 * import * as Emulator from "@tenuto/testkit/Emulator"
 *
 * const choir: Emulator.Handler = () => Effect.succeed(Emulator.json(200, { sung: true }))
 * const story = Effect.gen(function* () {
 *   const dispatcher = yield* Dispatcher.make
 *   // TypeScript's own `RequestInit` does not know the option that Node's `fetch` takes.
 *   const init: RequestInit & { dispatcher: Dispatcher.Dispatcher } = { dispatcher }
 *   return yield* Effect.promise(() => fetch("http://choir.test/songs/1", init).then((answer) => answer.json()))
 * })
 * console.log(await Effect.runPromise(Effect.provide(story, Emulator.layerMemory(choir)))) // { sung: true }
 * ```
 */
import type { Transport } from "@tenuto/http/Transport"
import * as Effect from "effect/Effect"
import { type DispatcherLike, dispatcherOn } from "./internal/dispatching.ts"

/** As much of undici's `Dispatcher` as its callers use. */
export type Dispatcher = DispatcherLike

/** Make one on the current transport and clock. It lives as long as they do. */
export const make: Effect.Effect<Dispatcher, never, Transport> = Effect.map(Effect.context<Transport>(), dispatcherOn)
