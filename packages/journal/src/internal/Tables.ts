/**
 * How a journal is laid out in SQLite, and the mark by which its file is known.
 *
 * Tokens are never used twice (`AUTOINCREMENT`), so a lease that was lost can never be mistaken for a later one.
 */

/** "TENU" in the header of the file. */
export const applicationId = 0x54454e55

/**
 * The layout below. Whoever raises it writes the new number into the file itself, not only into its log, before any other
 * change: that is where an older release looks.
 */
export const version = 1

/** One statement per line of thought; run inside one transaction. */
export const creation = `
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${version};

  -- One row per history. "open" says that recovery has something to do.
  CREATE TABLE entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    entry TEXT NOT NULL UNIQUE,
    service TEXT,
    open INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX entries_open ON entries (id) WHERE open = 1;

  -- Appended at the end of the table whatever the entry: neighbours in time are neighbours on disk.
  CREATE TABLE events (
    entry INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    event TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX events_entry ON events (entry, sequence);

  -- Who holds which entry now. "expires" is in milliseconds since 1970.
  CREATE TABLE leases (
    token INTEGER PRIMARY KEY AUTOINCREMENT,
    entry TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    expires INTEGER NOT NULL
  ) STRICT;
`
