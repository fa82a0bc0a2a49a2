/**
 * The port to memory that outlives a crash: events written ahead of the deeds they announce.
 *
 * A journal never changes or drops what was appended, and lets one driver at a time hold an entry.
 *
 * Law 5: ahead of the deed. `append` returns when the events are as safe as the journal can make them; only then does
 * the first byte leave.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { Handle } from "./Handle.ts"
import * as Lifecycle from "./Lifecycle.ts"

/**
 * The journal cannot be used. It says nothing about the work.
 *
 * - `NotAJournal`, `Newer`: this is something else, or a later release wrote it; it was left untouched.
 * - `Held`: another driver holds the entry. `Fenced`: another driver took it over from us.
 * - `Corrupt`: what is stored cannot be read. `Unavailable`: it cannot be read or written now.
 */
export class Unusable extends Schema.TaggedError<Unusable>()("Unusable", {
  journal: Schema.String,
  problem: Schema.Literals(["NotAJournal", "Newer", "Held", "Fenced", "Corrupt", "Unavailable"]),
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

/** An entry that recovery has something to do for. */
export interface Unsettled {
  readonly entry: string
  readonly service: string
}

/** Keeps histories. Layers: {@link layerMemory} here, durable ones in `@tenuto/journal`. */
export class Journal extends Context.Service<
  Journal,
  {
    /** Hold an entry until the scope closes. Errors: `Unusable`, with `Held` when another driver has it. */
    readonly claim: (entry: string) => Effect.Effect<Page, Unusable, Scope.Scope>
    /** Read an entry without holding it; empty when there is none. Errors: `Unusable`. */
    readonly read: (entry: string) => Effect.Effect<ReadonlyArray<Lifecycle.Event>, Unusable>
    /** List the entries that are open, oldest first. Errors: `Unusable`. */
    readonly unsettled: Effect.Effect<ReadonlyArray<Unsettled>, Unusable>
  }
>()("@tenuto/core/Journal") {}

/** List what a set of histories leaves open: the rule every journal follows. */
export const unsettledOf = (histories: Iterable<readonly [string, ReadonlyArray<Lifecycle.Event>]>) => {
  const open: Array<Unsettled> = []
  for (const [entry, history] of histories) {
    const state = Lifecycle.fold(history)
    if (state !== undefined && Lifecycle.isOpen(state))
      open.push({ entry, service: Lifecycle.subjectOf(state).service })
  }
  return open
}

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
  const entries = new Map<string, Array<Lifecycle.Event>>()
  const held = new Map<string, object>()
  const unusable = (problem: "Held" | "Fenced", detail: string) =>
    new Unusable({ journal: "in memory", problem, detail })
  const hold = (entry: string) =>
    Effect.suspend(() => {
      if (held.has(entry)) {
        const detail = `another driver in this process holds the entry ${entry}; wait for it to end`
        return Effect.fail(unusable("Held", detail))
      }
      const claim = {}
      held.set(entry, claim)
      return Effect.succeed(claim)
    })
  const pageOf = (entry: string, claim: object): Page => ({
    history: [...(entries.get(entry) ?? [])],
    append: (events) =>
      Effect.suspend(() => {
        if (held.get(entry) !== claim) {
          const detail = `the entry ${entry} is no longer ours: its scope has closed; stop`
          return Effect.fail(unusable("Fenced", detail))
        }
        if (events.length > 0) entries.set(entry, [...(entries.get(entry) ?? []), ...events])
        return Effect.void
      }),
  })
  return Journal.of({
    claim: (entry) =>
      Effect.acquireRelease(hold(entry), () => Effect.sync(() => held.delete(entry))).pipe(
        Effect.map((claim) => pageOf(entry, claim)),
      ),
    read: (entry) => Effect.sync(() => [...(entries.get(entry) ?? [])]),
    unsettled: Effect.sync(() => unsettledOf(entries)),
  })
})
