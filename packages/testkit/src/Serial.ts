/**
 * Ids from a seed and a count, in the form that a service gives them.
 *
 * It never draws chance and guards nothing: an id can be guessed by whoever knows the seed.
 *
 * Law 12: the same seed and count give the same id; another count gives another.
 *
 * @example
 * ```ts
 * import * as Serial from "@tenuto/testkit/Serial"
 *
 * const run = Serial.make({ prefix: "run_", letters: Serial.alphanumeric, length: 16, kind: "run" })
 * console.log(run(0, 0), run(0, 1), Serial.uuid("job")(0, 0))
 * ```
 */
import { hash } from "./internal/hash.ts"

/** How an id looks. */
export interface Form {
  readonly prefix?: string
  /** Default: `lower`. */
  readonly letters?: string
  /** How many letters follow the prefix. */
  readonly length: number
  /** Two kinds of things with one count have ids that look nothing alike. */
  readonly kind?: string
}

/** Names the nth thing of a seed. */
export type Serial = (seed: number, count: number) => string

export const hex = "0123456789abcdef"
/** Digits and lower case letters. */
export const lower = "0123456789abcdefghijklmnopqrstuvwxyz"
/** Digits and letters of both cases. */
export const alphanumeric = `${lower}ABCDEFGHIJKLMNOPQRSTUVWXYZ`

/** Give ids of one form. */
export const make =
  ({ kind = "", length, letters = lower, prefix = "" }: Form): Serial =>
  (seed, count) => {
    const start = kind === "" ? seed : seed ^ hash(kind)
    let state = (Math.imul(start, 0x9e3779b1) + Math.imul(count, 0x85ebca6b) + 1) | 0
    const draw = () => {
      state = (state + 0x6d2b79f5) | 0
      const mixed = Math.imul(state ^ (state >>> 15), state | 1)
      return letters.charAt(((mixed ^ (mixed >>> 14)) >>> 0) % letters.length)
    }
    return prefix + Array.from({ length }, draw).join("")
  }

/** Give UUIDs that say they were drawn by chance (version 4). */
export const uuid = (kind?: string): Serial => {
  const digits = make({ letters: hex, length: 31, ...(kind === undefined ? {} : { kind }) })
  return (seed, count) => {
    const text = digits(seed, count)
    const variant = hex.charAt(8 + (hex.indexOf(text.charAt(30)) % 4))
    const third = `4${text.slice(12, 15)}`
    return `${text.slice(0, 8)}-${text.slice(8, 12)}-${third}-${variant}${text.slice(15, 18)}-${text.slice(18, 30)}`
  }
}
