/** What a check is, and what every check reads a run with. */
import { once } from "../once.ts"
import * as Reading from "../reading.ts"
import type { Violation } from "../story.ts"
import type { Exchange, Transcript } from "../transcribed.ts"

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

/** A run, with how its service is to be read. */
export interface Read extends Required<Manners>, Omit<Run, keyof Manners> {
  /** What a request is for: two for the same thing are one and its repetition. */
  readonly targetOf: (exchange: Exchange) => string
  /** What an answer entitles a client to tell its caller. */
  readonly claimOf: (exchange: Exchange) => Claim | undefined
}

/** Write one down; what it says shows no secret. */
export const check = (name: string, law: number, says: string, found: (run: Read) => ReadonlyArray<string>): Check => ({
  name,
  law,
  says,
  run: (run) =>
    found(reading(run)).map((said) => ({
      check: name,
      says: Reading.hiding(said, run.secrets ?? []),
    })),
})

const reading = (run: Run): Read => {
  const read = { ...mannersOf(run), ...run }
  return { ...read, targetOf: once(targetOf(read)), claimOf: run.endOf ?? Reading.claimOf }
}

const mannersOf = ({ exchanges, keyOf = Reading.keyOf, operations = [] }: Run): Required<Manners> => ({
  isKeyed:
    exchanges.some((exchange) => Reading.isSubmit(exchange) && keyOf(exchange) !== undefined) ||
    operations.some(({ key }) => key !== undefined),
  keyOf,
  workOf: Reading.workOf(keyOf),
  isInDoubt: Reading.isInDoubt,
  endOf: Reading.endOf,
  isHome: ({ origin, stage }) => origin === exchanges[0]?.origin && stage !== "download",
})

const targetOf =
  ({ keyOf, workOf }: Required<Manners>) =>
  (exchange: Exchange): string =>
    Reading.written([
      exchange.origin,
      workOf(exchange),
      exchange.headers["range"],
      Reading.isSubmit(exchange) ? keyOf(exchange) : undefined,
    ])
