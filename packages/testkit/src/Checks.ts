/**
 * Judges a run of any client from what the service saw: Tenuto's or hand-written, with or without Effect.
 *
 * Each check is data. It reads a transcript, and what the caller knows besides; what a run does not tell, it does not
 * guess: without `operations` nobody counts them, without `secrets` none is looked for. Times are seconds since the
 * beginning of the transcript.
 *
 * | check | law | |
 * |---|---|---|
 * | `created-once` | 3 | one piece of work is created once |
 * | `one-key` | 4 | a resend carries the same key and the same body |
 * | `not-again-unkeyed` | 3 | without a key nothing is sent again that may have started |
 * | `as-asked` | 6 | never sooner than the service asked |
 * | `no-hot-loop` | 6 | a pause between requests for the same thing |
 * | `settled-is-final` | 1 | nothing is asked after the end |
 * | `as-told` | 2 | the client says of the work what the service said |
 * | `secret-kept` | 10 | no rendering shows a secret |
 * | `key-at-home` | 10 | the credential goes to the service only |
 * | `within-deadline` | 7 | nothing goes on after the caller's patience |
 * | `nothing-unhandled` | 7 | every promise is settled and heard |
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Client from "@tenuto/core/Client"
 * import * as Soundpiece from "@tenuto/soundpiece"
 * import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
 * import * as Checks from "@tenuto/testkit/Checks"
 * import * as Rehearsal from "@tenuto/testkit/Rehearsal"
 *
 * const apiKey = "spk_4f9d2c71e8"
 * const soundpiece = await Effect.runPromise(SoundpieceEmulator.make())
 * const played = await Rehearsal.play({
 *   connect: (origin) => Soundpiece.layer({ apiKey, baseUrl: `${origin}/v1` }),
 *   ...soundpiece,
 *   program: Client.run(Soundpiece.newSong({ lyrics: "Hold the note", prompt: "Slow waltz" }), { within: "1 minute" }),
 * })
 * const run = { ...played, claimed: "succeeded", deadline: 60, secrets: [apiKey], thrown: [played.exit] } as const
 * console.log(Checks.judge(run)) // []
 * ```
 */
import * as Reading from "./internal/reading.ts"
import type { Exchange, Transcript } from "./internal/transcribed.ts"

/** Something that a run did and must not do. */
export interface Violation {
  /** The name of the check. */
  readonly check: string
  /** What happened, in a line without secrets. */
  readonly says: string
}

/** How a client told its caller that the work ended. */
export type Claim = "succeeded" | "failed"

/** How a service is to be read, where the default is wrong. */
export interface Manners {
  /** Whether submits take a key. Default: whether any carries one, or the ledger has one. */
  readonly isKeyed?: boolean
  /** The key of a submit. Default: an `idempotency-key` header, or `idempotency_key` or `idempotencyKey` in its body. */
  readonly keyOf?: (exchange: Exchange) => string | undefined
  /** What a submit asks for. Default: everything in it but the key. Under another key it is other work once the first was taken. */
  readonly workOf?: (exchange: Exchange) => string
  /** Whether a submit that has ended may have started work. Default: unless refused with 4xx, or never connected. */
  readonly isInDoubt?: (exchange: Exchange) => boolean
  /** How an answer says that the work ended. Default: by its words of `status` and `state`, else by `done`. */
  readonly endOf?: (exchange: Exchange) => Claim | undefined
  /** Where the credential may go. Default: to the origin of the first request, but for downloads. */
  readonly isHome?: (exchange: Exchange) => boolean
}

/** A run, as its service saw it and its caller knows it. A `Rehearsal` gives most of it. */
export interface Run extends Transcript, Manners {
  /** What the client told its caller of the work; absent where it told nothing, or that it does not know. */
  readonly claimed?: Claim
  /** API keys and whatever else is for nobody's eyes. */
  readonly secrets?: ReadonlyArray<string>
  readonly timeline?: string
  readonly journal?: string
  readonly logs?: ReadonlyArray<string>
  /** What was thrown, or failed with. */
  readonly thrown?: ReadonlyArray<unknown>
  /** When the caller's patience ended: the deadline, or an abort. In seconds. */
  readonly deadline?: number
  /** When the caller got an answer, in seconds. */
  readonly took?: number
  /** What was rejected or thrown and handled by nobody. */
  readonly unhandled?: ReadonlyArray<unknown>
  /** Who waits for ever. */
  readonly waiting?: ReadonlyArray<string>
}

