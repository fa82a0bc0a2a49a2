/** Compression works on other threads, which the engine cannot see: every piece of it takes a hold. */
import { builtin, isBun } from "./builtin.ts"
import type { Engine } from "./engine.ts"

type Done = (error?: Error | null) => void

/** What a stream of `node:zlib` is within: its handle works, and `push` or `done` is the first that hears of it. */
interface Zlib {
  readonly _handle: { write: (...args: ReadonlyArray<unknown>) => void } | null
  push: (chunk: unknown) => boolean
  readonly once: (event: "close", listener: () => void) => void
}

interface Prototype {
  readonly _transform: (this: Zlib, chunk: unknown, encoding: BufferEncoding, done: Done) => void
}

/** What to put in place of the methods of every stream of compression; nothing where there are none. */
export const hostZlib = (engine: Engine) => {
  const streams = builtin("node:zlib")?.Gunzip.prototype as unknown as Prototype | undefined // its types hide the handle
  if (streams === undefined || isBun) return undefined
  // The base of all of them, be it zlib, Brotli or Zstandard.
  let prototype: object | null = streams
  while (prototype !== null && !Object.hasOwn(prototype, "_transform")) {
    prototype = Object.getPrototypeOf(prototype) as object | null // an object, or none
  }
  if (prototype === null) return undefined
  const { _transform: transform } = streams
  const watched = new WeakMap<Zlib, () => void>()

  const watch = (zlib: Zlib, handle: NonNullable<Zlib["_handle"]>): (() => void) => {
    const { push } = zlib
    const { write } = handle
    let release = () => {}
    const rest = () => {
      release()
      release = () => {}
    }
    handle.write = (...args) => {
      rest()
      release = engine.hold("compression", false)
      Reflect.apply(write, handle, args)
    }
    zlib.push = (chunk) => {
      rest()
      return Reflect.apply(push, zlib, [chunk])
    }
    zlib.once("close", rest)
    return rest
  }

  return {
    prototype,
    methods: {
      _transform(this: Zlib, chunk: unknown, encoding: BufferEncoding, done: Done) {
        const handle = this._handle
        const rest = watched.get(this) ?? (handle === null ? () => {} : watch(this, handle))
        watched.set(this, rest)
        const ended: Done = (error) => {
          rest()
          done(error)
        }
        Reflect.apply(transform, this, [chunk, encoding, ended])
      },
    },
  }
}
