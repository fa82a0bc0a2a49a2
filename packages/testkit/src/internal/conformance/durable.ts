/** What a journal owes that says it outlives its process: told by opening it again, and by what it has stored. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Case from "../../Case.ts"
import { demand, same } from "./demand.ts"
import * as Events from "./events.ts"
import { type Keeper, type Kept, mine, opened, problemOf } from "./journal.ts"
import { silent } from "./rendered.ts"

/** A journal that lasts, and what can be done to it from outside. */
export interface Lasting extends Kept {
  /** Everything it has stored, as text: each byte a letter of Latin-1. */
  readonly stored: Effect.Effect<string, unknown>
  /** Put what no release ever wrote in the place of an entry's last event. */
  readonly spoil: (entry: string) => Effect.Effect<void, unknown>
}

/** Makes journals that last. */
export interface LastingKeeper extends Keeper {
  readonly fresh: Effect.Effect<Lasting, unknown, Scope.Scope>
}

const make = (
  law: number,
  name: string,
  exists: string,
  story: (journal: Lasting) => Effect.Effect<void, unknown, Scope.Scope>,
): Case.Case<LastingKeeper> =>
  Case.make({ law, name, exists }, ({ fresh }) => Effect.flatMap(fresh, (journal) => story(journal)))

/** Open it, do something and close it. */
const once = <A, E>(
  { layer }: Lasting,
  story: (verbs: Effect.Success<ReturnType<typeof opened>>) => Effect.Effect<A, E, Scope.Scope>,
) => Effect.scoped(Effect.flatMap(opened(layer), story))