/** One thing that is demanded of every run. */
export interface Check {
  readonly name: string
  /** The number of the law in the design. */
  readonly law: number
  /** What it demands, in one line. */
  readonly says: string
  readonly run: (run: Run) => ReadonlyArray<Violation>
}

const check = (
  name: string,
  law: number,
  says: string,
  found: (run: Required<Manners> & Run) => ReadonlyArray<string>,
): Check => ({
  name,
  law,
  says,
  run: (run) =>
    found({ ...readingOf(run), ...run }).map((said) => ({
      check: name,
      says: Reading.hiding(said, run.secrets ?? []),
    })),
})

const readingOf = ({ exchanges, keyOf = Reading.keyOf, operations = [] }: Run): Required<Manners> => ({
  isKeyed:
    exchanges.some((exchange) => Reading.isSubmit(exchange) && keyOf(exchange) !== undefined) ||
    operations.some(({ key }) => key !== undefined),
  keyOf,
  workOf: Reading.workOf(keyOf),
  isInDoubt: Reading.isInDoubt,
  endOf: Reading.endOf,
  isHome: ({ origin, stage }) => origin === exchanges[0]?.origin && stage !== "download",
})

const groups = <A>(
  all: ReadonlyArray<A>,
  keyOf: (one: A) => string | undefined,
): ReadonlyArray<readonly [A, ...ReadonlyArray<A>]> => {
  const found = new Map<string | undefined, [A, ...Array<A>]>()
  for (const one of all) {
    const group = found.get(keyOf(one))
    if (group === undefined) found.set(keyOf(one), [one])
    else group.push(one)
  }
  return Array.from(found.values())
}

type Sends = readonly [Exchange, ...ReadonlyArray<Exchange>]

/** Whether the client of a submit knows that it was taken. What a fault was played on may be more than it can read. */
const isTaken = ({ answer, fault }: Exchange): boolean =>
  fault === undefined && answer !== undefined && answer.status >= 200 && answer.status < 300

/** The submits of each piece of work. A key goes on with what an earlier one was given up for. */
const worksOf = ({ exchanges, keyOf, workOf }: Required<Manners> & Run): ReadonlyArray<Sends> =>
  groups(exchanges.filter(Reading.isSubmit), workOf).flatMap((alike) => {
    if (alike.some((send) => keyOf(send) === undefined)) return [alike]
    const works: Array<Sends> = []
    for (const sends of groups(alike, keyOf)) {
      const isGivenUp = (work: Sends) =>
        !work.some(isTaken) && work.every(({ end }) => end !== undefined && end.at <= sends[0].at)
      const before = works.findIndex(isGivenUp)
      if (before === -1) works.push(sends)
      else works.splice(before, 1, [...(works[before] ?? sends), ...sends])
    }
    return works
  })

/** What a request is for: two for the same thing are one and its repetition. */
const targetOf = (exchange: Exchange, { keyOf, workOf }: Required<Manners>): string =>
  Reading.written([
    exchange.origin,
    workOf(exchange),
    exchange.headers["range"],
    Reading.isSubmit(exchange) ? keyOf(exchange) : undefined,
  ])

/** Where a submit goes: of one place that takes keys every submit has to carry one. */
const placeOf = ({ method, origin, path }: Exchange): string => `${method} ${origin}${path}`

// --- the table ----------------------------------------------------------------------------------

const createdOnce = check(
  "created-once",
  3,
  "one piece of work is created once, whatever happens on the way",
  (run) => {
    const { operations } = run
    const works = worksOf(run).length
    if (operations === undefined || operations.length <= works) return []
    const ids = operations.map(({ id }) => id).join(", ")
    return [`the service created ${operations.length} operations for ${works} of what was asked: ${ids}`]
  },
)

