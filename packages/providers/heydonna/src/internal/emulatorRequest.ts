/** Reads requests as the service does, and says what is wrong with them in its words (S003 "Common Errors"). */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as Input from "./inputs.ts"

export type Asked = typeof Input.CreateProject.Type

/** A body that was taken: its fields, and the caller's name for it. */
export interface Taken {
  readonly input: Asked
  readonly externalRef: string | null
}

const isFields = Schema.is(Schema.Record(Schema.String, Schema.Json))
const isText = Schema.is(Schema.NullOr(Schema.String))
const decode = Schema.decodeUnknownResult(Input.CreateProject)
const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** Take a body, or say the first thing that is wrong with it. Of these sentences the page shows `missing`; the others are ours. */
export const take = (body: unknown): Result.Result<Taken, string> => {
  if (!isFields(body)) return Result.fail(unreadable)
  const { externalRef = null, ...fields } = body
  const missing = ["title", "audioUrl"].find((name) => (fields[name] ?? "") === "")
  if (missing !== undefined) return Result.fail(`Missing required field: ${missing}`)
  const asked = Result.mapError(decode(present(fields)), ({ issue }) => {
    const [first] = issuesOf(issue).issues
    return `Invalid field: ${(first?.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".")}`
  })
  if (!isText(externalRef)) return Result.fail("Invalid field: externalRef")
  return Result.map(asked, (input) => ({ input, externalRef }))
}

export const unreadable = "Invalid JSON"

/** An absent field may be sent as null. */
const present = (fields: { readonly [field: string]: Schema.Json }) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
