/**
 * The right to append to an entry, for one driver at a time, across processes.
 *
 * A lease is renewed while its scope is open. It may be taken over when its time is over or when its holder is certainly
 * dead. Whoever lost it is fenced: its token is looked up in the very transaction that would append.
 */
import { Unusable } from "@tenuto/core/Journal"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { Batch } from "./Batch.ts"
import { attempt, type Database } from "./Database.ts"
import type { Place } from "./History.ts"
import * as Holder from "./Holder.ts"

/** Proof of holding an entry; no two leases of a journal have the same. */
export type Token = number | bigint

/** Leases of one database. */
export interface Leases {
  /** Hold an entry until the scope closes. Errors: `Unusable` (`Held`, `Unavailable`). */
  readonly take: (place: Place) => Effect.Effect<Token, Unusable, Scope.Scope>
  /** Whether the token still holds its entry; part of a transaction. */
  readonly isHeld: (token: Token) => boolean
  /** Take an entry from a holder that is gone, and say whether nobody holds it now; part of a transaction. */
  readonly isFree: (place: Place, now: number) => boolean
}

/** Renew leases in the background until the scope closes. Errors: `Unusable` (`Corrupt`, `Unavailable`). */
export const make = Effect.fnUntraced(function* (
  { journal, sqlite }: Database,
  batch: Batch,
  lease: Duration.Duration,
): Effect.fn.Return<Leases, Unusable, Scope.Scope> {
  const here = Holder.self()
  const owner = Holder.write(here)
  const statements = yield* attempt(journal, "opening it", () => ({
    holder: sqlite.prepare("SELECT token, owner, expires FROM leases WHERE entry = ? AND account = ?"),
    token: sqlite.prepare("SELECT 1 FROM leases WHERE token = ?"),
    insert: sqlite.prepare("INSERT INTO leases (entry, account, owner, expires) VALUES (?, ?, ?, ?)"),
    renew: sqlite.prepare("UPDATE leases SET expires = ? WHERE token = ?"),
    remove: sqlite.prepare("DELETE FROM leases WHERE token = ?"),
  }))
  const held = new Set<Token>()
  /** Open while something is held, and while nothing is. */
  const busy = Latch.makeUnsafe()
  const idle = Latch.makeUnsafe(true)

  /** Say who holds an entry; `undefined` when it may be had. */
  const obstacle = (entry: string, owner: Holder.Holder | undefined, expires: number, now: number) => {
    if (expires <= now || (owner !== undefined && Holder.isGone(owner, here))) return undefined
    const until = DateTime.formatIso(DateTime.makeUnsafe(expires))
    const who =
      owner === undefined || owner.machine !== here.machine
        ? "a process on another machine"
        : owner.pid === here.pid
          ? "another driver in this process"
          : `process ${owner.pid}`
    const detail = `${who} holds the entry ${entry}, until ${until} unless it goes on; wait for it to end`
    return new Unusable({ journal, problem: "Held", detail })
  }
  /** Take an entry from a holder that is gone. Says who holds it still; `undefined` when nobody does. */
  const clear = ({ account, entry }: Place, now: number) => {
    const row = statements.holder.get(entry, account)
    if (row === undefined) return undefined
    const found = obstacle(entry, Holder.read(row["owner"]), Number(row["expires"]), now)
    if (found === undefined) statements.remove.run(row["token"] ?? null)
    return found
  }
  const grant = ({ account, entry }: Place, now: number): Result.Result<Token, Unusable> => {
    const found = clear({ account, entry }, now)
    if (found !== undefined) return Result.fail(found)
    return Result.succeed(statements.insert.run(entry, account, owner, now + Duration.toMillis(lease)).lastInsertRowid)
  }
  const acquire = (place: Place, granted: (token: Token) => void) =>
    Clock.clockWith((clock) =>
      batch.submit({
        run: () => grant(place, clock.currentTimeMillisUnsafe()),
        committed: (token) => {
          held.add(token)
          idle.closeUnsafe()
          busy.openUnsafe()
          granted(token)
        },
      }),
    )
  const release = (token: Token) =>
    Effect.suspend(() => {
      held.delete(token)
      if (held.size === 0) {
        busy.closeUnsafe()
        idle.openUnsafe()
      }
      return batch.submit({ run: () => Result.succeed(statements.remove.run(token)) })
    })
  const renewAll = Clock.clockWith((clock) =>
    batch.submit({
      run: () => {
        const expires = clock.currentTimeMillisUnsafe() + Duration.toMillis(lease)
        for (const token of held) statements.renew.run(expires, token)
        return Result.succeed(undefined)
      },
    }),
  )
  // No timer runs while nothing is held. A renewal that fails is tried again at the next turn, well before the end.
  const turn = busy.await.pipe(
    Effect.andThen(Effect.raceFirst(Effect.sleep(Duration.divideUnsafe(lease, 3)), idle.await)),
    Effect.andThen(Effect.suspend(() => (held.size === 0 ? Effect.void : Effect.ignore(renewAll)))),
  )
  yield* Effect.forkScoped(Effect.forever(turn))
  return {
    // Whoever waits for another process to be done may leave at once; what was granted all the same is given back.
    take: (place) =>
      Effect.suspend(() => {
        let token: Token | undefined
        const giveBack = Effect.suspend(() => (token === undefined ? Effect.void : Effect.ignore(release(token))))
        return Effect.andThen(
          Effect.addFinalizer(() => giveBack),
          acquire(place, (granted) => void (token = granted)),
        )
      }),
    isHeld: (token) => statements.token.get(token) !== undefined,
    isFree: (place, now) => clear(place, now) === undefined,
  }
})
