/** What a service saw and said, as plain data: nobody needs Effect to read it. `Transcript` writes it. */
import type { Stage } from "./stages.ts"

/** Virtual seconds are sums of milliseconds: what is less than one apart is the same instant. */
export const grain = 0.0005

/** A whole answer, as the client got it. */
export interface Answer {
  /** Seconds since the beginning. */
  readonly at: number
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** As JSON, or as text where it is none; absent where it is neither. */
  readonly body?: unknown
}

/** How an exchange ended: as the behaviour is called, or `Left`, because the client went away. */
export type Ending =
  | "Answered"
  | "Slowed"
  | "Stalled"
  | "Truncated"
  | "Misdeclared"
  | "Garbled"
  | "Reset"
  | "Refused"
  | "Unnamed"
  | "Untrusted"
  | "Left"

/** A request as the service saw it, and what came of it. */
export interface Exchange {
  /** Seconds since the beginning. */
  readonly at: number
  /** Which part of the work it belongs to. */
  readonly stage?: Stage
  readonly origin: string
  readonly method: string
  readonly path: string
  /** A name that stands more than once has a list of its values. */
  readonly query: Readonly<Record<string, string | ReadonlyArray<string>>>
  readonly headers: Readonly<Record<string, string>>
  /** As JSON, or as text where it is none. */
  readonly body: unknown
  /** Absent where no whole answer came. */
  readonly answer?: Answer
  /** Absent while it is open. */
  readonly end?: { readonly at: number; readonly did: Ending }
  /** While it is open, where time goes on: the present, in seconds. Without it, it is open for good. */
  readonly openUntil?: number | undefined
  /** The name of the fault that was played on it. */
  readonly fault?: string
}

/** Work that the service created, from its own ledger. */
export interface Created {
  readonly id: string
  readonly key?: string | undefined
}

/** A fault of a letter: it is sent by the service, and is no exchange. */
export interface Letter {
  /** Seconds since the beginning. */
  readonly at: number
  readonly fault: string
}

/** What a service saw and said. */
export interface Transcript {
  /** The first instant, as ISO-8601: what `at` counts from. */
  readonly start: string
  /** In the order in which they came. */
  readonly exchanges: ReadonlyArray<Exchange>
  /** Absent where the service keeps no ledger. */
  readonly operations?: ReadonlyArray<Created>
  readonly letters?: ReadonlyArray<Letter>
}
