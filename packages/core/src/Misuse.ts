/**
 * An argument that cannot be what was meant: the caller's program is wrong, and nothing was sent.
 *
 * It says nothing of any work and is no `Failure`. Promises reject with it; in Effect it is a defect, for types rule it out.
 *
 * @example
 * ```ts
 * import * as Misuse from "@tenuto/core/Misuse"
 *
 * console.log(Misuse.duration("within", 5)?.message)
 * // within is the number 5; give a span with a unit, such as "5 minutes": nothing was sent
 * ```
 */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Handle } from "./Handle.ts"

/** `argument` is what was given wrongly, `given` says what it is and `wanted` what it should be. */
export class Misuse extends Data.TaggedError("Misuse")<{
  readonly argument: string
  readonly given: string
  readonly wanted: string
}> {
  override get message() {
    return `${this.argument} is ${this.given}; give ${this.wanted}: nothing was sent`
  }
}

/** Say in a few words what a value is, and nothing of what it holds: it may be a secret. */
const kindOf = (value: unknown): string => {
  if (value === undefined) return "missing"
  if (value === null) return "null"
  if (typeof value === "number" || typeof value === "bigint") return `the number ${value}`
  if (typeof value === "string" && value.trim() === "") return "empty"
  return Array.isArray(value) ? "a list" : typeof value === "string" ? "text" : `of the type ${typeof value}`
}

/** Describe an argument that is wrong. */
export const of = (argument: string, value: unknown, wanted: string): Misuse =>
  new Misuse({ argument, given: kindOf(value), wanted })

/** A span with its unit: `"5 minutes"`, a `Duration`, `{ minutes: 5 }`. Of a bare number nobody can say what it counts. */
export type Span = Exclude<Duration.Input, number | bigint>

/** What is wrong with a span, if anything is. */
export const duration = (argument: string, value: Duration.Input | null | undefined): Misuse | undefined => {
  if (value === undefined) return undefined
  const isBare = value === null || typeof value === "number" || typeof value === "bigint"
  return !isBare && Duration.fromInput(value)._tag === "Some"
    ? undefined
    : of(argument, value, 'a span with a unit, such as "5 minutes"')
}

/** What is wrong with a name that may be left out, if anything is. */
export const name = (argument: string, value: unknown): Misuse | undefined =>
  value === undefined || (typeof value === "string" && value.trim() !== "")
    ? undefined
    : of(argument, value, "text that is not empty, or leave it out")

/** What is wrong with a handle, if anything is. */
export const handle = (value: unknown): Misuse | undefined => {
  return Schema.is(Handle)(value)
    ? undefined
    : of("handle", value, "what submit gave; `Handle.read` makes it of its JSON")
}

/** Die of it, where there is one. */
export const check = (misuse: Misuse | undefined): Effect.Effect<void> =>
  misuse === undefined ? Effect.void : Effect.die(misuse)
