/** A recording that is used up: finds the exchange a request belongs to, and plays how it ended. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { Behaviour } from "../Behaviour.ts"
import type { Answered, Exchange, Failed } from "./recorded.ts"
import type { Request } from "../Handler.ts"
import { bytesOf, type Content, contentOf } from "./content.ts"
import { replacing, shortest } from "./guises.ts"
import { type Difference, differences, type IsVolatile, type Likeness, say, walk } from "./matching.ts"
import { shown } from "./play.ts"
import { type Asking, Withholder } from "./secrecy.ts"
import { plain } from "./suspicion.ts"

interface Slot {
  readonly exchange: Exchange
  readonly name: string
  readonly likeness: Likeness
  isPlayed: boolean
}

/** The origin of a URL that was written by hand without one. */
const nowhere = "http://recorded.invalid"

const likenessOf = (
  method: string,
  text: string,
  headers: Readonly<Record<string, string>>,
  content: Content,
): Likeness => {
  const { origin, pathname: path, searchParams } = new URL(text, nowhere)
  const { bytes, json, text: body } = content
  return {
    method,
    origin,
    path,
    query: Array.from(searchParams),
    headers,
    ...(json === undefined ? {} : { json }),
    ...(body === undefined ? {} : { text: body }),
    ...(bytes === undefined ? {} : { bytes }),
  }
}

/** One text instead of another, wherever it stands. */
type Swap = ReadonlyMap<string, string>

/** All at once: what one puts in is no concern of the next. */
const swapText = (text: string, swaps: Swap): string =>
  replacing(swaps.keys())(text, (found) => swaps.get(found) ?? found)

/** The same swaps within what is written another way. */
const within = (swaps: Swap, write: (text: string) => string): Swap =>
  new Map(Array.from(swaps, ([from, to]) => [write(from), write(to)]))
const quoted = (text: string): string => JSON.stringify(text).slice(1, -1)
const slashed = (text: string): string => text.replaceAll("/", String.raw`\/`)

const swapContent = ({ bytes, json, text }: Content, swaps: Swap): Content => ({
  ...(json === undefined ? {} : { json: JSON.parse(swapText(JSON.stringify(json), within(swaps, quoted))) }),
  ...(text === undefined ? {} : { text: swapText(text, new Map([...swaps, ...within(swaps, slashed)])) }),
  ...(bytes === undefined ? {} : { bytes }),
})

/** What a client experiences in the end. What no carrier can play comes as near to it as one can. */
const endOf = (
  failure: Failed | undefined,
  answer: Answered | undefined,
  body: Uint8Array,
  rest: Duration.Duration,
): Behaviour => {
  const response = answer === undefined ? undefined : { status: answer.status, headers: shown(answer.headers), body }
  if (failure === undefined || response !== undefined) {
    if (response === undefined) return Behaviour.Hung()
    if (answer?.isCut === true || failure !== undefined) {
      const stated = Number(answer?.headers["content-length"])
      const declared = Math.max(Number.isSafeInteger(stated) ? stated : 0, body.byteLength + 1)
      return Behaviour.Misdeclared({ response, declared })
    }
    if (Duration.isZero(rest) || body.byteLength === 0) return Behaviour.Answered({ response })
    const piece = { bytes: body.byteLength, every: rest }
    return Behaviour.Slowed({ response, head: Duration.zero, piece })
  }
  if ("unsent" in failure) return failure.unsent === "NameNotFound" ? Behaviour.Unnamed() : Behaviour.Refused()
  const empty = { status: 200, headers: {}, body: new Uint8Array() }
  switch (failure.unanswered) {
    case "Timeout":
      return Behaviour.Hung()
    case "Truncated":
      return Behaviour.Truncated({ response: empty, bytes: 0, isReset: false })
    case "Malformed":
      return Behaviour.Garbled({ bytes: new TextEncoder().encode("this is not HTTP\r\n\r\n") })
    case "TooLarge":
      return Behaviour.Answered({ response: { ...empty, body: new Uint8Array((failure.maxBytes ?? 0) + 1) } })
    case "Reset":
    case "Opaque":
    case "Unknown":
      return Behaviour.Reset()
  }
}

export type Taken =
  | { readonly _tag: "Taken"; readonly behaviour: Effect.Effect<Behaviour> }
  | {
      readonly _tag: "Unmatched"
      readonly method: string
      readonly path: string
      readonly played: number
      readonly nearest?: { readonly index: number; readonly request: string }
      readonly differences: ReadonlyArray<string>
    }

export class Deck {
  private readonly slots: ReadonlyArray<Slot>
  private readonly origins: ReadonlySet<string>
  private readonly isVolatile: IsVolatile
  /** Texts minted fresh: the recorded one, and the one of now. */
  private readonly fresh = new Map<string, string>()

