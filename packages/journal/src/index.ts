/** Durable journals. */
import { layer } from "./SqliteJournal.ts"

export * as SqliteJournal from "./SqliteJournal.ts"

/** Give the journal to code that does not use Effect: `connect(provider, { journal: sqliteJournal("jobs.db") })`. */
export const sqliteJournal: typeof layer = layer
