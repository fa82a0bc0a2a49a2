/** Broken journals: each wraps the one in memory, or the one on a shelf, and makes one mistake. */
import { Effect, Layer, Redacted, Scope } from "effect"
import { Journal, layerMemory, Unusable } from "@tenuto/core/Journal"
import type * as Lifecycle from "@tenuto/core/Lifecycle"
import type * as Conformance from "@tenuto/testkit/Conformance"
import type { Mutants } from "./mutant.ts"
import { shelved } from "./shelf.ts"

type Service = Journal["Service"]
type Events = ReadonlyArray<Lifecycle.Event>

/** Everything but what goes by one name. */
const without = <A extends object, Name extends keyof A>(value: A, name: Name): Omit<A, Name> => {
  const { [name]: _, ...rest } = value
  return rest
}

const broken = (change: (real: Service) => Partial<Service>): Conformance.Keeper => ({
  fresh: Effect.succeed({
    layer: Layer.effect(
      Journal,
      Effect.map(Journal, (real) => ({ ...real, ...change(real) })),
    ).pipe(Layer.provide(layerMemory)),
  }),
})

/** What comes out is changed on its way. */
const reading = (change: (history: Events) => Events) =>
  broken((real) => ({
    read: (entry, account) => Effect.map(real.read(entry, account), change),
    claim: (entry, account) =>
      Effect.map(real.claim(entry, account), (page) => ({ ...page, history: change(page.history) })),
  }))

/** One page for all who ask for an entry; it is let go when nobody asks any more. */
const unguarded = (real: Service, wait: Effect.Effect<void>) => {
  const taken = new Set<string>()
  return (entry: string, account: string) =>
    Effect.gen(function* () {
      if (taken.has(entry)) return yield* new Unusable({ journal: "mutant", problem: "Held", detail: entry })
      yield* wait
      yield* Effect.acquireRelease(
        Effect.sync(() => taken.add(entry)),
        () => Effect.sync(() => taken.delete(entry)),
      )
      const history = yield* real.read(entry, account)
      const append = (events: Events) =>
        Effect.ignore(Effect.scoped(Effect.flatMap(real.claim(entry, account), (page) => page.append(events))))
      return { history, append }
    })
}

const bared = (value: unknown): unknown => {
  if (Redacted.isRedacted(value)) return Redacted.value(value)
  if (Array.isArray(value)) return value.map(bared)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, bared(part)]))
}

const oneByOne = "appends to one entry at the same time are all there, each in one piece"
const whole = "an append that is interrupted is there as a whole, or not at all"
const race = "of many claims at the same time one succeeds"
const apart = "accounts that use one name have an entry each: neither sees, holds up or closes the other's"
const kept = "an account keeps its name when it is opened again, and its credential is nowhere in it"
const named = "an account is named the same each time, apart from the others, and not by its credential"
const listed = "what is kept is listed, oldest first, page by page, and by whatever is said of it"
const over = "what is over and as old as was said is forgotten, and counted; what is open or held stays"
const one = "one entry is forgotten by its name, of one account alone, and is new when it is asked for again"
const gone = "what was forgotten is gone at once for whoever has it open beside us, and when it is opened again"
const alone = "an entry is held by one driver at a time, and the others stay free"

