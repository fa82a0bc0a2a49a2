/** Copies what a caller hands over, so that nothing that is changed afterwards goes out (law 4). */
import * as Result from "effect/Result"

/** Copy lists, plain objects, maps, sets, dates and bytes, however deep; anything else is taken to be a value. */
export const snapshot = <A>(value: A): A =>
  Result.getOrElse(
    // A copy has the shape of what was copied; what throws when it is read is refused where it is encoded.
    Result.try(() => copyOf(value, new Map()) as A),
    () => value,
  )

const copyOf = (value: unknown, made: Map<unknown, unknown>): unknown => {
  if (typeof value !== "object" || value === null) return value
  // What stands in two places stands in two places of the copy, and what holds itself ends.
  if (made.has(value)) return made.get(value)
  const keep = <C>(copy: C): C => {
    made.set(value, copy)
    return copy
  }
  if (value instanceof Uint8Array) return keep(new Uint8Array(value))
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return keep(structuredClone(value))
  if (value instanceof Date) return keep(new Date(value))
  if (Array.isArray(value)) {
    const list = keep<Array<unknown>>([])
    for (const item of value) list.push(copyOf(item, made))
    return list
  }
  if (value instanceof Map) {
    const map = keep(new Map())
    for (const [name, item] of value) map.set(copyOf(name, made), copyOf(item, made))
    return map
  }
  if (value instanceof Set) {
    const set = keep(new Set())
    for (const item of value) set.add(copyOf(item, made))
    return set
  }
  const kind: unknown = Object.getPrototypeOf(value)
  if (kind !== Object.prototype && kind !== null) return value
  const copy: object = keep(Object.create(Object.prototype))
  for (const [name, item] of Object.entries(value)) {
    Object.defineProperty(copy, name, {
      value: copyOf(item, made),
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return copy
}
