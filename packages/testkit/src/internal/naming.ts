/** Shows text and requests so that they are the same every time: ids by the order in which they are first seen. */
import { type Request, reveal } from "@tenuto/http/Exchange"
import type { About, Evidence } from "./entry.ts"
import { once } from "./once.ts"

/** Text that is an id, and the name it is shown under. The pattern must be global. */
export interface IdPattern {
  readonly name: string
  readonly pattern: RegExp
}

/**
 * The ids that are known without being told: `op_7f3…`, UUIDs, and long runs of letters and digits. An id has digits, or
 * the length of one; what is made of words, and of versions such as `v2`, has not.
 */
export const idPatterns: ReadonlyArray<IdPattern> = [
  { name: "id", pattern: /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi },
  { name: "op", pattern: /(?<![0-9A-Za-z])op_(?=[A-Za-z]*[0-9]|[A-Za-z]{16})[0-9A-Za-z]+/g },
  {
    name: "id",
    pattern:
      /(?<![\w-])(?=[A-Za-z_-]*[0-9])(?=[0-9_-]*[A-Za-z])(?!(?:[A-Za-z]+|v\d+)(?:[_-](?:[A-Za-z]+|v\d+))*(?![\w-]))[\w-]{16,}/g,
  },
]

/** Names that were given so far, and the next ones. */
export interface Naming {
  readonly shown: (text: string) => string
  readonly request: (request: Pick<Request, "method" | "url">) => string
  readonly about: (about: About) => About
  readonly evidence: (evidence: Evidence) => Evidence
}

export const naming = (patterns: ReadonlyArray<IdPattern>): Naming => {
  const names = new Map<string, string>()
  const counts = new Map<string, number>()
  const rename = (name: string) => (id: string) => {
    const known = names.get(id)
    if (known !== undefined) return known
    const count = (counts.get(name) ?? 0) + 1
    const fresh = `${name}#${count}`
    counts.set(name, count)
    names.set(id, fresh)
    return fresh
  }
  // Once its ids have names a text is always shown alike, and few texts come only once.
  const renamed = once((text: string) =>
    patterns.reduce((shown, { name, pattern }) => shown.replace(pattern, rename(name)), text),
  )
  // What a service or a caller says may hold anything; an entry is one line.
  const shown = once((text: string) => renamed(text).replaceAll(/[\p{Cc}\u2028\u2029]/gu, " "))
  return {
    shown,
    request: ({ method, url: given }) => {
      const text = reveal(given)
      if (!URL.canParse(text)) return `${method} ?`
      const url = new URL(text)
      const query = Array.from(url.searchParams, ([name, value]) => {
        const shown = renamed(value)
        return /^[a-z]+#\d+$/.test(shown) ? `${name}=${shown}` : name
      })
      return `${method} ${renamed(url.pathname)}${query.length === 0 ? "" : `?${query.join("&")}`}`
    },
    about: ({ name, says, state, work }) => ({ work: shown(work), name: shown(name), state, says: shown(says) }),
    evidence: (evidence) =>
      Object.fromEntries(
        Object.entries(evidence).map(([name, value]) => [name, typeof value === "string" ? shown(value) : value]),
      ),
  }
}
