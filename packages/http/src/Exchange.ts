/**
 * A request and a response as plain data, the same on every carrier.
 *
 * It never opens a socket and never shows a secret: credentials and signed
 * links ride as `Redacted` values until a transport writes them to the wire.
 */
import * as Redacted from "effect/Redacted"
import type * as Stream from "effect/Stream"
import type { Unanswered } from "./Transport.ts"

/** Text that may be a secret; printing it never shows one. */
export type Text = string | Redacted.Redacted<string>

/** Header names are lower case; a header sent twice is joined with `", "`. */
export type Headers = Readonly<Record<string, string>>

/** One request. `url` is absolute. */
export interface Request {
  readonly method: string
  readonly url: Text
  readonly headers: Readonly<Record<string, Text>>
  readonly body?: Uint8Array
}

/** A whole answer, judged by nobody yet: every status is an answer, redirects included. */
export interface Response {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
}

/** An answer whose body is still arriving. */
export interface Opened {
  readonly status: number
  readonly headers: Headers
  readonly body: Stream.Stream<Uint8Array, Unanswered>
}

/** Read text that may be a secret. For transports, at the wire. */
export const reveal = (text: Text): string => (Redacted.isRedacted(text) ? Redacted.value(text) : text)
