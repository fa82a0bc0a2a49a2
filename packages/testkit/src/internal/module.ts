/** Where a suite stands: paths from the directory of the process, and the way back from a path to the suite. */
import type { Suite } from "./story.ts"

const node = () => Promise.all([import("node:path"), import("node:url")])

/** The path of a module from here, with `/` on every system; `undefined` for what is no file. */
export const pathOf = async (from: string): Promise<string | undefined> => {
  if (!from.startsWith("file:")) return undefined
  const [path, url] = await node()
  const file = url.fileURLToPath(from.replace(/[?#].*$/, ""))
  return path.relative(process.cwd(), file).split(path.sep).join("/")
}

const isSuite = (value: unknown): value is Suite =>
  typeof value === "object" &&
  value !== null &&
  "name" in value &&
  typeof value.name === "string" &&
  "tell" in value &&
  typeof value.tell === "function" &&
  "kinds" in value &&
  Array.isArray(value.kinds)

/** The suites that a module exports, or why it cannot be read. A path that leaves the directory is not followed. */
export const suitesOf = async (module: string): Promise<ReadonlyArray<Suite> | string> => {
  const [path, url] = await node()
  const file = path.resolve(module)
  const relative = path.relative(process.cwd(), file)
  if (relative === "" || relative.startsWith("..") || path.isAbsolute(relative)) {
    return `${module} is not below ${process.cwd()}: run the command where the test ran`
  }
  try {
    const found: unknown = await import(url.pathToFileURL(file).href)
    return Object.values(found as Readonly<Record<string, unknown>>) // a module is an object of its exports
      .flat()
      .filter(isSuite)
  } catch (thrown) {
    return `${module} cannot be imported: ${thrown instanceof Error ? thrown.message : String(thrown)}`
  }
}
