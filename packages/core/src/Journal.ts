/**
 * The port to memory that outlives a crash: events written ahead of the deeds they announce.
 *
 * A journal never changes or drops what was appended, and lets one driver at a time hold an entry. An entry belongs to an
 * account: two accounts may use the same name, and neither sees, continues or settles what the other one wrote.
 *
 * Law 5: ahead of the deed. `append` returns when the events are as safe as the journal can make them; only then does
 * the first byte leave.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { Handle } from "./Handle.ts"
import * as Lifecycle from "./Lifecycle.ts"
import type { Account } from "./Remote.ts"

/**
 * The journal cannot be used. It says nothing about the work.
 *
 * - `NotAJournal`, `Newer`: this is something else, or a later release wrote it; it was left untouched.
 * - `Held`: another driver holds the entry. `Fenced`: another driver took it over from us.
 * - `Unowned`: the entry was written before entries belonged to accounts; say whose it is.
 * - `Corrupt`: what is stored cannot be read. `Unavailable`: it cannot be read or written now.
 */
export class Unusable extends Schema.TaggedError<Unusable>()("Unusable", {
  journal: Schema.String,
  problem: Schema.Literals(["NotAJournal", "Newer", "Held", "Fenced", "Unowned", "Corrupt", "Unavailable"]),
  detail: Schema.String,
  /** The work that was in hand, where there was any: settle it from here. */
  handle: Schema.optionalKey(Handle),
}) {
  /** The same trouble, with the work that was in hand. */
  with(handle: Handle): Unusable {
    return new Unusable({ journal: this.journal, problem: this.problem, detail: this.detail, handle })
  }
  override get message() {
    return `the journal ${this.journal} cannot be used (${this.problem}): ${this.detail}`
  }
}

/** One entry while we hold it. */
export interface Page {
  /** Everything appended so far, oldest first; empty for a new entry. */
  readonly history: ReadonlyArray<Lifecycle.Event>
  /** Append events in order, all or none; none at all asks whether the entry is still ours. Errors: `Unusable` (`Fenced`, `Unavailable`). */
  readonly append: (events: ReadonlyArray<Lifecycle.Event>) => Effect.Effect<void, Unusable>
}

/** An entry that recovery has something to do for. `account` is absent where it is not known whose it is (`Unowned`). */
export interface Unsettled {
  readonly entry: string
  readonly service: string
  readonly account?: string
}

/** An entry of the journal. `service` is absent where its history has no beginning. */
export interface Entry {
  readonly entry: string
  /** Absent where it is not known whose it is (`Unowned`). */
  readonly account?: string
  readonly service?: string
  /** Whether recovery has something to do for it. */
  readonly isOpen: boolean
}

/** Which entries to list: those that agree with everything that is said. */
export type Filter = Partial<Entry>

/** Keeps histories. Layers: {@link layerMemory} here, durable ones in `@tenuto/journal`. */
export class Journal extends Context.Service<
  Journal,
  {
    /**
     * Name the account of a credential, the same one each time. What is kept of the credential is a digest that cannot
     * cheaply be tried against a list. Errors: `Unusable`.
     */
    readonly accountOf: (credential: Redacted.Redacted<string>) => Effect.Effect<string, Unusable>
    /**
     * Hold an entry of an account until the scope closes. Errors: `Unusable`, with `Held` when another driver has it and
     * `Unowned` when it is not known whose it is.
     */
    readonly claim: (entry: string, account: string) => Effect.Effect<Page, Unusable, Scope.Scope>
    /** Read an entry of an account, or of none, without holding it; empty when there is none. Errors: `Unusable`. */
    readonly read: (
      entry: string,
      account: string | undefined,
    ) => Effect.Effect<ReadonlyArray<Lifecycle.Event>, Unusable>
    /** List entries, oldest first: of all accounts, and ended ones too, unless the filter says otherwise. Errors: `Unusable`. */
    readonly entries: (filter: Filter) => Effect.Effect<ReadonlyArray<Entry>, Unusable>
    /** List the entries of all accounts that are open, oldest first. Errors: `Unusable`. */
    readonly unsettled: Effect.Effect<ReadonlyArray<Unsettled>, Unusable>
  }
>()("@tenuto/core/Journal") {}

/** What a journal holds of one entry. */
export interface Stored {
  readonly entry: string
  readonly account: string
  readonly history: ReadonlyArray<Lifecycle.Event>
}

