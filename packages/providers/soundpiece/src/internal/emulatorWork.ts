/** What becomes of accepted work, and how an answer tells it: the client's own wire schema, used to encode. */
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import * as Serial from "@tenuto/testkit/Serial"
import type { Link, Stored } from "@tenuto/testkit/Storage"
import type { Fields } from "./emulatorRequest.ts"
import { tone } from "./emulatorSound.ts"
import { type Name, type Route, routes } from "./routes.ts"
import * as Wire from "./wire.ts"

export type Outcome = "ready" | { readonly code: string; readonly message: string }

/** Where files are. */
export const prefix = "/cdn/"

/** A file as an operation keeps it. */
interface Kept extends Stored {
  readonly path: string
  readonly seconds: number
  readonly kind?: string
}

/** One operation. `puts` and `gets` count the requests that were about it. */
export interface Work {
  readonly id: string
  readonly route: Name
  readonly key: string
  readonly echo: Fields
  readonly createdAt: DateTime.Utc
  readonly endsAt: DateTime.Utc
  readonly outcome: Outcome
  readonly files: ReadonlyArray<Kept>
  puts: number
  gets: number
}

/** `op_` and 26 letters or digits (contract 2.1). */
export const idOf = Serial.make({ prefix: "op_", length: 26 })

const stems = ["vocals", "drums", "bass", "other"] as const
/** The longest file that is made; longer ones cost time and prove nothing. */
const longest = 60

/** The files of finished work: each a tone of its own. */
export const filesOf = (id: string, route: Name, echo: Fields, length: number): Work["files"] => {
  const asked = echo["duration"] ?? echo["target_duration"]
  const seconds = Math.min(typeof asked === "number" ? asked : length, longest)
  const file = (index: number): Kept => ({
    path: `${prefix}${id}/${index}.flac`,
    seconds,
    mediaType: "audio/flac",
    bytes: tone(seconds, 220 * (index + 1)),
  })
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

/** The operation as it stands, in its envelope. */
export const tell = (
  work: Work,
  isEnded: boolean,
  link: (path: string) => Link,
): { readonly [key: string]: unknown } => ({
  [envelopeOf(work.route)]: bare(work, isEnded, link),
})

/** What is delivered of finished work: the operation without its envelope, under a type that names route and status. */
export const delivery = (work: Work, link: (path: string) => Link): { readonly [key: string]: unknown } => ({
  type: `${work.route}.${work.outcome === "ready" ? "ready" : "failed"}`,
  data: bare(work, true, link),
})

const bare = (work: Work, isEnded: boolean, link: (path: string) => Link): { readonly [key: string]: unknown } => {
  const { createdAt, echo, files, id, key, outcome, route } = work
  const isReady = isEnded && outcome === "ready"
  const { result } = routes[route]
  const fileOf = ({ kind, path, seconds }: (typeof files)[number]): Wire.File => {
    const { expires, url } = link(path)
    return { url, expires_at: wholeSeconds(expires), duration: seconds, ...(kind === undefined ? {} : { kind }) }
  }
  const found = isReady ? files.map(fileOf) : []
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
  return { ...head, ...echo, ...tail }
}

/** How long work still goes on. */
export const rest = (work: Work, now: DateTime.Utc): Duration.Duration => DateTime.distance(now, work.endsAt)
