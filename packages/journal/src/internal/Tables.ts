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
export const version = 2

/** The layout before entries belonged to accounts: it is moved to this one when it is opened for writing. */
export const versionWithoutAccounts = 1

const entries = `
  -- One row per history. "open" says that recovery has something to do. "account" says whose it is; version 1 did not know.
  -- "updated" is when its last event happened, in milliseconds since 1970.
  CREATE TABLE entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    entry TEXT NOT NULL,
    account TEXT,
    service TEXT,
    open INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    UNIQUE (entry, account)
  ) STRICT;
  CREATE INDEX entries_open ON entries (id) WHERE open = 1;
`
const events = `
  -- Appended at the end of the table whatever the entry: neighbours in time are neighbours on disk.
  CREATE TABLE events (
    entry INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    event TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX events_entry ON events (entry, sequence);
`
const leases = `
  -- Who holds which entry now. "expires" is in milliseconds since 1970.
  CREATE TABLE leases (
    token INTEGER PRIMARY KEY AUTOINCREMENT,
    entry TEXT NOT NULL,
    account TEXT NOT NULL,
    owner TEXT NOT NULL,
    expires INTEGER NOT NULL,
    UNIQUE (entry, account)
  ) STRICT;
`
const salt = `
  -- What makes a digest of a credential worth nothing outside this file.
  CREATE TABLE salt (salt BLOB NOT NULL) STRICT;
  INSERT INTO salt VALUES (randomblob(16));
`

const mark = `
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${version};
`

/** Run inside one transaction. */
export const creation = mark + entries + events + leases + salt

/** From version 1; run inside one transaction. Tokens go on from where they were, for none is ever used twice. */
export const migration = `
  PRAGMA user_version = ${version};
  DROP INDEX entries_open;
  ALTER TABLE entries RENAME TO entries_1;
  ALTER TABLE leases RENAME TO leases_1;
  ${entries}
  INSERT INTO entries (id, entry, service, open, updated) SELECT id, entry, service, open, coalesce(
    (SELECT round(1000 * unixepoch(iif(json_valid(event), event ->> '$.at', NULL), 'subsec'))
     FROM events WHERE events.entry = entries_1.id ORDER BY sequence DESC LIMIT 1), 0) FROM entries_1;
  ${leases}
  DELETE FROM sqlite_sequence WHERE name IN ('entries', 'leases');
  INSERT INTO sqlite_sequence (name, seq) SELECT substr(name, 1, length(name) - 2), seq FROM sqlite_sequence
    WHERE name IN ('entries_1', 'leases_1');
  DROP TABLE entries_1;
  DROP TABLE leases_1;
  ${salt}
`
