/**
 * What test runners are told about runs: one table of matchers for vitest and jest, and the same as plain assertions for
 * node:test and everything else that throws.
 *
 * It imports no runner: `expect.extend(matchers)` is the whole set-up. Golden files are compared byte for byte, but for how git
 * ends their lines; they are written with `TENUTO_UPDATE=1`, or by the runner's own `-u`, and never in CI without being asked.
 *
 * ```ts
 * // in a set-up file of vitest 5; version 4 and "bun:test" want `interface Matchers<T> extends Matching<void> {}`, and jest
 * // the module "expect" with `interface Matchers<R extends void | Promise<void>> extends Matching<R> {}`
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
import { judge, type Run, type Violation } from "./Checks.ts"
import type { Kit, Known } from "./Kit.ts"
import { isKit, isRun, silent, unjudged } from "./internal/judged.ts"
import { difference, goldenOf } from "./internal/golden.ts"
import { insist } from "./internal/insist.ts"
import { unfitOf } from "./internal/unfit.ts"

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
  /** Is a kit, or a run, that asked its service for something and breaks none of `Checks`: `await expect(kit).toPassChecks({ secrets: [apiKey] })`. */
  readonly toPassChecks: (known?: Known) => Promise<void>
}

/** What can be judged: a kit, or a run as `Checks.judge` takes it. */
export type Judged = Pick<Kit<unknown>, "judge" | "transcript"> | Run

/** Runners give a matcher whatever their user has. */
const textOf = (received: unknown): string | undefined => {
  if (typeof received === "string") return received
  if (typeof received !== "object" || received === null || !("timeline" in received)) return undefined
  const { timeline } = received
  const text: unknown = typeof timeline === "function" ? Reflect.apply(timeline, received, []) : timeline
  return typeof text === "string" ? text : undefined
}

const golden = 'new URL("golden/song.txt", import.meta.url)'
/** One line that ends as the name of a file does: no timeline. */
const isPath = (expected: unknown): boolean => typeof expected === "string" && /^[^\n]+\.\w+$/.test(expected)

function toMatchTimeline(this: object, received: unknown, expected?: string | URL): Verdict {
  const text = textOf(received)
  if (text === undefined) return unjudged(this, "this has no timeline: expect a text, a kit, or what was played")
  if (expected === undefined)
    return unjudged(this, `there is nothing to compare it with: give a text, or a file: ${golden}`)
  if (isPath(expected)) return unjudged(this, `"${String(expected)}" is compared as a text: give a file as ${golden}`)
  const wanted = typeof expected === "string" ? expected : goldenOf(expected, text, this)
  if (wanted === undefined) {
    return unjudged(
      this,
      `there is no golden file ${String(expected)}: run once with TENUTO_UPDATE=1 and commit what it writes`,
    )
  }
  const differs = difference(wanted, text)
  return {
    pass: differs === undefined,
    message: () => (differs === undefined ? "the timeline is the same text" : `the timeline is another: ${differs}`),
  }
}

const judged = async (received: unknown, known: Known): Promise<ReadonlyArray<Violation> | undefined> => {
  if (typeof received !== "object" || received === null) return undefined
  if (isKit(received)) return received.judge(known)
  if (!isRun(received)) return undefined
  const unfit = unfitOf("judge", known)
  if (unfit !== undefined) return Promise.reject(unfit)
  return [...silent(received, "a run without a request is right for nothing"), ...judge({ ...received, ...known })]
}

async function toPassChecks(this: object, received: unknown, known: Known = {}): Promise<Verdict> {
  const violations = await judged(received, known)
  if (violations === undefined) return unjudged(this, "this was not played: expect a kit, or a run")
  const lines = violations.map(({ check, says }) => `  ${check}: ${says}`)
  return {
    pass: lines.length === 0,
    message: () => (lines.length === 0 ? "the run breaks no check" : `the run breaks checks:\n${lines.join("\n")}`),
  }
}

/** For `expect.extend`. */
export const matchers = { toMatchTimeline, toPassChecks }

/** The same for runners without matchers: each throws an `Error` that says what is wrong. */
export const assert = {
  toMatchTimeline: (received: Timed, expected: string | URL): void =>
    insist(toMatchTimeline.call({}, received, expected)),
  toPassChecks: async (received: Judged, known?: Known): Promise<void> =>
    insist(await toPassChecks.call({}, received, known)),
}
