/**
 * Which version of a file an answer holds, and which part of it: what keeps a download from joining pieces of two files.
 *
 * Pieces belong together only under one strong validator (RFC 9110, 15.3.7.3). Where there is none, the file is read from
 * its start again, and what was passed on before is held against the bytes that come again.
 */
import type * as Exchange from "../Exchange.ts"

/** What is known of a file; what the host does not say is absent. */
export interface Version {
  /** Promises the same bytes: a strong entity tag, or a time of the last change that is strong. */
  readonly validator?: string
  readonly etag?: string
  readonly modified?: string
  /** Its length in bytes. */
  readonly total?: number
}

/** One answer that holds a file, or its part from byte `start` on. */
export interface Part {
  readonly start: number
  /** It says where it ends, and not whether the file does. */
  readonly isOpen: boolean
  readonly version: Version
}

/** Read what a 200 or 206 holds. A 206 that does not say where it begins is believed to begin where it was `asked` to. */
export const partOf = (status: number, headers: Exchange.Headers, asked: number): Part => {
  const [, from, of] = /^bytes (\d+)-\d+\/(\d+|\*)$/i.exec(headers["content-range"] ?? "") ?? []
  const start = status === 200 ? 0 : from === undefined ? asked : Number(from)
  const stated = status === 200 || of === undefined ? lengthOf(headers, start) : of === "*" ? undefined : Number(of)
  const validator = validatorOf(headers)
  return {
    start,
    isOpen: status === 206 && of === "*",
    version: {
      ...(validator === undefined ? {} : { validator }),
      ...(headers["etag"] === undefined ? {} : { etag: headers["etag"] }),
      ...(headers["last-modified"] === undefined ? {} : { modified: headers["last-modified"] }),
      ...(stated === undefined ? {} : { total: stated }),
    },
  }
}

/** The whole length, as a refusal to give bytes beyond the end states it. */
export const totalOf = (headers: Exchange.Headers): number | undefined => {
  const [, total] = /^bytes \*\/(\d+)$/i.exec(headers["content-range"] ?? "") ?? []
  return total === undefined ? undefined : Number(total)
}

/** So much older than its answer, a file cannot have changed twice in the second that its last change names. */
const apart = 60_000

/**
 * What promises the same bytes. A time stands for them only without a tag, and only where the answer is clearly later than
 * the change (RFC 9110, 8.8.2.2 and 13.1.5): within one second a file may change twice. A host or a transport that gives no
 * ranges of these bytes says `accept-ranges: none`.
 */
const validatorOf = (headers: Exchange.Headers): string | undefined => {
  const { date, etag, "last-modified": modified } = headers
  if (headers["accept-ranges"]?.trim().toLowerCase() === "none") return undefined
  if (etag !== undefined) return /^"[^"]*"$/.test(etag) ? etag : undefined
  if (modified === undefined || date === undefined) return undefined
  return Date.parse(date) - Date.parse(modified) >= apart ? modified : undefined
}

/** Whether a part shares the strong validator of what is known, and contradicts nothing of it. */
export const isSame = (known: Version, seen: Version): boolean =>
  known.validator !== undefined &&
  known.etag === seen.etag &&
  (known.modified === seen.modified || (known.etag !== undefined && !(known.modified && seen.modified))) &&
  (known.total === undefined || seen.total === undefined || known.total === seen.total)

/** Ask for the rest of this version; for all of it where nothing promises the same bytes. */
export const rangeFrom = (received: number, { validator }: Version): Exchange.Headers =>
  received === 0 || validator === undefined ? {} : { range: `bytes=${received}-`, "if-range": validator }

const lengthOf = (headers: Exchange.Headers, start: number): number | undefined => {
  const length = headers["content-length"]
  const isPlain = (headers["content-encoding"] ?? "identity") === "identity"
  return isPlain && length !== undefined && /^\d{1,15}$/.test(length) ? start + Number(length) : undefined
}

/** A sum of bytes that two files hardly share: two of 32 bits, by different factors. */
export type Sum = readonly [number, number]
export const empty: Sum = [2_166_136_261, 0x9e37_79b9]

export const sum = ([one, other]: Sum, bytes: Uint8Array): Sum => {
  let [left, right] = [one, other]
  for (const byte of bytes) {
    left = Math.imul(left ^ byte, 16_777_619)
    right = Math.imul(right ^ byte, 0x85eb_ca6b) ^ (right >>> 15)
  }
  return [left, right]
}

export const isEqual = (one: Sum, other: Sum): boolean => one[0] === other[0] && one[1] === other[1]
