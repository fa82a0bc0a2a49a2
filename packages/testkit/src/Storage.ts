/**
 * The host of result files: signed links that die, pieces of files, and no use for anybody's key.
 *
 * It never makes a file: where one is and what its bytes are says the service. A request that carries a credential is
 * refused, and counted as a leak.
 *
 * Law 10: a credential goes to the configured origin only, and never to where the files are.
 *
 * @example
 * ```ts
 * import * as DateTime from "effect/DateTime"
 * import * as Effect from "effect/Effect"
 * import * as Storage from "@tenuto/testkit/Storage"
 *
 * const link = Effect.gen(function* () {
 *   const storage = yield* Storage.make({
 *     prefix: "/files/",
 *     life: "1 hour",
 *     find: (path) => (path === "/files/song.flac" ? Storage.sample("a song") : undefined),
 *   })
 *   return storage.link("https://choir.test/v1/songs", "/files/song.flac", yield* DateTime.now).url
 * })
 * console.log(await Effect.runPromise(link)) // https://choir.test/files/song.flac?expires=…&signature=…
 * ```
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { answer, type Behaviour } from "./Behaviour.ts"
import * as Credential from "./Credential.ts"
import type { Request } from "./Handler.ts"
import { digest } from "./internal/hash.ts"
import type { Route } from "./Routes.ts"

/** A file as it is kept. */
export interface Stored {
  readonly mediaType: string
  readonly bytes: Effect.Effect<Uint8Array>
  /** Changes whenever the bytes do. Default: one for each path, for ever. */
  readonly version?: string
}

/** Why a link opens nothing. */
export type Denial = "expired" | "forged" | "unknown"

/** What the host knows of its service. */
export interface Rules {
  /** Where files are, such as `/cdn/`. */
  readonly prefix: string
  /** How long a link lives; it dies at a whole second. */
  readonly life: Duration.Input
  /** The file at a path, when there is one. */
  readonly find: (path: string) => Stored | undefined
  /** Files are given to whoever knows their path, signed or not. Default: no. */
  readonly isPublic?: boolean
  /** What a link that opens nothing is answered with. Default: 403 in XML. */
  readonly denied?: (why: Denial) => Behaviour
  /** Signs the links. Default: 0. */
  readonly seed?: number
}

/** A link, and the instant at which it dies. */
export interface Link {
  readonly url: string
  readonly expires: DateTime.Utc
}

/** The host. */
export interface Storage {
  /** For the table of the service: it is open to everybody, and of the stage `download`. */
  readonly route: Route
  /** Make a link at the origin of `near`, any URL of the service, that lives from `at` on. */
  readonly link: (near: string, path: string, at: DateTime.Utc) => Link
  /** How many requests carried a credential. */
  readonly leaks: Effect.Effect<number>
}

const accessDenied = answer(403, "<Error><Code>AccessDenied</Code></Error>", { "content-type": "application/xml" })

/** Open a host. */
export const make = (rules: Rules): Effect.Effect<Storage> =>
  Effect.sync(() => {
    const { denied = () => accessDenied, find, isPublic = false, prefix, seed = 0 } = rules
    const life = Duration.fromInputUnsafe(rules.life)
    let leaks = 0

    const sign = (path: string, expires: number): string => {
      const text = `${seed}:${path}:${expires}`
      return digest(text) + digest(text, 0x01000193)
    }
    const denial = ({ pathname, searchParams }: URL, now: number): Denial | undefined => {
      const expires = Number(searchParams.get("expires"))
      if (isPublic) return undefined
      if (searchParams.get("signature") !== sign(pathname, expires)) return "forged"
      return now >= expires * 1000 ? "expired" : undefined
    }

    const serve = (request: Request): Effect.Effect<Behaviour> =>
      Effect.gen(function* () {
        const url = new URL(request.url)
        if (Credential.isCarried(request)) {
          leaks++
          // Like a store whose links carry their own authority: a second one is a mistake of the client.
          return answer(400, "Only one authority is allowed")
        }
        if (request.method !== "GET") return answer(405, "", { allow: "GET" })
        const why = denial(url, DateTime.toEpochMillis(yield* DateTime.now))
        if (why !== undefined) return denied(why)
        const stored = find(url.pathname)
        if (stored === undefined) return denied("unknown")
        const about = { "content-type": stored.mediaType, etag: `"${digest(url.pathname + (stored.version ?? ""))}"` }
        return piece(yield* stored.bytes, about, request.headers)
      })

    return {
      route: { method: "*", path: `${prefix}*`, stage: "download", isOpen: true, answer: serve },
      link: (near, path, at) => {
        const expires = Math.floor(DateTime.toEpochMillis(DateTime.addDuration(at, life)) / 1000)
        const query = isPublic ? "" : `?expires=${expires}&signature=${sign(path, expires)}`
        return { url: `${new URL(near).origin}${path}${query}`, expires: DateTime.makeUnsafe(expires * 1000) }
      },
      leaks: Effect.sync(() => leaks),
    }
  })

interface About {
  readonly "content-type": string
  readonly etag: string
}

const piece = (whole: Uint8Array, said: About, headers: Request["headers"]): Behaviour => {
  const size = whole.byteLength
  const about = { ...said, "accept-ranges": "bytes" }
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(headers["range"] ?? "") ?? []
  const isOther = headers["if-range"] !== undefined && headers["if-range"] !== said.etag
  if ((first === "" && last === "") || isOther) return answer(200, whole, about)
  const from = first === "" ? Math.max(0, size - Number(last)) : Number(first)
  const to = first === "" || last === "" ? size - 1 : Math.min(Number(last), size - 1)
  return from > to
    ? answer(416, "", { ...about, "content-range": `bytes */${size}` })
    : answer(206, whole.subarray(from, to + 1), { ...about, "content-range": `bytes ${from}-${to}/${size}` })
}

/** A small file of four thousand bytes that says its name: for results whose format no page describes. */
export const sample = (name: string, mediaType = "application/octet-stream"): Stored => ({
  mediaType,
  bytes: Effect.sync(() => {
    const line = new TextEncoder().encode(`${name}, as no service ever made it\n`)
    return new Uint8Array(4000).map((_, at) => line[at % line.byteLength] ?? 0)
  }),
})
