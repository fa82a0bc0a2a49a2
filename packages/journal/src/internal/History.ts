/**
 * Events as rows: each is the JSON of the `Lifecycle.Event` schema, so whatever that schema leaves out is never stored.
 *
 * A row that cannot be read is named, never skipped.
 */
import { type Entry, type Filter, type Listing, type Unsettled, Unusable } from "@tenuto/core/Journal"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import * as DateTime from "effect/DateTime"
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
  readonly entries: (listing: Listing) => Effect.Effect<ReadonlyArray<Entry>, Unusable>
  /** Errors: `Unusable` (`Corrupt`, `Unavailable`). */
  readonly unsettled: Effect.Effect<ReadonlyArray<Unsettled>, Unusable>
  /** Append to an entry that holds `count` events and now stands at `state`; part of a transaction. */
  readonly append: (place: Place, count: number, written: Written, state: State) => void
}

/** What a history comes to; `undefined` when it has no beginning. */
export type State = Lifecycle.State | undefined

/** Events as lines of JSON, and when the last of them happened. */
interface Written {
  readonly lines: ReadonlyArray<string>
  readonly updated: number
}

/** Write events as lines of JSON. Errors: `Unusable` (`Unavailable`) when one is not what its schema says. */
export const written = (journal: string, entry: string, events: Events): Result.Result<Written, Unusable> =>
  Result.gen(function* () {
    const lines: Array<string> = []
    let updated = 0
    for (const event of events) {
      updated = DateTime.toEpochMillis(event.at)
      // The schema's own message would repeat the value.
      const detail = `the event ${event._tag} of the entry ${entry} is not valid and was not written; nothing was`
      lines.push(yield* Result.mapError(encode(event), () => new Unusable({ journal, problem: "Unavailable", detail })))
    }
    return { lines, updated }
  })

/** What a filter says, as a condition with a place for each value of {@link valuesOf}. */
export const condition = `(? IS NULL OR entry = ?) AND (? IS NULL OR account = ?) AND (? IS NULL OR service = ?)
  AND (? IS NULL OR open = ?) AND (? IS NULL OR updated < ?)`

/** Write down what a filter says; each value stands twice. */
export const valuesOf = ({ account, entry, isOpen, service, updatedBefore }: Filter) => {
  const before = updatedBefore === undefined ? null : DateTime.toEpochMillis(updatedBefore)
  const open = isOpen === undefined ? null : Number(isOpen)
  return [entry ?? null, account ?? null, service ?? null, open, before].flatMap((value) => [value, value])
}

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
      `SELECT id, entry, account, service, open, updated FROM entries WHERE ${condition} AND id > ? ORDER BY id LIMIT ?`,
    ),
    unowned: sqlite.prepare("SELECT 1 FROM entries WHERE entry = ? AND account IS NULL"),
    adopt: sqlite.prepare("UPDATE entries SET account = ? WHERE service = ? AND account IS NULL"),
    enter: sqlite.prepare(
      `INSERT INTO entries (entry, account, service, open, updated) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (entry, account) DO UPDATE
       SET service = excluded.service, open = excluded.open, updated = excluded.updated`,
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
    entries: ({ after = 0, limit = -1, ...filter }) =>
      Effect.map(
        reading(database, () => statements.list.all(...valuesOf(filter), after, limit)),
        (rows) =>
          rows.map((row) => ({
            id: Number(row["id"]),
            entry: String(row["entry"]),
            ...(row["account"] === null ? {} : { account: String(row["account"]) }),
            ...(row["service"] === null ? {} : { service: String(row["service"]) }),
            isOpen: row["open"] === 1,
            updatedAt: DateTime.makeUnsafe(Number(row["updated"])),
          })),
      ),
    isUnowned: (entry) => reading(database, () => statements.unowned.get(entry) !== undefined),
    adopt: (service, account) => void statements.adopt.run(account, service),
    append: ({ account, entry }, count, { lines, updated }, state) => {
      if (lines.length === 0) return
      const isOpen = state !== undefined && Lifecycle.isOpen(state)
      const service = state === undefined ? null : Lifecycle.subjectOf(state).service
      statements.enter.run(entry, account, service, isOpen ? 1 : 0, updated)
      for (const [index, line] of lines.entries()) statements.add.run(count + index + 1, line, entry, account)
    },
  }
})