  constructor(exchanges: ReadonlyArray<Exchange>, volatile: ReadonlyArray<string>) {
    const names = new Set(["idempotencykey", ...volatile.map(plain)])
    this.isVolatile = (name) => names.has(plain(name))
    this.slots = exchanges.map((exchange) => {
      const { headers, method, url, ...content } = exchange.request
      const likeness = likenessOf(method, url, headers, content)
      return { exchange, likeness, name: `${method} ${url}`, isPlayed: false }
    })
    this.origins = new Set(this.slots.map(({ likeness }) => likeness.origin))
  }

  /** What nobody has asked for. */
  get left(): ReadonlyArray<string> {
    return this.slots.filter(({ isPlayed }) => !isPlayed).map(({ name }) => name)
  }

  /** Find what was recorded for a request, use it up, and tell what it does; or in what it differs from the nearest. */
  take(request: Request): Taken {
    const recordedOf = new Map(Array.from(this.fresh, ([recorded, now]) => [now, recorded]))
    const content = swapContent(contentOf(request.headers, request.body), recordedOf)
    const found = likenessOf(request.method, swapText(request.url, recordedOf), request.headers, content)
    const isHome = this.origins.has(found.origin)
    const compare = (slot: Slot, found: Likeness) =>
      differences(isHome ? slot.likeness : { ...slot.likeness, origin: found.origin }, found, this.isVolatile)
    const next = this.slots.find((slot) => !slot.isPlayed && compare(slot, found).length === 0)
    if (next === undefined) return this.missing(found, compare)
    next.isPlayed = true
    this.learn(next.likeness, found)
    const swaps = new Map(isHome ? [] : Array.from(this.origins, (origin) => [origin, found.origin] as const))
    return { _tag: "Taken", behaviour: this.play(next.exchange, swaps) }
  }

  private learn(recorded: Likeness, found: Likeness): void {
    const see = (name: string, one: unknown, other: unknown) => {
      if (!this.isVolatile(name) || typeof one !== "string" || typeof other !== "string") return
      if (one.length >= shortest && one !== other) this.fresh.set(one, other)
    }
    walk("", recorded.json, found.json, (_, name, one, other) => see(name, one, other))
    const queries = new Map(found.query)
    for (const [name, value] of recorded.query) see(name, value, queries.get(name))
    for (const [name, value] of Object.entries(recorded.headers)) see(name, value, found.headers[name])
  }

  private play({ failure, head, response, took }: Exchange, origins: Swap): Effect.Effect<Behaviour> {
    return Effect.gen({ self: this }, function* () {
      const isSlow = head !== undefined && failure === undefined
      const pause = isSlow ? head : took
      if (!Duration.isZero(pause)) yield* Effect.sleep(pause)
      // Only now: what is minted while it is waited for is minted for this answer too.
      const swaps = new Map([...this.fresh, ...origins])
      const rest = isSlow ? Duration.subtract(took, head) : Duration.zero
      const body = response === undefined ? new Uint8Array() : bytesOf(swapContent(response, swaps))
      const headers = Object.entries(response?.headers ?? {}).map(
        ([name, value]) => [name, swapText(value, swaps)] as const,
      )
      return endOf(failure, response && { ...response, headers: Object.fromEntries(headers) }, body, rest)
    })
  }

  private missing(found: Likeness, compare: (slot: Slot, found: Likeness) => ReadonlyArray<Difference>): Taken {
    const { method } = found
    const played = this.slots.filter((slot) => compare(slot, found).length === 0).length
    // What is told to a person holds no secret of the request that came.
    const withholder = new Withholder({}, () => "withheld")
    const url = `${found.origin}${found.path}${found.query.length === 0 ? "" : `?${new URLSearchParams(found.query.map(([name, value]) => [name, value]))}`}`
    const asking: Asking = { ...found, url, isUrlSecret: false, secretHeaders: new Set() }
    withholder.learn(asking, undefined)
    const { asking: hidden } = withholder.hide(asking, undefined)
    const safe = likenessOf(method, hidden.url, {}, hidden)
    const ranked = this.slots
      .map((slot, index) => ({ index, slot, differences: compare(slot, safe) }))
      .toSorted((one, other) => rankOf(one) - rankOf(other))
    const [nearest] = ranked
    return {
      _tag: "Unmatched",
      method,
      path: safe.path,
      played,
      ...(nearest === undefined ? {} : { nearest: { index: nearest.index, request: nearest.slot.name } }),
      differences: played > 0 ? [] : (nearest?.differences.map((difference) => say(difference)) ?? []),
    }
  }
}

/** Another path is farther away than any other body, and what has been played than what has not. */
const rankOf = ({
  differences,
  slot,
}: {
  readonly differences: ReadonlyArray<Difference>
  readonly slot: Slot
}): number =>
  differences.reduce(
    (rank, { place }) => rank + (place === "path" || place === "method" ? 1000 : 1),
    slot.isPlayed ? 0.5 : 0,
  )
