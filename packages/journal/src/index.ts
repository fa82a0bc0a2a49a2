/** Durable journals. */
export * as SqliteJournal from "./SqliteJournal.ts"
export { sqliteJournal } from "./SqliteJournal.ts"
