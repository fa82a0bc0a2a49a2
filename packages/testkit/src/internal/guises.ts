/** The ways in which a text may stand in another: as it is, escaped, or encoded. */
import * as RegExps from "effect/RegExp"
import { binaryOf } from "./content.ts"

/** What is shorter is no secret, and would be found in words that mean something. */
export const shortest = 8

const json = (text: string): string => JSON.stringify(text).slice(1, -1)
/** As `inspect` has it, where a quote may stand bare. */
const inspected = (text: string): string => text.split('"').map(json).join('"')
const coded = (text: string, pattern: RegExp): string =>
  text.replaceAll(pattern, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)

/** JSON as it is written here, and by PHP, Python and Go. */
const inJson = (text: string): ReadonlyArray<string> => {
  const own = json(text)
  return [own, own.replaceAll("/", "\\/"), coded(own, /[^ -~]/g), coded(own, /[<>&\u2028\u2029]/g)]
}

const inUrl = (text: string): ReadonlyArray<string> => {
  const written = [encodeURIComponent(text), encodeURI(text), new URLSearchParams({ a: text }).toString().slice(2)]
  return written.flatMap((one) => [one, one.replaceAll(/%[\dA-F]{2}/g, (byte) => byte.toLowerCase())])
}

const quotes = [
  ['"', "'"],
  ["&quot;", "'"],
  ["&quot;", "&#39;"],
  ["&quot;", "&#039;"],
  ["&quot;", "&#x27;"],
  ["&quot;", "&apos;"],
  ["&#34;", "&#39;"],
] as const
const inMarkup = (text: string): ReadonlyArray<string> => {
  const open = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
  return quotes.map(([double, single]) => open.replaceAll('"', double).replaceAll("'", single))
}

/** A text in base64, wherever in it the text begins. */
const inBase64 = (bytes: string): ReadonlyArray<string> =>
  [0, 1, 2].flatMap((before) => {
    const encoded = btoa("\0".repeat(before) + bytes)
    const own = encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
    return [own, own.replaceAll("+", "-").replaceAll("/", "_")]
  })

const inHex = (bytes: string): ReadonlyArray<string> => {
  const digits = Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("")
  return [digits, digits.toUpperCase()]
}

/** A text as it may be read in another. */
const written = (text: string): ReadonlyArray<string> => {
  if (/^[\w.-]*$/.test(text)) return [text] // Nobody escapes these.
  // A half of a pair cannot be encoded.
  const whole = text.replaceAll(/\p{Surrogate}/gu, "\uFFFD")
  const once = inJson(text)
  return [
    text,
    ...inUrl(whole),
    ...once,
    inspected(text),
    inspected(text).replaceAll("'", "\\'"),
    ...inMarkup(text),
    // JSON within JSON, or inspected; a link within a link.
    ...once.flatMap((one) => [json(one), inspected(one)]),
    ...inUrl(encodeURIComponent(whole)),
  ]
}

/** Every way in which a text may stand in another; a short one only as it may be read there. */
export const guises = (text: string): ReadonlyArray<string> => {
  if (text === "") return []
  const bytes = text.length < shortest ? "" : binaryOf(text)
  const encoded = bytes === "" ? [] : [...inBase64(bytes), ...inHex(bytes)]
  return Array.from(new Set([...written(text), ...encoded]))
}

/** Puts others in the place of some texts, in one pass, the longest first. `isOne` tells whether one that stands there counts. */
export const replacing = (
  texts: Iterable<string>,
  isOne: (found: string, text: string, at: number) => boolean = () => true,
): ((text: string, other: (found: string) => string) => string) => {
  // Looked for by how they begin: an expression of many whole ones outgrows the engine.
  const heads = new Map<string, Array<string>>()
  for (const text of Array.from(texts).toSorted((one, other) => other.length - one.length)) {
    const head = text.slice(0, shortest)
    const known = heads.get(head)
    if (known === undefined) heads.set(head, [text])
    else known.push(text)
  }
  if (heads.size === 0) return (text) => text
  const pattern = new RegExp(Array.from(heads.keys(), (head) => RegExps.escape(head)).join("|"), "g")
  const found = (text: string, at: number): string | undefined => {
    for (let length = shortest; length > 0; length--) {
      const known = heads.get(text.slice(at, at + length))
      const one = known?.find((one) => text.startsWith(one, at) && isOne(one, text, at))
      if (one !== undefined) return one
    }
    return undefined
  }
  return (text, other) => {
    let [shown, from] = ["", 0]
    pattern.lastIndex = 0
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      const one = found(text, match.index)
      pattern.lastIndex = match.index + (one?.length ?? 1)
      if (one === undefined) continue
      shown += text.slice(from, match.index) + other(one)
      from = pattern.lastIndex
    }
    return from === 0 ? text : shown + text.slice(from)
  }
}
