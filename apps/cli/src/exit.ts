/**
 * How the command ends: one number for every truth about the work.
 *
 * ```text
 *  0 succeeded   10 rejected   11 uncertain   12 failed   13 cancelled or expired   14 lost   15 overdue   16 unseen
 * 17 it waits for an answer of its caller
 *  1 less is covered than --min asks for
 * 64 usage   70 a defect of ours   73 a file cannot be written   74 the journal cannot be used   130 interrupted
 *  1 a story that was replayed is still red
 * ```
 */
import * as Schema from "effect/Schema"
import type { Tag } from "@tenuto/core/Failure"

/** Everything that ends a command other than well. */
export type Outcome = Tag | "Usage" | "Defect" | "Unwritten" | "Unusable" | "Interrupted" | "Uncovered"

export const codes: Readonly<Record<Outcome, number>> = {
  Uncovered: 1,
  Rejected: 10,
  Uncertain: 11,
  Failed: 12,
  Cancelled: 13,
  Expired: 13,
  Lost: 14,
  Overdue: 15,
  Unseen: 16,
  InputRequired: 17,
  Usage: 64,
  Defect: 70,
  Unwritten: 73,
  Unusable: 74,
  Interrupted: 130,
}

/** From grave to slight: what needs a person first stands first. */
const gravity: ReadonlyArray<Outcome> = [
  "Uncertain",
  "Lost",
  "Failed",
  "Rejected",
  "InputRequired",
  "Expired",
  "Cancelled",
  "Unusable",
  "Unwritten",
  "Unseen",
  "Overdue",
]

/** The gravest of several outcomes; `undefined` when all is well. */
export const gravest = (outcomes: ReadonlyArray<Outcome>): Outcome | undefined =>
  gravity.find((outcome) => outcomes.includes(outcome))

/** The command line cannot be followed: what is wrong, and the way out. */
export class Usage extends Schema.TaggedError<Usage>()("Usage", { problem: Schema.String, way: Schema.String }) {
  override get message() {
    return `${this.problem}\n  ${this.way}`
  }
}

/** The command has said all there is to say, and ends with this number. */
export class Ended extends Schema.TaggedError<Ended>()("Ended", { code: Schema.Int }) {}

export const ended = (outcome: Outcome): Ended => new Ended({ code: codes[outcome] })
