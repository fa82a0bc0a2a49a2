/**
 * Tells whether two states are the same, part by part. Most parts are shared, so it ends soon: `Equal` would hash all of
 * both first, for each of the thousands of stories of an exploration.
 */
import * as Equal from "effect/Equal"

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === Array.prototype
}

export const isSame = (one: unknown, other: unknown): boolean => {
  if (one === other) return true
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false
  if (!isPlain(one) || !isPlain(other)) return Equal.equals(one, other)
  const [ours, theirs] = [one as Readonly<Record<string, unknown>>, other as Readonly<Record<string, unknown>>]
  const names = Object.keys(ours)
  return (
    names.length === Object.keys(theirs).length &&
    names.every((name) => Object.hasOwn(theirs, name) && isSame(ours[name], theirs[name]))
  )
}
