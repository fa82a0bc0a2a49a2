/** Unpacks an answer as Node's `fetch` does; a coding that it does not know leaves all of it packed. */
import type * as Context from "effect/Context"
import { builtin } from "./builtin.ts"
import { held } from "./flight.ts"

type Parts = ReadonlyArray<Uint8Array>
type Zlib = NonNullable<ReturnType<typeof builtin<"node:zlib">>>
type Unpacker = ReturnType<Zlib["createGunzip"]>

const zlib = builtin("node:zlib")

/** What is asked for; nothing where nothing can be unpacked. */
export const accepted = ({ protocol }: URL): Readonly<Record<string, string>> =>
  zlib === undefined ? {} : { "accept-encoding": protocol === "https:" ? "br, gzip, deflate" : "gzip, deflate" }

// What is cut short is given as far as it came.
const unpackers = ({ constants, ...zlib }: Zlib): Readonly<Record<string, (first: Uint8Array) => Unpacker>> => {
  const lenient = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH }
  const { BROTLI_OPERATION_FLUSH: flush } = constants
  return {
    gzip: () => zlib.createGunzip(lenient),
    "x-gzip": () => zlib.createGunzip(lenient),
    // Some send it without its head.
    deflate: ([first = 0]) => ((first & 0x0f) === 0x08 ? zlib.createInflate(lenient) : zlib.createInflateRaw(lenient)),
    br: () => zlib.createBrotliDecompress({ flush, finishFlush: flush }),
    zstd: () => zlib.createZstdDecompress(),
  }
}

/** One coding: it takes parts, and gives what they hold; nothing is its end. */
const unpacking = (make: (first: Uint8Array) => Unpacker) => {
  let unpacker: Unpacker | undefined
  let out: Array<Uint8Array> = []
  return async (parts: Parts | undefined): Promise<Parts> => {
    const [first] = parts ?? []
    if (unpacker === undefined && first !== undefined) {
      unpacker = make(first).on("data", (part: Uint8Array) => void out.push(part))
    }
    const current = unpacker
    if (current === undefined) return []
    await new Promise<void>((resolve, reject) => {
      current.once("error", reject)
      const done = () => {
        current.off("error", reject)
        resolve()
      }
      for (const part of parts?.slice(0, -1) ?? []) current.write(part)
      if (parts === undefined) current.once("end", done).end()
      else current.write(parts.at(-1), done)
    })
    const given = out
    out = []
    return given
  }
}

/** How to unpack an answer, part by part. */
export const decoding = (context: Context.Context<never>, codings: string | undefined) => {
  const known = zlib === undefined ? {} : unpackers(zlib)
  const names = codings === undefined ? [] : codings.toLowerCase().split(",")
  const makes = names.map((name) => known[name.trim()]).filter((make) => make !== undefined)
  const chain = makes.length < names.length ? [] : makes.toReversed().map(unpacking)
  return async (parts: Parts | undefined): Promise<Parts> => {
    let rest: Parts = parts?.filter(({ byteLength }) => byteLength > 0) ?? []
    for (const unpack of chain) {
      const given = rest.length === 0 ? [] : await held(context, "compression", unpack(rest))
      rest = parts === undefined ? [...given, ...(await held(context, "compression", unpack(undefined)))] : given
    }
    return rest
  }
}
