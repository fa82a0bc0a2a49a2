/** What an answer to a download is worth, and what of its bytes is new. Pure: it opens nothing and waits for nothing. */
import type * as DateTime from "effect/DateTime"
import type { Reason } from "@tenuto/core/Reason"
import * as Delay from "../Delay.ts"
import type * as Exchange from "../Exchange.ts"
import * as MediaType from "./MediaType.ts"
import * as Version from "./Version.ts"

/** What has been passed on, and which version of the file it is a piece of. */
export interface Progress {
  readonly received: number
  readonly version: Version.Version
  readonly sum: Version.Sum
}

export const nothing: Progress = { received: 0, version: {}, sum: Version.empty }

/** What is being read. `skip` bytes of it have been passed on before; `sum` is of those that came again. */
export interface Piece {
  readonly skip: number
  readonly sum: Version.Sum
  readonly version: Version.Version
  /** Where it ends, the file need not. */
  readonly isOpen: boolean
  /** How much had been passed on when it began. */
  readonly from: number
  /** Whether the host calls it what was promised. */
  readonly isNamed: boolean
}

/** What an answer comes to. */
export type Verdict =
  | { readonly _tag: "Flowing"; readonly piece: Piece }
  /** A part of nobody knows which version: the file is read from its start. */
  | { readonly _tag: "Doubtful" }
  /** Nothing follows what is here. */
  | { readonly _tag: "Whole" }
  | { readonly _tag: "Broken"; readonly reason: Reason }
  /** Another link may do better. */
  | { readonly _tag: "Refused"; readonly truth: "Lost" | "Unseen"; readonly reason: Reason }
  | { readonly _tag: "Wrong"; readonly reason: Reason }

export const malformed = (problem: string): Reason => ({ _tag: "Malformed", problem })
export const changed = malformed("the file changed while it was being fetched; fetch it from its beginning")
const misplaced = malformed("the host sent another part of the file than it was asked for; fetch it from its beginning")

interface Head {
  readonly status: number
  readonly headers: Exchange.Headers
}

/** What was asked for. */
export interface Asked {
  /** The rest only. */
  readonly isRange: boolean
  readonly mediaType: string | undefined
  readonly requiresCredential: boolean
}

/** Judge an answer to what was asked. */
export const judge = ({ headers, status }: Head, progress: Progress, asked: Asked, now: DateTime.Utc): Verdict => {
  if (status === 200 || status === 206) return begun({ headers, status }, progress, asked)
  const { received, version } = progress
  const total = Version.totalOf(headers) ?? version.total ?? received
  if (status === 416 && asked.isRange && total === received) return { _tag: "Whole" }
  if (status === 429 || status >= 500) {
    const said = Delay.of(headers, now, status)
    const retryAfter = Delay.longer(said.retryAfter, said.exhausted)
    const _tag = status === 429 ? "RateLimited" : "Unavailable"
    return { _tag: "Broken", reason: { _tag, ...(retryAfter === undefined ? {} : { retryAfter }) } }
  }
  if (status === 404 || status === 410) return { _tag: "Refused", truth: "Lost", reason: { _tag: "Gone" } }
  const isKeyless = status === 401 && asked.requiresCredential
  const reason: Reason = isKeyless ? { _tag: "Unauthenticated" } : { _tag: "Unrecognised", code: String(status) }
  return { _tag: "Refused", truth: "Unseen", reason }
}

/** Parts with headings between them: more than one was sent, and one was asked for. */
const isMultipart = (headers: Exchange.Headers): boolean => /^multipart\//i.test(headers["content-type"] ?? "")

const begun = ({ headers, status }: Head, { received, version }: Progress, { isRange, mediaType }: Asked): Verdict => {
  const asked = isRange ? received : 0
  const part = Version.partOf(status, headers, asked)
  if (status === 206 && (part.start !== asked || isMultipart(headers))) return { _tag: "Wrong", reason: misplaced }
  const contradiction = MediaType.contradiction(headers, mediaType)
  if (contradiction !== undefined) return { _tag: "Refused", truth: "Unseen", reason: malformed(contradiction) }
  if (part.start > 0 && !Version.isSame(version, part.version)) return { _tag: "Doubtful" }
  // What a part leaves out is known from the answer that it continues.
  const known = part.start > 0 ? { ...part.version, ...version } : part.version
  return {
    _tag: "Flowing",
    piece: {
      skip: received - part.start,
      sum: Version.empty,
      version: known,
      isOpen: part.isOpen,
      from: received,
      isNamed: MediaType.isSame(headers, mediaType),
    },
  }
}

/** What some bytes are: new ones to pass on, or proof that the file has changed. */
export interface Taken {
  readonly fresh: Uint8Array
  readonly piece: Piece
  readonly progress: Progress
}

/** Take the next bytes of a piece; `undefined` where those that came again are not those that were passed on. */
export const take = (bytes: Uint8Array, piece: Piece, progress: Progress): Taken | undefined => {
  const again = bytes.subarray(0, piece.skip)
  const fresh = bytes.subarray(again.byteLength)
  const skip = piece.skip - again.byteLength
  const sum = Version.sum(piece.sum, again)
  if (again.byteLength > 0 && skip === 0 && !Version.isEqual(sum, progress.sum)) return undefined
  return {
    fresh,
    piece: { ...piece, skip, sum },
    progress: {
      received: progress.received + fresh.byteLength,
      // Until all of them have come again, what was passed on is a piece of the version that was known.
      version: skip === 0 ? piece.version : progress.version,
      sum: Version.sum(progress.sum, fresh),
    },
  }
}