export const journals: Mutants<Conformance.Keeper> = {
  "a part of an event is lost on its way": {
    subject: reading((history) =>
      history.map((event) => {
        if (event._tag !== "Unseen" && event._tag !== "Observed") return event
        const { hold: _, ...rest } = event
        return rest
      }),
    ),
    caughtBy: ["events of every kind come back as they were, to a reader and to the next holder"],
  },
  "looking at an entry makes it": {
    subject: broken((real) => {
      const seen = new Set<string>()
      return {
        read: (entry, account) => Effect.suspend(() => (seen.add(entry), real.read(entry, account))),
        unsettled: Effect.map(real.unsettled, (open) => [
          ...open,
          ...Array.from(seen, (entry) => ({ entry, account: "a", service: "" })),
        ]),
      }
    }),
    caughtBy: ["an entry that nobody wrote is empty"],
  },
  "events come out in an order of their own": {
    subject: reading((history) =>
      history.toSorted((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other))),
    ),
    caughtBy: ["events keep the order of their appends, within one claim and over several"],
  },
  "an append is written event by event": {
    subject: broken((real) => ({
      claim: (entry, account) =>
        Effect.map(real.claim(entry, account), (page) => ({
          ...page,
          append: (events) =>
            events.length === 0
              ? page.append(events)
              : Effect.forEach(events, (event) => Effect.andThen(Effect.yieldNow, page.append([event])), {
                  discard: true,
                }),
        })),
    })),
    caughtBy: [oneByOne, whole],
  },
  "names are trimmed and folded": {
    subject: broken((real) => ({
      claim: (entry, account) => real.claim(entry.trim().toLowerCase(), account),
      read: (entry, account) => real.read(entry.trim().toLowerCase(), account),
    })),
    caughtBy: ["names may hold anything, and each is another entry"],
  },
  "a name is one entry, whoever uses it": {
    subject: broken((real) => ({
      claim: (entry) => real.claim(entry, "a"),
      read: (entry) => real.read(entry, "a"),
    })),
    caughtBy: [apart],
  },
  "one account holds up the others": {
    subject: broken((real) => ({
      claim: (entry, account) =>
        Effect.andThen(account === "a" ? Effect.void : real.claim(entry, "a"), real.claim(entry, account)),
    })),
    caughtBy: [apart],
  },
  "an account is named by its credential": {
    subject: broken(() => ({ accountOf: (credential) => Effect.succeed(Redacted.value(credential)) })),
    caughtBy: [named],
  },
  "an account has a new name each time": {
    subject: broken(() => {
      let count = 0
      return { accountOf: () => Effect.sync(() => `#${++count}`) }
    }),
    caughtBy: [named],
  },
  "every account has one name": {
    subject: broken(() => ({ accountOf: () => Effect.succeed("#1") })),
    caughtBy: [named],
  },
  "a link comes out in plain": {
    subject: reading((history) => history.map((event) => bared(event) as Lifecycle.Event)),
    caughtBy: ["no rendering of what comes out of it holds a secret"],
  },
  "whoever asks holds the entry": {
    subject: broken((real) => ({
      claim: (entry, account) =>
        Effect.gen(function* () {
          const history = yield* real.read(entry, account)
          const append = (events: Events) =>
            Effect.scoped(Effect.flatMap(real.claim(entry, account), (page) => page.append(events)))
          return { history, append }
        }),
    })),
    caughtBy: [alone, race],
  },
  "a claim looks first and takes later": {
    subject: broken((real) => ({ claim: unguarded(real, Effect.yieldNow) })),
    caughtBy: [race],
  },
  "whoever is refused lets go of it": {
    subject: broken((real) => {
      const scopes = new Map<string, Scope.Closeable>()
      const let_go = (entry: string) =>
        Effect.suspend(() => {
          const scope = scopes.get(entry)
          return scope === undefined ? Effect.void : Scope.close(scope, Effect.runSync(Effect.exit(Effect.void)))
        })
      return {
        claim: (entry, account) =>
          Effect.gen(function* () {
            yield* Effect.addFinalizer(() => let_go(entry))
            const scope = yield* Scope.make()
            const page = yield* Scope.provide(real.claim(entry, account), scope)
            scopes.set(entry, scope)
            return page
          }),
      }
    }),
    caughtBy: ["a claim that is refused does not free the entry when its scope closes"],
  },
  "an entry stays held for ever": {
    subject: broken((real) => ({
      claim: (entry, account) =>
        Effect.flatMap(Scope.make(), (scope) => Scope.provide(real.claim(entry, account), scope)),
    })),
    caughtBy: ["an entry is free when the scope closes, also after a failure"],
  },
  "whoever comes back late writes on": {
    subject: broken((real) => ({ claim: unguarded(real, Effect.void) })),
    caughtBy: ["whoever no longer holds the entry cannot append, and does not disturb the next holder"],
  },
  "what was ever written is open": {
    subject: broken((real) => {
      const seen = new Set<string>()
      return {
        claim: (entry, account) => Effect.suspend(() => (seen.add(entry), real.claim(entry, account))),
        unsettled: Effect.sync(() => Array.from(seen, (entry) => ({ entry, account: "a", service: "songs" }))),
      }
    }),
    caughtBy: ["what is open is listed, oldest first, with its service; what is settled, stopped or empty is not"],
  },
  "the list is made once": {
    subject: broken((real) => {
      let first: Effect.Success<typeof real.unsettled> | undefined
      return { unsettled: Effect.map(real.unsettled, (open) => (first ??= open)) }
    }),
    caughtBy: ["an entry leaves the list when it settles, and comes back when it was stopped and is asked for again"],
  },
  "each page begins anew": {
    subject: broken((real) => ({ entries: (listing) => real.entries(without(listing, "after")) })),
    caughtBy: [listed],
  },
  "a page is as long as it likes": {
    subject: broken((real) => ({ entries: (listing) => real.entries(without(listing, "limit")) })),
    caughtBy: [listed],
  },
  "the latest entries stand first": {
    subject: broken((real) => ({ entries: (listing) => Effect.map(real.entries(listing), (all) => all.toReversed()) })),
    caughtBy: [listed],
  },
  "an age is asked of nobody": {
    subject: broken((real) => ({
      entries: (listing) => real.entries(without(listing, "updatedBefore")),
      prune: (filter) => real.prune(without(filter, "updatedBefore")),
    })),
    caughtBy: [listed, over],
  },
  "what is open is forgotten too": {
    subject: broken((real) => ({
      prune: (filter) =>
        Effect.zipWith(real.prune(filter), real.prune({ ...filter, isOpen: true }), (closed, open) => closed + open),
    })),
    caughtBy: [over, one],
  },
  "what may have started is forgotten too": {
    subject: broken((real) => ({
      prune: (filter) =>
        Effect.gen(function* () {
          const all = yield* real.entries({ isOpen: false, ...filter })
          const counts = yield* Effect.forEach(all, ({ entry }) => real.prune({ ...filter, entry }))
          return counts.reduce((sum, count) => sum + count, 0)
        }),
    })),
    caughtBy: [over],
  },
  "what is held is forgotten too": {
    subject: broken((real) => {
      const forgotten = new Set<string>()
      const isThere = ({ entry }: { readonly entry: string }) => !forgotten.has(entry)
      const entries: Service["entries"] = (listing) => Effect.map(real.entries(listing), (all) => all.filter(isThere))
      return {
        entries,
        prune: (filter) =>
          Effect.map(entries({ isOpen: false, ...filter }), (all) => {
            for (const { entry } of all) forgotten.add(entry)
            return all.length
          }),
      }
    }),
    caughtBy: [over, one],
  },
  "nobody counts what is forgotten": {
    subject: broken((real) => ({ prune: (filter) => Effect.as(real.prune(filter), 0) })),
    caughtBy: [over, one],
  },
  "a name is forgotten for every account": {
    subject: broken((real) => ({ prune: (filter) => real.prune(without(filter, "account")) })),
    caughtBy: [one],
  },
  "an entry is left out of the list, and kept": {
    subject: broken((real) => {
      const forgotten = new Set<number>()
      const entries: Service["entries"] = (listing) =>
        Effect.map(real.entries(listing), (all) => all.filter(({ id }) => !forgotten.has(id)))
      return {
        entries,
        prune: (filter) =>
          Effect.map(entries({ isOpen: false, ...filter }), (all) => {
            for (const { id } of all) forgotten.add(id)
            return all.length
          }),
      }
    }),
    caughtBy: [over, one],
  },
}

