/**
 * Writes a file whole or not at all: beside its place first, then moved there.
 *
 * A reader sees the old content or all of the new one, never a part. A failure
 * or an interruption leaves nothing behind, and an existing file as it was. It
 * makes no directory. A symbolic link at the path is replaced, not followed.
 */
import { open, rename, unlink, type FileHandle } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

/** The file was not written; whatever was at the path before is still there. */
export class Unwritten extends Schema.TaggedError<Unwritten>()("Unwritten", {
  path: Schema.String,
  problem: Schema.Literals(["NoDirectory", "IsDirectory", "Denied", "Full", "Unknown"]),
}) {
  override get message() {
    return `${this.path} was not written: ${reasons[this.problem]}`
  }
}

const reasons: Readonly<Record<Unwritten["problem"], string>> = {
  NoDirectory: "its directory does not exist; make it first",
  IsDirectory: "it is a directory; choose another path",
  Denied: "this process may not write there; change the path or its permissions",
  Full: "the disk or the quota is full; make room and write it again",
  Unknown: "the file system refused; write it again, or elsewhere",
}

const problems: Readonly<Record<string, Unwritten["problem"]>> = {
  ENOENT: "NoDirectory",
  ENOTDIR: "NoDirectory",
  EISDIR: "IsDirectory",
  ENOTEMPTY: "IsDirectory",
  EACCES: "Denied",
  EPERM: "Denied",
  EROFS: "Denied",
  ENOSPC: "Full",
  EDQUOT: "Full",
  EFBIG: "Full",
}

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : ""

const attempt = <A>(path: string, run: () => Promise<A>): Effect.Effect<A, Unwritten> =>
  Effect.tryPromise({
    try: run,
    catch: (error) => new Unwritten({ path, problem: problems[codeOf(error)] ?? "Unknown" }),
  })

let count = 0

interface Part {
  readonly file: FileHandle
  readonly name: string
}

/** A new file beside the path; a name that is taken, by whomever, is passed over. */
const create = async (path: string): Promise<Part> => {
  for (;;) {
    count += 1
    const name = join(dirname(path), `.${basename(path)}.${process.pid}-${count}.part`)
    const file = await open(name, "wx").catch((error: unknown) =>
      codeOf(error) === "EEXIST" ? undefined : Promise.reject(error),
    )
    if (file !== undefined) return { file, name }
  }
}

const fill = <E, R>(path: string, file: FileHandle, content: Stream.Stream<Uint8Array, E, R>) =>
  content.pipe(
    Stream.runFoldEffect(
      () => 0n,
      (size, chunk) =>
        Effect.as(
          attempt(path, () => file.writeFile(chunk)),
          size + BigInt(chunk.byteLength),
        ),
    ),
    Effect.tap(() => attempt(path, () => file.sync())),
  )

/** The move itself lasts only once the directory is on disk; some systems cannot sync one. */
const settle = (path: string) =>
  Effect.ignore(
    Effect.tryPromise(async () => {
      const directory = await open(dirname(path), "r")
      try {
        await directory.sync()
      } finally {
        await directory.close()
      }
    }),
  )

/**
 * Write a stream of bytes to a path; gives how many bytes there were.
 *
 * Errors: `Unwritten`, and the stream's own.
 *
 * @example
 * ```ts
 * import * as Download from "@tenuto/http/Download"
 * import * as Soundpiece from "@tenuto/soundpiece"
 * import * as AtomicFile from "@tenuto/transport-node/AtomicFile"
 *
 * export const save = (song: Soundpiece.Tracks) =>
 *   AtomicFile.write("song.flac", Download.stream(Soundpiece.newSong, song.outputs[0].audio))
 * ```
 */
export const write = <E, R>(
  path: string,
  content: Stream.Stream<Uint8Array, E, R>,
): Effect.Effect<bigint, E | Unwritten, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(
      attempt(path, () => create(path)),
      ({ file, name }) =>
        restore(fill(path, file, content)).pipe(
          // Closing waits for a write that is still under way.
          Effect.ensuring(Effect.ignore(Effect.tryPromise(() => file.close()))),
          Effect.tap(() => attempt(path, () => rename(name, path))),
          Effect.onError(() => Effect.ignore(Effect.tryPromise(() => unlink(name)))),
          Effect.tap(() => settle(path)),
        ),
    ),
  )
