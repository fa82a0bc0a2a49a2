/** Durable journals. */
import { layer } from "./SqliteJournal.ts"

export * as SqliteJournal from "./SqliteJournal.ts"

/**
 * Give the journal to code that does not use Effect.
 *
 * @example
 * ```ts
 * import { connect } from "@tenuto/core/Promise"
 * import { sqliteJournal } from "@tenuto/journal"
 * import * as Soundpiece from "@tenuto/soundpiece"
 * import { nodeTransport } from "@tenuto/transport-node"
 *
 * const journal = sqliteJournal("jobs.db") // opened at the first call
 * export const soundpiece = connect(Soundpiece, { apiKey: "spk_…", transport: nodeTransport(), journal })
 * ```
 */
export const sqliteJournal: typeof layer = layer
