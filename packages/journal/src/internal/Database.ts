/**
 * One open journal file: created if it is absent, refused untouched if it is something else.
 *
 * It never waits inside SQLite for longer than a few milliseconds; whoever is in the way is waited for by sleeping.
 */
import { Unusable } from "@tenuto/core/Journal"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { resolve } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { pathToFileURL } from "node:url"
import * as Header from "./Header.ts"
import * as Place from "./Place.ts"
import * as Problem from "./Problem.ts"
import * as Migration from "./Migration.ts"
import { creation } from "./Tables.ts"

/** How a journal is opened. */
export type Mode = "Write" | "Read"

/** An open journal. `journal` is its name in messages. */
export interface Database {
  readonly journal: string
  readonly sqlite: DatabaseSync
  /** Say why it can no longer be trusted: a file was taken away, or a later release changed it; `undefined` when it can. */
  readonly trouble: () => Unusable | undefined
}

/** Longest wait inside SQLite, in milliseconds: a commit of another process is over by then. */
const timeout = 5

/** How others are waited for when they take longer. */
const patience = Schedule.min([Schedule.exponential("2 millis"), Schedule.spaced("50 millis")]).pipe(
  Schedule.jittered,
  Schedule.upTo({ duration: "10 seconds" }),
)

/** Do something to a journal, and again while another process is in the way, for ten seconds at most. */
export const attempt = <A>(journal: string, doing: string, evaluate: () => A): Effect.Effect<A, Unusable> =>
  Effect.try({ try: evaluate, catch: (cause) => new Problem.Thrown({ cause }) }).pipe(
    Effect.retry({ schedule: patience, while: Problem.isBusy }),
    Effect.mapError((thrown) => Problem.of(journal, doing, thrown)),
  )

/** Read an open journal: an answer from files that are no longer its own is none. */
export const reading = <A>({ journal, trouble }: Database, evaluate: () => A): Effect.Effect<A, Unusable> =>
  Effect.tap(
    attempt(journal, "reading it", () => ({ answer: evaluate(), trouble: trouble() })),
    ({ trouble }) => trouble ?? Effect.void,
  ).pipe(Effect.map(({ answer }) => answer))

/**
 * Open a journal until the scope closes.
 *
 * Errors: `Unusable` (`NotAJournal`, `Newer`, `Corrupt`, `Unavailable`).
 */
export const open = Effect.fnUntraced(function* (
  journal: string,
  mode: Mode,
): Effect.fn.Return<Database, Unusable, Scope.Scope> {
  const path = resolve(journal)
  const found = yield* Header.look(journal, path)
  if (mode === "Read" && found === "Absent") {
    const detail = "there is no journal in this place yet; name the file that work was written to"
    return yield* new Unusable({ journal, problem: "Unavailable", detail })
  }
  const sqlite = yield* Effect.acquireRelease(
    attempt(journal, "opening it", () => new DatabaseSync(pathToFileURL(path), { timeout })),
    (sqlite) => Effect.sync(() => sqlite.close()),
  )
  // Empty it is when it is new, and when a creation that was cut off by a crash has just been undone.
  if (mode === "Write") yield* attempt(journal, "creating it", () => (isEmpty(sqlite) ? create(sqlite) : undefined))
  const now = yield* Clock.currentTimeMillis
  const refused = yield* attempt(
    journal,
    "opening it",
    () => Header.refusal(journal, Header.markOf(sqlite)) ?? Migration.refusal(journal, sqlite, mode, now),
  )
  if (refused !== undefined) return yield* refused
  yield* attempt(journal, "opening it", () => {
    sqlite.exec("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA trusted_schema = OFF")
    sqlite.exec(mode === "Read" ? "PRAGMA query_only = ON" : "PRAGMA journal_mode = WAL")
  })
  // The pragmas above have opened the log.
  const trouble = yield* attempt(journal, "opening it", () => {
    const place = Place.make(journal, path)
    const mark = Header.markIn(sqlite)
    return () => place.trouble() ?? Header.refusal(journal, mark())
  })
  return { journal, sqlite, trouble }
})

const isEmpty = (sqlite: DatabaseSync): boolean => sqlite.prepare("PRAGMA page_count").get()?.["page_count"] === 0

/** The first write lock of an empty file brings a first page, so that under it a count of pages would tell nothing. */
const isBlank = (sqlite: DatabaseSync): boolean =>
  sqlite.prepare("SELECT count(*) AS tables FROM sqlite_schema").get()?.["tables"] === 0 &&
  Header.markOf(sqlite).applicationId === 0

const create = (sqlite: DatabaseSync): void => {
  sqlite.exec("PRAGMA synchronous = FULL; BEGIN EXCLUSIVE")
  try {
    // Another process may have created it since the look: the look is repeated under the lock.
    if (!isBlank(sqlite)) return
    sqlite.exec(creation)
    sqlite.exec("COMMIT")
  } finally {
    if (sqlite.isTransaction) sqlite.exec("ROLLBACK")
  }
}
