/**
 * The port to memory that outlives a crash: events written ahead of the deeds they announce.
 *
 * A journal never changes what was appended, drops nothing that is open, and lets one driver at a time hold an entry. What
 * is over it forgets when it is asked to (`prune`), and in memory when there is too much of it. An entry belongs to an
 * account: two accounts may use the same name, and neither sees, continues or settles what the other one wrote.
 *
 * Law 5: ahead of the deed. `append` returns when the events are as safe as the journal can make them; only then does
 * the first byte leave.
 */
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { Handle } from "./Handle.ts"
import * as Ended from "./internal/ended.ts"
import { earlier } from "./internal/instant.ts"
import { sizeOf } from "./internal/size.ts"
import * as Lifecycle from "./Lifecycle.ts"
import * as Misuse from "./Misuse.ts"
import type { Account } from "./Remote.ts"

/**
 * The journal cannot be used. It says nothing about the work.
 *
 * - `NotAJournal`, `Newer`: this is something else, or a later release wrote it; it was left untouched.
 * - `Held`: another driver holds the entry. `Fenced`: another driver took it over from us.
 * - `Unowned`: the entry was written before entries belonged to accounts; say whose it is.
 * - `Corrupt`: what is stored cannot be read. `Unavailable`: it cannot be read or written now.
 */
export class Unusable extends Schema.TaggedError<Unusable>("@tenuto/core/Unusable")("Unusable", {
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
  /** Grows with each new entry, and is never given again. */
  readonly id: number
  readonly entry: string
  /** Absent where it is not known whose it is (`Unowned`). */
  readonly account?: string
  readonly service?: string
  /** Whether recovery has something to do for it. */
  readonly isOpen: boolean
  /** When its last event happened. */
  readonly updatedAt: DateTime.Utc
}

/** Which entries: those that agree with everything that is said. */
export interface Filter extends Partial<Pick<Entry, "entry" | "account" | "service" | "isOpen">> {
  /** Those whose last event happened before this instant. */
  readonly updatedBefore?: DateTime.Utc
}

/** Which entries to list, and how many: the next page is what comes `after` the `id` of the last one. */
export interface Listing extends Filter {
  readonly after?: number
  readonly limit?: number
}

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
    readonly entries: (listing: Listing) => Effect.Effect<ReadonlyArray<Entry>, Unusable>
    /**
     * Forget entries, and say how many: those that are not open, unless the filter says `isOpen: true`, none that may have
     * started unseen unless the filter names it, and never one that
     * a driver holds. Whoever asks again under a name that was forgotten asks for new work. Errors: `Unusable`.
     */
    readonly prune: (filter: Filter) => Effect.Effect<number, Unusable>
    /** Most bytes of JSON that an input may take in it; {@link maxInputBytes} when absent. */
    readonly maxInputBytes?: number
    /** List the entries of all accounts that are open, oldest first. Errors: `Unusable`. */
    readonly unsettled: Effect.Effect<ReadonlyArray<Unsettled>, Unusable>
  }
>()("@tenuto/core/Journal") {}

/** Most bytes of JSON that an input may take where a journal says nothing else: 32 MiB, a file of 24 MiB as Base64. */
export const maxInputBytes = 32 * 1024 * 1024

/** What a journal holds of one entry. */
export interface Stored extends Pick<Entry, "id" | "entry"> {
  readonly account: string
  readonly history: ReadonlyArray<Lifecycle.Event>
}

/** List histories, oldest first, as entries: the rule every journal follows. */
export const entriesOf = (
  stored: Iterable<Stored>,
  { after = Number.NEGATIVE_INFINITY, limit, ...filter }: Listing,
): ReadonlyArray<Entry> => {
  const list: Array<Entry> = []
  for (const { account, entry, history, id } of stored) {
    const state = Lifecycle.fold(history)
    const service = state === undefined ? {} : { service: Lifecycle.subjectOf(state).service }
    const isOpen = state !== undefined && Lifecycle.isOpen(state)
    const last = history.at(-1)
    if (last === undefined || id <= after) continue
    const one = { id, entry, account, ...service, isOpen, updatedAt: last.at }
    if (agrees(one, filter)) list.push(one)
  }
  return list.slice(0, limit)
}

const traits = ["entry", "account", "service", "isOpen"] as const
const agrees = (one: Entry, filter: Filter): boolean =>
  traits.every((trait) => filter[trait] === undefined || filter[trait] === one[trait]) &&
  (filter.updatedBefore === undefined || DateTime.isLessThan(one.updatedAt, filter.updatedBefore))

/** List what may be forgotten: the rule every journal follows, and none forgets what is held. */
export const forgettableOf = (stored: Iterable<Stored>, filter: Filter): ReadonlyArray<Entry> => {
  const all = [...stored]
  const kept = filter.entry === undefined ? all.filter(({ history }) => !isInDoubt(history)) : all
  return entriesOf(kept, { ...filter, isOpen: filter.isOpen ?? false })
}

/** List what a set of histories leaves open. */
export const unsettledOf = (stored: Iterable<Stored>): ReadonlyArray<Unsettled> =>
  entriesOf(stored, { isOpen: true }).flatMap(({ account = "", entry, service }) =>
    service === undefined ? [] : [{ account, entry, service }],
  )

