/**
 * Forgets entries, a few in each transaction, so that appends are not held up by it.
 *
 * It never forgets an entry that a driver holds: that one is asked in the very transaction that would forget it.
 */
import type { Filter, Unusable } from "@tenuto/core/Journal"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Batch } from "./Batch.ts"
import { attempt, type Database } from "./Database.ts"
import { condition, valuesOf } from "./History.ts"
import type { Leases } from "./Lease.ts"

/** Most entries in one transaction. */
const most = 64

/** A line that is no JSON counts for nothing: one bad entry keeps no other from being forgotten. */
const tagged = "CASE WHEN json_valid(event) THEN json_extract(event, '$._tag') END"
const times = (tag: string) => `count(*) FILTER (WHERE ${tagged} = '${tag}')`

/** Never accepted, and sent more often than it was refused: it may have started, and holds its key. */
const inDoubt = `(SELECT ${times("Accepted")} = 0 AND ${times("Sending")} > ${times("Rejected")}
  FROM events WHERE events.entry = entries.id)`

/** Prepare the statements. Errors: `Unusable` (`Corrupt`, `Unavailable`). */
export const make = Effect.fnUntraced(function* (
  { journal, sqlite }: Database,
  batch: Batch,
  leases: Leases,
): Effect.fn.Return<(filter: Filter) => Effect.Effect<number, Unusable>, Unusable> {
  const statements = yield* attempt(journal, "opening it", () => ({
    find: sqlite.prepare(
      `SELECT id, entry, account FROM entries WHERE ${condition} AND (? OR NOT ${inDoubt}) AND id > ? ORDER BY id LIMIT ${most}`,
    ),
    events: sqlite.prepare("DELETE FROM events WHERE entry = ?"),
    entry: sqlite.prepare("DELETE FROM entries WHERE id = ?"),
  }))
  const some = (filter: Filter, after: number) =>
    Clock.clockWith((clock) =>
      batch.submit({
        run: () => {
          const now = clock.currentTimeMillisUnsafe()
          const rows = statements.find.all(...valuesOf(filter), filter.entry === undefined ? 0 : 1, after)
          let count = 0
          for (const { account, entry, id } of rows) {
            // What belongs to no account cannot be claimed.
            const isFree = account === null || leases.isFree({ entry: String(entry), account: String(account) }, now)
            if (!isFree) continue
            statements.events.run(Number(id))
            statements.entry.run(Number(id))
            count++
          }
          return Result.succeed({ count, last: rows.length < most ? undefined : Number(rows.at(-1)?.["id"]) })
        },
      }),
    )
  return Effect.fnUntraced(function* (filter: Filter) {
    const which = { ...filter, isOpen: filter.isOpen ?? false }
    let count = 0
    for (let after: number | undefined = 0; after !== undefined;) {
      const done: { readonly count: number; readonly last: number | undefined } = yield* some(which, after)
      count += done.count
      after = done.last
    }
    return count
  })
})
