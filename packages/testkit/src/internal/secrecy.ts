/**
 * Takes secrets out of recorded exchanges, so that what belonged together still does.
 *
 * ```text
 * first walk:  every place that holds a secret teaches its value
 * second walk: every place, and every copy of a value elsewhere, gets the value's own name (withheld-1, …)
 * ```
 */
import type { Text } from "@tenuto/http/Exchange"
import { reveal } from "@tenuto/http/Exchange"
import { binary, binaryOf, type Content, literal, unbinary } from "./content.ts"
import { guises, replacing, shortest } from "./guises.ts"
import { isSuspicious, isTelling, type Place, plain } from "./suspicion.ts"

/** What is withheld beyond what is always withheld, and what is not. */
export interface Secrecy {
  /** Texts that appear nowhere. What is shorter than 8 characters is found in places that hold a secret only. */
  readonly values?: ReadonlyArray<Text>
  /**
   * Names of headers, query parameters, JSON members and XML elements that hold secrets, beside those that are known to.
   * Of an object under such a name all is secret but its ids, states and times. A number becomes a text.
   */
  readonly names?: ReadonlyArray<string>
  /** Names that hold none, although they look like it. A value that is secret elsewhere stays withheld here. */
  readonly except?: ReadonlyArray<string>
}

/** One side of an exchange. */
export interface Side extends Content {
  readonly headers: Readonly<Record<string, string>>
}

/** The side of the client: its URL or a header may be one that it keeps to itself. */
export interface Asking extends Side {
  readonly url: string
  readonly isUrlSecret: boolean
  readonly secretHeaders: ReadonlySet<string>
}

/** What stands in the place of a secret. */
export const placeholder = /withheld-(?:secret-)?\d+/
const isPlaceholder = new RegExp(`^${placeholder.source}$`)
/** What looks like an id keeps doing so: a timeline gives ids names of their own. */
const nameOf = (value: string, count: number): string =>
  /^(?=.*\d)(?=.*[A-Za-z])[\w-]{16,}$/.test(value) ? `withheld-secret-${count}` : `withheld-${count}`

const deepest = 8
/** A part of a link that is kept secret as a whole. */
const telling = 16

