/**
 * How a file's link is got where it does not stand in the work itself.
 *
 * `redirect` asks the service and takes where its answer leads as the link; the redirect is read, not followed, and the link
 * is fetched without the credential. `content` is for a service that serves the file itself behind the credential; where it
 * redirects instead, the download goes on without the credential at the other origin.
 *
 * The credential goes to the service and never to the host that stores the file.
 *
 * Law 10: a credential goes to the configured origin only.
 *
 * @example
 * ```ts
 * import * as Link from "@tenuto/http/Link"
 *
 * export const link = Link.redirect(({ handle, name }) =>
 *   name === "document" ? { method: "GET", path: ["runs", handle.id, "download"] } : undefined,
 * )
 * ```
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Artifact from "@tenuto/core/Artifact"
import type { Renewal } from "@tenuto/core/Remote"
import type * as Exchange from "./Exchange.ts"
import * as Location from "./internal/Location.ts"
import type { Call, Link } from "./internal/table.ts"

export type { Link, Means } from "./internal/table.ts"

/** Ask the service, with the credential; the link is where its answer redirects to. */
export const redirect =
  (callFor: (artifact: Artifact.Artifact) => Call | undefined): Link =>
  (artifact, { addressOf, exchange, judged, reasonOf }) => {
    const call = callFor(artifact)
    if (call === undefined) return undefined
    const read = (response: Exchange.Response, now: DateTime.Utc): Renewal => {
      const target = Location.isRedirect(response.status)
        ? Location.targetOf(response.headers, addressOf(call))
        : Result.fail("the answer leads to no file")
      if (Result.isSuccess(target)) return renewed(artifact, target.success)
      const { evidence, reason, truth } = judged(response, now)
      if (response.status >= 400) return { _tag: truth === "Lost" ? "Lost" : "Unseen", reason, evidence }
      return { _tag: "Unseen", reason: { _tag: "Malformed", problem: target.failure }, evidence }
    }
    return exchange(call).pipe(
      Effect.flatMap((response) => Effect.map(DateTime.now, (now) => read(response, now))),
      Effect.catch((failure) =>
        Effect.succeed<Renewal>({ _tag: "Unseen", reason: reasonOf(failure), evidence: { stage: "download" } }),
      ),
    )
  }

/**
 * The service serves the file itself, behind the credential: the link is the address of this `GET`.
 *
 * @example
 * ```ts
 * import * as Link from "@tenuto/http/Link"
 *
 * export const link = Link.content(({ handle, name }) =>
 *   name === "video" ? { method: "GET", path: `/videos/${encodeURIComponent(handle.id)}/content` } : undefined,
 * )
 * ```
 */
export const content =
  (
    callFor: (artifact: Artifact.Artifact) => (Pick<Call, "path" | "query"> & { readonly method: "GET" }) | undefined,
  ): Link =>
  (artifact, { addressOf }) => {
    const call = callFor(artifact)
    return call === undefined
      ? undefined
      : Effect.succeed(renewed(artifact, addressOf(call), { requiresCredential: true }))
  }

/** The same file at another address; what is known of how the old one was got and when it dies says nothing of it. */
const renewed = (
  { handle, mediaType, name }: Artifact.Artifact,
  address: string,
  access: { readonly requiresCredential?: true } = {},
): Renewal => ({
  _tag: "Renewed",
  artifact: new Artifact.Artifact({
    name,
    handle,
    ...(mediaType === undefined ? {} : { mediaType }),
    ...access,
    link: Artifact.link(address),
  }),
})
