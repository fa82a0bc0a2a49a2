/**
 * What a file is, learned before it is opened for writing; looking changes nothing and leaves nothing beside it.
 *
 * The look goes through SQLite's `immutable` mode and not through a file descriptor of our own: closing a descriptor drops
 * every lock the process has on that file, and with it the proof that our own connections are open.
 */
import { Unusable } from "@tenuto/core/Journal"
import * as Effect from "effect/Effect"
import { type Stats, statSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { pathToFileURL } from "node:url"
import * as Problem from "./Problem.ts"
import { applicationId, version, versionWithoutAccounts } from "./Tables.ts"

/** What stands in the first page of an SQLite file. */
export interface Mark {
  readonly applicationId: unknown
  readonly version: unknown
}

/** Read the mark of an open database, again and again. */
export const markIn = (sqlite: DatabaseSync): (() => Mark) => {
  const applicationId = sqlite.prepare("PRAGMA application_id")
  const version = sqlite.prepare("PRAGMA user_version")
  return () => ({
    applicationId: applicationId.get()?.["application_id"],
    version: version.get()?.["user_version"],
  })
}

/** Read the mark of an open database. */
export const markOf = (sqlite: DatabaseSync): Mark => markIn(sqlite)()

/** Say why a file with this mark is not ours to use; `undefined` when it is. */
export const refusal = (journal: string, mark: Mark): Unusable | undefined => {
  if (mark.applicationId !== applicationId) {
    const detail = "the file is a database of another program; it was left untouched, name another file"
    return new Unusable({ journal, problem: "NotAJournal", detail })
  }
  if (mark.version === version || mark.version === versionWithoutAccounts) return undefined
  const detail = `it has version ${String(mark.version)}, this release reads version ${version}; use the release that wrote it`
  return new Unusable({ journal, problem: "Newer", detail })
}

/**
 * Look at a file: a journal, or nothing yet (absent, or of no length).
 *
 * Errors: `Unusable` (`NotAJournal`, `Newer`, `Corrupt`, `Unavailable`).
 */
export const look = Effect.fnUntraced(
  function* (journal: string, path: string) {
    const stats = yield* attempt(() => statSync(path))
    const strange = strangeness(stats)
    if (strange !== undefined) {
      const detail = `it is ${strange}; it was left untouched, name a file`
      return yield* new Unusable({ journal, problem: "NotAJournal", detail })
    }
    if (stats.size === 0) return "Absent"
    const mark = yield* attempt(() => peek(path))
    const refused = refusal(journal, mark) ?? (isBeside(path, "-wal") ? refusalInLog(journal, path) : undefined)
    return refused === undefined ? "Present" : yield* refused
  },
  (looking, journal) =>
    looking.pipe(
      Effect.catchTag("Thrown", (thrown) =>
        Problem.isAbsent(thrown)
          ? Effect.succeed("Absent" as const)
          : Effect.fail(Problem.of(journal, "looking at it", thrown)),
      ),
    ),
)

const attempt = <A>(evaluate: () => A) => Effect.try({ try: evaluate, catch: (cause) => new Problem.Thrown({ cause }) })

const strangeness = (stats: Stats): string | undefined =>
  stats.isDirectory() ? "a folder" : stats.isFile() ? undefined : "not a regular file"

const isBeside = (path: string, suffix: string): boolean =>
  (statSync(path + suffix, { throwIfNoEntry: false })?.size ?? 0) > 0

/**
 * Read the mark without locks, logs or files beside it.
 *
 * A file may rightly be shorter than its first page says while a log beside it holds the rest: after a crash in the middle
 * of a checkpoint, or while another process creates the journal. Whether it was cut short is seen when it is opened.
 */
const peek = (path: string): Mark => {
  const url = pathToFileURL(path)
  url.searchParams.set("immutable", "1")
  const sqlite = new DatabaseSync(url, { readOnly: true, defensive: false })
  try {
    // SQLite's way to be content with fewer pages than the first one speaks of; it is not allowed in defensive mode.
    sqlite.exec("PRAGMA writable_schema = ON")
    return markOf(sqlite)
  } finally {
    sqlite.close()
  }
}

/** A later release may have raised the version in the log only; a read-only connection does not fold the log in. */
const refusalInLog = (journal: string, path: string): Unusable | undefined => {
  try {
    const sqlite = new DatabaseSync(pathToFileURL(path), { readOnly: true })
    try {
      return refusal(journal, markOf(sqlite))
    } finally {
      sqlite.close()
    }
  } catch {
    return undefined // Whoever is in the way now is met again, and named, when the journal is opened.
  }
}
