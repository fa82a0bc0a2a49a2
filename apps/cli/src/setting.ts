/** Settings of a service by name, such as `tier=pro`: which there are, and how each is read. */
import * as Effect from "effect/Effect"
import { Usage } from "./exit.ts"
import * as Text from "./text.ts"

/** How the value of a setting is written: one of these words, a duration, a whole number, words with commas between, or yes or no. */
export type Kind = ReadonlyArray<string> | "duration" | "count" | "words" | "switch"

/** The settings of one service, by name. */
export type Known = Readonly<Record<string, Kind>>

const read = (kind: Kind, text: string): unknown => {
  if (kind === "duration") return Text.duration(text)
  if (kind === "count") return /^\d{1,9}$/.test(text) ? Number(text) : undefined
  if (kind === "words") return text === "" ? undefined : text.split(",")
  if (kind === "switch") return text === "true" || text === "false" ? text === "true" : undefined
  return kind.includes(text) ? text : undefined
}

const form = (kind: Kind): string => {
  switch (kind) {
    case "duration":
      return Text.durationForm
    case "count":
      return "a whole number"
    case "words":
      return "words with commas between"
    case "switch":
      return "true or false"
    default:
      return kind.join(" or ")
  }
}

const nameOf = (text: string): string => text.split("=", 1)[0] ?? text

/** Of settings that are given for several services, those that one of them has. */
export const of = (known: Known, given: ReadonlyArray<string>): ReadonlyArray<string> =>
  given.filter((text) => Object.hasOwn(known, nameOf(text)))

/** Read settings as they are given, `name=value` each. Errors: `Usage`. */
export const parse = (
  service: string,
  known: Known,
  given: ReadonlyArray<string>,
): Effect.Effect<Readonly<Record<string, unknown>>, Usage> =>
  Effect.gen(function* () {
    const settings: Record<string, unknown> = {}
    for (const text of given) {
      const name = nameOf(text)
      const value = name === text ? undefined : text.slice(name.length + 1)
      const kind = Object.hasOwn(known, name) ? known[name] : undefined
      if (kind === undefined) {
        const names = Object.keys(known)
        const way = names.length === 0 ? `${service} has no settings here` : Text.known(name, names)
        return yield* new Usage({ problem: `--set: ${service} has no setting "${name}"`, way })
      }
      const read_ = value === undefined ? undefined : read(kind, value)
      if (read_ === undefined) {
        return yield* new Usage({
          problem: `--set: ${name} cannot be ${value === undefined ? "left without a value" : `"${value}"`}`,
          way: `give ${name}=… with ${form(kind)}`,
        })
      }
      settings[name] = read_
    }
    return settings
  })
