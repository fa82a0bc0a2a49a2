/** The host's chance from a seed: the same story draws the same ids and the same jitter. */
import { bits } from "./dice.ts"

type Bytes = ArrayBufferView

export interface HostChance {
  readonly random: () => number
  readonly fill: <T extends Bytes>(target: T) => T
  readonly randomUUID: () => `${string}-${string}-${string}-${string}-${string}`
}

// One stream at a time: what a module has kept of an earlier run draws from that of now.
let next = bits(0)

export const hostChance = (seed: number): HostChance => {
  next = bits(seed)
  const fill = <T extends Bytes>(target: T): T => {
    const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength)
    for (let i = 0; i < bytes.length; i++) bytes[i] = next() & 0xff
    return target
  }
  return {
    random: () => (next() * 0x200000 + (next() >>> 11)) / 2 ** 53,
    fill,
    randomUUID: () => {
      const bytes = fill(new Uint8Array(16))
      bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
      bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
      const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
    },
  }
}
