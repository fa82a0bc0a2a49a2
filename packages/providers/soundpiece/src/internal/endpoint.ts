/** One route, both ways: PUT submits, GET on the same path looks (S001). */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Artifact from "@tenuto/core/Artifact"
import { endUser } from "@tenuto/core/Evidence"
import * as Handle from "@tenuto/core/Handle"
import type { Observation } from "@tenuto/core/Observation"
import type * as Provider from "@tenuto/http/Provider"
import * as Verdict from "@tenuto/http/Verdict"
import * as Delivery from "./delivery.ts"
import { verdicts } from "./reasons.ts"
import type { Route } from "./routes.ts"
import * as Wire from "./wire.ts"

export const make = (route: string, { envelope, result }: Route): Provider.Endpoint => ({
  submit: ({ input, key }) => ({
    method: "PUT",
    path: `/${route}`,
    body: { idempotency_key: key ?? null, ...input },
  }),
  // C-SP-4: a replay may be a snapshot of the past, so its status is not trusted; the next look tells.
  accepted: (body, request) =>
    Result.flatMap(Wire.open(body, envelope), ({ id, idempotency_key: echoed }) =>
      typeof echoed === "string" && echoed.toLowerCase() !== request.key?.toLowerCase()
        ? Result.fail("the answer is for another idempotency key than the one sent")
        : Result.succeed({ handle: Handle.of(request, { id }) }),
    ),
  look: ({ id }, hold) => ({
    method: "GET",
    path: `/${route}`,
    query: hold === undefined ? { id } : { id, wait: "true" },
  }),
  observed: (body, handle) => Result.flatMap(Wire.open(body, envelope), (dto) => observe(dto, handle, result)),
  delivered: (body, handle) => Result.flatMap(Delivery.open(body, route), (dto) => observe(dto, handle, result)),
})

const observe = (dto: Wire.Dto, handle: Handle.Handle, result: Route["result"]): Result.Result<Observation, string> => {
  const { error, id, status: word } = dto
  if (id !== handle.id) return Result.fail("the answer is about another operation than the one asked for")
  switch (word) {
    case "processing":
      return Result.succeed({ _tag: "Pending", word })
    case "ready": {
      const files = Wire.filesOf(dto)
      const [first] = files
      if (first === undefined) return Result.fail("the operation is ready and has no file")
      if (result === "output" && files.length > 1) {
        return Result.fail(`the operation is ready and has ${files.length} files, one is expected`)
      }
      const output =
        result === "output"
          ? { output: track(first, "output", handle) }
          : { outputs: files.map((file, index) => track(file, `outputs.${index}`, handle)) }
      return Result.succeed({ _tag: "Succeeded", word, output })
    }
    case "failed": {
      // S000: "error.message is … suitable for surfacing to your end-users".
      const message = typeof error?.message === "string" ? endUser(error.message) : undefined
      return Result.succeed(Verdict.failed(verdicts, { word, code: error?.code, message }))
    }
    default:
      return Result.succeed({ _tag: "Unrecognised", word })
  }
}

const track = (file: Wire.File, name: string, handle: Handle.Handle) => {
  const expiresAt = Option.getOrUndefined(DateTime.make(file.expires_at))
  const audio = new Artifact.Artifact({
    name,
    handle,
    mediaType: "audio/flac",
    link: Artifact.link(file.url),
    ...(expiresAt === undefined ? {} : { expiresAt: DateTime.toUtc(expiresAt) }),
  })
  return { audio, duration: file.duration, ...(file.kind == null ? {} : { kind: file.kind }) }
}
