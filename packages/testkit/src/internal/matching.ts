/** Whether a request is the one that was recorded, and in what it differs if not. */
import type * as Schema from "effect/Schema"
import { binary, type Content, isList, isObject, type Members, unbounded } from "./content.ts"
import { placeholder } from "./secrecy.ts"

/** A request as it is compared: its query and body apart. */
export interface Likeness extends Content {
  readonly method: string
  readonly origin: string
  readonly path: string
  readonly query: ReadonlyArray<readonly [name: string, value: string]>
  readonly headers: Readonly<Record<string, string>>
}

export interface Difference {
  readonly place: string
  readonly recorded: unknown
  readonly found: unknown
}

/** Whether a name is one whose values are minted fresh. */
export type IsVolatile = (name: string) => boolean

const marks = new RegExp(placeholder.source, "g")
const mark = new RegExp(placeholder.source, "y")
const isMark = (text: string, at: number): boolean => {
  mark.lastIndex = at
  return mark.test(text)
}

/** A withheld text stands for itself, where it came back out of an answer, or for the secret, which we do not know. */
const isSame = (recorded: string, found: string): boolean => {
  if (recorded === found) return true
  const names = recorded.match(marks)
  if (names === null) return false
  const [first = "", ...parts] = recorded.split(marks)
  if (!found.startsWith(first)) return false
  // Every place that the text up to here may reach, each once: to try them one after another takes forever.
  let ends = new Set([first.length])
  for (const [index, part] of parts.entries()) {
    const next = new Set<number>()
    const itself = `${names[index]}${part}`
    let free = Infinity
    for (const end of ends) {
      if (found.startsWith(itself, end)) next.add(end + itself.length)
      if (end < free && !isMark(found, end)) free = end
    }
    let at = free < found.length ? found.indexOf(part, free + 1) : -1
    while (at !== -1) {
      next.add(at + part.length)
      at = at < found.length ? found.indexOf(part, at + 1) : -1
    }
    ends = next
  }
  return ends.has(found.length)
}

/** A number that is secret is withheld as a text. */
const isWithheld = (recorded: string, found: Schema.Json | undefined): found is number =>
  typeof found === "number" && recorded.replace(marks, "") === ""

const members = (value: Members | ReadonlyArray<Schema.Json>): ReadonlyArray<readonly [string, Schema.Json]> =>
  Object.entries(value)

/** Walk two values side by side; `visit` gets every pair of leaves, and every value that the other side has not. */
export const walk = (
  place: string,
  recorded: Schema.Json | undefined,
  found: Schema.Json | undefined,
  visit: (place: string, name: string, recorded: Schema.Json | undefined, found: Schema.Json | undefined) => void,
  name = "",
): void => {
  const isPair = (isObject(recorded) && isObject(found)) || (isList(recorded) && isList(found))
  if (!isPair) return visit(place, name, recorded, found)
  const others = new Map(members(found))
  for (const [key, value] of members(recorded)) {
    walk(`${place}.${key}`, value, others.get(key), visit, key)
    others.delete(key)
  }
  for (const [key, value] of others) visit(`${place}.${key}`, key, undefined, value)
}

const compareJson = (recorded: Schema.Json, found: Schema.Json, isVolatile: IsVolatile): Array<Difference> => {
  const differences: Array<Difference> = []
  walk("body", recorded, found, (place, name, recorded, found) => {
    if (isVolatile(name)) return
    const isEqual =
      typeof recorded === "string" && (typeof found === "string" || isWithheld(recorded, found))
        ? isSame(recorded, String(found))
        : Object.is(recorded, found)
    const isEmpty = JSON.stringify(recorded) === JSON.stringify(found)
    if (!isEqual && !isEmpty) differences.push({ place, recorded, found })
  })
  return differences
}

const textOf = ({ bytes, headers, json, text }: Likeness): string => {
  const whole = text ?? (bytes === undefined ? "" : binary(bytes))
  return unbounded(headers, json === undefined ? whole : JSON.stringify(json))
}

const compareBody = (recorded: Likeness, found: Likeness, isVolatile: IsVolatile): ReadonlyArray<Difference> => {
  if (found.method === "GET" || found.method === "HEAD") return []
  if (recorded.json !== undefined && found.json !== undefined) return compareJson(recorded.json, found.json, isVolatile)
  const [one, other] = [textOf(recorded), textOf(found)]
  return isSame(one, other) ? [] : [{ place: "body", recorded: one, found: other }]
}

const compareQuery = (recorded: Likeness, found: Likeness, isVolatile: IsVolatile): ReadonlyArray<Difference> => {
  const names = new Set([...recorded.query, ...found.query].map(([name]) => name))
  const valuesOf = ({ query }: Likeness, wanted: string) =>
    query.filter(([name]) => name === wanted).map(([, value]) => value)
  return Array.from(names).flatMap((name) => {
    const [one, other] = [valuesOf(recorded, name), valuesOf(found, name)]
    const isEqual = one.length === other.length && one.every((value, at) => isSame(value, other[at] ?? ""))
    return isEqual || isVolatile(name)
      ? []
      : [
          {
            place: `query.${name}`,
            recorded: one.length === 0 ? undefined : one.join(),
            found: other.length === 0 ? undefined : other.join(),
          },
        ]
  })
}

/** In what a request differs from a recorded one; nothing means that it is the one. */
export const differences = (recorded: Likeness, found: Likeness, isVolatile: IsVolatile): ReadonlyArray<Difference> => {
  const head = (["method", "origin", "path"] as const).flatMap((place) =>
    isSame(recorded[place], found[place]) ? [] : [{ place, recorded: recorded[place], found: found[place] }],
  )
  return [...head, ...compareQuery(recorded, found, isVolatile), ...compareBody(recorded, found, isVolatile)]
}

const brief = (value: unknown): string => {
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

/** A difference in words. */
export const say = ({ found, place, recorded }: Difference): string => {
  if (recorded === undefined) return `${place} is ${brief(found)}, and was not recorded`
  return found === undefined
    ? `${place} is missing, recorded ${brief(recorded)}`
    : `${place} is ${brief(found)}, recorded ${brief(recorded)}`
}
