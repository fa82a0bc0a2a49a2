/**
 * Which version of a file an answer holds, and which part of it: what keeps a download from joining pieces of two files.
 *
 * It judges by what the host says. Of a file that the host does not name, only the bytes can tell.
 */
import type * as Exchange from "../Exchange.ts"

/** What is known of a file; what the host does not say is absent. */
export interface Version {
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
  return {
    start,
    isOpen: status === 206 && of === "*",
    version: {
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

/** Whether the host says which version it is. */
export const isNamed = ({ etag, modified }: Version): boolean => etag !== undefined || modified !== undefined

/**
 * Whether two answers may be pieces of one file. An entity tag that was given once has to be given again, and so has the time of
 * the last change where there is no tag: beside one it may be left out (RFC 9110, 15.3.7).
 */
export const isSame = (known: Version, seen: Version): boolean =>
  (known.etag === undefined || known.etag === seen.etag) &&
  (known.modified === seen.modified ||
    known.modified === undefined ||
    (seen.modified === undefined && known.etag !== undefined)) &&
  (known.total === undefined || seen.total === undefined || known.total === seen.total)

/** Ask for the rest of this version. A weak tag does not promise the same bytes, so it may not be asked for. */
export const rangeFrom = (received: number, { etag }: Version): Exchange.Headers => {
  if (received === 0) return {}
  const range = `bytes=${received}-`
  return etag === undefined || etag.startsWith("W/") ? { range } : { range, "if-range": etag }
}

const lengthOf = (headers: Exchange.Headers, start: number): number | undefined => {
  const length = headers["content-length"]
  const isPlain = (headers["content-encoding"] ?? "identity") === "identity"
  return isPlain && length !== undefined && /^\d{1,15}$/.test(length) ? start + Number(length) : undefined
}
