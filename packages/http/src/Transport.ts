/**
 * The port to the network: send one request once; learn its answer, or how far it got.
 *
 * It never retries, follows no redirect, judges no status, and claims nothing
 * it cannot prove.
 *
 * ```text
 * send ──▶ Response                 the service answered
 *      ──▶ Unsent                   proved: no byte of the request left this process
 *      ──▶ Unanswered               anything else: it may have been read and acted upon
 * ```
 *
 * Law 3: without a key nothing is sent again unless it is *proved* that it never left.
 * Law 7: the time-out bounds the whole exchange; interrupting closes the socket at once.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import type * as Exchange from "@tenuto/http/Exchange"
 * import { Transport, Unanswered } from "@tenuto/http/Transport"
 *
 * // A test double: it gives its answers one after the other, and then loses every request.
 * export const scripted = (...answers: ReadonlyArray<Exchange.Response>) =>
 *   Layer.sync(Transport, () => {
 *     const left = answers.values()
 *     const lost = Effect.fail(new Unanswered({ problem: "Reset", detail: "the script is over" }))
 *     return Transport.of({
 *       send: () =>
 *         Effect.suspend(() => {
 *           const { value } = left.next()
 *           return value === undefined ? lost : Effect.succeed(value)
 *         }),
 *       open: () => lost,
 *     })
 *   })
 * ```
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type * as Exchange from "./Exchange.ts"

/** Proved: the request never left this process. Sending it again cannot do anything twice. */
export class Unsent extends Schema.TaggedError<Unsent>()("Unsent", {
  problem: Schema.Literals(["NameNotFound", "Refused", "Unreachable", "ConnectTimeout", "Tls", "InvalidRequest"]),
  detail: Schema.String,
  /** The setting that is at fault, where one is. No transport says so. */
  setting: Schema.optionalKey(Schema.Literals(["apiKey", "account"])),
}) {
  override get message() {
    return `the request never left: ${this.detail}`
  }
}

/** The request may have been read; no usable answer came back. */
export class Unanswered extends Schema.TaggedError<Unanswered>()("Unanswered", {
  problem: Schema.Literals(["Reset", "Timeout", "Truncated", "TooLarge", "Malformed", "Opaque", "Unknown"]),
  detail: Schema.String,
}) {
  override get message() {
    return `the request may have arrived, no usable answer came back: ${this.detail}`
  }
}

/** What bounds an exchange, and how careful it is to be. */
export interface Limits {
  /** How long the whole exchange may take. */
  readonly timeout: Duration.Duration
  /** How many bytes of body, decoded, are read before the answer counts as `TooLarge`. */
  readonly maxBytes: bigint
  /**
   * Whether the service does the same if the request arrives twice (RFC 9110, 9.2.2). A request that is not idempotent
   * goes on a connection of its own where the platform gives one: on a used one, which the server may just be closing, it
   * would be in doubt, and some platforms send it again. Default: as its method says, see `isIdempotent`.
   */
  readonly idempotent?: boolean
}

/** Tell whether a request may arrive twice: as the caller says, else by its method, as RFC 9110 defines it. */
export const isIdempotent = (
  { method }: Pick<Exchange.Request, "method">,
  { idempotent }: Pick<Limits, "idempotent">,
) => idempotent ?? /^(GET|HEAD|OPTIONS|TRACE|PUT|DELETE)$/.test(method)

/** An answer whose body is still arriving. */
export interface Opened {
  readonly status: number
  readonly headers: Exchange.Headers
  readonly body: Stream.Stream<Uint8Array, Unanswered>
}

/** Carries requests. Layers: `@tenuto/transport-node`, `@tenuto/transport-fetch`, any emulator. */
export class Transport extends Context.Service<
  Transport,
  {
    /** Send once and read the whole answer. Errors: `Unsent`, `Unanswered`. */
    readonly send: (request: Exchange.Request, limits: Limits) => Effect.Effect<Exchange.Response, Unsent | Unanswered>
    /**
     * Send once and stream the answer; closing the scope closes the socket.
     * The time-out bounds connecting and the answer's first line; silence within the body is bounded by the same span.
     * Errors: `Unsent`, `Unanswered`; the stream's: `Unanswered`.
     */
    readonly open: (
      request: Exchange.Request,
      limits: Omit<Limits, "maxBytes">,
    ) => Effect.Effect<Opened, Unsent | Unanswered, Scope.Scope>
  }
>()("@tenuto/http/Transport") {}