export const durables: Mutants<Conformance.LastingKeeper> = {
  "what is forgotten is kept all the same": {
    subject: shelved({ forgets: "ForNow" }),
    caughtBy: [gone],
  },
  "accounts are numbered anew at each opening": {
    subject: shelved({ names: "Anew" }),
    caughtBy: [kept],
  },
  "a credential is written down": {
    subject: shelved({ names: "Plainly" }),
    caughtBy: [kept],
  },
  "an append is acknowledged from memory": {
    subject: shelved({ saves: "Never" }),
    caughtBy: [
      "what was appended is there when it is opened again, in its order",
      "what was acknowledged is seen at once by whoever opens it beside us",
    ],
  },
  "what was appended is written at the end": {
    subject: shelved({ saves: "AtItsEnd" }),
    caughtBy: ["what was acknowledged is seen at once by whoever opens it beside us"],
  },
  "a lock is seen by its own process only": {
    subject: shelved({ locks: "Itself" }),
    caughtBy: ["an entry that is held in one opening cannot be claimed in another"],
  },
  "a lock outlives whoever had it": {
    subject: shelved({ locks: "ForEver" }),
    caughtBy: ["closing it frees what was held, and whoever held it can write no more"],
  },
  "links are stored with their signatures": {
    subject: shelved({ stores: bared }),
    caughtBy: ["no link and no secret message is stored"],
  },
  "half of an append is kept, and its trouble repeats the input": {
    subject: shelved({ isTorn: true }),
    caughtBy: ["an event that cannot be written is refused, in words of ours, and nothing of its append is kept"],
  },
  "what cannot be read is left out": {
    subject: shelved({ isBlind: true }),
    caughtBy: ["what cannot be read is Corrupt, is never called empty, and spoils no other entry"],
  },
}
