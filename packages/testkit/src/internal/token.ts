/**
 * One line that names a story: `v1:<module>:<suite>:<carrier>:<seed>:<steps>:<hash>`, the module left out where the suite is
 * known by name. Every character of it survives a shell unquoted.
 */
import { digest } from "./hash.ts"

/** What a token says. `module` is a path from where the command runs; without one the suite is known by its name. */
export interface Token {
  readonly module?: string
  readonly suite: string
  readonly carrier: "memory" | "loopback"
  readonly seed: number
  readonly steps: ReadonlyArray<string>
  /** Of the timeline that was told. */
  readonly hash: string
}

/** What is wrong with a token, and at which of its parts. */
export interface Fault {
  readonly part: "version" | "form" | "module" | "suite" | "carrier" | "seed" | "steps" | "hash"
  readonly says: string
}

const carriers = ["memory", "loopback"] as const

const plain = /[^A-Za-z0-9@=._/-]/gu
const bytes = new TextEncoder()
const hex = (value: number): string => value.toString(16).toUpperCase().padStart(2, "0")
/**
 * What parts a token, or would need quotes, becomes `%` and two digits for each of its bytes; half of a surrogate pair,
 * which has no bytes, `%u` and four.
 */
const escape = (text: string): string =>
  text.replace(plain, (character) =>
    /\p{Surrogate}/u.test(character)
      ? `%u${hex(character.charCodeAt(0))}`
      : Array.from(bytes.encode(character), (byte) => `%${hex(byte)}`).join(""),
  )

/** `undefined` for what {@link escape} cannot have written. */
const unescape = (text: string): string | undefined => {
  try {
    const read = decodeURIComponent(
      text.replace(/%u([0-9A-F]{4})/g, (_, half: string) => String.fromCharCode(Number.parseInt(half, 16))),
    )
    return escape(read) === text ? read : undefined
  } catch {
    return undefined
  }
}

/** The name of a timeline. */
export const hashOf = (timeline: string): string => digest(timeline)

export const write = ({ carrier, hash, module, seed, steps, suite }: Token): string =>
  [
    "v1",
    ...(module === undefined ? [] : [escape(module)]),
    escape(suite),
    carrier,
    String(seed),
    // A story without steps, and one whose only step has no name, are two.
    steps.map((step) => (step === "" ? "%" : escape(step))).join("+"),
    hash,
  ].join(":")

/** Read a token strictly: what `write` does not write is none. */
export const read = (text: unknown): Token | Fault => {
  if (typeof text !== "string")
    return { part: "form", says: "it is no text: give the token that the line of a red story ends with" }
  const [version, ...parts] = text.split(":")
  if (version !== "v1")
    return { part: "version", says: `it begins with "${version}:", and "v1:" is the one that is known` }
  if (parts.length !== 5 && parts.length !== 6) {
    const says = `it has ${parts.length} parts after v1, not [module:]suite:carrier:seed:steps:hash`
    return { part: "form", says }
  }
  const [hash = "", steps = "", seed = "", carrier = "", suite = "", module] = parts.toReversed()
  const path = module === undefined ? undefined : unescape(module)
  if (module !== undefined && (path === undefined || path === "")) {
    return { part: "module", says: `"${module}" is no path as a token writes it` }
  }
  const name = unescape(suite)
  if (name === undefined || name === "") return { part: "suite", says: `"${suite}" is no name as a token writes it` }
  const carried = carriers.find((known) => known === carrier)
  if (carried === undefined) return { part: "carrier", says: `"${carrier}" carries nothing: ${carriers.join(" or ")}` }
  if (!/^(?:0|[1-9]\d*)$/.test(seed) || !Number.isSafeInteger(Number(seed)))
    return { part: "seed", says: `"${seed}" is no whole number from 0` }
  const words =
    steps === "" ? [] : steps.split("+").map((word) => (word === "%" ? "" : word === "" ? undefined : unescape(word)))
  const known = words.filter((word) => word !== undefined)
  if (known.length < words.length) return { part: "steps", says: `"${steps}" holds a step that no token writes` }
  if (!/^[0-9a-f]{8}$/.test(hash)) return { part: "hash", says: `"${hash}" is not eight hexadecimal digits` }
  return {
    ...(path === undefined ? {} : { module: path }),
    suite: name,
    carrier: carried,
    seed: Number(seed),
    steps: known,
    hash,
  }
}
