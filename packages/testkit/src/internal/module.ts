/** Where a suite stands: paths from the directory of the process, and the way back from a path to the suite. */
import { builtin } from "./builtin.ts"
import type { Suite } from "./story.ts"

/** What modules are found with; nothing where they are no files. */
const finding = () => {
  const [path, url] = [builtin("node:path"), builtin("node:url")]
  return path === undefined || url === undefined ? undefined : { path, url }
}

/** The path of a module from here, with `/` on every system; `undefined` for what is no file. */
export const pathOf = (from: string): string | undefined => {
  const found = finding()
  if (found === undefined || !from.startsWith("file:")) return undefined
  const { path, url } = found
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
  const found = finding()
  if (found === undefined) return `${module} is a file, and there are none here: run the command where there is Node.js`
  const { path, url } = found
  const file = path.resolve(module)
  const relative = path.relative(process.cwd(), file)
  if (relative === "" || relative.startsWith("..") || path.isAbsolute(relative)) {
    return `${module} is not below ${process.cwd()}: run the command where the test ran`
  }
  try {
    const exported: unknown = await import(url.pathToFileURL(file).href)
    return Object.values(exported as Readonly<Record<string, unknown>>) // a module is an object of its exports
      .flat()
      .filter(isSuite)
  } catch (thrown) {
    return `${module} cannot be imported: ${thrown instanceof Error ? thrown.message : String(thrown)}`
  }
}
