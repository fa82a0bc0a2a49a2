/**
 * What each route takes: limits as documented (contract 3.1), under the service's own names, checked before anything is sent.
 *
 * Fields whose shape no page shows take any JSON.
 */
import * as Schema from "effect/Schema"
import { pure } from "./pure.ts"
import { Patience } from "./wire.ts"

/** The most characters of a prompt. */
const most = 10_000

/** The service counts characters, not UTF-16 units. */
const prompt = Schema.String.check(
  Schema.makeFilter((text: string) => {
    const { length } = Array.from(text)
    return (length >= 1 && length <= most) || `must have 1 to ${most} characters, it has ${length}`
  }),
)
const Uri = Schema.String.check(Schema.makeFilter((text: string) => URL.canParse(text) || "must be an absolute URL"))

const list = Schema.optionalKey(Schema.Array(Schema.Json))
const mode = Schema.optionalKey(Schema.Literals(["action", "ask"]))
const assets = {
  init_file: Schema.optionalKey(Schema.String),
  context_files: list,
  data_sources: list,
  image_assets: list,
  brand: Schema.optionalKey(Schema.Json),
}

/** Contract 3.1. `idempotency_key` is not among them: it is the draft's own. */
export const Generate = Schema.Struct({
  prompt,
  mode,
  run_id: Schema.optionalKey(Schema.String),
  ...assets,
  async: Schema.optionalKey(Schema.Boolean),
  webhook_url: Schema.optionalKey(Uri),
  file_name: Schema.optionalKey(Schema.String),
  timeout_ms: Schema.optionalKey(Patience),
})

/** Contract 3.1: a dry run; `format` is sent always (C-OV-7). */
export const Preflight = /* @__PURE__ */ pure(() =>
  Schema.Struct({ format: Schema.Literals(["excel", "word", "slides"]), prompt, mode, ...assets }),
)

/** Bytes in code, base64 in the JSON that a journal keeps. */
const file = /* @__PURE__ */ pure(() =>
  Schema.Struct({
    name: Schema.NonEmptyString,
    type: Schema.NonEmptyString,
    content: Schema.Uint8ArrayFromBase64,
  }),
)

/** Contract 3.1: `purpose` is `context` unless told otherwise, `init` for base documents. */
export const UploadFile = /* @__PURE__ */ pure(() =>
  Schema.Struct({ file, purpose: Schema.optionalKey(Schema.Literals(["context", "init"])) }),
)

export const UploadImage = /* @__PURE__ */ pure(() => Schema.Struct({ file }))

export const Nothing = /* @__PURE__ */ pure(() => Schema.Record(Schema.String, Schema.Never))
