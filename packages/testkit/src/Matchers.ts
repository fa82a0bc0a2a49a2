/**
 * What test runners are told about runs: one table of matchers for vitest and jest, and the same as plain assertions for
 * node:test and everything else that throws.
 *
 * It imports no runner: `expect.extend(matchers)` is the whole set-up. Golden files are compared byte for byte; they are
 * written with `TENUTO_UPDATE=1`, or by the runner's own `-u`, and never in CI without being asked.
 *
 * ```ts
 * // in a set-up file of vitest 5; version 4 wants `interface Matchers<T> extends Matching<void> {}`, and jest the module
 * // "expect" with `interface Matchers<R> extends Matching<R> {}`
 * import { expect } from "vitest"
 * import { matchers, type Matching } from "@tenuto/testkit/Matchers"
 *
 * expect.extend(matchers)
 * declare module "vitest" {
 *   interface Matchers<R extends void | Promise<void>, T> extends Matching<R> {}
 * }
 * ```
 *
 * @example
 * ```ts
 * import { assert } from "@tenuto/testkit/Matchers"
 *
 * const timeline = "tenuto timeline v2\n         0 ms  service  received              GET /songs\n"
 * assert.toMatchTimeline(timeline, timeline)
 * ```
 */
import { difference, goldenOf, insist } from "./internal/golden.ts"

/** What a runner expects of a matcher. */
export interface Verdict {
  readonly pass: boolean
  readonly message: () => string
}

/** A run's text: by itself, of a kit, or of what was played. */
export type Timed = string | { readonly timeline: string | (() => string) }

/** The matchers as a runner's `expect` has them, to be merged into its types. */
export interface Matching<R> {
  /** Is this text, or that of this golden file: `new URL("golden/song.txt", import.meta.url)`. */
  readonly toMatchTimeline: (expected: string | URL) => R
}

const textOf = (timed: Timed): string => {
  if (typeof timed === "string") return timed
  return typeof timed.timeline === "string" ? timed.timeline : timed.timeline()
}

function toMatchTimeline(this: object, received: Timed, expected: string | URL): Verdict {
  const text = textOf(received)
  const wanted = typeof expected === "string" ? expected : goldenOf(expected, text, this)
  if (wanted === undefined) {
    const message = `there is no golden file ${String(expected)}: run once with TENUTO_UPDATE=1 and commit what it writes`
    return { pass: false, message: () => message }
  }
  const differs = difference(wanted, text)
  return {
    pass: differs === undefined,
    message: () => (differs === undefined ? "the timeline is the same text" : `the timeline is another: ${differs}`),
  }
}

/** For `expect.extend`. */
export const matchers = { toMatchTimeline }

/** The same for runners without matchers: each throws an `Error` that says what is wrong. */
export const assert = {
  toMatchTimeline: (received: Timed, expected: string | URL): void =>
    insist(toMatchTimeline.call({}, received, expected)),
}
