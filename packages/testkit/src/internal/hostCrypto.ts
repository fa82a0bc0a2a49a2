/** The chance that `node:crypto` offers beside WebCrypto. What the host refuses, it refuses itself. */
import type { builtin } from "./builtin.ts"
import type { HostChance } from "./hostChance.ts"

type Given = ReadonlyArray<unknown>
type Bytes = ArrayBuffer | NodeJS.TypedArray

/** Answer, or call back if there is somebody to call. */
const answering =
  <A>(make: (given: Given) => A) =>
  (...given: Given): A | undefined => {
    const take = given.at(-1)
    if (typeof take !== "function") return make(given)
    const value = make(given.slice(0, -1))
    queueMicrotask(() => void Reflect.apply(take, undefined, [null, value]))
    return undefined
  }

export const hostCrypto = ({ fill, random }: HostChance, host: ReturnType<typeof builtin<"node:crypto">>) => {
  if (host === undefined) return {}
  const { randomBytes, randomFillSync, randomInt } = host
  const filled = answering((given) => {
    const target: Bytes = Reflect.apply(randomFillSync, host, given)
    const [, offset = 0, size] = given as readonly [Bytes, number?, number?] // the host took them
    const [buffer, start, unit] = ArrayBuffer.isView(target)
      ? [target.buffer, target.byteOffset, target.BYTES_PER_ELEMENT]
      : [target, 0, 1]
    const at = offset * unit
    fill(new Uint8Array(buffer, start + at, size === undefined ? target.byteLength - at : size * unit))
    return target
  })
  return {
    randomBytes: answering((given) => {
      const bytes: Buffer = Reflect.apply(randomBytes, host, given)
      return fill(bytes)
    }),
    randomFill: filled,
    randomFillSync: filled,
    randomInt: answering((given) => {
      Reflect.apply(randomInt, host, given)
      const [low, high] = given.length > 1 ? given : [0, ...given]
      return Number(low) + Math.floor(random() * (Number(high) - Number(low)))
    }),
  }
}
