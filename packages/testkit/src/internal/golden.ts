/** Golden files, where there are files. */
import { builtin } from "./builtin.ts"

/** What a runner tells a matcher about itself; vitest and jest keep what they were asked in a private member. */
export interface State {
  readonly snapshotState?: object
}

const env = (name: string): string | undefined => (globalThis as Partial<typeof globalThis>).process?.env[name]

const isAsked = ({ snapshotState }: State): boolean =>
  (snapshotState !== undefined && Reflect.get(snapshotState, "_updateSnapshot") === "all") ||
  env("TENUTO_UPDATE") === "1"

/**
 * The text of a golden file; one that is asked for is written with `text` first, and one that is not there yet is, but
 * not in CI. `undefined`: there is none.
 */
export const goldenOf = (file: URL, text: string, state: State): string | undefined => {
  const files = builtin("node:fs")
  if (files === undefined) return undefined
  const isThere = files.existsSync(file)
  if (isAsked(state) || (!isThere && env("CI") === undefined)) {
    files.mkdirSync(new URL(".", file), { recursive: true })
    files.writeFileSync(file, text)
    return text
  }
  return isThere ? files.readFileSync(file, "utf8") : undefined
}

/** The first line in which two texts differ, with what leads up to it. */
export const difference = (expected: string, received: string): string | undefined => {
  if (expected === received) return undefined
  const [theirs, ours] = [expected.split("\n"), received.split("\n")]
  const at = theirs.findIndex((line, i) => line !== ours[i])
  const line = at === -1 ? theirs.length : at
  const before = theirs.slice(Math.max(0, line - 3), line).map((text) => `    ${text}`)
  const lines = [...before, `  - ${theirs[line] ?? "(the end)"}`, `  + ${ours[line] ?? "(the end)"}`]
  return `line ${line + 1} differs, - expected, + received:\n${lines.join("\n")}`
}

/** The one place that throws: whoever calls an assertion expects it to. */
export const insist = (verdict: { readonly pass: boolean; readonly message: () => string }): void => {
  if (!verdict.pass) throw new Error(verdict.message())
}
