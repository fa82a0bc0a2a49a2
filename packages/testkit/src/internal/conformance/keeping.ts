/** What any journal owes to whoever lists what it keeps, and lets it forget. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { Entry } from "@tenuto/core/Journal"
import type * as Lifecycle from "@tenuto/core/Lifecycle"
import type * as Case from "../../Case.ts"
import { demand, same } from "./demand.ts"
import * as Events from "./events.ts"
import { type Keeper, make, mine, numbers } from "./journal.ts"

const [first] = Events.each.map(({ at }) => at)
const day = (count: number) => DateTime.add(first ?? DateTime.makeUnsafe(0), { days: count })

/** Work that was over on a day. */
const ended = (entry: string, count: number, service = "songs"): ReadonlyArray<Lifecycle.Event> => [
  Events.drafted(entry, 0, service),
  Events.sending,
  Events.accepted,
  { ...Events.succeeded, at: day(count) },
]

const names = (entries: ReadonlyArray<Entry>) => entries.map(({ entry }) => entry)

/** What a list and forgetting are owed. */
export const cases: ReadonlyArray<Case.Case<Keeper>> = [
  make(
    5,
    "what is kept is listed, oldest first, page by page, and by whatever is said of it",
    "a page that begins anew, or a filter that nobody asks",
    ({ entries, write }) =>
      Effect.gen(function* () {
        yield* write("open", [Events.drafted("open", 0, "letters")])
        yield* write("over", ended("over", 3))
        yield* write("open", [Events.drafted("open", 1)], "b")
        yield* write("stopped", [Events.drafted("stopped"), { ...Events.stopped, at: day(1) }])
        yield* write("senseless", [Events.sending])
        const all = yield* entries({})
        const told = all.map(({ id, updatedAt, ...one }, nth) => {
          const isLater = id > (all[nth - 1]?.id ?? Number.NEGATIVE_INFINITY)
          return { ...one, updatedAt: DateTime.formatIso(updatedAt), isLater }
        })
        const [today, next, last] = [day(0), day(1), day(3)].map((at) => DateTime.formatIso(at))
        const isLater = true // than the one before
        yield* same("what is listed", told, [
          { entry: "open", account: mine, service: "letters", isOpen: true, updatedAt: today, isLater },
          { entry: "over", account: mine, service: "songs", isOpen: false, updatedAt: last, isLater },
          { entry: "open", account: "b", service: "songs", isOpen: true, updatedAt: today, isLater },
          { entry: "stopped", account: mine, service: "songs", isOpen: false, updatedAt: next, isLater },
          { entry: "senseless", account: mine, isOpen: false, updatedAt: today, isLater },
        ])
        const two = yield* entries({ limit: 2 })
        const rest = yield* entries({ after: two.at(-1)?.id ?? Number.NaN, limit: 9 })
        yield* same("the first page", two, all.slice(0, 2))
        yield* same("what comes after it", rest, all.slice(2))
        yield* same("what is of a service", names(yield* entries({ service: "letters" })), ["open"])
        yield* same("what is of an account", names(yield* entries({ account: "b" })), ["open"])
        yield* same("what has a name", names(yield* entries({ entry: "open" })), ["open", "open"])
        yield* same("what is open", names(yield* entries({ isOpen: true })), ["open", "open"])
        yield* same("what is old", names(yield* entries({ updatedBefore: day(3), isOpen: false })), [
          "stopped",
          "senseless",
        ])
      }),
  ),
  make(
    5,
    "what is over and as old as was said is forgotten, and counted; what is open or held stays",
    "a clean-up that takes a handle away from its driver",
    ({ claim, entries, prune, read, write }) =>
      Effect.gen(function* () {
        yield* write("old", ended("old", 0))
        yield* write("young", ended("young", 2))
        yield* write("open", [Events.drafted("open")])
        yield* write("stopped", [Events.drafted("stopped"), Events.stopped])
        yield* write("doubtful", [Events.drafted("doubtful"), Events.sending, Events.stopped])
        yield* write("held", ended("held", 0))
        yield* Effect.scoped(
          Effect.gen(function* () {
            const page = yield* claim("held")
            yield* same("how many are forgotten", yield* prune({ updatedBefore: day(1) }), 2)
            yield* same("what stays", names(yield* entries({})), ["young", "open", "doubtful", "held"])
            yield* page.append([])
            yield* same("what is held of it", yield* read("held"), ended("held", 0))
          }),
        )
        yield* same("how many are forgotten once it is free", yield* prune({}), 2)
        // What may have started holds its key: it is forgotten by its name alone.
        yield* same("what stays then", names(yield* entries({})), ["open", "doubtful"])
        yield* same("how many are left to forget", yield* prune({}), 0)
        yield* same("how many when what is in doubt is named", yield* prune({ entry: "doubtful" }), 1)
      }),
  ),
  make(
    5,
    "one entry is forgotten by its name, of one account alone, and is new when it is asked for again",
    "a history that comes back under a name that was forgotten",
    ({ claim, entries, prune, read, write }) =>
      Effect.gen(function* () {
        yield* write("x", ended("x", 0))
        yield* write("x", ended("x", 0), "b")
        yield* write("y", [Events.drafted("y")])
        const [before] = yield* entries({ entry: "x", account: mine })
        yield* same("how many are forgotten", yield* prune({ entry: "x", account: mine }), 1)
        yield* same("what is read of it", yield* read("x"), [])
        yield* same("what its next holder finds", (yield* Effect.scoped(claim("x"))).history, [])
        yield* same("what the other account reads", (yield* read("x", "b")).length, 4)
        yield* write("x", [Events.drafted("x", 7)])
        yield* same("what is there once it is asked for again", numbers(yield* read("x")), [7])
        const [after] = yield* entries({ entry: "x", account: mine })
        yield* demand((after?.id ?? 0) > (before?.id ?? 0), "the new entry has no later id than the forgotten one")
        yield* same("how many open ones are forgotten by their name alone", yield* prune({ entry: "y" }), 0)
        yield* same("how many when that is asked for", yield* prune({ entry: "y", isOpen: true }), 1)
        yield* same("what is read of it then", yield* read("y"), [])
      }),
  ),
]
