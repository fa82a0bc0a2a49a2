/** What every journal must do, as data: each case runs on a journal of its own that is empty. */
import { Journal, type Unusable } from "@tenuto/core/Journal"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import assert from "node:assert/strict"
import * as Events from "./events.ts"

/** One case: a law as a sentence, and a program that dies when it is broken. */
export interface Case {
  readonly name: string
  readonly run: Effect.Effect<void, Unusable, Journal>
}

const claim = (entry: string) => Journal.use((journal) => journal.claim(entry))
const read = (entry: string) => Journal.use((journal) => journal.read(entry))
const unsettled = Journal.use((journal) => journal.unsettled)
const write = (entry: string, events: Parameters<Effect.Success<ReturnType<typeof claim>>["append"]>[0]) =>
  Effect.scoped(Effect.flatMap(claim(entry), (page) => page.append(events)))

const problemOf = <A>(effect: Effect.Effect<A, Unusable, Journal | Scope.Scope>) =>
  Effect.scoped(effect).pipe(
    Effect.result,
    Effect.map((result) => (Result.isFailure(result) ? result.failure.problem : "none")),
  )

export const cases: ReadonlyArray<Case> = [
  {
    name: "events of every kind come back as they were, to a reader and to the next holder",
    run: Effect.gen(function* () {
      yield* write("each", Events.each)
      assert.deepEqual(yield* read("each"), Events.each)
      const page = yield* Effect.scoped(claim("each"))
      assert.deepEqual(page.history, Events.each)
    }),
  },
  {
    name: "an entry that nobody wrote is empty",
    run: Effect.gen(function* () {
      assert.deepEqual(yield* read("none"), [])
      assert.deepEqual((yield* Effect.scoped(claim("none"))).history, [])
      assert.deepEqual(yield* unsettled, [])
    }),
  },
  {
    name: "events keep the order of their appends, within one claim and over several",
    run: Effect.gen(function* () {
      yield* Effect.scoped(
        Effect.gen(function* () {
          const page = yield* claim("order")
          yield* page.append([Events.drafted("order", 0), Events.drafted("order", 1)])
          yield* page.append([Events.drafted("order", 2)])
        }),
      )
      yield* write("order", [Events.drafted("order", 3)])
      assert.deepEqual((yield* read("order")).map(Events.numberOf), [0, 1, 2, 3])
    }),
  },
  {
    name: "appends to one entry at the same time are all there, each in one piece",
    run: Effect.gen(function* () {
      yield* Effect.scoped(
        Effect.gen(function* () {
          const page = yield* claim("busy")
          const pairs = Array.from({ length: 50 }, (_, n) => [2 * n, 2 * n + 1])
          yield* Effect.forEach(
            pairs,
            (numbers) => page.append(numbers.map((number) => Events.drafted("busy", number))),
            { concurrency: "unbounded", discard: true },
          )
        }),
      )
      const numbers = (yield* read("busy")).map(Events.numberOf)
      assert.deepEqual(
        numbers.toSorted((a, b) => a - b),
        [...Array.from({ length: 100 }).keys()],
      )
      for (const [place, number] of numbers.entries())
        if (number % 2 === 0) assert.equal(numbers[place + 1], number + 1)
    }),
  },
  {
    name: "an entry is held by one driver at a time, and the others stay free",
    run: Effect.scoped(
      Effect.gen(function* () {
        yield* claim("mine")
        assert.equal(yield* problemOf(claim("mine")), "Held")
        assert.equal(yield* problemOf(claim("other")), "none")
      }),
    ),
  },
  {
    name: "of many claims at the same time one succeeds",
    run: Effect.scoped(
      Effect.gen(function* () {
        const results = yield* Effect.all(
          Array.from({ length: 20 }, () => Effect.result(claim("race"))),
          {
            concurrency: "unbounded",
          },
        )
        assert.equal(results.filter(Result.isSuccess).length, 1)
      }),
    ),
  },
  {
    name: "a refused claim does not free the entry when its scope closes",
    run: Effect.scoped(
      Effect.gen(function* () {
        const page = yield* claim("mine")
        assert.equal(yield* problemOf(claim("mine")), "Held")
        assert.equal(yield* problemOf(claim("mine")), "Held")
        yield* page.append([Events.drafted("mine")])
      }),
    ),
  },
  {
    name: "an entry is free when the scope closes, also after a failure",
    run: Effect.gen(function* () {
      yield* Effect.scoped(claim("again"))
      yield* Effect.scoped(Effect.andThen(claim("again"), Effect.fail("trouble"))).pipe(Effect.ignore)
      assert.equal(yield* problemOf(claim("again")), "none")
    }),
  },
  {
    name: "whoever no longer holds the entry cannot append, and does not disturb the next holder",
    run: Effect.scoped(
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const late = yield* Scope.provide(claim("handed"), scope)
        yield* late.append([Events.drafted("handed", 0)])
        yield* Scope.close(scope, Exit.void)
        assert.equal(yield* problemOf(late.append([Events.drafted("handed", 9)])), "Fenced")
        const next = yield* claim("handed")
        assert.equal(yield* problemOf(late.append([Events.drafted("handed", 9)])), "Fenced")
        yield* next.append([Events.drafted("handed", 1)])
        assert.deepEqual((yield* read("handed")).map(Events.numberOf), [0, 1])
      }),
    ),
  },
  {
    name: "what is open is listed, oldest first, with its service; what is settled, stopped or empty is not",
    run: Effect.gen(function* () {
      yield* write("b", [Events.drafted("b", 0, "letters")])
      yield* write("settled", [Events.drafted("settled"), Events.sending, Events.accepted, Events.succeeded])
      yield* write("a", [Events.drafted("a"), Events.sending])
      yield* write("stopped", [Events.drafted("stopped"), Events.stopped])
      yield* write("seen", [Events.accepted])
      yield* write("senseless", [Events.sending])
      yield* Effect.scoped(claim("untouched"))
      yield* write("nothing", [])
      yield* write("b", [Events.sending])
      assert.deepEqual(yield* unsettled, [
        { entry: "b", service: "letters" },
        { entry: "a", service: "songs" },
        { entry: "seen", service: "songs" },
      ])
    }),
  },
  {
    name: "an entry leaves the list when it settles, and comes back when it was stopped and is asked for again",
    run: Effect.gen(function* () {
      yield* write("x", [Events.drafted("x"), Events.stopped])
      assert.deepEqual(yield* unsettled, [])
      yield* write("x", [Events.drafted("x")])
      assert.deepEqual(yield* unsettled, [{ entry: "x", service: "songs" }])
      yield* Effect.scoped(
        Effect.gen(function* () {
          const page = yield* claim("x")
          yield* page.append([Events.sending])
          yield* page.append([Events.accepted])
          assert.deepEqual(yield* unsettled, [{ entry: "x", service: "songs" }])
          yield* page.append([Events.succeeded])
        }),
      )
      assert.deepEqual(yield* unsettled, [])
    }),
  },
  {
    name: "names may hold anything",
    run: Effect.gen(function* () {
      for (const entry of ["", "it's", "ä/ö ü", 'a"b', "x; DROP TABLE entries", "e".repeat(500)]) {
        yield* write(entry, [Events.drafted(entry)])
        assert.deepEqual(yield* read(entry), [Events.drafted(entry)])
      }
    }),
  },
]
