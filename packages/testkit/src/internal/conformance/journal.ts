/** What any journal owes: told with events of every kind, on a journal that is empty. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import { Journal, type Page, type Unusable } from "@tenuto/core/Journal"
import type * as Lifecycle from "@tenuto/core/Lifecycle"
import * as Case from "../../Case.ts"
import { demand, same } from "./demand.ts"
import * as Events from "./events.ts"
import { silent } from "./rendered.ts"

/** Makes journals: each is empty, and shares nothing with the others. */
export interface Keeper {
  readonly fresh: Effect.Effect<Kept, unknown, Scope.Scope>
}

/** One journal, as a layer that opens it. */
export interface Kept {
  readonly layer: Layer.Layer<Journal, Unusable>
}

/** The account that works where a case speaks of no other. */
export const mine = "a"

type Verbs = Effect.Success<ReturnType<typeof opened>>

/** Open a journal; it is closed with the scope. */
export const opened = (layer: Layer.Layer<Journal, Unusable>) =>
  Effect.map(
    Effect.flatMap(Layer.build(Layer.fresh(layer)), (context) => Effect.provide(Journal, context)),
    (journal) => {
      const claim = (entry: string, account = mine) => journal.claim(entry, account)
      return {
        ...journal,
        claim,
        read: (entry: string, account = mine) => journal.read(entry, account),
        write: (entry: string, events: ReadonlyArray<Lifecycle.Event>, account = mine) =>
          Effect.scoped(Effect.flatMap(claim(entry, account), (page) => page.append(events))),
      }
    },
  )

export const problemOf = <A>(effect: Effect.Effect<A, Unusable, Scope.Scope>) =>
  Effect.map(Effect.result(Effect.scoped(effect)), (result) =>
    Result.isFailure(result) ? result.failure.problem : "none",
  )

export const make = (
  law: number,
  name: string,
  exists: string,
  story: (journal: Verbs) => Effect.Effect<void, unknown, Scope.Scope>,
): Case.Case<Keeper> =>
  Case.make({ law, name, exists }, ({ fresh }) =>
    Effect.flatMap(fresh, ({ layer }) => Effect.flatMap(opened(layer), story)),
  )

export const numbers = (history: ReadonlyArray<Lifecycle.Event>) => history.map(Events.numberOf)
const songs = (...entries: ReadonlyArray<string>) =>
  entries.map((entry) => ({ entry, account: mine, service: "songs" }))

const histories: ReadonlyArray<Case.Case<Keeper>> = [
  make(
    5,
    "events of every kind come back as they were, to a reader and to the next holder",
    "a field that is lost on its way through JSON",
    ({ claim, read, write }) =>
      Effect.gen(function* () {
        yield* write("each", Events.each)
        yield* same("what is read", yield* read("each"), Events.each)
        yield* same("what the next holder finds", (yield* Effect.scoped(claim("each"))).history, Events.each)
      }),
  ),
  make(
    5,
    "an entry that nobody wrote is empty",
    "an entry that is made by looking at it",
    ({ claim, read, unsettled }) =>
      Effect.gen(function* () {
        yield* same("what is read", yield* read("none"), [])
        yield* same("what its holder finds", (yield* Effect.scoped(claim("none"))).history, [])
        yield* same("what is open", yield* unsettled, [])
      }),
  ),
  make(
    5,
    "events keep the order of their appends, within one claim and over several",
    "an order by time, or by name",
    ({ claim, read, write }) =>
      Effect.gen(function* () {
        const page = (yield* Effect.scoped(
          Effect.gen(function* () {
            const page = yield* claim("order")
            yield* page.append([Events.drafted("order", 3), Events.drafted("order", 1)])
            yield* page.append([Events.drafted("order", 2)])
            return page
          }),
        )) satisfies Page
        yield* write("order", [Events.drafted("order", 0)])
        yield* same("the order", numbers(yield* read("order")), [3, 1, 2, 0])
        yield* same("what was handed over before", page.history, [])
      }),
  ),
  make(
    5,
    "appends to one entry at the same time are all there, each in one piece",
    "an append that is written event by event",
    ({ claim, read }) =>
      Effect.gen(function* () {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const page = yield* claim("busy")
            const pairs = Array.from({ length: 50 }, (_, nth) => [2 * nth, 2 * nth + 1])
            yield* Effect.forEach(pairs, (pair) => page.append(pair.map((number) => Events.drafted("busy", number))), {
              concurrency: "unbounded",
              discard: true,
            })
          }),
        )
        const kept = numbers(yield* read("busy"))
        yield* same(
          "what is there",
          kept.toSorted((one, other) => one - other),
          [...Array.from({ length: 100 }).keys()],
        )
        for (const [place, number] of kept.entries())
          if (number % 2 === 0) yield* same(`what follows ${number}`, kept[place + 1], number + 1)
      }),
  ),
  make(
    5,
    "an append that is interrupted is there as a whole, or not at all",
    "a write that stops in the middle",
    ({ claim, read }) =>
      Effect.gen(function* () {
        for (let turns = 0; turns < 40; turns++) {
          const entry = `torn-${turns}`
          yield* Effect.scoped(
            Effect.gen(function* () {
              const page = yield* claim(entry)
              const events = Array.from({ length: 8 }, (_, nth) => Events.drafted(entry, nth))
              const fiber = yield* Effect.forkChild(page.append(events), { startImmediately: true })
              for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow
              yield* Fiber.interrupt(fiber)
            }),
          )
          const kept = (yield* read(entry)).length
          yield* demand(kept === 0 || kept === 8, `${kept} of 8 events are there`)
        }
      }),
  ),
  make(
    5,
    "names may hold anything, and each is another entry",
    "a name that is trimmed, folded or taken for a path",
    ({ read, write }) =>
      Effect.gen(function* () {
        const entries = [
          "",
          " ",
          "it's",
          "It's",
          "it's ",
          "ä/ö ü",
          'a"b',
          "../a",
          "x; DROP TABLE entries",
          "__proto__",
          "e".repeat(500),
        ]
        for (const [nth, entry] of entries.entries()) yield* write(entry, [Events.drafted(entry, nth)])
        for (const [nth, entry] of entries.entries())
          yield* same(`the entry ${entry}`, yield* read(entry), [Events.drafted(entry, nth)])
      }),
  ),
  make(
    10,
    "no rendering of what comes out of it holds a secret",
    "a link that is kept as a plain text",
    ({ read, write }) =>
      Effect.gen(function* () {
        yield* write("secretive", Events.secretive("secretive"))
        const history = yield* read("secretive")
        yield* same("events", history.length, 5)
        yield* silent("what comes out of it", [history], [Events.planted])
      }),
  ),
]

