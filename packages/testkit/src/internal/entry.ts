/** What a timeline is made of. */
import type * as Duration from "effect/Duration"

/** Who did it: the program, the wire between, the service, or whoever carries and receives its letters. */
export type Lane = "client" | "wire" | "service" | "webhooks"

/** Which way it goes: towards the service, or back from it; a pause; a fault that was played; or anything else. */
export type Kind = "sends" | "answers" | "pause" | "fault" | "note"

/** Facts for whoever looks closer: a status, a reason, what the service asked for. Never a header's or a body's text. */
export type Evidence = Readonly<Record<string, string | number | boolean>>

/** The piece of work that an entry of the client is about. */
export interface About {
  /** The same for everything about one piece of work. */
  readonly work: string
  /** The operation, and the key, reference or id it goes by. */
  readonly name: string
  /** What is true of it then: a state of the machine, or how it ended. */
  readonly state: string
  /** Further words. */
  readonly says: string
}

/** One thing that happened; `at` and `until` count from the beginning of the timeline. */
export interface Entry {
  readonly at: Duration.Duration
  readonly lane: Lane
  readonly kind: Kind
  readonly what: string
  readonly detail: string
  /** When a pause is to be over; something may end it sooner. */
  readonly until?: Duration.Duration
  readonly about?: About
  readonly evidence?: Evidence
}
