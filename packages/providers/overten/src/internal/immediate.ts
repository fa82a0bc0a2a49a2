/** Routes that answer with all there is: files and images that are uploaded, a dry run, the account (contract 3.1). */
import * as Base64 from "effect/encoding/Base64"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Tree } from "@tenuto/core/Artifact"
import * as Handle from "@tenuto/core/Handle"
import type { Observation } from "@tenuto/core/Observation"
import * as Multipart from "@tenuto/http/Multipart"
import type * as Provider from "@tenuto/http/Provider"
import * as Answer from "./answer.ts"

type Said = { readonly id: string | undefined; readonly output: Tree }

/** The work has ended with the answer; a look asks for what was made, where a page has a way to. */
const make = (
  submit: Provider.Endpoint["submit"],
  read: (answer: Schema.Json) => Said,
  look?: NonNullable<Provider.Endpoint["look"]>,
): Provider.Endpoint => {
  const ended = (output: Tree): Observation => ({ _tag: "Succeeded", word: "completed", output })
  return {
    submit,
    accepted: (body, request, { status }) =>
      // A refusal may name a task that is adopted; here there is none, and its body is no answer.
      status >= 300
        ? Result.fail("the answer is a refusal")
        : Result.map(Answer.read(body), (answer) => {
            const { id, output } = read(answer)
            return { handle: Handle.of(request, { id: id ?? request.entry }), observation: ended(output) }
          }),
    ...(look === undefined ? {} : { look }),
    observed: (body) => Result.map(Answer.read(body), (answer) => ended(read(answer).output)),
  }
}

const readUpload = Schema.decodeUnknownResult(
  Schema.Struct({
    file: Schema.Struct({ name: Schema.String, type: Schema.String, content: Schema.String }),
    purpose: Schema.optionalKey(Schema.String),
  }),
)

/** A journal keeps content as base64, which was checked when the draft was. */
const formOf = (input: Schema.JsonObject): Multipart.Written => {
  const { file, purpose } = Result.getOrElse(readUpload(input), () => ({
    file: { name: "", type: "", content: "" },
    purpose: undefined,
  }))
  const content = Result.getOrElse(Base64.decode(file.content), () => new Uint8Array())
  return Multipart.write([
    ...(purpose === undefined ? [] : [{ name: "purpose", value: purpose }]),
    { name: "file", fileName: file.name, mediaType: file.type, content },
  ])
}

/** Contract 3.1 "`POST /files` (multipart `file`, `purpose`)", "`POST /images`". What names the file no page shows. */
export const upload = (path: string, names: ReadonlyArray<string>): Provider.Endpoint =>
  make(
    ({ input }) => ({ method: "POST", path: [path], form: formOf(input) }),
    (answer) => {
      const id = Answer.nameIn(answer, names)
      return { id, output: { ...(id === undefined ? {} : { id }), answer: Answer.kept(answer) } }
    },
    // Contract 3.1 "GET /images/{id}"; for files as its sibling (I).
    ({ id }) => ({ method: "GET", path: [path, id] }),
  )

/** Contract 3.1 "`POST /preflight` (free dry run)". Nothing is kept of it, so there is nothing to look at later. */
export const preflight: Provider.Endpoint = make(
  ({ input }) => ({ method: "POST", path: "/preflight", body: input }),
  (answer) => ({ id: undefined, output: { answer: Answer.kept(answer) } }),
)

const verifying = { method: "GET", path: "/verify" }

/** Contract 3.1 "`GET /verify`", contract 3.11: the answer holds the secret that signs webhooks. */
export const verify: Provider.Endpoint = make(
  () => verifying,
  (answer) => {
    const told = (["org_id", "status", "tier"] as const).flatMap((name) => {
      const value = Answer.nameIn(answer, [name])
      return value === undefined ? [] : [[name, value] as const]
    })
    return { id: "account", output: Object.fromEntries(told) }
  },
  () => verifying,
)
