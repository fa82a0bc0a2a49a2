/** Files of a result: how they are shown, without their links, and how they are saved. */
import { createHash } from "node:crypto"
import { mkdir } from "node:fs/promises"
import { join, resolve } from "node:path"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { type Artifact, isArtifact, type Tree } from "@tenuto/core/Artifact"
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
  if (isArtifact(tree)) return [tree]
  if (typeof tree !== "object" || tree === null) return []
  return Object.values(tree).flatMap((branch: Tree) => artifacts(branch))
}

/** A page is there to be opened, such as an editor: it is saved only where it is asked for by name. */
export const isPage = ({ mediaType }: Artifact): boolean => /^text\/html\b/i.test(mediaType ?? "")

/** An output as it is printed: an artifact is its name, type and expiry, and never its link. */
export const shown = (tree: Tree, saved: ReadonlyMap<Artifact, Saved> = new Map()): Schema.Json => {
  if (isArtifact(tree)) {
    const { expiresAt, mediaType, name } = tree
    const file = saved.get(tree)?.file
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

const endingOfType = (type: string): string => endings[type.split(";")[0]?.trim().toLowerCase() ?? ""] ?? "bin"

/** How a file ends: as its type says, or its address where no type is named. Nothing else of an address is shown. */
const endingOf = ({ link, mediaType }: Artifact): string => {
  if (mediaType !== undefined) return endingOfType(mediaType)
  const address = link === undefined ? "" : Redacted.value(link)
  const [, inline] = /^\s*data:([^,]*),/i.exec(address) ?? []
  if (inline !== undefined) return endingOfType(inline)
  const [, ending = ""] = /\.([a-z0-9]{1,5})$/.exec(URL.parse(address)?.pathname.toLowerCase() ?? "") ?? []
  return Object.values(endings).includes(ending) ? ending : "bin"
}

/** File systems allow 255 bytes; the longest name has two parts of these, two digests, a number and an ending. */
const longest = 96

/**
 * A part of a file name that is one on every system. Letters of any script stay. What is left out or cut off is told apart by
 * a digest, so two names stay two.
 */
const partOf = (text: string): string => {
  const clean = text
    .normalize("NFC")
    .replaceAll(/[^\p{L}\p{M}\p{N}._-]+/gu, "_")
    .replace(/^[.-]+/, "")
  let size = 0
  const part = Array.from(clean)
    .filter((letter) => (size += Buffer.byteLength(letter)) <= longest)
    .join("")
  return part === text ? part : `${part}-${createHash("sha256").update(text).digest("hex").slice(0, 8)}`
}

/** One name for each file of an output, also where case counts for nothing: the second of its name gets a number. */
const fileNames = (all: ReadonlyArray<Artifact>): ReadonlyMap<Artifact, string> => {
  const taken = new Set<string>()
  const nameOf = (artifact: Artifact): string => {
    const stem = `${partOf(artifact.handle.id)}.${partOf(artifact.name)}`
    for (let nth = 1; ; nth++) {
      const name = `${stem}${nth === 1 ? "" : `-${nth}`}.${endingOf(artifact)}`
      const folded = name.toUpperCase().toLowerCase()
      if (taken.has(folded)) continue
      taken.add(folded)
      return name
    }
  }
  return new Map(all.map((artifact) => [artifact, nameOf(artifact)]))
}

/**
 * Save some files of an output into a directory, which is made if need be. A file has the same name whichever of them are
 * chosen. Errors: `Unseen`, `Lost`; `Unwritten`.
 */
export const save = Effect.fnUntraced(function* (
  operation: Operation.Any,
  all: ReadonlyArray<Artifact>,
  chosen: ReadonlyArray<Artifact>,
  directory: string,
  left: Effect.Effect<Wait>,
) {
  const AtomicFile = yield* Effect.promise(() => import("@tenuto/transport-node/AtomicFile"))
  yield* Effect.ignore(Effect.tryPromise(() => mkdir(directory, { recursive: true })))
  const names = fileNames(all)
  const saved = yield* Effect.forEach(chosen, (artifact) => {
    const file = resolve(join(directory, names.get(artifact) ?? ""))
    const write = (wait: Wait) => AtomicFile.write(file, Download.stream(operation, artifact, wait))
    return Effect.map(Effect.flatMap(left, write), (bytes): readonly [Artifact, Saved] => [
      artifact,
      { name: artifact.name, file, bytes: Number(bytes) },
    ])
  })
  return new Map(saved)
})
