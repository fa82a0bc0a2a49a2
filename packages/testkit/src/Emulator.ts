/**
 * A service that does not exist: a function from a request to what its client experiences, playable in memory and on a
 * loopback port.
 *
 * It never judges the request; the handler does. Under `VirtualClock` both carriers tell the same story at the same
 * instants; under the live clock they simply run.
 *
 * Law 12: same seed, same story, in memory and over sockets.
 */
import type { Headers, Response } from "@tenuto/http/Exchange"
import { Transport } from "@tenuto/http/Transport"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { loopback } from "./internal/loopback.ts"
import { memory } from "./internal/memory.ts"

/** A request as a service reads it: the same on both carriers, without the headers that belong to one connection. */
export interface Request {
  readonly method: string
  /** Absolute. */
  readonly url: string
  readonly headers: Headers
  readonly body: Uint8Array
}

/** What a client experiences. */
export type Behaviour = Data.TaggedEnum<{
  /** An answer, whatever its status. */
  readonly Answered: { readonly response: Response }
  /** An answer that takes its time: before its first line, and before each piece of its body. */
  readonly Slowed: {
    readonly response: Response
    readonly head: Duration.Duration
    readonly piece: { readonly bytes: number; readonly every: Duration.Duration } | undefined
  }
  /** An answer whose connection closes, or is reset, after `bytes` bytes of its body. */
  readonly Truncated: { readonly response: Response; readonly bytes: number; readonly isReset: boolean }
  /** An answer that states another length than it has. */
  readonly Misdeclared: { readonly response: Response; readonly declared: number }
  /** Bytes that are not HTTP. */
  readonly Garbled: { readonly bytes: Uint8Array }
  /** The connection is reset before a byte of an answer. */
  readonly Reset: {}
  /** No answer, ever; the connection stays open. */
  readonly Hung: {}
  /** Nobody listens. A loopback port that listens cannot play it, and resets. */
  readonly Refused: {}
  /** The host has no address. A loopback port cannot play it, and resets. */
  readonly Unnamed: {}
}>

export const Behaviour = Data.taggedEnum<Behaviour>()

/** One service. Interrupted when its client leaves. */
export type Handler<R = never> = (request: Request) => Effect.Effect<Behaviour, never, R>

/** The port could not be opened. */
export class Unserved extends Schema.TaggedError<Unserved>()("Unserved", { detail: Schema.String }) {
  override get message() {
    return `the emulator does not listen: ${this.detail}`
  }
}

export interface ServeOptions {
  /** Default: 0, any free port. */
  readonly port?: number
  /** Default: 127.0.0.1. */
  readonly host?: string
  /** Larger request bodies are answered with 413. Default: 16 MiB. */
  readonly maxBytes?: bigint
}

/** Where an emulator listens. */
export interface Served {
  /** `http://host:port`, without a slash at its end. */
  readonly url: string
  readonly port: number
}

const text = new TextEncoder()

/** Answer in JSON. */
export const json = (status: number, body: Schema.Json, headers: Headers = {}): Behaviour =>
  Behaviour.Answered({
    response: {
      status,
      headers: { "content-type": "application/json", ...headers },
      body: text.encode(JSON.stringify(body)),
    },
  })

/** Answer in text, or in bytes of a type of your own. */
export const answer = (status: number, body: string | Uint8Array = "", headers: Headers = {}): Behaviour =>
  Behaviour.Answered({
    response: { status, headers, body: typeof body === "string" ? text.encode(body) : body },
  })

/** Carry requests to a handler without a socket. It answers for every origin. */
export const layerMemory = <R>(handler: Handler<R>): Layer.Layer<Transport, never, Exclude<R, Scope.Scope>> =>
  Layer.effect(Transport, memory(handler))

/** Listen on a loopback port until the scope closes. Errors: `Unserved`. */
export const serve = <R>(
  handler: Handler<R>,
  options: ServeOptions = {},
): Effect.Effect<Served, Unserved, R | Scope.Scope> =>
  Effect.mapError(
    loopback(handler, {
      port: options.port ?? 0,
      host: options.host ?? "127.0.0.1",
      maxBytes: options.maxBytes ?? 16n * 1024n * 1024n,
    }),
    (detail) => new Unserved({ detail }),
  )
