/** The host that stores files: signed links that die, pieces of files, and no use for anybody's key (contract 2.10). */
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { answer, type Behaviour, type Request } from "@tenuto/testkit/Emulator"
import { tone } from "./emulatorSound.ts"

/** A file as an operation keeps it. */
export interface Stored {
  readonly path: string
  readonly seconds: number
  readonly pitch: number
}

export const prefix = "/cdn/"

/** FNV-1a, twice: enough that a changed link is noticed. It guards nothing. */
const sign = (seed: number, path: string, expires: number): string => {
  const text = `${seed}:${path}:${expires}`
  return [0x811c9dc5, 0x01000193].map((start) => hash(start, text)).join("")
}
const hash = (start: number, text: string): string => {
  let value = start
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return (value >>> 0).toString(16).padStart(8, "0")
}

/** A fresh link at the origin the request came to. Whole seconds, as in S001 "expires_at". */
export const link = (seed: number, origin: string, path: string, now: DateTime.Utc, life: Duration.Duration) => {
  const expires = Math.floor(DateTime.toEpochMillis(DateTime.addDuration(now, life)) / 1000)
  return { url: `${origin}${path}?expires=${expires}&signature=${sign(seed, path, expires)}`, expires }
}

const denied = answer(403, "<Error><Code>AccessDenied</Code></Error>", { "content-type": "application/xml" })

/** Give out a file, or the piece of it that was asked for. */
export const serve = (
  seed: number,
  request: Request,
  find: (path: string) => Stored | undefined,
): Effect.Effect<Behaviour> =>
  Effect.gen(function* () {
    const { pathname, searchParams } = new URL(request.url)
    // Like a store whose links carry their own authority: a second one is a mistake of the client.
    if (request.headers["authorization"] !== undefined) return answer(400, "Only one authority is allowed")
    if (request.method !== "GET") return answer(405, "", { allow: "GET" })
    const expires = Number(searchParams.get("expires"))
    const now = DateTime.toEpochMillis(yield* DateTime.now)
    const stored = find(pathname)
    const isSigned = searchParams.get("signature") === sign(seed, pathname, expires)
    if (stored === undefined || !isSigned || now >= expires * 1000) return denied
    return piece(yield* tone(stored.seconds, stored.pitch), `"${hash(0x811c9dc5, pathname)}"`, request.headers)
  })

const piece = (whole: Uint8Array, etag: string, headers: Request["headers"]): Behaviour => {
  const size = whole.byteLength
  const about = { "content-type": "audio/flac", "accept-ranges": "bytes", etag }
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(headers["range"] ?? "") ?? []
  const isOther = headers["if-range"] !== undefined && headers["if-range"] !== etag
  if ((first === "" && last === "") || isOther) return answer(200, whole, about)
  const from = first === "" ? Math.max(0, size - Number(last)) : Number(first)
  const to = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1)
  return from > to
    ? answer(416, "", { ...about, "content-range": `bytes */${size}` })
    : answer(206, whole.subarray(from, to + 1), { ...about, "content-range": `bytes ${from}-${to}/${size}` })
}
