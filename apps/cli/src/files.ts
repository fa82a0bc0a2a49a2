/** Files of a result: how they are shown, without their links, and how they are saved. */
import { mkdir } from "node:fs/promises"
import { join, resolve } from "node:path"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { Artifact, type Tree } from "@tenuto/core/Artifact"
import type * as Operation from "@tenuto/core/Operation"
import * as Download from "@tenuto/http/Download"
import type { Wait } from "./drafting.ts"

/** A file that was written. */
export interface Saved {
  readonly name: string
  readonly file: string
  readonly bytes: number
}

/** An output as it travels: JSON in which artifacts stand as leaves. */
export const treeOf = (operation: Operation.Any, output: unknown): Effect.Effect<Tree> =>
  Effect.orDie(Schema.encodeUnknownEffect(operation.output)(output))

/** Every artifact of an output, in order. */
export const artifacts = (tree: Tree): ReadonlyArray<Artifact> => {
  if (tree instanceof Artifact) return [tree]
  if (typeof tree !== "object" || tree === null) return []
  return Object.values(tree).flatMap((branch: Tree) => artifacts(branch))
}

/** A page is there to be opened, such as an editor: it is saved only where it is asked for by name. */
export const isPage = ({ mediaType }: Artifact): boolean => /^text\/html\b/i.test(mediaType ?? "")

/** An output as it is printed: an artifact is its name, type and expiry, and never its link. */
export const shown = (tree: Tree, saved: ReadonlyArray<Saved> = []): Schema.Json => {
  if (tree instanceof Artifact) {
    const { expiresAt, mediaType, name } = tree
    const file = saved.find((one) => one.name === name)?.file
    return {
      name,
      ...(mediaType === undefined ? {} : { mediaType }),
      ...(expiresAt === undefined ? {} : { expiresAt: DateTime.formatIso(expiresAt) }),
      ...(file === undefined ? {} : { file }),
    }
  }
  if (Array.isArray(tree)) return tree.map((branch: Tree) => shown(branch, saved))
  if (typeof tree !== "object" || tree === null) return tree
  return Object.fromEntries(Object.entries(tree).map(([name, branch]: [string, Tree]) => [name, shown(branch, saved)]))
}

const endings: Readonly<Record<string, string>> = {
  "application/json": "json",
  "application/pdf": "pdf",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
  "application/zip": "zip",
  "audio/flac": "flac",
  "audio/mpeg": "mp3",
  "audio/mp4": "m4a",
  "audio/wav": "wav",
  "audio/x-wav": "wav",
  "image/jpeg": "jpg",
  "image/png": "png",
  "text/html": "html",
  "text/plain": "txt",
  "video/mp4": "mp4",
}

/** How a file ends: as its type says, or its address where no type is named. Nothing else of an address is shown. */
const endingOf = ({ link, mediaType }: Artifact): string => {
  if (mediaType !== undefined) return endings[mediaType.split(";")[0]?.trim().toLowerCase() ?? ""] ?? "bin"
  const url = link === undefined ? null : URL.parse(Redacted.value(link))
  const [, ending = ""] = /\.([a-z0-9]{1,5})$/.exec(url?.pathname.toLowerCase() ?? "") ?? []
  return Object.values(endings).includes(ending) ? ending : "bin"
}

/** A name that is one file name on every system, whatever the service calls its work. */
const fileName = (artifact: Artifact): string => {
  const { handle, name } = artifact
  const stem = `${handle.id}.${name}`.replaceAll(/[^A-Za-z0-9._-]+/g, "_").replace(/^[.-]+/, "")
  return `${stem.slice(0, 200)}.${endingOf(artifact)}`
}

/** Save artifacts into a directory, which is made if need be. Errors: `Unseen`, `Lost`; `Unwritten`. */
export const save = Effect.fnUntraced(function* (
  operation: Operation.Any,
  chosen: ReadonlyArray<Artifact>,
  directory: string,
  left: Effect.Effect<Wait>,
) {
  const AtomicFile = yield* Effect.promise(() => import("@tenuto/transport-node/AtomicFile"))
  yield* Effect.ignore(Effect.tryPromise(() => mkdir(directory, { recursive: true })))
  return yield* Effect.forEach(chosen, (artifact) => {
    const file = resolve(join(directory, fileName(artifact)))
    const write = (wait: Wait) => AtomicFile.write(file, Download.stream(operation, artifact, wait))
    return Effect.map(Effect.flatMap(left, write), (bytes): Saved => ({
      name: artifact.name,
      file,
      bytes: Number(bytes),
    }))
  })
})
