/**
 * Headers as carriers hand them over, made plain: lower case, and a header sent twice joined with `", "`.
 *
 * It judges no value and drops none: two that differ are seen as one that fits nothing.
 */
import type * as Exchange from "../Exchange.ts"

/** A `Headers` object, a record in any case, or pairs. */
export type Given =
  | Iterable<readonly [name: string, value: string]>
  | Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

const isPairs = (given: Given): given is Iterable<readonly [string, string]> => Symbol.iterator in given

/** Make headers plain. A name like `__proto__` is a name like any other. */
export const from = (given: Given): Exchange.Headers => {
  const plain = new Map<string, string>()
  for (const [name, value] of isPairs(given) ? given : Object.entries(given)) {
    if (value === undefined) continue
    const text = typeof value === "string" ? value : value.join(", ")
    const known = plain.get(name.toLowerCase())
    plain.set(name.toLowerCase(), known === undefined ? text : `${known}, ${text}`)
  }
  return Object.fromEntries(plain)
}
