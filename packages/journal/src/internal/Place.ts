/**
 * Whether an open journal still stands where its path says: the file, its log and the index of that log.
 *
 * SQLite goes on writing to a file that was deleted, or replaced by another one, and reports success; what it writes is
 * gone with the process. A log is lost in the same way when the process lets go of its POSIX locks without knowing it,
 * which any read of the file with `fs` does on closing (https://www.sqlite.org/howtocorrupt.html, 2.2): another process
 * then believes itself alone, folds the log in and removes it.
 */
import { Unusable } from "@tenuto/core/Journal"
import { statSync } from "node:fs"

/** The place of one open journal. */
export interface Place {
  /** Say what was taken away or replaced since it was first seen; `undefined` when all is where it was. */
  readonly trouble: () => Unusable | undefined
}

/** What a message calls each file. */
const names = { "": "the file", "-wal": "its log (-wal)", "-shm": "the index of its log (-shm)" }
const suffixes = ["", "-wal", "-shm"] as const

/**
 * Remember what stands at `path`. The journal is open by then, so that none of its inodes can be given to another file. A
 * file beside it that is not there yet is remembered when it is first seen.
 */
export const make = (journal: string, path: string): Place => {
  const seen = new Map<string, string>()
  const trouble = () => {
    for (const suffix of suffixes) {
      const found = identityOf(path + suffix)
      const known = seen.get(suffix)
      if (known === undefined && found !== undefined) seen.set(suffix, found)
      else if (known !== found) return lost(journal, names[suffix], found === undefined)
    }
    return undefined
  }
  trouble()
  return { trouble }
}

const lost = (journal: string, what: string, isGone: boolean) => {
  const detail = `${what} was ${isGone ? "removed or moved away" : "replaced by another"} while it was open; what is written now would be lost. Open the journal again, and copy it with VACUUM INTO only`
  return new Unusable({ journal, problem: "Unavailable", detail })
}

/** A device and a file on it, as a text: an inode may be larger than a double holds. */
const identityOf = (path: string): string | undefined => {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}`
}
