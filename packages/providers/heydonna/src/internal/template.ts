/**
 * The list of templates, passed on as it came: no page shows it.
 *
 * Whatever stands in it would be kept in a journal, and an address may be signed or a secret by itself. So every address
 * becomes an artifact, whose link is kept in memory only, and one inside a longer text is cut down to its host.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Artifact from "@tenuto/core/Artifact"
import type { Handle } from "@tenuto/core/Handle"
import * as Json from "@tenuto/http/Json"

const readJson = Json.decoder(Schema.Json, "the list")

/** What is nested deeper is no list, and would break whoever keeps it by recursion. */
const deepest = 256

/** Read the list, or say what is wrong with it. */
export const read = (body: unknown, handle: Handle): Result.Result<Artifact.Tree, string> =>
  isTooDeep(body)
    ? Result.fail(`the list is nested more than ${deepest} levels deep`)
    : Result.map(readJson(body), (json) => tree(json, handle, []))

/** Not recursive, for the same reason. */
const isTooDeep = (body: unknown): boolean => {
  let level = branches([body])
  for (let depth = 0; level.length > 0; depth++) {
    if (depth === deepest) return true
    level = level.flatMap((branch) => branches(Object.values(branch)))
  }
  return false
}

const branches = (values: ReadonlyArray<unknown>): ReadonlyArray<object> =>
  values.filter((value) => typeof value === "object" && value !== null)

const tree = (json: Schema.Json, handle: Handle, path: ReadonlyArray<string | number>): Artifact.Tree => {
  if (typeof json === "string") return textOf(json, handle, path)
  if (typeof json !== "object" || json === null) return json
  if (isList(json)) return json.map((item, index) => tree(item, handle, [...path, index]))
  const members = Object.entries(json).map(([name, item]) => [cut(name), item] as const)
  return Object.fromEntries(members.map(([name, item]) => [name, tree(item, handle, [...path, name])]))
}

const isList = (json: Schema.Json): json is ReadonlyArray<Schema.Json> => Array.isArray(json)

const textOf = (text: string, handle: Handle, path: ReadonlyArray<string | number>): Artifact.Tree =>
  /^https?:\S+$/i.test(text) && URL.canParse(text)
    ? new Artifact.Artifact({ name: path.map(partOf).join("."), handle, link: Artifact.link(text) })
    : cut(text)

/** A name may hold a dot itself: two places never share a name (RFC 6901, 3, with a dot for its slash). */
const partOf = (part: string | number): string => String(part).replaceAll("~", "~0").replaceAll(".", "~1")

const cut = (text: string): string =>
  text.replace(/https?:\/\/[^\s"'<>]+/gi, (address) => (URL.canParse(address) ? `${new URL(address).origin}/…` : "…"))
