import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { AtomicFile } from "@tenuto/transport-node"

const bytes = (text: string) => new TextEncoder().encode(text)
const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "tenuto-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true })),
)
const read = (path: string) => Effect.promise(() => readFile(path, "utf8"))
const names = (path: string) => Effect.promise(() => readdir(path))

describe("AtomicFile", () => {
  it.live("writes all of a stream, tells its size, and leaves nothing beside it", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const path = join(home, "song.mp3")
      const chunks = Array.from({ length: 100 }, (_, nth) => bytes(`${nth},`.repeat(1000)))
      const size = yield* AtomicFile.write(path, Stream.fromIterable(chunks))
      const whole = Buffer.concat(chunks)
      assert.strictEqual(size, BigInt(whole.byteLength))
      assert.strictEqual(yield* read(path), whole.toString())
      assert.deepStrictEqual(yield* names(home), ["song.mp3"])
      yield* AtomicFile.write(path, Stream.empty)
      assert.strictEqual(yield* read(path), "")
    }),
  )

  it.live("shows the old content until the new one is whole", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const path = join(home, "a")
      yield* Effect.promise(() => writeFile(path, "old"))
      const seen: Array<string> = []
      const look = Effect.map(read(path), (text) => void seen.push(text))
      const content = Stream.tap(Stream.make(bytes("new "), bytes("content")), () => look)
      yield* AtomicFile.write(path, content)
      yield* look
      assert.deepStrictEqual(seen, ["old", "old", "new content"])
    }),
  )

  it.live("leaves everything as it was when the stream fails", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const path = join(home, "a")
      yield* Effect.promise(() => writeFile(path, "old"))
      const broken = Stream.concat(Stream.make(bytes("half")), Stream.fail("broken" as const))
      assert.strictEqual(yield* Effect.flip(AtomicFile.write(path, broken)), "broken")
      assert.strictEqual(yield* read(path), "old")
      assert.deepStrictEqual(yield* names(home), ["a"])
    }),
  )

  it.live("leaves nothing when interrupted", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const endless = Stream.concat(Stream.make(bytes("half")), Stream.never)
      const fiber = yield* Effect.forkChild(AtomicFile.write(join(home, "a"), endless))
      while ((yield* names(home)).length === 0) yield* Effect.sleep("1 millis")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(yield* names(home), [])
    }),
  )

  it.live("says why it could not write, and where", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const content = Stream.make(bytes("x"))
      const missing = yield* Effect.flip(AtomicFile.write(join(home, "none", "a"), content))
      assert.deepStrictEqual([missing._tag, missing.problem], ["Unwritten", "NoDirectory"])
      assert.include(missing.message, join(home, "none", "a"))
      yield* Effect.promise(() => mkdir(join(home, "taken")))
      const taken = yield* Effect.flip(AtomicFile.write(join(home, "taken"), content))
      assert.strictEqual(taken.problem, "IsDirectory")
      assert.deepStrictEqual(yield* names(home), ["taken"])
      const locked = join(home, "taken")
      yield* Effect.promise(() => chmod(locked, 0o500))
      const denied = yield* Effect.exit(AtomicFile.write(join(locked, "a"), content))
      yield* Effect.promise(() => chmod(locked, 0o700))
      // The superuser is denied nothing.
      if (process.getuid?.() !== 0) assert.strictEqual((yield* Effect.flip(denied)).problem, "Denied")
      else assert.isTrue(Exit.isSuccess(denied))
    }),
  )

  it.live("lets many write the same path at once: one of them wins whole", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const path = join(home, "a")
      const texts = Array.from({ length: 20 }, (_, nth) => String.fromCodePoint(97 + nth).repeat(50_000))
      yield* Effect.forEach(texts, (text) => AtomicFile.write(path, Stream.make(bytes(text), bytes(text))), {
        concurrency: "unbounded",
      })
      const won = yield* read(path)
      assert.include(
        texts.map((text) => text + text),
        won,
      )
      assert.deepStrictEqual(yield* names(home), ["a"])
    }),
  )

  it.live("passes over a name that another process has taken", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const path = join(home, "a")
      const taken = Array.from({ length: 2000 }, (_, nth) => join(home, `.a.${process.pid}-${nth}.part`))
      yield* Effect.promise(() => Promise.all(taken.map((name) => writeFile(name, "theirs"))))
      yield* AtomicFile.write(path, Stream.make(bytes("mine")))
      assert.strictEqual(yield* read(path), "mine")
      assert.lengthOf(yield* names(home), taken.length + 1)
      for (const name of taken) assert.strictEqual(yield* read(name), "theirs")
    }),
  )

  it.live("keeps the permissions of what it replaces, also while it writes", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const path = join(home, "a")
      const modeOf = (name: string) =>
        Effect.map(
          Effect.promise(() => stat(join(home, name))),
          ({ mode }) => mode & 0o7777,
        )
      for (const mode of [0o600, 0o640, 0o664, 0o400, 0o755]) {
        yield* Effect.promise(() => writeFile(path, "old", { mode: 0o600 }).catch(() => undefined))
        yield* Effect.promise(() => chmod(path, mode))
        const during: Array<number> = []
        const look = Effect.gen(function* () {
          const part = (yield* names(home)).find((name) => name.endsWith(".part")) ?? "a"
          during.push(yield* modeOf(part))
        })
        yield* AtomicFile.write(
          path,
          Stream.tap(Stream.make(bytes("new"), bytes("!")), () => look),
        )
        assert.strictEqual(yield* modeOf("a"), mode)
        for (const one of during) assert.strictEqual(one & 0o077, 0, "somebody else may read the part")
        yield* Effect.promise(() => rm(path))
      }
      yield* AtomicFile.write(path, Stream.make(bytes("new")))
      assert.strictEqual(yield* modeOf("a"), 0o666 & ~process.umask())
    }),
  )

  it.live("writes a name as long as the file system takes, and says when it is longer", () =>
    Effect.gen(function* () {
      const home = yield* folder
      for (const name of ["a".repeat(245), "a".repeat(255), "文".repeat(85), "😀".repeat(63)]) {
        yield* AtomicFile.write(join(home, name), Stream.make(bytes("x")))
        assert.strictEqual(yield* read(join(home, name)), "x")
      }
      const failure = yield* Effect.flip(AtomicFile.write(join(home, "a".repeat(256)), Stream.make(bytes("x"))))
      assert.strictEqual(failure.problem, "NameTooLong")
      assert.lengthOf(yield* names(home), 4)
    }),
  )

  it.live("names an argument that is none, and leaves nothing behind", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const content = Stream.make(bytes("x"))
      const write = AtomicFile.write as (
        ...given: ReadonlyArray<unknown>
      ) => Effect.Effect<bigint, AtomicFile.Unwritten>
      const path = join(home, "a")
      const mistakes: ReadonlyArray<readonly [RegExp, ReadonlyArray<unknown>]> = [
        [/path is undefined/, []],
        [/path is a number/, [1, content]],
        [/path is empty/, ["", content]],
        [/path is a text with a null character/, ["a\0b", content]],
        [/content is undefined/, [path]],
        [/content is a string/, [path, "la"]],
        [/content is a list/, [path, [bytes("la")]]],
        [/content brings a string/, [path, Stream.make("la")]],
        [/content brings null/, [path, Stream.make(null)]],
      ]
      for (const [says, given] of mistakes) {
        const failure = yield* Effect.flip(write(...given))
        assert.deepStrictEqual([failure._tag, failure.problem], ["Unwritten", "Invalid"])
        assert.match(failure.message, says)
      }
      assert.deepStrictEqual(yield* names(home), [])
    }),
  )
})
