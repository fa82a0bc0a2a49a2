/**
 * A service as a function, from a request to a behaviour.
 *
 * It never learns what carries it: both carriers show it the same request.
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
