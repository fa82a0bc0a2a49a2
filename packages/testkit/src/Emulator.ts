/**
 * A service that does not exist: a function from a request to what its client experiences, playable in memory and on a
 * loopback port.
 *
 * It never judges the request; the handler does. Under `VirtualClock` both carriers tell the same story at the same
 * instants; under the live clock they simply run.
 *
 * Law 12: same seed, same story, in memory and over sockets.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Emulator from "@tenuto/testkit/Emulator"
 *
 * const choir: Emulator.Handler = ({ method }) =>
 *   Effect.succeed(
 *     method === "POST" ? Emulator.json(202, { id: "1", status: "singing" }) : Emulator.answer(405, "only POST here"),
 *   )
 * export const inMemory = Emulator.layerMemory(choir) // a Transport, for tests
 * export const served = Effect.gen(function* () {
 *   const { url } = yield* Emulator.serve(choir) // a port, for whatever speaks HTTP
 *   return yield* Effect.promise(() => fetch(url).then(({ status }) => status))
 * })
 * console.log(await Effect.runPromise(Effect.scoped(served))) // 405
 * ```
 */
import { Transport } from "@tenuto/http/Transport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Handler } from "./Handler.ts"
import { loopback } from "./internal/loopback.ts"
import { memory } from "./internal/memory.ts"

export { answer, Behaviour, json } from "./Behaviour.ts"
export type { Handler, Request } from "./Handler.ts"

/** The port could not be opened. */
export class Unserved extends Schema.TaggedError<Unserved>()("Unserved", { detail: Schema.String }) {
  override get message() {
    return `the emulator does not listen: ${this.detail}`
  }
}

/** Where to listen, and how much to read. */
export interface ServeOptions {
  /** Default: 0, any free port. */
  readonly port?: number
  /** Default: 127.0.0.1. */
  readonly host?: string
  /** Larger request bodies are answered with 413. Default: 16 MiB. */
  readonly maxBytes?: bigint
  /** Whether a process goes on for as long as it listens. Default: yes. */
  readonly keepsAlive?: boolean
}

/** Where an emulator listens. */
export interface Served {
  /** `http://host:port`, without a slash at its end. */
  readonly url: string
  readonly port: number
}

/** Carry requests to a handler without a socket, as the transport. It answers for every origin. */
export const layerMemory = <R>(handler: Handler<R>): Layer.Layer<Transport, never, Exclude<R, Scope.Scope>> =>
  Layer.effect(Transport, memory(handler))

/**
 * Listen on a loopback port until the scope closes. A page of `http://localhost`, `127.0.0.1` or `[::1]`, on any port, may call it: a
 * preflight (CORS) is answered here, and the handler sees none.
 *
 * Errors: `Unserved`.
 */
export const serve = <R>(
  handler: Handler<R>,
  options: ServeOptions = {},
): Effect.Effect<Served, Unserved, R | Scope.Scope> =>
  loopback(handler, {
    port: options.port ?? 0,
    host: options.host ?? "127.0.0.1",
    maxBytes: options.maxBytes ?? 16n * 1024n * 1024n,
    keepsAlive: options.keepsAlive ?? true,
  }).pipe(Effect.mapError((detail) => new Unserved({ detail })))
