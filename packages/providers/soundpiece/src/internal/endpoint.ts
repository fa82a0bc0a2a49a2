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
  observed: (body, handle) => Result.flatMap(Wire.open(body, envelope), (seen) => observe(seen, handle, result)),
  delivered: (body, handle) => Result.flatMap(Delivery.open(body, route), (seen) => observe(seen, handle, result)),
})

const observe = (
  seen: Wire.Seen,
  handle: Handle.Handle,
  result: Route["result"],
): Result.Result<Observation, string> => {
  const { error, id, status: word } = seen
  if (id !== handle.id) return Result.fail("the answer is about another operation than the one asked for")
  switch (word) {
    case "processing":
      return Result.succeed({ _tag: "Pending", word })
    case "ready":
      return Result.map(
        Result.flatMap(Wire.filesOf(seen), (files) => produced(files, handle, result)),
        (output) => ({ _tag: "Succeeded", word, output }),
      )
    case "failed": {
      const { code, message } = isFields(error) ? error : {}
      return Result.succeed(
        Verdict.failed(verdicts, {
          word,
          code: typeof code === "string" ? code : undefined,
          // S000: "error.message is … suitable for surfacing to your end-users".
          message: typeof message === "string" ? endUser(message) : undefined,
        }),
      )
    }
    default:
      return Result.succeed({ _tag: "Unrecognised", word })
  }
}

const isFields = (value: unknown): value is { readonly code?: unknown; readonly message?: unknown } =>
  typeof value === "object" && value !== null

const produced = (
  files: ReadonlyArray<Wire.SeenFile>,
  handle: Handle.Handle,
  result: Route["result"],
): Result.Result<Artifact.Tree, string> => {
  const [first] = files
  if (first === undefined) return Result.fail("the operation is ready and has no file")
  if (result === "outputs") {
    return Result.succeed({ outputs: files.map((file, index) => track(file, `outputs.${index}`, handle)) })
  }
  return files.length > 1
    ? Result.fail(`the operation is ready and has ${files.length} files, one is expected`)
    : Result.succeed({ output: track(first, "output", handle) })
}

/** What decorates a file and is odd is left out, and the file is not. */
const track = ({ duration, expires_at, kind, url }: Wire.SeenFile, name: string, handle: Handle.Handle) => {
  const expiresAt = typeof expires_at === "string" ? Option.getOrUndefined(DateTime.make(expires_at)) : undefined
  const audio = new Artifact.Artifact({
    name,
    handle,
    mediaType: "audio/flac",
    link: Artifact.link(url),
    ...(expiresAt === undefined ? {} : { expiresAt: DateTime.toUtc(expiresAt) }),
  })
  return {
    audio,
    ...(typeof duration === "number" && duration >= 0 && Number.isFinite(duration) ? { duration } : {}),
    ...(typeof kind === "string" ? { kind } : {}),
  }
}
