/** Reads requests as the service does, and says what is wrong with them in its words (S002 "Error codes"). */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Headers } from "@tenuto/http/Exchange"
import { type Behaviour, json, type Request } from "@tenuto/testkit/Emulator"
import * as Body from "@tenuto/testkit/Body"
import * as Input from "./inputs.ts"
import { Detail, type Fault, Refusal } from "./wire.ts"

export type Fields = { readonly [field: string]: Schema.Json }
export type Ids = Pick<Refusal, "run_id" | "task_id">

/** How what is wrong with a body is told: both shapes are on pages (C-OV-2). */
export type Shape = "error" | "detail"

const encodeRefusal = Schema.encodeSync(Refusal)
const encodeDetail = Schema.encodeSync(Detail)
const isFields = Schema.is(Schema.Record(Schema.String, Schema.Json))
const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** What was encoded is JSON: a member that is undefined is not written. */
export const jsonOf = (encoded: object): Schema.Json => encoded as Schema.Json

/** W:/errors `{"success": false, "error": "<error_code>", "message": "<human_readable>"}`. */
export const refuse = (
  status: number,
  error: string,
  message: string,
  ids: Ids = {},
  headers: Headers = {},
): Behaviour => json(status, jsonOf(encodeRefusal({ success: false, error, message, ...ids })), headers)

/** A body that was taken: its key, and its fields without those that say nothing. */
export interface Taken {
  readonly key: string | undefined
  readonly fields: Fields
}

const isText = Schema.is(Schema.String)

/** Take a body, or say what is wrong with it, every field at once. */
export const take = (
  schema: Schema.Codec<unknown, Schema.JsonObject>,
  request: Request,
  shape: Shape,
): Result.Result<Taken, Behaviour> => {
  const body = Body.json(request)
  if (Result.isFailure(body)) return Result.fail(refuse(400, "invalid_request", `The request body is ${body.failure}.`))
  if (!isFields(body.success)) return Result.fail(refuse(400, "invalid_request", "The request body is not an object."))
  const { idempotency_key: key, ...fields } = present(body.success)
  const decoded = Schema.decodeResult(schema, { errors: "all" })(fields)
  const keyed =
    key === undefined || isText(key) ? [] : [fault(["idempotency_key"], "string_type", "should be a string")]
  const wrong = Result.isSuccess(decoded)
    ? keyed
    : [
        ...issuesOf(decoded.failure.issue).issues.map(({ message, path = [] }) =>
          faultAt(fields, path.map(partOf), message),
        ),
        ...keyed,
      ]
  const [first] = wrong
  if (first !== undefined) return Result.fail(unfit(first, wrong, shape))
  return Result.succeed({ key: isText(key) ? key : undefined, fields })
}

/** An absent field may be sent as null (contract 3.1 "run_id|null"). */
const present = (body: Fields): Fields => Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null))

type Part = string | number
const partOf = (part: PropertyKey | { readonly key: PropertyKey }): Part => {
  const key = typeof part === "object" ? part.key : part
  return typeof key === "number" ? key : String(key)
}

function fault(path: ReadonlyArray<Part>, type: string, msg: string): Fault {
  return { loc: ["body", ...path], type, msg }
}

const faultAt = (fields: Fields, path: ReadonlyArray<Part>, message: string): Fault => {
  const name = String(path[0])
  if (!Object.hasOwn(fields, name)) return fault(path, "missing", "Field required")
  return name === "mode" || name === "format"
    ? fault(path, "literal_error", message)
    : fault(path, "value_error", message)
}

/** S002: "Missing required field, bad enum value" is 400, other fields are 422 with a pointer to the field. */
const unfit = (first: Fault, all: ReadonlyArray<Fault>, shape: Shape): Behaviour => {
  if (shape === "detail") return json(422, jsonOf(encodeDetail({ detail: all })))
  const pointer = `/${first.loc.slice(1).join("/")}`
  return first.type === "missing" || first.type === "literal_error"
    ? refuse(400, "invalid_request", `${pointer}: ${first.msg}`)
    : refuse(422, "validation_error", `${pointer}: ${first.msg}`)
}

/** What each kind of request takes. */
export const bodies = { generate: Input.Generate, preflight: Input.Preflight } as const
