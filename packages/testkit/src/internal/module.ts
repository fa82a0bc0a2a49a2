/** Where a suite stands: paths from the directory of the process, and the way back from a path to the suite. */
import { builtin } from "./builtin.ts"
import { later } from "./host.ts"
import type { Suite } from "./story.ts"

/** What modules are found with; nothing where they are no files. */
const finding = () => {
  const [path, url] = [builtin("node:path"), builtin("node:url")]
  return path === undefined || url === undefined ? undefined : { path, url }
}

/** The path of a module, by its address or its name, from here, with `/` on every system; `undefined` for what is no file. */
export const pathOf = (from: string): string | undefined => {
  const found = finding()
  if (found === undefined) return undefined
  const { path, url } = found
  const file = from.startsWith("file:") ? url.fileURLToPath(from.replace(/[?#].*$/, "")) : from
  return path.isAbsolute(file) ? path.relative(process.cwd(), file).split(path.sep).join("/") : undefined
}

/** Nothing can be replayed from there: neither a file, nor the command itself. Where there are no files, nobody can tell. */
export const isLost = (from: string): boolean =>
  from !== "tenuto" && finding() !== undefined && pathOf(from) === undefined

export const isSuite = (value: unknown): value is Suite =>
  typeof value === "object" &&
  value !== null &&
  "name" in value &&
  typeof value.name === "string" &&
  "tell" in value &&
  typeof value.tell === "function" &&
  "kinds" in value &&
  Array.isArray(value.kinds)

/** Import a module; one that awaits for ever at its top is given up. Its rejection keeps the process alive until then. */
const imported = (url: string, within: number): Promise<Readonly<Record<string, unknown>>> =>
  new Promise((resolve, reject) => {
    const late = () =>
      reject(new Error(`it had not been imported after ${within} ms: what it awaits at its top never ends`))
    const disarm = later(within, late)
    import(url).then(resolve, reject).finally(disarm)
  })

/**
 * The suites that a module exports, each once, or why it cannot be read. A path that leaves the directory is not
 * followed. `within` are real milliseconds.
 */
export const suitesOf = async (module: string, within: number): Promise<ReadonlyArray<Suite> | string> => {
  const found = finding()
  if (found === undefined) return `${module} is a file, and there are none here: run the command where there is Node.js`
  const { path, url } = found
  const file = path.resolve(module)
  const relative = path.relative(process.cwd(), file)
  if (relative === "" || /^\.\.(?:[\\/]|$)/.test(relative) || path.isAbsolute(relative)) {
    return `${module} is not below ${process.cwd()}, and a path that leads out is not followed: run the test, and this command, in a directory above it`
  }
  try {
    const exported = await imported(url.pathToFileURL(file).href, within)
    return [...new Set(Object.values(exported).flat())].filter(isSuite)
  } catch (thrown) {
    return `${module} cannot be imported: ${thrown instanceof Error ? thrown.message : String(thrown)}`
  }
}
