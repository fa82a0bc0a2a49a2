/** Golden files, where there are files. */
import { builtin } from "./builtin.ts"

const env = (name: string): string | undefined => (globalThis as Partial<typeof globalThis>).process?.env[name]

/** Vitest and jest keep what they were asked in a private member of what they tell a matcher about themselves. */
const isAsked = (runner: object): boolean => {
  const state: unknown = Reflect.get(runner, "snapshotState")
  const isAll = typeof state === "object" && state !== null && Reflect.get(state, "_updateSnapshot") === "all"
  return isAll || env("TENUTO_UPDATE") === "1"
}

/**
 * The text of a golden file; one that is asked for is written with `text` first, and one that is not there yet is, but
 * not in CI. `undefined`: there is none.
 */
export const goldenOf = (file: URL, text: string, runner: object): string | undefined => {
  const files = builtin("node:fs")
  if (files === undefined) return undefined
  const isThere = files.existsSync(file)
  if (isAsked(runner) || (!isThere && env("CI") === undefined)) {
    files.mkdirSync(new URL(".", file), { recursive: true })
    files.writeFileSync(file, text)
    return text
  }
  return isThere ? files.readFileSync(file, "utf8") : undefined
}

/** The first line in which two texts differ, with what leads up to it. How lines end is git's affair, and the same. */
export const difference = (written: string, received: string): string | undefined => {
  const expected = written.replaceAll("\r\n", "\n")
  if (expected === received) return undefined
  if (expected === `${received}\n`) return "what was expected has one more newline at its end"
  if (received === `${expected}\n`) return "what was expected lacks the newline at its end"
  const [theirs, ours] = [expected.split("\n"), received.split("\n")]
  const at = theirs.findIndex((line, i) => line !== ours[i])
  const line = at === -1 ? theirs.length : at
  const before = theirs.slice(Math.max(0, line - 3), line).map((text) => `    ${text}`)
  const lines = [...before, `  - ${theirs[line] ?? "(the end)"}`, `  + ${ours[line] ?? "(the end)"}`]
  return `line ${line + 1} differs, - expected, + received:\n${lines.join("\n")}`
}
