/**
 * How a file's link is got where it does not stand in the work itself.
 *
 * The credential goes to the service and never to the host that stores the file: a redirect is read, not followed.
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
import * as Artifact from "@tenuto/core/Artifact"
import type { Renewal } from "@tenuto/core/Remote"
import type * as Exchange from "./Exchange.ts"
import type { Call, Link } from "./internal/table.ts"

export type { Link, Means } from "./internal/table.ts"

/** Ask the service, with the credential; the link is where its answer redirects to. */
export const redirect =
  (callFor: (artifact: Artifact.Artifact) => Call | undefined): Link =>
  (artifact, { addressOf, exchange, judged, reasonOf }) => {
    const call = callFor(artifact)
    if (call === undefined) return undefined
    const read = (response: Exchange.Response, now: DateTime.Utc): Renewal => {
      const isRedirect = response.status >= 300 && response.status < 400
      const target = isRedirect ? response.headers["location"] : undefined
      if (target !== undefined && URL.canParse(target, addressOf(call))) {
        const { expiresAt: _, ...lasting } = artifact
        const link = Artifact.link(new URL(target, addressOf(call)).href)
        return { _tag: "Renewed", artifact: new Artifact.Artifact({ ...lasting, link }) }
      }
      const { evidence, reason, truth } = judged(response, now)
      if (response.status >= 400) return { _tag: truth === "Lost" ? "Lost" : "Unseen", reason, evidence }
      return { _tag: "Unseen", reason: { _tag: "Malformed", problem: "the answer leads to no file" }, evidence }
    }
    return exchange(call).pipe(
      Effect.flatMap((response) => Effect.map(DateTime.now, (now) => read(response, now))),
      Effect.catch((failure) =>
        Effect.succeed<Renewal>({ _tag: "Unseen", reason: reasonOf(failure), evidence: { stage: "download" } }),
      ),
    )
  }
