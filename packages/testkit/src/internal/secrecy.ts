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
import type * as Schema from "effect/Schema"
import { binary, binaryOf, type Content, isList, isObject, unbinary } from "./content.ts"
import { anyOf, guises, shortest } from "./guises.ts"

/** What is withheld beyond what is always withheld, and what is not. */
export interface Secrecy {
  /** Texts that appear nowhere. What is shorter than 8 characters is found in places that hold a secret only. */
  readonly values?: ReadonlyArray<Text>
  /** Names of headers, query parameters and JSON members that hold secrets, beside those that are known to. */
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
/** What looks like an id keeps doing so: a timeline gives ids names of their own. */
const nameOf = (value: string, count: number): string =>
  /^(?=.*\d)(?=.*[A-Za-z])[\w-]{16,}$/.test(value) ? `withheld-secret-${count}` : `withheld-${count}`

/** A part of a link that is kept secret as a whole. */
const telling = 16

/** A name however it is spelled. */
export const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, "")
const suspicious =
  /authorization|cookie|secret|passw|passphrase|apikey|accesskey|privatekey|signingkey|subscriptionkey|functionskey|credential|signature|token$|^xkey$|^sig$|^hmac$|^auth$|^jwt$|sessionid$/
/** Words that mean a secret in a query, and anything in a body. */
const suspiciousInQuery = /^(key|code|policy|session)$/
/** What may stand before a credential, and is none. */
const schemes = /^((?:basic|bearer|digest|dpop|hmac|key|api-?key|negotiate|token|aws4-hmac-sha256)\s+)(.+)$/i
const patterns: ReadonlyArray<RegExp> = [
  /whsec_[\w+/=-]{8,}/g,
  /(?<=\bBearer\s+)[\w.~+/=-]{8,}/gi,
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
]
/** A member of an object of JSON, within any text. */
const members = /("(?:[^"\\]|\\.)*")(\s*:\s*)("(?:[^"\\]|\\.)*")/g
/** A part of a form: its head, its name, and what follows up to the next boundary. */
const parts = /(\bname="([^"]*)"[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n)([^]*?)(?=\r\n--)/g
const links = /\bhttps?:\/\/[^\s"'<>\\^`{|}]+/g

const decoded = (value: string): string => {
  try {
    return decodeURIComponent(value.replaceAll("+", " "))
  } catch {
    return value
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

/** The second walk's words: which text is which secret. */
interface Index {
  readonly secretOf: ReadonlyMap<string, string>
  readonly pattern: RegExp
  readonly inBytes: RegExp
}

export class Withholder {
  private readonly names: ReadonlySet<string>
  private readonly except: ReadonlySet<string>
  private readonly nameOf: typeof nameOf
  private readonly values = new Set<string>()
  private readonly given = new Map<string, string>()
  private readonly taken = new Set<string>()
  private count = 0
  private index: Index | undefined
  private isLearning = true

  constructor(secrecy: Secrecy = {}, name = nameOf) {
    this.names = new Set(secrecy.names?.map(plain))
    this.except = new Set(secrecy.except?.map(plain))
    this.nameOf = name
    for (const value of secrecy.values ?? []) this.values.add(reveal(value))
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
      ...(json === undefined ? {} : { json: this.json(json, false) }),
      ...(text === undefined
        ? {}
        : { text: isForm ? this.text(this.query(`?${text}`, false).slice(1)) : this.text(parted(text)) }),
      ...(bytes === undefined ? {} : { bytes: this.bytes(isParted ? unbinary(parted(binary(bytes))) : bytes) }),
    }
  }

  private isSecret(name: string, isQuery: boolean): boolean {
    const word = plain(name)
    if (this.except.has(word)) return false
    return this.names.has(word) || suspicious.test(word) || (isQuery && suspiciousInQuery.test(word))
  }

  private header(name: string, value: string, isKept: boolean): string {
    if (!isKept && !this.isSecret(name, false)) return this.text(value)
    const pairs = name === "cookie" ? /(?<=(?:^|;\s*)[^=;]+=)[^;]+/g : /(?<=(?:^|,\s*)[^=;,\s]+=)[^;,]+/g
    if (name.endsWith("cookie")) return this.text(value.replaceAll(pairs, (found) => this.secret(found)))
    const [, scheme = "", rest = value] = schemes.exec(value) ?? []
    if (/^basic\s/i.test(scheme)) this.basic(rest)
    return scheme + this.secret(rest)
  }

  /** The password alone is as good as the header; without one the name is. */
  private basic(encoded: string): void {
    if (!/^[\w+/]+={0,2}$/.test(encoded) || encoded.length % 4 === 1) return
    const [name = "", ...rest] = atob(encoded).split(":")
    const password = rest.join(":")
    this.secret(password === "" ? name : password)
  }

  private json(value: Schema.Json, isSecret: boolean): Schema.Json {
    if (typeof value === "string") return isSecret ? this.secret(value) : this.text(value)
    if (isList(value)) return value.map((part) => this.json(part, isSecret))
    if (!isObject(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => [this.rest(name), this.json(part, this.isSecret(name, false))]),
    )
  }

  private text(text: string): string {
    // In other text an apostrophe ends a link; alone it may have one.
    let shown = /^https?:\/\/\S+$/.test(text)
      ? this.url(text, false)
      : text.replaceAll(links, (link) => this.url(link, false))
    shown = shown.replaceAll(members, (whole, name: string, mark: string, value: string) =>
      this.isSecret(unquoted(name), false) ? name + mark + JSON.stringify(this.secret(unquoted(value))) : whole,
    )
    for (const pattern of patterns) shown = shown.replaceAll(pattern, (found) => this.secret(found))
    return this.rest(shown)
  }

  private parts(text: string): string {
    return text.replaceAll(parts, (whole, head: string, name: string, value: string) =>
      this.isSecret(name, false) ? head + this.secret(value) : whole,
    )
  }

  private url(url: string, isKept: boolean): string {
    const shown = url.replace(/(?<=^[a-z]+:\/\/[^/@:?#]*:)[^/@?#]+(?=@)/i, (password) => this.secret(decoded(password)))
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
      if (isTelling || this.isSecret(decoded(name), true)) return `${mark}${name}=${this.secret(text)}`
      // A link may be the value of another.
      const inner = text.includes("://") ? this.text(text) : text
      return inner === text ? whole : `${mark}${name}=${encodeURIComponent(inner)}`
    })
  }

  private bytes(bytes: Uint8Array): Uint8Array {
    if (this.isLearning) return bytes
    const { inBytes, secretOf } = this.known()
    const text = binary(bytes)
    const shown = text.replace(inBytes, (found) => this.named(secretOf.get(found) ?? found))
    return shown === text ? bytes : unbinary(shown)
  }

  /** A text that is a secret. */
  private secret(value: string): string {
    if (value === "") return value
    if (!this.isLearning) return this.named(value)
    if (new RegExp(`^${placeholder.source}$`).test(value)) this.taken.add(value)
    else this.values.add(value)
    return value
  }

  /** A text that may hold copies of secrets. */
  private rest(text: string): string {
    if (this.isLearning) return text
    const { pattern, secretOf } = this.known()
    return text.replace(pattern, (found) => this.named(secretOf.get(found) ?? found))
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
    this.index = { secretOf, pattern: anyOf(secretOf.keys()), inBytes: anyOf(inBytes) }
    return this.index
  }
}
