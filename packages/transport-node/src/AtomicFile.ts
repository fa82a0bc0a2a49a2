/**
 * Writes a file whole or not at all: beside its place first, then moved there.
 *
 * A reader sees the old content or all of the new one, never a part. A failure
 * or an interruption leaves nothing behind, and an existing file as it was. It
 * makes no directory. A symbolic link at the path is replaced, not followed.
 *
 * A file that replaces another keeps its permissions, so what nobody else may
 * read stays so, also while it is written. A new file gets those of the process.
 */
import { open, rename, stat, unlink, type FileHandle } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

/** The file was not written; whatever was at the path before is still there. */
export class Unwritten extends Schema.TaggedError<Unwritten>()("Unwritten", {
  path: Schema.String,
  problem: Schema.Literals(["NoDirectory", "IsDirectory", "NameTooLong", "Denied", "Full", "Invalid", "Unknown"]),
  /** Of an argument that is none: which one, what it is, and what is wanted. */
  detail: Schema.optionalKey(Schema.String),
}) {
  override get message() {
    return `${this.path} was not written: ${this.detail ?? reasons[this.problem]}`
  }
}

const reasons: Readonly<Record<Unwritten["problem"], string>> = {
  NoDirectory: "its directory does not exist; make it first",
  IsDirectory: "it is a directory; choose another path",
  NameTooLong: "its name is longer than the file system allows, often 255 bytes; choose a shorter one",
  Denied: "this process may not write there; change the path or its permissions",
  Full: "the disk or the quota is full; make room and write it again",
  Invalid: "an argument is none; give a path and a stream of bytes",
  Unknown: "the file system refused; write it again, or elsewhere",
}

const problems: Readonly<Record<string, Unwritten["problem"]>> = {
  ENOENT: "NoDirectory",
  ENOTDIR: "NoDirectory",
  EISDIR: "IsDirectory",
  ENOTEMPTY: "IsDirectory",
  ENAMETOOLONG: "NameTooLong",
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
  /** The permissions of what is replaced; `undefined` where nothing is. */
  readonly mode: number | undefined
}

/** So much of a name leaves room for what the part is called besides: file systems allow 255 bytes, some fewer. */
const longest = 100

/** The beginning of a name, cut between letters. */
const begin = (name: string): string => {
  let size = 0
  const letters = Array.from(name).filter((letter) => (size += Buffer.byteLength(letter)) <= longest)
  return letters.join("")
}

const modeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    (found) => (found.isFile() ? found.mode & 0o7777 : undefined),
    () => undefined,
  )

/** A new file beside the path; a name that is taken, by whomever, is passed over. */
const create = async (path: string): Promise<Part> => {
  const mode = await modeOf(path)
  for (;;) {
    count += 1
    const name = join(dirname(path), `.${begin(basename(path))}.${process.pid}-${count}.part`)
    // Nobody may read the part who may not read what it replaces.
    const file = await open(name, "wx", mode === undefined ? 0o666 : mode & 0o700).catch((error: unknown) =>
      codeOf(error) === "EEXIST" ? undefined : Promise.reject(error),
    )
    if (file !== undefined) return { file, name, mode }
  }
}

/** Some file systems know no permissions, and some owners may not give them: the part stays the narrower one. */
const permit = ({ file, mode }: Part) =>
  mode === undefined ? Effect.void : Effect.ignore(Effect.tryPromise(() => file.chmod(mode)))

/** Say what a program without types gave in the place of an argument. */
const misused = (path: unknown, content: unknown): Unwritten | undefined => {
  const given = typeof path === "string" ? path : "what is no path"
  const wrong = (detail: string) => new Unwritten({ path: given, problem: "Invalid", detail })
  if (typeof path !== "string") return wrong(`path is ${named(path)}; give a text, such as "songs/1.flac"`)
  if (path === "" || path.includes("\0")) {
    return wrong(`path is ${path === "" ? "empty" : "a text with a null character"}; give one such as "songs/1.flac"`)
  }
  if (!Stream.isStream(content)) {
    return wrong(`content is ${named(content)}; give a stream of bytes, such as Download.stream(…)`)
  }
  return undefined
}

const named = (value: unknown): string =>
  value === undefined || value === null ? String(value) : Array.isArray(value) ? "a list" : `a ${typeof value}`

const fill = <E, R>(path: string, file: FileHandle, content: Stream.Stream<Uint8Array, E, R>) =>
  content.pipe(
    Stream.runFoldEffect(
      () => 0n,
      (size, chunk) =>
        ArrayBuffer.isView(chunk)
          ? Effect.as(
              attempt(path, () => file.writeFile(chunk)),
              size + BigInt(chunk.byteLength),
            )
          : Effect.fail(
              new Unwritten({ path, problem: "Invalid", detail: `content brings ${named(chunk)}; give bytes` }),
            ),
    ),
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
  Effect.suspend((): Effect.Effect<bigint, E | Unwritten, R> => misused(path, content) ?? replace(path, content))

const replace = <E, R>(path: string, content: Stream.Stream<Uint8Array, E, R>) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(
      attempt(path, () => create(path)),
      (part) => {
        const { file, name } = part
        return restore(fill(path, file, content)).pipe(
          Effect.tap(() => permit(part)),
          Effect.tap(() => attempt(path, () => file.sync())),
          // Closing waits for a write that is still under way.
          Effect.ensuring(Effect.ignore(Effect.tryPromise(() => file.close()))),
          Effect.tap(() => attempt(path, () => rename(name, path))),
          Effect.onError(() => Effect.ignore(Effect.tryPromise(() => unlink(name)))),
          Effect.tap(() => settle(path)),
        )
      },
    ),
  )