/** What may stand before a credential, and is none. */
const schemes = /^((?:basic|bearer|digest|dpop|hmac|key|api-?key|negotiate|token|aws4-hmac-sha256)\s+)(.+)$/i
const patterns: ReadonlyArray<RegExp> = [
  /whsec_[\w+/=-]{8,}/g,
  /(?<=\bBearer\s{1,9})[\w.~+/=-]{8,}/gi,
  /\beyJ[\w-]{8,1000}\.[\w-]{8,}\.[\w-]*/g,
]
/** A member of an object of JSON, within any text. */
const members = new RegExp(`(?<!\\\\)(${literal.source})(\\s*:\\s*)(${literal.source})`, "g")
/** What JSON is made of: texts, of which those before a colon are names, numbers, and what opens, parts and closes. */
const tokens = new RegExp(`(${literal.source})(\\s*:)?|-?\\d[\\d.eE+-]*|[[\\]{},]`, "g")
/** An element of XML that holds text. */
const elements = /(<([\w:.-]+)(?:\s[^<>]*)?>)([^<>]+)(?=<\/\2\s*>)/g
/** Where a part of a form is called something, in its head. */
const called = /\bname=(?:"([^"\r\n]*)"|([^\s;"]+))/
const links = /\bhttps?:\/\/[^\s"'<>\\^`{|}]+/g

const decoded = (value: string): string => {
  try {
    return decodeURIComponent(value.replaceAll("+", " "))
  } catch {
    return value
  }
}

const isJson = (text: string): boolean => {
  if (!/^\uFEFF?\s*[[{]/.test(text)) return false
  try {
    JSON.parse(text.replace(/^\uFEFF/, ""))
    return true
  } catch {
    return false
  }
}

const marks = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&#39;": "'", "&amp;": "&" }
/** What a text of XML says. */
const unmarked = (text: string): string =>
  Object.entries(marks).reduce((shown, [mark, character]) => shown.replaceAll(mark, character), text)

/** Such a secret counts where it stands alone only: it may be a part of what means something else. */
const isWord = (value: string): boolean => /^(?=.{1,20}$)(?:[A-Z]?[a-z_]+|[A-Z_]+|\d+)$/.test(value)
const isAlone = (word: string, text: string, at: number): boolean => {
  const more = /^\d/.test(word) ? /\d/ : /[A-Za-z_]/
  const before = text.slice(Math.max(0, at - 6), at)
  if (more.test(text.charAt(at + word.length))) return false
  return !more.test(before.slice(-1)) || /(?:%[\dA-Fa-f]{2}|\\[bfnrt]|\\u[\dA-Fa-f]{4})$/.test(before)
}

/** What base64 says; nothing, where it is none. */
const unpacked = (encoded: string): string => {
  try {
    return atob(encoded)
  } catch {
    return ""
  }
}

/** What a literal of JSON says. */
const unquoted = (literal: string): string => {
  try {
    return String(JSON.parse(literal))
  } catch {
    return literal.slice(1, -1)
  }
}

/** A literal of JSON, once what it said is told another way. What is told as before stays as it was written. */
const requoted = (literal: string, said: string, says: string): string =>
  says === said ? literal : JSON.stringify(says)

/** The second walk's words: which text is which secret. */
interface Index {
  readonly secretOf: ReadonlyMap<string, string>
  readonly replace: ReturnType<typeof replacing>
  readonly replaceInBytes: ReturnType<typeof replacing>
}

export class Withholder {
  private readonly names: ReadonlySet<string>
  private readonly except: ReadonlySet<string>
  private readonly nameOf: typeof nameOf
  /** Those that appear nowhere, whatever they look like. */
  private readonly told: ReadonlySet<string>
  private readonly values: Set<string>
  private readonly given = new Map<string, string>()
  private readonly taken = new Set<string>()
  private count = 0
  private index: Index | undefined
  private isLearning = true
  /** How many links the one at hand stands in. */
  private depth = 0

  constructor(secrecy: Secrecy = {}, name = nameOf) {
    this.names = new Set(secrecy.names?.map(plain))
    this.except = new Set(secrecy.except?.map(plain))
    this.nameOf = name
    this.told = new Set(secrecy.values?.map((value) => reveal(value)))
    this.values = new Set(this.told)
  }

  /** The first walk, over everything there is. */
  learn(asking: Asking, answer: Side | undefined): void {
    this.isLearning = true
    this.index = undefined
    this.asking(asking)
    if (answer !== undefined) this.side(answer)
  }

  /** The second walk. */
  hide<S extends Side>(
    asking: Asking,
    answer: S | undefined,
  ): { readonly asking: Asking; readonly answer: S | undefined } {
    this.isLearning = false
    return { asking: this.asking(asking), answer: answer && this.side(answer) }
  }

  private asking(asking: Asking): Asking {
    const url = this.url(asking.url, asking.isUrlSecret)
    return { ...asking, ...this.side(asking, asking.secretHeaders), url }
  }

  private side<S extends Side>(side: S, secretHeaders: ReadonlySet<string> = new Set()): S {
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(side.headers)) {
      headers[name] = this.header(name, value, secretHeaders.has(name))
    }
    const { bytes, json, text } = side
    const type = side.headers["content-type"] ?? ""
    const isForm = /^application\/x-www-form-urlencoded/i.test(type)
    const isParted = /^multipart\//i.test(type)
    const parted = (text: string): string => (isParted ? this.parts(text) : text)
    return {
      ...side,
      headers,
      ...(json === undefined ? {} : { json: JSON.parse(this.json(JSON.stringify(json))) }),
      ...(text === undefined
        ? {}
        : { text: isForm ? this.text(this.query(`?${text}`, false).slice(1)) : this.text(parted(text)) }),
      ...(bytes === undefined ? {} : { bytes: this.bytes(isParted ? unbinary(parted(binary(bytes))) : bytes) }),
    }
  }

  private isSecret(name: string, place: Place): boolean {
    const word = plain(name)
    return !this.except.has(word) && (this.names.has(word) || isSuspicious(word, place))
  }

  private header(name: string, value: string, isKept: boolean): string {
    if (!isKept && !this.isSecret(name, "header")) return this.text(value)
    const pairs = name === "cookie" ? /(?<=(?:^|;\s*)[^=;]+=)[^;]+/g : /(?<=(?:^|,\s*)[^=;,\s]+=)[^;,]+/g
    if (name.endsWith("cookie")) return this.text(value.replaceAll(pairs, (found) => this.secret(found)))
    const [, scheme = "", rest = value] = schemes.exec(value) ?? []
    if (/^basic\s/i.test(scheme)) this.basic(rest)
    return scheme + this.secret(rest)
  }

  /** The password alone is as good as the header; without one the name is. */
  private basic(encoded: string): void {
    const [name = "", ...rest] = unpacked(encoded).split(":")
    const password = rest.join(":")
    this.secret(password === "" ? name : password)
  }

  /** JSON as it is written; what an object or a list is called says what its members hold. */
  private json(text: string): string {
    const around: Array<boolean> = []
    let [isSecret, least] = [false, shortest]
    return text.replaceAll(tokens, (token: string, quoted: string | undefined, colon: string | undefined) => {
      if (quoted !== undefined && colon !== undefined) {
        const name = unquoted(quoted)
        const word = plain(name)
        const isWithin = around.at(-1) === true && !this.except.has(word) && !isTelling(word)
        isSecret = isWithin || this.isSecret(name, "member")
        least = this.names.has(word) ? 0 : isTelling(word) ? Infinity : shortest
        return requoted(quoted, name, this.rest(name, true)) + colon
      }
      if (quoted !== undefined) {
        const value = unquoted(quoted)
        return requoted(quoted, value, isSecret ? this.secret(value) : this.text(value))
      }
      if (token === "{" || token === "[") around.push(isSecret)
      else if (token === "}" || token === "]") around.pop()
      else if (token === ",") isSecret = around.at(-1) ?? false
      else return requoted(token, token, isSecret && token.length >= least ? this.secret(token) : this.rest(token))
      return token
    })
  }

  private text(text: string): string {
    if (isJson(text)) return this.json(text)
    // In other text an apostrophe ends a link; alone it may have one.
    let shown = /^https?:\/\/\S+$/.test(text)
      ? this.url(text, false)
      : text.replaceAll(links, (link) => this.url(link, false))
    shown = shown.replaceAll(members, (whole, name: string, mark: string, value: string) =>
      this.isSecret(unquoted(name), "member") ? name + mark + JSON.stringify(this.secret(unquoted(value))) : whole,
    )
    shown = shown.replaceAll(elements, (whole, head: string, name: string, value: string) =>
      this.isSecret(name, "member") ? head + this.secret(unmarked(value.trim())) : whole,
    )
    for (const pattern of patterns) shown = shown.replaceAll(pattern, (found) => this.secret(found))
    return this.rest(shown)
  }

  private parts(text: string): string {
    const shown = text.split(/(?=\r\n--)/).map((part) => {
      const end = part.indexOf("\r\n\r\n") + 4
      const [, quoted, bare = ""] = called.exec(end < 4 ? "" : part.slice(0, end)) ?? []
      return this.isSecret(quoted ?? bare, "member") ? part.slice(0, end) + this.secret(part.slice(end)) : part
    })
    return shown.join("")
  }

  private url(url: string, isKept: boolean): string {
    const shown = url
      .replace(/(?<=^[a-z]+:\/\/[^/@:?#]*:)[^/@?#]+(?=@)/i, (password) => this.secret(decoded(password)))
      .replace(/(?<=^[a-z]+:\/\/)[^/@:?#]+(?=:?@)/i, (name) => this.secret(decoded(name)))
    if (!isKept || shown.includes("?")) return this.rest(this.query(shown, isKept))
    // A link without a query is a secret as a whole.
    return this.rest(
      shown.replace(/(?<=^[a-z]+:\/\/[^/]+\/).+$/i, (path) => (path.length < shortest ? path : this.secret(path))),
    )
  }

  private query(url: string, isKept: boolean): string {
    return url.replaceAll(/([?&#;])([^?&#;=]+)=([^&#]*)/g, (whole, mark: string, name: string, value: string) => {
      const text = decoded(value)
      const isTelling = isKept && text.length >= telling && !/^\d+$/.test(text) && !this.except.has(plain(name))
      if (isTelling || this.isSecret(decoded(name), "query")) return `${mark}${name}=${this.secret(text)}`
      // A link may be the value of another; so deep as this nobody means it.
      if (!text.includes("://") || this.depth === deepest) return whole
      this.depth++
      const inner = this.text(text)
      this.depth--
      return inner === text ? whole : `${mark}${name}=${encodeURIComponent(inner)}`
    })
  }

  private bytes(bytes: Uint8Array): Uint8Array {
    if (this.isLearning) return bytes
    const { replaceInBytes, secretOf } = this.known()
    const text = binary(bytes)
    const shown = replaceInBytes(text, (found) => this.named(secretOf.get(found) ?? found))
    return shown === text ? bytes : unbinary(shown)
  }

  /** A text that is a secret. */
  private secret(value: string): string {
    if (value === "") return value
    if (!this.isLearning) return this.named(value)
    if (isPlaceholder.test(value)) this.taken.add(value)
    else this.values.add(value)
    return value
  }

  /** A text that may hold copies of secrets. A name that is such a word by itself is the service's own. */
  private rest(text: string, isName = false): string {
    if (this.isLearning || (isName && this.isFree(text) && !/^\d/.test(text))) return text
    const { replace, secretOf } = this.known()
    return replace(text, (found) => this.named(secretOf.get(found) ?? found))
  }

  /** Whether a secret means something else within other words. */
  private isFree(text: string): boolean {
    return isWord(text) && this.values.has(text) && !this.told.has(text)
  }

  private named(value: string): string {
    if (this.taken.has(value)) return value
    const known = this.given.get(value)
    if (known !== undefined) return known
    do this.count++
    while (this.taken.has(this.nameOf(value, this.count)))
    const name = this.nameOf(value, this.count)
    this.given.set(value, name)
    return name
  }

  private known(): Index {
    if (this.index !== undefined) return this.index
    const secretOf = new Map<string, string>()
    const inBytes: Array<string> = []
    for (const value of this.values) {
      if (value.length < shortest) continue
      for (const guise of guises(value)) {
        if (!secretOf.has(guise)) secretOf.set(guise, value)
        const bytes = binaryOf(guise)
        if (!secretOf.has(bytes)) secretOf.set(bytes, value)
        inBytes.push(bytes)
      }
    }
    const isOne = (found: string, text: string, at: number) => !this.isFree(found) || isAlone(found, text, at)
    this.index = { secretOf, replace: replacing(secretOf.keys(), isOne), replaceInBytes: replacing(inBytes, isOne) }
    return this.index
  }
}
