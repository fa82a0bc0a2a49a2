/**
 * An answer that no page shows, as it may be kept and printed.
 *
 * It is passed on as it stands, except for what gives access: the signed part of a link, a key, a secret.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Json from "@tenuto/http/Json"

/** What is nested deeper is no answer that a person reads, and would break whoever keeps it by recursion. */
const deepest = 200

const readJson = Json.decoder(Schema.Json, "the answer")

/** Read any JSON; what is nested deeper than {@link deepest} levels is left out. */
export const read = (body: unknown): Result.Result<Schema.Json, string> => readJson(shallow(body, 0))

const shallow = (value: unknown, depth: number): unknown => {
  if (typeof value !== "object" || value === null) return value
  if (depth === deepest) return "…"
  if (Array.isArray(value)) return value.map((item: unknown) => shallow(item, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shallow(item, depth + 1)]))
}

const isFields = (value: Schema.Json): value is Schema.JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A copy without what gives access, and without the members that were read before. */
export const kept = (answer: Schema.Json, without: ReadonlyArray<string> = []): Schema.Json => {
  if (!isFields(answer)) return cut(answer)
  return cut(Object.fromEntries(Object.entries(answer).filter(([name]) => !without.includes(name))))
}

const cut = (value: Schema.Json): Schema.Json => {
  if (typeof value === "string") return unsigned(value)
  if (Array.isArray(value)) return value.map((item: Schema.Json) => cut(item))
  if (!isFields(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, cut(item)]))
}

/** Contract 3.2 `sk_live_…`, contract 3.11 `whsec_…`, contract 3.10 links that carry their own authority. */
const unsigned = (text: string): string =>
  text.replace(/\b(sk_live_|whsec_)\w+/g, "$1…").replace(/(https?:\/\/[^\s"'<>?#]*)[?#][^\s"'<>]*/gi, "$1?…")

/** The first member that is a name. */
export const nameIn = (answer: Schema.Json, names: ReadonlyArray<string>): string | undefined => {
  if (!isFields(answer)) return undefined
  const found = names.map((name) => answer[name]).find((value) => typeof value === "string" && value !== "")
  return typeof found === "string" ? found : undefined
}
