/** What any journal owes to accounts that share it. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Case from "../../Case.ts"
import { same } from "./demand.ts"
import * as Events from "./events.ts"
import { type Keeper, make, numbers, problemOf } from "./journal.ts"

/** What accounts that share a journal are owed. */
export const cases: ReadonlyArray<Case.Case<Keeper>> = [
  make(
    5,
    "accounts that use one name have an entry each: neither sees, holds up or closes the other's",
    "a name that is one entry, whoever uses it",
    ({ claim, read, unsettled, write }) =>
      Effect.gen(function* () {
        yield* write("order-7", [Events.drafted("order-7", 1), Events.sending])
        const page = yield* claim("order-7")
        yield* same("a claim by another account", yield* problemOf(claim("order-7", "b")), "none")
        yield* same("what another account reads", yield* read("order-7", "b"), [])
        yield* write("order-7", [Events.drafted("order-7", 2)], "b")
        yield* page.append([Events.accepted, Events.succeeded])
        const open = [{ entry: "order-7", account: "b", service: "songs" }]
        yield* same("what is open once the first has settled", yield* unsettled, open)
        yield* same("what the first reads", numbers(yield* read("order-7")).slice(0, 1), [1])
        yield* same("what the other reads", numbers(yield* read("order-7", "b")), [2])
      }),
  ),
  make(
    10,
    "an account is named the same each time, apart from the others, and not by its credential",
    "a name that holds the credential, or a new one each time",
    ({ accountOf }) =>
      Effect.gen(function* () {
        const [one, again, other] = yield* Effect.forEach(["spk_of-one", "spk_of-one", "spk_of-another"], (secret) =>
          accountOf(Redacted.make(secret)),
        )
        yield* same("the name, asked for again", again, one)
        yield* same("whether another account has another name", other !== one, true)
        yield* same("whether it holds the credential", one?.includes("spk_of-one"), false)
      }),
  ),
]