/** List what a journal keeps; see `Journal.entries`. Errors: `Unusable`. */
export const entries = (listing: Listing = {}): Effect.Effect<ReadonlyArray<Entry>, Unusable, Journal> =>
  Journal.use((journal) => journal.entries(listing))

/** What to forget, and how old it must be: the span since its last event. */
export interface Pruning extends Omit<Filter, "updatedBefore"> {
  readonly olderThan?: Duration.Input
}

/**
 * Forget entries of work that is over, and say how many; see `Journal.prune`. Errors: `Unusable`.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Journal from "@tenuto/core/Journal"
 *
 * const forgetting = Journal.prune({ olderThan: "30 days", service: "soundpiece" })
 * console.log(await Effect.runPromise(Effect.provide(forgetting, Journal.layerMemory))) // 0
 * ```
 */
export const prune = ({ olderThan, ...filter }: Pruning): Effect.Effect<number, Unusable, Journal> =>
  Effect.gen(function* () {
    const journal = yield* Journal
    if (olderThan === undefined) return yield* journal.prune(filter)
    yield* Misuse.check(Misuse.duration("olderThan", olderThan))
    const updatedBefore = earlier(yield* DateTime.now, Duration.fromInputUnsafe(olderThan))
    return yield* journal.prune({ ...filter, updatedBefore })
  })

/** Read the name of an account; one that names nothing is a `Misuse`. Errors: `Unusable`. */
export const nameOf = (account: Account): Effect.Effect<string, Unusable, Journal> =>
  Redacted.isRedacted(account)
    ? Effect.flatMap(Journal, (journal) => journal.accountOf(account))
    : Effect.as(Misuse.check(Misuse.name("account", account)), account)

/** How much a journal in memory keeps. */
export interface MemoryOptions {
  /** Most bytes of JSON that an input may take; {@link maxInputBytes} unless said otherwise. */
  readonly maxInputBytes?: number
  /**
   * About how many bytes the histories of work that is over may take together: 8 MiB unless said otherwise. Beyond that the
   * oldest are forgotten, and whoever asks again under such a name asks for new work. What is open, or may have started
   * unseen, always stays; so does the latest.
   */
  readonly maxEndedBytes?: number
}

/**
 * A journal that lasts as long as its layer: for tests, and for work that may be forgotten. Of work that is over it keeps
 * the latest 8 MiB.
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
export const layerMemory: Layer.Layer<Journal> = Layer.sync(Journal, () => memory({}))

/** The same, with bounds of your own. */
export const layerMemoryWith = (options: MemoryOptions): Layer.Layer<Journal> =>
  Layer.sync(Journal, () => memory(options))

const memory = (options: MemoryOptions): Journal["Service"] => {
  const entries = new Map<string, Stored>()
  const held = new Map<string, object>()
  const accounts = new Map<string, string>()
  const ended = Ended.make(options.maxEndedBytes ?? 8 * 1024 * 1024, (place) => entries.delete(place))
  let count = 0
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
      ended.drop(place)
      return Effect.succeed(claim)
    })
  const release = (place: string) =>
    Effect.sync(() => {
      held.delete(place)
      const history = historyOf(place)
      if (isOver(history)) ended.add(place, sizeOf(history))
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
        const { id = ++count } = entries.get(place) ?? {}
        if (events.length > 0) entries.set(place, { id, entry, account, history: [...historyOf(place), ...events] })
        return Effect.void
      }),
  })
  const forget = ({ account, entry }: Entry): boolean => {
    const place = placeOf(entry, account)
    if (held.has(place)) return false
    ended.drop(place)
    return entries.delete(place)
  }
  return {
    maxInputBytes: options.maxInputBytes ?? maxInputBytes,
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
      return Effect.map(
        Effect.acquireRelease(hold(entry, place), () => release(place)),
        (claim) => pageOf(entry, account, claim),
      )
    },
    read: (entry, account) => Effect.sync(() => historyOf(placeOf(entry, account))),
    entries: (listing) => Effect.sync(() => entriesOf(entries.values(), listing)),
    prune: (filter) => Effect.sync(() => forgettableOf(entries.values(), filter).filter((one) => forget(one)).length),
    unsettled: Effect.sync(() => unsettledOf(entries.values())),
  }
}

/** Whether an entry may be forgotten for want of room: what may have started and is not known to have ended may not. */
const isOver = (history: ReadonlyArray<Lifecycle.Event>): boolean => {
  const state = Lifecycle.fold(history)
  return state?._tag === "Settled" || (state?._tag === "Stopped" && state.doubts === 0)
}

/** What may have started holds its key: forgotten, another body could go out under it (law 4). */
const isInDoubt = (history: ReadonlyArray<Lifecycle.Event>): boolean => {
  const state = Lifecycle.fold(history)
  return state?._tag === "Stopped" && state.doubts > 0
}

/** Names may hold anything, so they are put together as JSON. */
const placeOf = (entry: string, account: string | undefined): string => JSON.stringify([account, entry])