const oneKey = check(
  "one-key",
  4,
  "every resend of a piece of work carries the same key, and no key two bodies",
  (run) => {
    const { exchanges, isKeyed, keyOf, workOf } = run
    if (!isKeyed) return []
    const keyed = exchanges.filter((exchange) => Reading.isSubmit(exchange) && keyOf(exchange) !== undefined)
    const places = new Set(keyed.map(placeOf))
    const wandering = worksOf(run).flatMap((sends) => {
      const keys = new Set(sends.map(keyOf))
      const isDue = places.size === 0 || places.has(placeOf(sends[0]))
      if (keys.has(undefined) && isDue) return [`${Reading.shown(sends[0])} carries no key`]
      return keys.size > 1 ? [`${Reading.shown(sends[0])} and its resends carry ${keys.size} keys`] : []
    })
    const shared = groups(keyed, keyOf).flatMap((sends) => {
      const bodies = new Set(sends.map(workOf)).size
      return bodies > 1 ? [`${bodies} bodies went out under the key of ${Reading.shown(sends[0])}`] : []
    })
    return [...wandering, ...shared]
  },
)

const notAgainUnkeyed = check(
  "not-again-unkeyed",
  3,
  "without a key nothing is sent again that may have started, unless it is proved that it never left",
  (run) =>
    worksOf(run).flatMap((sends) =>
      sends.flatMap((send, index) => {
        const doubt = sends
          .slice(0, index)
          .find((earlier) => earlier.end !== undefined && earlier.end.at <= send.at && run.isInDoubt(earlier))
        if (doubt === undefined || run.keyOf(send) !== undefined) return []
        const got = doubt.answer === undefined ? (doubt.end?.did ?? "") : String(doubt.answer.status)
        return [`${Reading.shown(send)} goes out again without a key, after ${got} at ${doubt.end?.at} s`]
      }),
    ),
)

// Virtual seconds are sums of milliseconds: what is less than one apart is the same instant.
const grain = 0.0005

const asAsked = check("as-asked", 6, "never sooner than the service asked, and after 429 nothing at all", (run) => {
  const { exchanges } = run
  const isAlone = worksOf(run).length <= 1
  return exchanges.flatMap((told, index) => {
    const hint = Reading.hintOf(told, run)
    const { answer } = told
    if (answer === undefined || hint === undefined) return []
    const until = answer.at + hint - grain
    const isBound = (next: Exchange): boolean => {
      if (next.origin !== told.origin || next.at < answer.at - grain) return false
      if (targetOf(next, run) === targetOf(told, run)) return true
      // Whoever takes work may say when it is to be looked at.
      if (isAlone && Reading.isSubmit(told) && Reading.isLook(next)) return true
      // Another's request of the same instant may have left before the answer came.
      if (next.at <= answer.at + grain || answer.status < 400) return false
      return answer.status === 429 || next.stage === told.stage
    }
    for (const next of exchanges.slice(index + 1)) {
      if (next.at >= until) break
      if (!isBound(next)) continue
      const asked = `${Reading.shown(told)} was answered ${answer.status} and asked for ${hint} s at ${answer.at} s`
      return [`${asked}; ${Reading.shown(next)} came sooner`]
    }
    return []
  })
})

const burst = 3
const floorSeconds = 1

const noHotLoop = check(
  "no-hot-loop",
  6,
  `no more than ${burst} requests for the same thing within ${floorSeconds} second`,
  (run) =>
    groups(run.exchanges, (exchange) => targetOf(exchange, run)).flatMap((same) => {
      const first = same.find((one, index) => (same[index + burst]?.at ?? Infinity) < one.at + floorSeconds - grain)
      if (first === undefined) return []
      const many = same.filter(({ at }) => at >= first.at && at < first.at + floorSeconds - grain).length
      return [`${many} requests within ${floorSeconds} s, from ${Reading.shown(first)} on`]
    }),
)

/** A client may take a link for dead so many seconds before it is: no two clocks are the same. */
const clockSkew = 60

