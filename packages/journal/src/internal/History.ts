/**
 * Events as rows: each is the JSON of the `Lifecycle.Event` schema, so whatever that schema leaves out is never stored.
 *
 * A row that cannot be read is named, never skipped.
 */
import { type Entry, type Filter, type Unsettled, Unusable } from "@tenuto/core/Journal"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { attempt, type Database, reading } from "./Database.ts"

const Line = Schema.fromJsonString(Lifecycle.Event)
const encodeLine = Schema.encodeResult(Line)
const decodeLine = Schema.decodeUnknownResult(Line)

/** A schema that describes itself by itself runs out of stack on what is nested too deep. */
const encode = (event: Lifecycle.Event) =>
  Result.flatMap(Result.try({ try: () => encodeLine(event), catch: () => "nested too deep" }), (line) => line)
const decode = (line: unknown) =>
  Result.flatMap(Result.try({ try: () => decodeLine(line), catch: () => "nested too deep" }), (event) => event)

type Events = ReadonlyArray<Lifecycle.Event>

/** An entry of an account. */
export interface Place {
  readonly entry: string
  readonly account: string
}

/** Reads and writes the rows of one database. */
export interface History {
  /** Errors: `Unusable` (`Corrupt`, `Unavailable`). */
  readonly read: (entry: string, account: string | undefined) => Effect.Effect<Events, Unusable>
  /** Whether an entry was written before entries had accounts. Errors: `Unusable` (`Corrupt`, `Unavailable`). */
  readonly isUnowned: (entry: string) => Effect.Effect<boolean, Unusable>
  /** Give the entries of a service that have no account to this one; part of a transaction. */
  readonly adopt: (service: string, account: string) => void
  /** Errors: `Unusable` (`Corrupt`, `Unavailable`). */
  readonly entries: (filter: Filter) => Effect.Effect<ReadonlyArray<Entry>, Unusable>
  /** Errors: `Unusable` (`Corrupt`, `Unavailable`). */
  readonly unsettled: Effect.Effect<ReadonlyArray<Unsettled>, Unusable>
  /** Append lines to an entry that holds `count` events and now stands at `state`; part of a transaction. */
  readonly append: (place: Place, count: number, lines: ReadonlyArray<string>, state: State) => void
}

/** What a history comes to; `undefined` when it has no beginning. */
export type State = Lifecycle.State | undefined

/** Write events as lines of JSON. Errors: `Unusable` (`Unavailable`) when one is not what its schema says. */
export const linesOf = (journal: string, entry: string, events: Events): Result.Result<Array<string>, Unusable> =>
  Result.gen(function* () {
    const lines: Array<string> = []
    for (const event of events) {
      // The schema's own message would repeat the value.
      const detail = `the event ${event._tag} of the entry ${entry} is not valid and was not written; nothing was`
      lines.push(yield* Result.mapError(encode(event), () => new Unusable({ journal, problem: "Unavailable", detail })))
    }
    return lines
  })

/** Prepare the statements. Errors: `Unusable` (`Corrupt`, `Unavailable`). */
export const make = Effect.fnUntraced(function* (database: Database): Effect.fn.Return<History, Unusable> {
  const { journal, sqlite } = database
  const statements = yield* attempt(journal, "opening it", () => ({
    events: sqlite.prepare(
      `SELECT sequence, event FROM events
       WHERE entry = (SELECT id FROM entries WHERE entry = ? AND account IS ?) ORDER BY sequence`,
    ),
    open: sqlite.prepare("SELECT entry, account, service FROM entries WHERE open = 1 ORDER BY id"),
    list: sqlite.prepare(
      `SELECT entry, account, service, open FROM entries
       WHERE (? IS NULL OR entry = ?) AND (? IS NULL OR account = ?) AND (? IS NULL OR service = ?) AND (? IS NULL OR open = ?)
       ORDER BY id`,
    ),
    unowned: sqlite.prepare("SELECT 1 FROM entries WHERE entry = ? AND account IS NULL"),
    adopt: sqlite.prepare("UPDATE entries SET account = ? WHERE service = ? AND account IS NULL"),
    enter: sqlite.prepare(
      `INSERT INTO entries (entry, account, service, open) VALUES (?, ?, ?, ?)
       ON CONFLICT (entry, account) DO UPDATE SET service = excluded.service, open = excluded.open
       WHERE service IS NOT excluded.service OR open <> excluded.open`,
    ),
    add: sqlite.prepare(
      "INSERT INTO events (sequence, event, entry) SELECT ?, ?, id FROM entries WHERE entry = ? AND account = ?",
    ),
  }))
  const corrupt = (entry: string, sequence: number, why: string) => {
    const detail = `event ${sequence} of the entry ${entry} ${why}; restore the journal from a copy`
    return new Unusable({ journal, problem: "Corrupt", detail })
  }
  const decodeAll = (entry: string, rows: ReadonlyArray<Record<string, unknown>>): Result.Result<Events, Unusable> =>
    Result.gen(function* () {
      const events: Array<Lifecycle.Event> = []
      for (const [index, row] of rows.entries()) {
        const sequence = index + 1
        if (row["sequence"] !== sequence) return yield* Result.fail(corrupt(entry, sequence, "is missing"))
        events.push(yield* Result.mapError(decode(row["event"]), () => corrupt(entry, sequence, "cannot be read")))
      }
      return events
    })
  return {
    read: (entry, account) =>
      Effect.flatMap(
        reading(database, () => statements.events.all(entry, account ?? null)),
        (rows) => Effect.fromResult(decodeAll(entry, rows)),
      ),
    unsettled: Effect.map(
      reading(database, () => statements.open.all()),
      (rows) =>
        rows.map(({ account, entry, service }) => ({
          entry: String(entry),
          service: String(service),
          ...(account === null ? {} : { account: String(account) }),
        })),
    ),
    entries: ({ account = null, entry = null, isOpen, service = null }) => {
      const open = isOpen === undefined ? null : Number(isOpen)
      const places = [entry, entry, account, account, service, service, open, open]
      return Effect.map(
        reading(database, () => statements.list.all(...places)),
        (rows) =>
          rows.map((row) => ({
            entry: String(row["entry"]),
            ...(row["account"] === null ? {} : { account: String(row["account"]) }),
            ...(row["service"] === null ? {} : { service: String(row["service"]) }),
            isOpen: row["open"] === 1,
          })),
      )
    },
    isUnowned: (entry) => reading(database, () => statements.unowned.get(entry) !== undefined),
    adopt: (service, account) => void statements.adopt.run(account, service),
    append: ({ account, entry }, count, lines, state) => {
      if (lines.length === 0) return
      const isOpen = state !== undefined && Lifecycle.isOpen(state)
      const service = state === undefined ? null : Lifecycle.subjectOf(state).service
      statements.enter.run(entry, account, service, isOpen ? 1 : 0)
      for (const [index, line] of lines.entries()) statements.add.run(count + index + 1, line, entry, account)
    },
  }
})
