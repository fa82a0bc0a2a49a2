/**
 * What a service may do to one request, as its client experiences it.
 *
 * It plays nothing; a carrier does. Whatever a carrier cannot play is said beside the behaviour.
 *
 * @example
 * ```ts
 * import * as Duration from "effect/Duration"
 * import { answer, Behaviour } from "@tenuto/testkit/Behaviour"
 *
 * export const gateway = answer(502, "<h1>Bad Gateway</h1>", { "content-type": "text/html" })
 * export const dying = Behaviour.Reset()
 * const response = { status: 200, headers: {}, body: new TextEncoder().encode("sung") }
 * export const late = Behaviour.Slowed({ response, head: Duration.seconds(20), piece: undefined })
 * ```
 */
import type { Headers, Response } from "@tenuto/http/Exchange"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import type * as Schema from "effect/Schema"

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
  /** An answer that falls silent after `bytes` bytes of its body; the connection stays open. */
  readonly Stalled: { readonly response: Response; readonly bytes: number }
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
  /** The certificate is not accepted. A loopback port speaks plain HTTP, cannot play it, and resets. */
  readonly Untrusted: {}
}>

/** An answer: what `json` and `answer` give. */
export type Answered = Extract<Behaviour, { readonly _tag: "Answered" }>

/** Makes behaviours, and tells them apart: `Behaviour.Reset()`, `Behaviour.$is("Reset")`. */
export const Behaviour = Data.taggedEnum<Behaviour>()

const text = new TextEncoder()

/** Whoever reads an answer looks for its headers in lower case. */
const lower = (headers: Headers): Headers =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

/** Answer in JSON. */
export const json = (status: number, body: Schema.Json, headers: Headers = {}): Answered =>
  Behaviour.Answered({
    response: {
      status,
      headers: { "content-type": "application/json", ...lower(headers) },
      body: text.encode(JSON.stringify(body)),
    },
  })

/** Answer in text, or in bytes of a type of your own. */
export const answer = (status: number, body: string | Uint8Array = "", headers: Headers = {}): Answered =>
  Behaviour.Answered({
    response: { status, headers: lower(headers), body: typeof body === "string" ? text.encode(body) : body },
  })
