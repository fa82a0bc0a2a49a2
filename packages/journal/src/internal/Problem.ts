/**
 * What SQLite and the file system refuse, said as `Unusable`; it never repeats what a row holds.
 */
import { Unusable } from "@tenuto/core/Journal"
import * as Data from "effect/Data"
import * as Predicate from "effect/Predicate"

/** Something that SQLite or the file system threw. It never leaves the journal: a cause may hold what a row holds. */
export class Thrown extends Data.TaggedError("Thrown")<{ readonly cause: unknown }> {}

/** SQLite's primary result codes, from https://www.sqlite.org/rescode.html; extended codes keep them in the low byte. */
const code = { error: 1, busy: 5, locked: 6, readOnly: 8, corrupt: 11, full: 13, cannotOpen: 14, foreign: 26 }

/** SQLite's own words for them, which is all that Deno's `exec` tells (2.9). */
const words: Readonly<Record<string, number>> = {
  "database is locked": code.busy,
  "database table is locked": code.locked,
  "attempt to write a readonly database": code.readOnly,
  "database disk image is malformed": code.corrupt,
  "database or disk is full": code.full,
  "unable to open database file": code.cannotOpen,
  "file is not a database": code.foreign,
}

/** SQLite's primary result code of something that was thrown; `undefined` when SQLite did not throw it. */
const codeOf = (cause: unknown): number | undefined => {
  if (Predicate.hasProperty(cause, "errcode") && typeof cause.errcode === "number") return cause.errcode & 0xff
  const isSqlite = Predicate.hasProperty(cause, "code") && cause.code === "ERR_SQLITE_ERROR"
  return isSqlite && Predicate.hasProperty(cause, "message") ? words[String(cause.message)] : undefined
}

/** Whether another connection is in the way, so that trying again helps. */
export const isBusy = ({ cause }: Thrown): boolean => codeOf(cause) === code.busy || codeOf(cause) === code.locked

/** Whether there is no such file. */
export const isAbsent = ({ cause }: Thrown): boolean => Predicate.hasProperty(cause, "code") && cause.code === "ENOENT"

/** Say what was thrown while `doing` something to the journal. */
export const of = (journal: string, doing: string, { cause }: Thrown): Unusable => {
  const unusable = (problem: Unusable["problem"], detail: string) => new Unusable({ journal, problem, detail })
  switch (codeOf(cause)) {
    case code.error:
      return unusable("Corrupt", `${doing} failed: its tables are not those of a journal; restore it from a copy`)
    case code.busy:
    case code.locked:
      return unusable(
        "Unavailable",
        `${doing} failed: another process keeps it locked; try again when that one is done`,
      )
    case code.readOnly:
      return unusable("Unavailable", `${doing} failed: the file or its folder is not writable; allow writing to both`)
    case code.corrupt:
      return unusable("Corrupt", `${doing} failed: the file is damaged or cut short; restore it from a copy`)
    case code.full:
      return unusable("Unavailable", `${doing} failed: the disk is full; make room and try again`)
    case code.cannotOpen:
      return unusable("Unavailable", `${doing} failed: the file cannot be opened; check its folder and its permissions`)
    case code.foreign:
      return unusable("NotAJournal", "the file is not an SQLite database; it was left untouched, name another file")
    default:
      return unusable("Unavailable", `${doing} failed: ${wordOf(cause)}`)
  }
}

/** SQLite's or the system's own word for it, which holds no stored value. */
const wordOf = (cause: unknown): string => {
  if (Predicate.hasProperty(cause, "errstr") && typeof cause.errstr === "string") return cause.errstr
  return Predicate.hasProperty(cause, "code") && typeof cause.code === "string" ? cause.code : "the reason is unknown"
}
