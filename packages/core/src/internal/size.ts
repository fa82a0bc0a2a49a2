/** How much room a value takes as JSON, about, before any JSON is made of it. */
import type { Issue } from "../Reason.ts"

/** Bytes stand in JSON as Base64. What holds itself is counted once, and what lies too deep not at all. */
export const sizeOf = (value: unknown, above: ReadonlyArray<unknown> = []): number => {
  if (typeof value === "string") return value.length + 2
  if (typeof value !== "object" || value === null || above.length > 99 || above.includes(value)) return 4
  if (ArrayBuffer.isView(value)) return 4 * Math.ceil(value.byteLength / 3) + 2
  const within = [...above, value]
  return Object.entries(value).reduce((sum, [name, part]) => sum + name.length + 4 + sizeOf(part, within), 2)
}

/** Name the field that makes an input larger than it may be; `undefined` when it is not. */
export const excess = (input: unknown, most: number): Issue | undefined => {
  if (sizeOf(input) <= most) return undefined
  let [path, size]: [Issue["path"], number] = [[], 0]
  for (const [name, part] of Object.entries(input as object)) {
    const its = sizeOf(part)
    if (its > size) [path, size] = [[name], its]
  }
  return { path, message: `takes about ${size} bytes of JSON; the journal allows an input ${most} (maxInputBytes)` }
}