/** List histories as entries: the rule every journal follows. */
export const entriesOf = (stored: Iterable<Stored>, filter: Filter): ReadonlyArray<Entry> => {
  const list: Array<Entry> = []
  for (const { account, entry, history } of stored) {
    const state = Lifecycle.fold(history)
    const service = state === undefined ? {} : { service: Lifecycle.subjectOf(state).service }
    list.push({ entry, account, ...service, isOpen: state !== undefined && Lifecycle.isOpen(state) })
  }
  return list.filter((one) => agrees(one, filter))
}

const agrees = (one: Entry, filter: Filter): boolean =>
  (filter.entry === undefined || filter.entry === one.entry) &&
  (filter.account === undefined || filter.account === one.account) &&
  (filter.service === undefined || filter.service === one.service) &&
  (filter.isOpen === undefined || filter.isOpen === one.isOpen)

/** List what a set of histories leaves open. */
export const unsettledOf = (stored: Iterable<Stored>): ReadonlyArray<Unsettled> =>
  entriesOf(stored, { isOpen: true }).flatMap(({ account = "", entry, service }) =>
    service === undefined ? [] : [{ account, entry, service }],
  )

/** Read the name of an account. Errors: `Unusable`. */
export const nameOf = (account: Account): Effect.Effect<string, Unusable, Journal> =>
  Redacted.isRedacted(account)
    ? Effect.flatMap(Journal, (journal) => journal.accountOf(account))
    : Effect.succeed(account)

/**
 * A journal that lasts as long as its layer: for tests, and for work that may be forgotten.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Layer from "effect/Layer"
 * import * as Journal from "@tenuto/core/Journal"
 * import * as Soundpiece from "@tenuto/soundpiece"
 * import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
 *
 * export const services = Layer.mergeAll(
 *   Soundpiece.layer({ apiKey: "spk_…" }).pipe(Layer.provide(NodeTransport.layer)),
 *   Journal.layerMemory,
 * )
 * const open = Effect.flatMap(Journal.Journal, (journal) => journal.unsettled)
 * console.log(await Effect.runPromise(Effect.provide(open, services))) // []
 * ```
 */
export const layerMemory: Layer.Layer<Journal> = Layer.sync(Journal, () => {
  const entries = new Map<string, Stored>()
  const held = new Map<string, object>()
  const accounts = new Map<string, string>()
  const unusable = (problem: "Held" | "Fenced", detail: string) =>
    new Unusable({ journal: "in memory", problem, detail })
  const hold = (entry: string, place: string) =>
    Effect.suspend(() => {
      if (held.has(place)) {
        const detail = `another driver in this process holds the entry ${entry}; wait for it to end`
        return Effect.fail(unusable("Held", detail))
      }
      const claim = {}
      held.set(place, claim)
      return Effect.succeed(claim)
    })
  const historyOf = (place: string) => [...(entries.get(place)?.history ?? [])]
  const pageOf = (entry: string, account: string, claim: object): Page => ({
    history: historyOf(placeOf(entry, account)),
    append: (events) =>
      Effect.suspend(() => {
        const place = placeOf(entry, account)
        if (held.get(place) !== claim) {
          const detail = `the entry ${entry} is no longer ours: its scope has closed; stop`
          return Effect.fail(unusable("Fenced", detail))
        }
        if (events.length > 0) entries.set(place, { entry, account, history: [...historyOf(place), ...events] })
        return Effect.void
      }),
  })
  return Journal.of({
    // Nothing leaves this process, so a number is name enough.
    accountOf: (credential) =>
      Effect.sync(() => {
        const secret = Redacted.value(credential)
        const account = accounts.get(secret) ?? `#${accounts.size + 1}`
        accounts.set(secret, account)
        return account
      }),
    claim: (entry, account) => {
      const place = placeOf(entry, account)
      return Effect.acquireRelease(hold(entry, place), () => Effect.sync(() => held.delete(place))).pipe(
        Effect.map((claim) => pageOf(entry, account, claim)),
      )
    },
    read: (entry, account) => Effect.sync(() => historyOf(placeOf(entry, account))),
    entries: (filter) => Effect.sync(() => entriesOf(entries.values(), filter)),
    unsettled: Effect.sync(() => unsettledOf(entries.values())),
  })
})

/** Names may hold anything, so they are put together as JSON. */
const placeOf = (entry: string, account: string | undefined): string => JSON.stringify([account, entry])
