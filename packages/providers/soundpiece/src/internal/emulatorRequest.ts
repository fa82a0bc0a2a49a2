/** Reads requests as the service does, and says what is wrong with them in the service's words (S000 "Response shape"). */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as Input from "./inputs.ts"
import type { Name } from "./routes.ts"
import type { Fault } from "./wire.ts"

export type Fields = { readonly [field: string]: Schema.Json }

/** A body that was taken: its key, and the fields to echo with their defaults (S001 "reference": null). */
export interface Taken {
  readonly key: string
  readonly echo: Fields
  /** Where its end is to be delivered. */
  readonly callback?: string
}

type Reader = (fields: unknown) => Result.Result<unknown, Schema.SchemaError>
const reader = (schema: Schema.Codec<unknown, Schema.Json>): Reader =>
  Schema.decodeUnknownResult(schema, { errors: "all" })

const track = { source: null }
/** What each route takes, and what it echoes for fields that were not sent. `callback_url` is in no shown echo. */
const bodies: Readonly<Record<Name, { readonly read: Reader; readonly echo: Fields }>> = {
  "create.new_song": { read: reader(Input.NewSong), echo: { lyrics: null, prompt: null, reference: null } },
  "create.new_instrumental": { read: reader(Input.NewInstrumental), echo: { prompt: null, reference: null } },
  "create.new_sample": { read: reader(Input.NewSample), echo: { prompt: null, duration: null, loopable: false } },
  "create.new_fx": { read: reader(Input.NewFx), echo: { prompt: null, duration: null } },
  "create.remix_song": {
    read: reader(Input.RemixSong),
    echo: { ...track, lyrics: null, prompt: null, n_variations: 1 },
  },
  "create.remix_instrumental": { read: reader(Input.RemixInstrumental), echo: { ...track, n_variations: 1 } },
  "adapt.separate_stems": { read: reader(Input.SeparateStems), echo: track },
  "adapt.auto_cut_down": { read: reader(Input.AutoCutDown), echo: { ...track, target_duration: null } },
}

const isUuid = Schema.is(Schema.String.check(Schema.isPattern(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i)))
const isFields = Schema.is(Schema.Record(Schema.String, Schema.Json))
const isText = Schema.is(Schema.String)
const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** Take a body, or say what is wrong with it, every field at once. */
export const take = (route: Name, body: unknown): Result.Result<Taken, ReadonlyArray<Fault>> => {
  const { echo, read } = bodies[route]
  if (!isFields(body)) return Result.fail([fault(["body"], "model_attributes_type", "Input should be a valid object")])
  const { idempotency_key: key, ...fields } = present(body)
  const decoded = read(fields)
  const wrong = Result.isSuccess(decoded)
    ? []
    : issuesOf(decoded.failure.issue).issues.map(({ path }) => faultAt(fields, (path ?? []).map(partOf)))
  const keyed =
    key === undefined
      ? [fault(["body", "idempotency_key"], "missing", "Field required")]
      : isUuid(key)
        ? []
        : [fault(["body", "idempotency_key"], "uuid_parsing", "Input should be a valid UUID")]
  if (!isText(key) || wrong.length + keyed.length > 0) return Result.fail([...wrong, ...keyed])
  const { callback_url } = fields
  const echoed = Object.keys(echo).map((name) => [name, fields[name] ?? echo[name] ?? null] as const)
  return Result.succeed({
    key,
    echo: Object.fromEntries(echoed),
    ...(isText(callback_url) ? { callback: callback_url } : {}),
  })
}

/** What a GET asks for, or what is wrong with it (contract 2.1: `id` required with a pattern, `wait` a boolean). */
export const asked = (query: URLSearchParams): Result.Result<{ id: string; wait: boolean }, ReadonlyArray<Fault>> => {
  const id = query.get("id")
  const wait = (query.get("wait") ?? "false").toLowerCase()
  if (id === null) return Result.fail([fault(["query", "id"], "missing", "Field required")])
  if (wait !== "true" && wait !== "false") {
    return Result.fail([fault(["query", "wait"], "bool_parsing", "Input should be a valid boolean")])
  }
  return /^op_[0-9a-z]{26}$/.test(id)
    ? Result.succeed({ id, wait: wait === "true" })
    : Result.fail([fault(["query", "id"], "string_pattern_mismatch", "String should match '^op_[0-9a-z]{26}$'")])
}

/** S000: "Entity-not-found (operation id, etc.) is reported as a 422". The words are ours. */
export const unknownId = fault(["query", "id"], "value_error", "Operation not found")

function fault(loc: Fault["loc"], type: string, msg: string): Fault {
  return { loc, msg, type }
}

/** An absent field may be sent as null (contract 2.1 "nullable"). */
const present = (body: Fields): Fields => Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null))

type Part = string | number
const partOf = (part: PropertyKey | { readonly key: PropertyKey }): Part => {
  const key = typeof part === "object" ? part.key : part
  return typeof key === "number" ? key : String(key)
}

const faultAt = (fields: Fields, path: ReadonlyArray<Part>): Fault => {
  const name = String(path.at(-1))
  const [type, msg] = kindOf(name, valueAt(fields, path))
  return fault(["body", ...path], type, msg)
}

const valueAt = (value: Schema.Json | undefined, [first, ...rest]: ReadonlyArray<Part>): Schema.Json | undefined =>
  first === undefined ? value : isFields(value) ? valueAt(value[first], rest) : undefined

/** The first three types are S000's; the others are of the same family of names. */
const kindOf = (name: string, value: Schema.Json | undefined): readonly [type: string, msg: string] => {
  if (value === undefined) return ["missing", "Field required"]
  switch (name) {
    case "lyrics":
    case "prompt":
      if (!isText(value)) return ["string_type", "Input should be a valid string"]
      return value === ""
        ? ["string_too_short", "String should have at least 1 character"]
        : ["string_too_long", `String should have at most ${Input.most[name]} characters`]
    case "callback_url":
    case "url":
      if (!isText(value)) return ["url_type", "URL input should be a string or URL"]
      return name === "callback_url" && value.length > Input.most[name]
        ? ["url_too_long", `URL should have at most ${Input.most[name]} characters`]
        : ["url_parsing", "Input should be a valid URL"]
    case "n_variations":
      if (!Number.isInteger(value)) return ["int_type", "Input should be a valid integer"]
      return Number(value) < 1
        ? ["greater_than_equal", "Input should be greater than or equal to 1"]
        : ["less_than_equal", "Input should be less than or equal to 3"]
    case "duration":
    case "target_duration":
      return typeof value === "number"
        ? ["greater_than", "Input should be greater than 0"]
        : ["float_type", "Input should be a valid number"]
    case "loopable":
      return ["bool_type", "Input should be a valid boolean"]
    default:
      return ["model_attributes_type", "Input should be a valid object"]
  }
}
