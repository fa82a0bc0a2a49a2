/** What becomes of accepted work, and how an answer tells it: the client's own wire schema, used to encode. */
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { prefix, type Stored } from "./emulatorStorage.ts"
import type { Fields } from "./emulatorRequest.ts"
import { type Name, type Route, routes } from "./routes.ts"
import * as Wire from "./wire.ts"

export type Outcome = "ready" | { readonly code: string; readonly message: string }

/** One operation. `puts` and `gets` count the requests that were about it. */
export interface Work {
  readonly id: string
  readonly route: Name
  readonly key: string
  readonly echo: Fields
  readonly createdAt: DateTime.Utc
  readonly endsAt: DateTime.Utc
  readonly outcome: Outcome
  readonly files: ReadonlyArray<Stored & { readonly kind?: string }>
  puts: number
  gets: number
}

const letters = "0123456789abcdefghijklmnopqrstuvwxyz"

/** `op_` and 26 letters or digits (contract 2.1), the same for the same seed and count. */
export const idOf = (seed: number, count: number): string => {
  let state = (Math.imul(seed, 0x9e3779b1) + Math.imul(count, 0x85ebca6b) + 1) | 0
  const draw = () => {
    state = (state + 0x6d2b79f5) | 0
    const mixed = Math.imul(state ^ (state >>> 15), state | 1)
    return letters.charAt(((mixed ^ (mixed >>> 14)) >>> 0) % letters.length)
  }
  return `op_${Array.from({ length: 26 }, draw).join("")}`
}

const stems = ["vocals", "drums", "bass", "other"] as const
/** The longest file that is made; longer ones cost time and prove nothing. */
const longest = 60

/** The files of finished work: each a tone of its own. */
export const filesOf = (id: string, route: Name, echo: Fields, length: number): Work["files"] => {
  const asked = echo["duration"] ?? echo["target_duration"]
  const seconds = Math.min(typeof asked === "number" ? asked : length, longest)
  const file = (index: number) => ({ path: `${prefix}${id}/${index}.flac`, seconds, pitch: 220 * (index + 1) })
  if (route === "adapt.separate_stems") return stems.map((kind, index) => ({ ...file(index), kind }))
  const count = typeof echo["n_variations"] === "number" ? echo["n_variations"] : 1
  return Array.from({ length: count }, (_, index) => file(index))
}

const encodeDto = Schema.encodeSync(Wire.Dto)
const encodeEnd = Schema.encodeSync(Wire.Dto.mapFields(Struct.pick(["outputs", "output", "error"])))
const wholeSeconds = (instant: DateTime.Utc): string => DateTime.formatIso(instant).replace(/\.\d+Z$/, "Z")

/** Routes whose envelope no page shows use the route's last word. */
const envelopeOf = (route: Name): string => {
  const { envelope }: Route = routes[route]
  return envelope ?? route.split("_").at(-1) ?? route
}

/** How a link to a file is made when an answer needs one. */
export type Linked = (path: string) => { readonly url: string; readonly expires: number }

/** The operation as it stands, in its envelope. */
export const tell = (work: Work, isEnded: boolean, link: Linked): { readonly [key: string]: unknown } => {
  const { createdAt, echo, files, id, key, outcome, route } = work
  const isReady = isEnded && outcome === "ready"
  const { result } = routes[route]
  const found = files.map(({ kind, path, seconds }): Wire.File => {
    const { expires, url } = link(path)
    const expires_at = wholeSeconds(DateTime.makeUnsafe(expires * 1000))
    return { url, expires_at, duration: seconds, ...(kind === undefined ? {} : { kind }) }
  })
  const head = encodeDto({
    id,
    status: isReady ? "ready" : isEnded ? "failed" : "processing",
    created_at: wholeSeconds(createdAt),
    idempotency_key: key,
  })
  const tail = encodeEnd({
    [result]: isReady ? (result === "output" ? found[0] : found) : null,
    error: isEnded && outcome !== "ready" ? outcome : null,
  })
  return { [envelopeOf(route)]: { ...head, ...echo, ...tail } }
}

/** How long work still goes on. */
export const rest = (work: Work, now: DateTime.Utc): Duration.Duration => DateTime.distance(now, work.endsAt)
