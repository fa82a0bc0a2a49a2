/** The service's three calls: POST a project, GET its status, GET the templates (contract 4.1). */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import * as Handle from "@tenuto/core/Handle"
import type { Observation } from "@tenuto/core/Observation"
import * as Json from "@tenuto/http/Json"
import type * as Provider from "@tenuto/http/Provider"
import * as Verdict from "@tenuto/http/Verdict"
import { verdicts } from "./reasons.ts"
import * as Template from "./template.ts"
import * as Wire from "./wire.ts"

/** What `transcribed` says: the end, or one step before the processing that follows. */
export type Meaning = "success" | "pending"

/** Once the project has a name it is accepted, whatever its transcript is called. */
const readCreated = Json.decoder(Wire.Created.mapFields(Struct.pick(["projectId"])), "the project")
const readProject = Json.decoder(Wire.Project, "the status")
const readNames = Schema.decodeUnknownResult(
  Schema.Struct({ projectId: Schema.optional(Schema.Unknown), transcriptId: Schema.optional(Schema.Unknown) }),
)

/** A project: named in the answer to the POST, and looked at by that name. */
export const project = (transcribed: Meaning): Provider.Endpoint => ({
  submit: ({ input, reference }) => ({
    method: "POST",
    path: "/api/projects",
    body: { ...input, ...(reference === undefined ? {} : { externalRef: reference }) },
  }),
  accepted: (body, request) =>
    Result.map(readCreated(body), ({ projectId }) => {
      const { transcriptId } = names(body)
      const also = transcriptId === undefined ? {} : { also: { transcriptId } }
      return { handle: Handle.of(request, { id: projectId, ...also }) }
    }),
  look: ({ id }) => ({ method: "GET", path: ["api", "projects", id, "status"] }),
  observed: (body, handle) => Result.map(readProject(body), ({ status }) => observe(status, handle, transcribed)),
})

/**
 * C-HD-1: one page knows `completed`, another `ready`, `transcribed` and `finalized`; all of them end well.
 *
 * No page names the words of work that goes on, so each is a word that nobody knows: not an end.
 */
const observe = (word: string, handle: Handle.Handle, transcribed: Meaning): Observation => {
  switch (word) {
    case "completed":
    case "ready":
    case "finalized":
      return succeeded(word, handle)
    case "transcribed":
      return transcribed === "pending" ? { _tag: "Pending", word } : succeeded(word, handle)
    case "failed":
      return Verdict.failed(verdicts, { word })
    default:
      return { _tag: "Unrecognised", word }
  }
}

const succeeded = (word: string, { also, id }: Handle.Handle): Observation => {
  const transcriptId = also?.["transcriptId"]
  const output = { projectId: id, ...(transcriptId === undefined ? {} : { transcriptId }), status: word }
  return { _tag: "Succeeded", word, output }
}

const list: Provider.Call = { method: "GET", path: "/api/templates" }
const listed = (body: unknown, handle: Handle.Handle): Result.Result<Observation, string> =>
  Result.map(Template.read(body, handle), (output) => ({ _tag: "Succeeded", word: "listed", output }))

/** The templates: asked for and answered at once. The list has no name and no word of its own; both are ours. */
export const templates: Provider.Endpoint = {
  submit: () => list,
  accepted: (body, request) => {
    const handle = Handle.of(request, { id: "templates" })
    return Result.map(listed(body, handle), (observation) => ({ handle, observation }))
  },
  look: () => list,
  observed: listed,
}

/** Contract 4.11: the names by which a support desk finds a project, in whatever answer they stand. */
export const names = (body: unknown): { readonly projectId?: string; readonly transcriptId?: string } => {
  const read = readNames(body)
  if (Result.isFailure(read)) return {}
  const { projectId, transcriptId } = read.success
  return {
    ...(typeof projectId === "string" ? { projectId } : {}),
    ...(typeof transcriptId === "string" ? { transcriptId } : {}),
  }
}