const settledIsFinal = check(
  "settled-is-final",
  1,
  "no submit and no look after the service said that the work ended; a link that died may be renewed",
  (run) => {
    const { endOf, exchanges } = run
    const isAlone = worksOf(run).length <= 1
    const asks = (exchange: Exchange) => Reading.isSubmit(exchange) || Reading.isLook(exchange)
    const hasDied = ({ answer, stage }: Exchange) => stage === "download" && (answer?.status ?? 500) >= 300
    const found = new Set<string>()
    for (const [index, said] of exchanges.entries()) {
      const { answer } = said
      // What a fault was played on may be more than its client can read.
      if (answer === undefined || said.fault !== undefined || !asks(said) || endOf(said) === undefined) continue
      const isSame = (next: Exchange) =>
        targetOf(next, run) === targetOf(said, run) || (isAlone && Reading.isSubmit(next))
      const life = Reading.lifeOf(said, run) - clockSkew
      const isLate = (next: Exchange) =>
        asks(next) && next.at >= answer.at - grain && isSame(next) && (Reading.isSubmit(next) || next.at < life)
      const next = exchanges.slice(index + 1).find((one) => hasDied(one) || isLate(one))
      if (next !== undefined && !hasDied(next))
        found.add(`${Reading.shown(next)} asks for work that ended at ${answer.at} s`)
    }
    return Array.from(found)
  },
)

const asTold = check(
  "as-told",
  2,
  "the client says of the work what the service said: a failed look is not a failed operation",
  ({ claimed, endOf, exchanges }) =>
    claimed === undefined || exchanges.some((exchange) => endOf(exchange) === claimed)
      ? []
      : [`the client says that the work ${claimed}; the service never said so`],
)

const secretKept = check(
  "secret-kept",
  10,
  "no secret in any rendering: message, stack, JSON, logs, journal",
  (run) => {
    const { journal = "", logs = [], secrets = [], thrown = [], timeline = "" } = run
    const texts = [
      ["the timeline", timeline],
      ["the journal", journal],
      ...logs.map((log, index) => [`log ${index + 1}`, log] as const),
      ...thrown.flatMap((value, index) =>
        Reading.renderingsOf(value).map(
          ([form, text]) => [`the ${form} of what was thrown, no. ${index + 1}`, text] as const,
        ),
      ),
    ] as const
    return secrets.flatMap((secret, index) => {
      const isIn = Reading.showing(secret)
      return texts.filter(([, text]) => isIn(text)).map(([where]) => `secret no. ${index + 1} stands in ${where}`)
    })
  },
)

const keyAtHome = check(
  "key-at-home",
  10,
  "a credential goes to the service alone: no storage host, no redirect",
  (run) => {
    const { exchanges, isHome, secrets = [] } = run
    const signs = secrets.map(Reading.showing)
    return exchanges.flatMap((exchange) => {
      if (isHome(exchange)) return []
      const sent = JSON.stringify([exchange.path, exchange.query, exchange.headers, exchange.body])
      return signs.flatMap((isIn, index) =>
        isIn(sent) ? [`secret no. ${index + 1} was sent to ${exchange.origin}, ${Reading.shown(exchange)}`] : [],
      )
    })
  },
)

const withinDeadline = check("within-deadline", 7, "the deadline or abort ends everything, at once", (run) => {
  const { deadline, exchanges, took = 0 } = run
  if (deadline === undefined) return []
  const over = deadline + grain
  const late = exchanges
    .filter(({ at }) => at > over)
    .map((exchange) => `${Reading.shown(exchange)}, after the deadline at ${deadline} s`)
  const held = exchanges
    .filter(({ at, end }) => at <= over && (end === undefined || (end.did === "Left" && end.at > over)))
    .map((exchange) => `${Reading.shown(exchange)} is still held after the deadline at ${deadline} s`)
  const kept = took > over ? [`the caller waited ${took} s, with a deadline at ${deadline} s`] : []
  return [...late, ...held, ...kept]
})

const nothingUnhandled = check(
  "nothing-unhandled",
  7,
  "every promise is settled, and every rejection is heard",
  (run) => {
    const { unhandled = [], waiting = [] } = run
    const kindOf = (value: unknown) => (value instanceof Error ? value.name : typeof value)
    return [
      ...unhandled.map((value) => `a rejection that nobody handles: ${kindOf(value)}`),
      ...waiting.map((who) => `waits for ever: ${who}`),
    ]
  },
)

/** Every check there is. */
export const all: ReadonlyArray<Check> = [
  createdOnce,
  oneKey,
  notAgainUnkeyed,
  asAsked,
  noHotLoop,
  settledIsFinal,
  asTold,
  secretKept,
  keyAtHome,
  withinDeadline,
  nothingUnhandled,
]

/** Judge a run: everything that it did and must not do. */
export const judge = (run: Run, checks: ReadonlyArray<Check> = all): ReadonlyArray<Violation> =>
  checks.flatMap((check) => check.run(run))
