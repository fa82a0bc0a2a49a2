/** Says what a program without types gave in the place of an argument: which one, what it was, and what is wanted. */
import type { Issue } from "@tenuto/core/Reason"

const isObject = (value: unknown): value is object =>
  (typeof value === "object" && value !== null) || typeof value === "function"

const field = (value: unknown, name: string): unknown => (isObject(value) ? Reflect.get(value, name) : undefined)

/** What a value is, without what it holds: it may hold a secret. */
const named = (value: unknown): string => {
  if (value === undefined || value === null) return String(value)
  if (typeof value === "number") return `the number ${value}`
  if (typeof value === "string") return "a text"
  if (Array.isArray(value)) return "a list"
  const tag = field(value, "_tag")
  if (typeof tag === "string") return `a value tagged ${JSON.stringify(tag.slice(0, 40))}`
  return isObject(value) && typeof value !== "function" ? "an object" : `a ${typeof value}`
}

const issue = (path: string, given: unknown, wanted: string): Issue => ({
  path: [path],
  message: `it is ${named(given)}; give ${wanted}`,
})

const isTexts = (value: unknown, names: ReadonlyArray<string>): boolean =>
  names.every((name) => typeof field(value, name) === "string")

/** What is wrong with the arguments of a download. */
export const ofDownload = (
  operation: unknown,
  artifact: unknown,
  within: { readonly given: unknown; readonly isSpan: boolean },
): Issue | undefined => {
  if (!isTexts(operation, ["service", "name"]) || !isObject(field(operation, "contract"))) {
    return issue("operation", operation, "the operation that made the file, such as Soundpiece.newSong")
  }
  const isArtifact = isTexts(artifact, ["name"]) && isTexts(field(artifact, "handle"), ["service", "operation", "id"])
  if (!isArtifact) {
    return issue("artifact", artifact, "one file of the output, such as song.outputs[0].audio, and not what holds it")
  }
  if (typeof within.given === "number" || typeof within.given === "bigint" || !within.isSpan) {
    return issue("within", within.given, 'a span with its unit, such as "90 seconds"')
  }
  return undefined
}

/** What a text is, where one is wanted and anything may stand. */
export const textOf = (value: unknown): string => (typeof value === "string" ? value : "unknown")
