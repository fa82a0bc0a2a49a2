/**
 * A result that lives elsewhere: its link, when it dies, how it is renewed.
 *
 * The link is a bearer secret: it never prints and never reaches a journal. What is stored is the name and the handle;
 * one more look brings a fresh link.
 *
 * @example
 * ```ts
 * import * as Schema from "effect/Schema"
 * import * as Artifact from "@tenuto/core/Artifact"
 *
 * const choir = { version: 1, service: "choir", origin: "https://choir.test", operation: "sing" } as const
 * const link = Artifact.link("https://cdn.test/1?sig=5ecret")
 * const audio = new Artifact.Artifact({ name: "outputs.0", handle: { ...choir, id: "1" }, link })
 * const stored = JSON.stringify(Schema.encodeSync(Artifact.Tree)({ outputs: [{ audio }] }))
 * console.log(stored.includes("5ecret"), Artifact.find({ outputs: [{ audio }] }, "outputs.0") === audio) // false true
 * ```
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Handle } from "./Handle.ts"
import { Withheld } from "./internal/withheld.ts"
import { Instant, later } from "./internal/instant.ts"
import { pure } from "./internal/pure.ts"

/**
 * One file of a result. `name` is its place in the output, such as `outputs.0`.
 *
 * `requiresCredential` says that the service itself serves the file and asks for the credential there. A download then sends
 * it to the configured origin, and to no other, whatever the link says.
 */
export class Artifact extends Schema.TaggedClass<Artifact>("@tenuto/core/Artifact")("Artifact", {
  name: Schema.String,
  handle: Handle,
  mediaType: Schema.optionalKey(Schema.String),
  expiresAt: Schema.optionalKey(Instant),
  requiresCredential: Schema.optionalKey(Schema.Boolean),
  link: Withheld,
}) {}

/**
 * An artifact as it stands inside an operation's output schema.
 *
 * It is the class itself on both sides: outputs travel through the machine as {@link Tree}.
 */
export const Embedded = Schema.toType(Artifact)

/** What an operation gives back: JSON in which artifacts may stand as leaves. */
export type Tree = null | boolean | number | string | Artifact | ReadonlyArray<Tree> | { readonly [key: string]: Tree }

/** The schema of {@link Tree}: its JSON side holds artifacts without their links. */
export const Tree: Schema.Codec<Tree, unknown> = /* @__PURE__ */ pure(() =>
  Schema.Union([
    Schema.Null,
    Schema.Boolean,
    Schema.Finite,
    Schema.String,
    Artifact,
    Schema.Array(Schema.suspend((): Schema.Codec<Tree, unknown> => Tree)),
    Schema.Record(
      Schema.String,
      Schema.suspend((): Schema.Codec<Tree, unknown> => Tree),
    ),
  ]),
)

/** Tell whether the link may still be used at `now`, allowing for clocks that differ by `skew`. */
export const isFresh = (artifact: Artifact, now: DateTime.Utc, skew: Duration.Duration): boolean =>
  artifact.link !== undefined &&
  (artifact.expiresAt === undefined || DateTime.isLessThan(later(now, skew), artifact.expiresAt))

/** Tell whether something is an artifact, also one that another copy of this package made. */
export const isArtifact = (value: unknown): value is Artifact => Schema.is(Artifact)(value)

/** Find an artifact by name in an output. */
export const find = (tree: Tree, name: string): Artifact | undefined => {
  if (isArtifact(tree)) return tree.name === name ? tree : undefined
  if (typeof tree !== "object" || tree === null) return undefined
  for (const branch of Object.values(tree)) {
    const found = find(branch, name)
    if (found !== undefined) return found
  }
  return undefined
}

/** Make a link, which never prints, from the address in a service's answer. */
export const link = (url: string): Redacted.Redacted<string> => Redacted.make(url, { label: "link" })