const claims: ReadonlyArray<Case.Case<Keeper>> = [
  make(
    5,
    "an entry is held by one driver at a time, and the others stay free",
    "two drivers that both send",
    ({ claim }) =>
      Effect.gen(function* () {
        yield* claim("mine")
        yield* same("a second claim", yield* problemOf(claim("mine")), "Held")
        yield* same("a claim of another entry", yield* problemOf(claim("other")), "none")
      }),
  ),
  make(
    5,
    "of many claims at the same time one succeeds",
    "a look before the claim, and a moment between",
    ({ claim }) =>
      Effect.gen(function* () {
        const claims = Array.from({ length: 20 }, () => Effect.result(claim("race")))
        const results = yield* Effect.all(claims, { concurrency: "unbounded" })
        yield* same("claims that succeeded", results.filter(Result.isSuccess).length, 1)
      }),
  ),
  make(
    5,
    "a claim that is refused does not free the entry when its scope closes",
    "a release that does not ask whose it was",
    ({ claim }) =>
      Effect.gen(function* () {
        const page = yield* claim("mine")
        yield* same("a second claim", yield* problemOf(claim("mine")), "Held")
        yield* same("a third claim", yield* problemOf(claim("mine")), "Held")
        yield* page.append([Events.drafted("mine")])
      }),
  ),
  make(
    5,
    "an entry is free when the scope closes, also after a failure",
    "a driver that failed and blocks all that come after",
    ({ claim }) =>
      Effect.gen(function* () {
        yield* Effect.scoped(claim("again"))
        yield* Effect.ignore(Effect.scoped(Effect.andThen(claim("again"), Effect.fail("trouble"))))
        const fiber = yield* Effect.forkChild(Effect.scoped(Effect.andThen(claim("again"), Effect.never)), {
          startImmediately: true,
        })
        yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
        yield* same("the next claim", yield* problemOf(claim("again")), "none")
      }),
  ),
  make(
    5,
    "whoever no longer holds the entry cannot append, and does not disturb the next holder",
    "a driver that comes back late and writes",
    ({ claim, read }) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const late = yield* Scope.provide(claim("handed"), scope)
        yield* late.append([Events.drafted("handed", 0)])
        yield* Scope.close(scope, Exit.void)
        yield* same("an append afterwards", yield* problemOf(late.append([Events.drafted("handed", 9)])), "Fenced")
        const next = yield* claim("handed")
        yield* same(
          "an append beside the next holder",
          yield* problemOf(late.append([Events.drafted("handed", 9)])),
          "Fenced",
        )
        yield* same("an empty append, which asks", yield* problemOf(late.append([])), "Fenced")
        yield* next.append([Events.drafted("handed", 1)])
        yield* same("what is there", numbers(yield* read("handed")), [0, 1])
      }),
  ),
]

const lists: ReadonlyArray<Case.Case<Keeper>> = [
  make(
    5,
    "what is open is listed, oldest first, with its service; what is settled, stopped or empty is not",
    "a recovery that starts finished work again",
    ({ claim, unsettled, write }) =>
      Effect.gen(function* () {
        yield* write("b", [Events.drafted("b", 0, "letters")])
        yield* write("settled", [Events.drafted("settled"), Events.sending, Events.accepted, Events.succeeded])
        yield* write("a", [Events.drafted("a"), Events.sending])
        yield* write("stopped", [Events.drafted("stopped"), Events.stopped])
        yield* write("seen", [Events.accepted])
        yield* write("senseless", [Events.sending])
        yield* Effect.scoped(claim("untouched"))
        yield* write("nothing", [])
        yield* write("b", [Events.sending])
        yield* same("what is open", yield* unsettled, [
          { entry: "b", account: mine, service: "letters" },
          ...songs("a", "seen"),
        ])
      }),
  ),
  make(
    5,
    "an entry leaves the list when it settles, and comes back when it was stopped and is asked for again",
    "a list that is made once",
    ({ claim, unsettled, write }) =>
      Effect.gen(function* () {
        yield* write("x", [Events.drafted("x"), Events.stopped])
        yield* same("what is open", yield* unsettled, [])
        yield* write("x", [Events.drafted("x")])
        yield* same("what is open", yield* unsettled, songs("x"))
        yield* Effect.scoped(
          Effect.gen(function* () {
            const page = yield* claim("x")
            yield* page.append([Events.sending])
            yield* page.append([Events.accepted])
            yield* same("what is open", yield* unsettled, songs("x"))
            yield* page.append([Events.succeeded])
          }),
        )
        yield* same("what is open", yield* unsettled, [])
      }),
  ),
]

/** What any journal is put before. */
export const cases: ReadonlyArray<Case.Case<Keeper>> = [...histories, ...claims, ...lists]
