/** The two endpoints: `POST /generate` submits, `GET /jobs/{job_id}` looks (W:/introduction). */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Artifact from "@tenuto/core/Artifact"
import { developer } from "@tenuto/core/Evidence"
import * as Handle from "@tenuto/core/Handle"
import type { Observation } from "@tenuto/core/Observation"
import * as Json from "@tenuto/http/Json"
import type * as Provider from "@tenuto/http/Provider"
import * as Verdict from "@tenuto/http/Verdict"
import * as Locator from "./locator.ts"
import { pure } from "./pure.ts"
import { verdicts } from "./reasons.ts"
import * as Wire from "./wire.ts"

// --- what an answer must hold, and what it may ---------------------------------------------------

const odd = Schema.optionalKey(Schema.Unknown)

const readAccepted = /* @__PURE__ */ pure(() =>
  Json.decoder(Schema.Struct({ job_id: Wire.Accepted.fields.job_id, poll_url: odd }), "the answer"),
)
const readJob = /* @__PURE__ */ pure(() =>
  Json.decoder(
    Schema.Struct({ status: Wire.Job.fields.status, error: odd, started_at: odd, finished_at: odd }),
    "the job",
  ),
)
const readCompleted = /* @__PURE__ */ pure(() => {
  const { song_url } = Wire.Result.fields
  const result = Schema.Struct({ song_url, image_url: odd, title: odd, bpm: odd, duration: odd, tags: odd })
  return Json.decoder(Schema.Struct({ result }), "the completed job")
})

const hasMessage = /* @__PURE__ */ pure(() => Schema.is(Schema.Struct({ message: Wire.Refusal.fields.message })))
const hasLabel = /* @__PURE__ */ pure(() => Schema.is(Schema.Struct({ error: Wire.Refusal.fields.error })))

/** What a refusal says: its sentence, else its label (T-WH-4). Only the body of a 400 is documented. */
export const said = (body: unknown): string | undefined =>
  hasMessage(body) ? body.message : hasLabel(body) ? body.error : undefined

/** Keep what can be read, as the service wrote it: what decorates a song and is odd is left out, and the song is not. */
const kept = (
  fields: Readonly<Record<string, Schema.ConstraintDecoder<unknown>>>,
  from: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string | number>> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, schema]) => {
      const value = from[name]
      if (typeof value !== "string" && typeof value !== "number") return []
      return Result.isSuccess(Schema.decodeUnknownResult(schema)(value)) ? [[name, value]] : []
    }),
  )

// --- the endpoint -------------------------------------------------------------------------------

const submitting = "/generate"

export const generate: Provider.Endpoint = {
  submit: ({ input }) => ({ method: "POST", path: submitting, body: input }),
  // T-WH-1: the address is relative to the base, under which the submit was.
  accepted: (body, request, { url }) =>
    Result.map(readAccepted(body), ({ job_id: id, poll_url }) => {
      const locator = Locator.given(url.slice(0, -submitting.length), poll_url)
      return { handle: Handle.of(request, { id, ...(locator === undefined ? {} : { locator }) }) }
    }),
  look: (handle) => ({ method: "GET", path: Locator.of(handle) }),
  // T-WH-5: a job does not say which one it is, so there is nothing to compare with the handle.
  observed: (body, handle) =>
    Result.flatMap(readJob(body), ({ error, status: word, ...times }): Result.Result<Observation, string> => {
      switch (word) {
        case "running":
          return Result.succeed({ _tag: "Pending", word })
        case "completed":
          return Result.map(readCompleted(body), ({ result }) => ({
            _tag: "Succeeded",
            word,
            output: { ...files(result, handle), ...kept(Wire.facts, result), ...kept(Wire.times, times) },
          }))
        case "failed": {
          // Contract 5.11: "Log the response for debugging", and nothing declares it fit for end users.
          const message = typeof error === "string" && error !== "" ? developer(error) : undefined
          return Result.succeed(Verdict.failed(verdicts, { word, message }))
        }
        default:
          return Result.succeed({ _tag: "Unrecognised", word })
      }
    }),
}

/** Contract 5.9: plain links; no page says when they die, or of what type the files are. */
const files = (
  { image_url, song_url }: { readonly song_url: string; readonly image_url?: unknown },
  handle: Handle.Handle,
) => {
  const file = (name: string, url: string) => new Artifact.Artifact({ name, handle, link: Artifact.link(url) })
  return {
    song: file("song", song_url),
    ...(isLink(image_url) ? { image: file("image", image_url) } : {}),
  }
}

const isLink = /* @__PURE__ */ pure(() => Schema.is(Wire.Result.fields.image_url))
