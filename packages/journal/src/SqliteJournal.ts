/**
 * A journal in one SQLite file: it outlives crashes, and several processes may share it.
 *
 * It never touches a file that is not a journal, never reports an append before it is on the disk, and stores nothing but
 * what the event schema writes: links and secret messages are not in it. When the file, its log or the log's index is
 * removed or replaced while it is open, everything fails with `Unusable` (`Unavailable`) until it is opened again. Copy an
 * open journal with `VACUUM INTO` only: the package's README shows how.
 *
 * Law 5: ahead of the deed. An append is one transaction, synced; appends that are ready together share it.
 */
import { Journal, maxInputBytes, type Page, Unusable } from "@tenuto/core/Journal"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import * as Misuse from "@tenuto/core/Misuse"
import type { Account } from "@tenuto/core/Remote"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import * as Redacted from "effect/Redacted"
import * as Accounts from "./internal/Account.ts"
import * as Batch from "./internal/Batch.ts"
import * as Database from "./internal/Database.ts"
import * as History from "./internal/History.ts"
import * as Lease from "./internal/Lease.ts"
import * as Prune from "./internal/Prune.ts"

/** How a journal behaves. */
export interface Options {
  /**
   * How long an entry stays held when its process falls silent: 15 seconds unless said otherwise, between 100 ms and a day.
   *
   * A process that died on this machine is seen at once; the lease is for what cannot be seen from here.
   */
  readonly lease?: Duration.Input
  /**
   * Whose the entries are that were written before entries belonged to accounts (version 1 of the file), by service:
   * `{ soundpiece: Redacted.make(apiKey) }`, or the name that `account` gives. They are given to that account when the
   * file is opened; until then they are left alone (`Unowned`).
   */
  readonly adopt?: Readonly<Record<string, Account>>
  /** Most bytes of JSON that an input may take: 32 MiB unless said otherwise. A file in it stands there as Base64. */
  readonly maxInputBytes?: number
}

const leaseOf = ({ lease = "15 seconds" }: Options): Duration.Duration =>
  Duration.clamp(Duration.fromInputUnsafe(lease), { minimum: Duration.millis(100), maximum: Duration.days(1) })

/**
 * Open the journal in `file`, creating it if there is none. A file of version 1 is moved to this version, unless a process
 * is still working with it.
 *
 * Errors: `Unusable` (`NotAJournal`, `Newer`, `Held`, `Corrupt`, `Unavailable`); a file that is refused is left as it was.
 *
 * @example
 * ```ts
 * import * as SqliteJournal from "@tenuto/journal/SqliteJournal"
 *
 * const journal = SqliteJournal.layer("jobs.db", { lease: "30 seconds" })
 * ```
 */
export const layer = (file: string, options: Options = {}): Layer.Layer<Journal, Unusable> =>
  Layer.effect(
    Journal,
    Effect.gen(function* () {
      yield* Misuse.check(misuseOf(options.adopt))
      const database = yield* Database.open(file, "Write")
      const history = yield* History.make(database)
      const batch = yield* Batch.make(database)
      const leases = yield* Lease.make(database, batch, leaseOf(options))
      const prune = yield* Prune.make(database, batch, leases)
      const { entries, read, unsettled } = history
      const accountOf = Accounts.make(database)
      for (const [service, owner] of Object.entries(options.adopt ?? {})) {
        const account = Redacted.isRedacted(owner) ? yield* accountOf(owner) : owner
        yield* batch.submit({ run: () => Result.succeed(history.adopt(service, account)) })
      }
      const claim = Effect.fnUntraced(function* (entry: string, account: string) {
        if (yield* history.isUnowned(entry)) return yield* unowned(file, entry)
        const token = yield* leases.take({ entry, account })
        const place = { journal: file, entry, account, token, history, leases, batch }
        return pageOf(place, yield* read(entry, account))
      })
      return Journal.of({
        accountOf,
        claim,
        entries,
        prune,
        read,
        unsettled,
        maxInputBytes: options.maxInputBytes ?? maxInputBytes,
      })
    }),
  )

/**
 * Read the journal in `file` while others write it; nothing can be claimed, and no file is created.
 *
 * Errors: `Unusable` (`NotAJournal`, `Newer`, `Corrupt`, `Unavailable`).
 */
export const layerReadOnly = (file: string): Layer.Layer<Journal, Unusable> =>
  Layer.effect(
    Journal,
    Effect.gen(function* () {
      const database = yield* Database.open(file, "Read")
      const { entries, read, unsettled } = yield* History.make(database)
      const detail = "it was opened for reading only; open it for writing to claim an entry, or to forget one"
      const refuse = () => Effect.fail(new Unusable({ journal: file, problem: "Unavailable", detail }))
      return Journal.of({
        accountOf: Accounts.make(database),
        claim: refuse,
        prune: refuse,
        entries,
        read,
        unsettled,
      })
    }),
  )

const misuseOf = (adopt: unknown): Misuse.Misuse | undefined => {
  if (adopt === undefined) return undefined
  const wanted = 'the account of each service, such as { soundpiece: "acme" }'
  if (typeof adopt !== "object" || adopt === null || Array.isArray(adopt)) return Misuse.of("adopt", adopt, wanted)
  const owners = Object.entries(adopt).filter(([, owner]) => !Redacted.isRedacted(owner))
  return owners.map(([service, owner]) => Misuse.name(`adopt.${service}`, owner ?? null)).find((wrong) => wrong)
}

const unowned = (journal: string, entry: string): Unusable => {
  const detail = `the entry ${entry} was written before entries belonged to accounts; say whose it is: the option adopt, or tenuto recover --adopt`
  return new Unusable({ journal, problem: "Unowned", detail })
}

interface Claim extends History.Place {
  readonly journal: string
  readonly token: Lease.Token
  readonly history: History.History
  readonly leases: Lease.Leases
  readonly batch: Batch.Batch
}

const pageOf = (claim: Claim, history: ReadonlyArray<Lifecycle.Event>): Page => {
  const { batch, entry, journal, leases, token } = claim
  // One append at a time, for each depends on what the one before came to.
  const turn = Semaphore.makeUnsafe(1)
  let count = history.length
  let state = Lifecycle.fold(history)
  const fenced = () => {
    const detail = `the entry ${entry} is no longer ours: another driver took it over, or its scope has closed; stop`
    return new Unusable({ journal, problem: "Fenced", detail })
  }
  const append = Effect.fnUntraced(function* (events: ReadonlyArray<Lifecycle.Event>) {
    const written = yield* Effect.fromResult(History.written(journal, entry, events))
    const after = foldOn(state, events)
    yield* batch.submit({
      run: () => {
        if (!leases.isHeld(token)) return Result.fail(fenced())
        return Result.succeed(claim.history.append(claim, count, written, after))
      },
      committed: () => {
        count += written.lines.length
        state = after
      },
    })
  })
  return { history, append: (events) => turn.withPermit(append(events)) }
}

const foldOn = (state: History.State, events: ReadonlyArray<Lifecycle.Event>): History.State => {
  if (state === undefined) return Lifecycle.fold(events)
  return events.reduce(Lifecycle.apply, state)
}