/** What any journal that lasts is put before, beyond the rest. */
export const cases: ReadonlyArray<Case.Case<LastingKeeper>> = [
  make(
    5,
    "what was appended is there when it is opened again, in its order",
    "an append that is acknowledged from memory",
    (journal) =>
      Effect.gen(function* () {
        yield* once(journal, ({ write }) =>
          Effect.andThen(write("b", Events.each), write("a", [Events.drafted("a", 1), Events.sending])),
        )
        yield* once(journal, ({ write }) => write("a", [Events.accepted]))
        yield* once(journal, ({ read, unsettled }) =>
          Effect.gen(function* () {
            yield* same("one entry", yield* read("b"), Events.each)
            yield* same("the other", yield* read("a"), [Events.drafted("a", 1), Events.sending, Events.accepted])
            yield* same("what is open", yield* unsettled, [{ entry: "a", account: mine, service: "songs" }])
          }),
        )
      }),
  ),
  make(
    10,
    "an account keeps its name when it is opened again, and its credential is nowhere in it",
    "a journal that numbers its accounts anew, or writes down a credential",
    (journal) =>
      Effect.gen(function* () {
        const secret = "spk_never-to-be-stored"
        const name = once(journal, ({ accountOf }) => accountOf(Redacted.make(secret)))
        const first = yield* name
        yield* once(journal, ({ write }) => write("x", [Events.drafted("x")], first))
        yield* same("its name at the next opening", yield* name, first)
        yield* same("whether what is stored holds the credential", (yield* journal.stored).includes(secret), false)
      }),
  ),
  make(
    5,
    "what was forgotten is gone at once for whoever has it open beside us, and when it is opened again",
    "a list that is forgotten, and files that are kept",
    (journal) =>
      Effect.gen(function* () {
        const over = [Events.drafted("x"), Events.sending, Events.accepted, Events.succeeded]
        const found = ({ entries, read }: Effect.Success<ReturnType<typeof opened>>) =>
          Effect.all([entries({}), read("x")])
        yield* once(journal, (here) =>
          once(journal, (beside) =>
            Effect.gen(function* () {
              yield* here.write("x", over)
              yield* same("how many are forgotten", yield* beside.prune({}), 1)
              yield* same("what is found beside", yield* found(here), [[], []])
            }),
          ),
        )
        yield* same("what is found at the next opening", yield* once(journal, found), [[], []])
      }),
  ),
  make(
    5,
    "what was acknowledged is seen at once by whoever opens it beside us",
    "a write that waits for the end of the process",
    (journal) =>
      Effect.gen(function* () {
        const { claim } = yield* opened(journal.layer)
        const page = yield* claim("x")
        yield* page.append([Events.drafted("x"), Events.sending])
        const seen = yield* once(journal, ({ read }) => read("x"))
        yield* same("what another sees", seen, [Events.drafted("x"), Events.sending])
      }),
  ),
  make(
    5,
    "an entry that is held in one opening cannot be claimed in another",
    "a lock that only its own process sees",
    (journal) =>
      Effect.gen(function* () {
        const { claim } = yield* opened(journal.layer)
        const page = yield* claim("x")
        const second = yield* once(journal, ({ claim }) => problemOf(claim("x")))
        yield* same("a claim beside it", second, "Held")
        yield* page.append([Events.drafted("x")])
      }),
  ),
  make(
    5,
    "closing it frees what was held, and whoever held it can write no more",
    "an entry that stays held by a process that is gone",
    (journal) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const page = yield* Scope.provide(
          Effect.flatMap(opened(journal.layer), ({ claim }) => claim("x")),
          scope,
        )
        yield* page.append([Events.drafted("x", 0)])
        yield* Scope.close(scope, Exit.void)
        yield* once(journal, ({ read, write }) =>
          Effect.gen(function* () {
            yield* write("x", [Events.drafted("x", 1)])
            const late = yield* Effect.exit(page.append([Events.drafted("x", 9)]))
            yield* demand(Exit.isFailure(late), "an append after the end was acknowledged")
            yield* same("what is there", (yield* read("x")).map(Events.numberOf), [0, 1])
          }),
        )
      }),
  ),
  make(10, "no link and no secret message is stored", "state that is written with its signed links", (journal) =>
    Effect.gen(function* () {
      yield* once(journal, ({ write }) =>
        Effect.gen(function* () {
          yield* write("x", Events.secretive("x"))
          yield* demand(!(yield* journal.stored).includes(Events.planted), "a secret is stored while it is open")
        }),
      )
      const stored = yield* journal.stored
      yield* demand(stored.includes(Events.plain), "what is no secret is not found in what is stored")
      yield* demand(!stored.includes(Events.planted), "a secret is stored")
    }),
  ),
  make(
    5,
    "an event that cannot be written is refused, in words of ours, and nothing of its append is kept",
    "half an append, or a message that repeats the input",
    (journal) =>
      once(journal, ({ claim, read }) =>
        Effect.gen(function* () {
          const page = yield* claim("x")
          yield* page.append([Events.drafted("x", 0)])
          const exit = yield* Effect.exit(page.append([Events.drafted("x", 1), Events.unwritable("x")]))
          yield* same("the problem", yield* problemOf(exit), "Unavailable")
          yield* silent("what is said of it", [exit], [Events.planted])
          yield* page.append([Events.drafted("x", 2)])
          yield* same("what is there", (yield* read("x")).map(Events.numberOf), [0, 2])
        }),
      ),
  ),
  make(
    5,
    "what cannot be read is Corrupt, is never called empty, and spoils no other entry",
    "unknown bytes that are skipped, so that the work is sent again",
    (journal) =>
      Effect.gen(function* () {
        yield* once(journal, ({ write }) =>
          Effect.andThen(
            write("bad", [Events.drafted("bad"), Events.sending]),
            write("good", [Events.drafted("good")]),
          ),
        )
        yield* journal.spoil("bad")
        yield* once(journal, ({ claim, read, unsettled }) =>
          Effect.gen(function* () {
            yield* same("reading it", yield* problemOf(read("bad")), "Corrupt")
            yield* same("claiming it", yield* problemOf(claim("bad")), "Corrupt")
            yield* same("another entry", yield* read("good"), [Events.drafted("good")])
            const open = (yield* unsettled).map(({ entry }) => entry)
            yield* same("what is open", open, ["bad", "good"])
          }),
        )
      }),
  ),
]
