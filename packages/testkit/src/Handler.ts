/**
 * A service as a function, from a request to a behaviour.
 *
 * It never learns what carries it: both carriers show it the same request.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { json } from "@tenuto/testkit/Behaviour"
 * import type { Handler } from "@tenuto/testkit/Handler"
 *
 * // A long poll: it holds the request for a while, on the clock of the test.
 * export const held: Handler = ({ url }) =>
 *   Effect.delay(Effect.succeed(json(200, { status: "singing", path: new URL(url).pathname })), "20 seconds")
 * ```
 */
import type { Headers } from "@tenuto/http/Exchange"
import type * as Effect from "effect/Effect"
import type { Behaviour } from "./Behaviour.ts"

/** A request as a service reads it: the same on both carriers, without the headers that belong to one connection. */
export interface Request {
  readonly method: string
  /** Absolute. */
  readonly url: string
  readonly headers: Headers
  readonly body: Uint8Array
}

/** One service. Interrupted when its client leaves. */
export type Handler<R = never> = (request: Request) => Effect.Effect<Behaviour, never, R>
