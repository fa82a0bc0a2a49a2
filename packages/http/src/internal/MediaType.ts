/**
 * Whether what came can be the file that was promised: by its media type, and by its first bytes where they are known.
 *
 * Only contradictions count. A type that says nothing, such as `application/octet-stream`, contradicts nothing, and bytes
 * that no row knows are believed unless they are text (WHATWG MIME Sniffing, 3: a binary data byte).
 */
import type * as Exchange from "../Exchange.ts"

/** A type without its parameters. */
const essence = (type: string): string => (type.split(";", 1)[0] ?? "").trim().toLowerCase()

/** How a file of this type begins, and where that stands; `undefined` stands for any byte. */
interface Signature {
  readonly type: RegExp
  readonly begins: ReadonlyArray<string>
  readonly at?: number
  /** Something else may stand before: only what a service answers as an error is then no file. */
  readonly isLate?: boolean
}

/** Container formats list what each of their readers accepts: FLAC and MP3 may begin with a tag. */
const signatures: ReadonlyArray<Signature> = [
  { type: /^audio\/(x-)?flac$/, begins: ["fLaC", "ID3"] },
  { type: /^audio\/(mpeg|mp3)$/, begins: ["ID3", "TAG"] },
  { type: /^audio\/(x-|vnd\.)?wave?$/, begins: ["RIFF", "RF64"] },
  { type: /^(audio|video|application)\/ogg$/, begins: ["OggS"] },
  { type: /^(audio|video)\/(x-)?(mp4|m4a|quicktime)$/, begins: ["ftyp"], at: 4 },
  { type: /^(audio|video)\/webm$/, begins: ["\u001aE"] },
  { type: /^image\/png$/, begins: ["\u0089PNG"] },
  { type: /^image\/gif$/, begins: ["GIF8"] },
  { type: /^image\/webp$/, begins: ["RIFF"] },
  { type: /^image\/jpeg$/, begins: ["\u00ff\u00d8"] },
  { type: /^application\/pdf$/, begins: ["%PDF"] },
  // A ZIP is read from its end (APPNOTE 4.1.9, 4.3.1).
  { type: /^application\/(x-)?zip(-compressed)?$|^application\/vnd\.openxmlformats-/, begins: ["PK"], isLate: true },
]

const signatureOf = (type: string): Signature | undefined => signatures.find((row) => row.type.test(type))

type Kind = "html" | "json" | "xml" | "text" | "sound or film" | "image" | "font" | "parts" | "file"

/** What a type says for certain; `undefined` where that is nothing. */
const kindOf = (type: string): Kind | undefined => {
  if (/^text\/html$|^application\/xhtml\+xml$/.test(type)) return "html"
  if (/[/+]json$/.test(type)) return "json"
  if (/[/+]xml$/.test(type)) return "xml"
  if (type.startsWith("text/")) return "text"
  if (type.startsWith("multipart/")) return "parts"
  if (/^(audio|video)\/|^application\/(ogg|mp4)$/.test(type)) return type.endsWith("mpegurl") ? "text" : "sound or film"
  if (type.startsWith("image/")) return "image"
  if (type.startsWith("font/")) return "font"
  return signatureOf(type) === undefined ? undefined : "file"
}

/** Hosts call many things plain text that have a type of their own. */
const mayBe = (came: Kind, want: Kind): boolean =>
  came === want || (came === "text" && (want === "json" || want === "xml" || want === "html"))

/** Say how the type of an answer contradicts the type that was promised; `undefined` where it does not. */
export const contradiction = (headers: Exchange.Headers, promised: string | undefined): string | undefined => {
  const [seen, wanted] = [essence(headers["content-type"] ?? ""), essence(promised ?? "")]
  const came = kindOf(seen)
  if (wanted === "" || seen === wanted || came === undefined) return undefined
  const want = kindOf(wanted)
  // A page is what a gateway or the network of a hotel answers: it is told apart from any file.
  const isOther = want === undefined ? came === "html" : !mayBe(came, want)
  return isOther ? `${named(seen)} came instead of ${named(wanted)}` : undefined
}

/** Tell whether the host calls what it sends by the very type that was promised. */
export const isSame = (headers: Exchange.Headers, promised: string | undefined): boolean =>
  promised !== undefined && essence(headers["content-type"] ?? "") === essence(promised)

/** A type is shown only where it is one: anything may stand in a header. */
const named = (type: string): string =>
  type === "text/html" ? "a page of HTML" : /^[\w.+-]{1,60}\/[\w.+-]{1,80}$/.test(type) ? type : "another type"

const longest = 512

/**
 * Say how the first bytes contradict the type that was promised; `undefined` where they do not. A host that calls them by
 * that type is believed, unless they begin as an error does.
 */
export const mismatch = (first: Uint8Array, promised: string | undefined, isNamed: boolean): string | undefined => {
  const wanted = essence(promised ?? "")
  const signature = signatureOf(wanted)
  if (signature === undefined || first.byteLength === 0) return undefined
  const text = begins(first, signature) ? undefined : textOf(first.subarray(0, longest))
  const isFile = text === undefined || ((isNamed || signature.isLate === true) && !/^\s*[<{[]/.test(text))
  return isFile ? undefined : `text came instead of ${named(wanted)}`
}

/** As far as the bytes go: a first piece may be a single byte. */
const begins = (bytes: Uint8Array, { at = 0, begins: starts }: Signature): boolean =>
  starts.some((start) => {
    const end = Math.min(bytes.byteLength, at + start.length)
    for (let place = at; place < end; place++) if (bytes[place] !== start.charCodeAt(place - at)) return false
    return true
  })

/** Control bytes that no text holds. */
const isBinary = (byte: number): boolean =>
  byte < 0x09 || byte === 0x0b || (byte > 0x0d && byte < 0x20 && byte !== 0x1b)

const textOf = (bytes: Uint8Array): string | undefined => {
  if (bytes.some(isBinary)) return undefined
  try {
    // What is cut within a letter is text all the same.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true })
  } catch {
    return undefined
  }
}
