/** What a provider owes of what it starts: once, under one key, and found again. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Client from "@tenuto/core/Client"
import * as Contract from "@tenuto/core/Contract"
import { Handle } from "@tenuto/core/Handle"
import * as Journal from "@tenuto/core/Journal"
import * as Case from "../../Case.ts"
import { demand, same } from "./demand.ts"
import { apiKey, at, failure, lost, troubles, once, type Provider, value, written } from "./rehearsed.ts"

const make = (
  law: number,
  name: string,
  exists: string,
  judge: (provider: Provider) => Effect.Effect<void, unknown, Scope.Scope>,
) => Case.make({ law, name, exists }, judge)

const handleJson = Schema.fromJsonString(Handle)

/** What a provider is put before when it starts something. */
export const cases: ReadonlyArray<Case.Case<Provider>> = [
  make(
    0,
    "work that ends well gives its output, and is started once",
    "an answer that is still going on, taken for a result",
    (provider) =>
      Effect.gen(function* () {
        const told = yield* provider.play({}, ({ run }) => run())
        yield* value("a plain run", told)
        yield* once("a plain run", told)
        yield* same("submits", at(told, "submit").length, 1)
        yield* demand(told.took >= 50, `it ended after ${told.took} s, before the work did`)
      }),
  ),
  make(
    3,
    "whatever becomes of a submit, its work is started once at most, and Rejected is never said of work that was",
    "six POSTs in 41 ms, or a 500 after which three jobs run",
    (provider) =>
      Effect.gen(function* () {
        for (const fault of troubles) {
          for (const count of [1, 2]) {
            const what = `${fault} at the submit, ${count} times`
            const told = yield* provider.play({ faults: [`${fault}@submit:${count}`] }, ({ run }) => run())
            yield* demand(told.started <= 1, `${what}: the service has ${told.started} pieces of work`)
            if (Exit.isSuccess(told.exit)) yield* once(what, told)
            else {
              const { _tag } = yield* failure(what, told)
              yield* demand(_tag !== "Rejected" || told.started === 0, `${what}: it was called Rejected, and goes on`)
            }
          }
        }
      }),
  ),
  make(
    3,
    "a submit that got no answer is sent again only where that cannot start it twice, and is Uncertain elsewhere",
    "a POST without a key that is sent again, or a lost one that is called a failure",
    (provider) =>
      Effect.gen(function* () {
        for (const fault of lost) {
          const told = yield* provider.play({ faults: [`${fault}@submit`] }, ({ run }) => run())
          if (Contract.isRepeatable(provider.contract)) {
            yield* value(fault, told)
            yield* once(fault, told)
            continue
          }
          yield* same(`submits after ${fault}`, at(told, "submit").length, 1)
          yield* same(`what is true after ${fault}`, (yield* failure(fault, told))._tag, "Uncertain")
          yield* same(`pieces of work after ${fault}`, told.started, fault.endsWith("after-commit") ? 1 : 0)
        }
      }),
  ),
  make(
    4,
    "what is sent again is the same request under the same key",
    "a key that is minted inside the retry",
    (provider) =>
      Effect.gen(function* () {
        const told = yield* provider.play({ faults: ["429=7@submit", "503=7@submit", "429=7@submit"] }, ({ run }) =>
          run(),
        )
        const sent = new Set(at(told, "submit").map(({ text }) => text))
        yield* same("different requests that were sent", sent.size, 1)
        if (Contract.isKeyed(provider.contract)) yield* demand(at(told, "submit").length > 1, "it was not sent again")
      }),
  ),
  make(
    4,
    "asking twice for the same work starts it once, and the second hears what became of it",
    "a second call that is a second job",
    (provider) =>
      Effect.gen(function* () {
        const told = yield* provider.play({}, ({ run }) => Effect.all([run(), run()]))
        const [first, second] = yield* value("asking twice", told)
        yield* once("asking twice", told)
        yield* same("the second output", written(second), written(first))
        yield* same("submits", at(told, "submit").length, 1)
      }),
  ),
  make(4, "asked for twice at the same time, it is started once", "two callers that both find nothing", (provider) =>
    Effect.gen(function* () {
      const told = yield* provider.play({}, ({ run }) =>
        Effect.all([Effect.result(run()), Effect.result(run())], { concurrency: "unbounded" }),
      )
      const ends = yield* value("asking twice at once", told)
      yield* once("asking twice at once", told)
      yield* demand(
        ends.some(({ _tag }) => _tag === "Success"),
        "neither of them has the result",
      )
    }),
  ),
  make(
    5,
    "a process that stops while it waits, or while it sends, is recovered and starts nothing twice",
    "a crash after which the work is sent again",
    (provider) =>
      Effect.gen(function* () {
        for (const deed of ["Look", "Submit"] as const) {
          const faults = deed === "Look" ? [] : ["hang-after-commit@submit"]
          const told = yield* provider.play({ faults }, ({ recover, run }) =>
            Effect.gen(function* () {
              const ready = yield* Deferred.make<void>()
              const watch = (step: Client.Step) =>
                step._tag === "Planned" && step.action._tag === deed ? Deferred.succeed(ready, undefined) : Effect.void
              const first = yield* Effect.forkChild(Effect.provideService(run(), Client.Watcher, watch))
              yield* Deferred.await(ready)
              yield* Effect.sleep("1 second")
              yield* Fiber.interrupt(first)
              return yield* recover
            }),
          )
          const recovered = yield* value(`a crash before a ${deed}`, told)
          yield* same("entries that were recovered", recovered.length, 1)
          yield* once(`a crash before a ${deed}`, told)
        }
      }),
  ),
  make(
    5,
    "a handle is JSON without a secret, and enough to find the work again",
    "a poller whose state holds signed links, or whose address only it knows",
    (provider) =>
      Effect.gen(function* () {
        const told = yield* provider.play({}, ({ settle, submit }) =>
          Effect.gen(function* () {
            const text = yield* Schema.encodeEffect(handleJson)(yield* submit)
            const handle = yield* Schema.decodeEffect(handleJson)(text)
            // A journal that has never heard of it: another process, elsewhere.
            const output = yield* Effect.provide(settle(handle), Journal.layerMemory, { local: true })
            return { text, output }
          }),
        )
        const { output, text } = yield* value("settling from a handle", told)
        yield* demand(!text.includes(apiKey), "the handle holds the key")
        yield* once("settling from a handle", told)
        const whole = yield* value("a plain run", yield* provider.play({}, ({ run }) => run()))
        yield* same("the output", written(output), written(whole))
      }),
  ),
  make(
    5,
    "a name that no address can hold asks for nothing else, and is told as a failure of its own",
    "an id of two dots that asks for the list above it, or half a character that throws",
    (provider) =>
      Effect.gen(function* () {
        for (const id of ["..", "\ud800", ""]) {
          const told = yield* provider.play({}, ({ settle, submit }) =>
            Effect.gen(function* () {
              const { entry: _entry, locator: _locator, ...handle } = yield* submit
              return yield* settle({ ...handle, id }, "1 minute")
            }),
          )
          const what = `a handle whose id is ${JSON.stringify(id)}`
          yield* failure(what, told)
          const astray = told.seen.find(({ stage, text }) => stage === undefined || text.includes("%EF%BF%BD"))
          yield* demand(astray === undefined, `${what}: it asked for something else: ${astray?.text.split("\n")[1]}`)
        }
      }),
  ),
  make(1, "work that is settled stays so: asking again changes nothing", "a late answer that reopens it", (provider) =>
    Effect.gen(function* () {
      for (const fails of [false, true]) {
        const told = yield* provider.play({ fails, faults: [] }, ({ run }) =>
          Effect.all([Effect.result(run()), Effect.delay(Effect.result(run()), "1 minute")]),
        )
        const [first, second] = yield* value("asking again", told)
        yield* same("what is true", [second._tag, written(second)], [first._tag, written(first)])
        yield* once("asking again", told)
      }
    }),
  ),
  make(
    0,
    "work that fails is Failed, with a reason, a handle and a code that is a text",
    "a failed job and a bad request that are one error",
    (provider) =>
      Effect.gen(function* () {
        const told = yield* provider.play({ fails: true }, ({ run }) => run())
        const failed = yield* failure("work that failed", told)
        yield* same("what is true", failed._tag, "Failed")
        if (failed._tag !== "Failed") return
        yield* demand(failed.handle.id.length > 0 && failed.message.length > 0, "it has no handle, or says nothing")
        yield* demand(failed.reason._tag.length > 0, "it has no reason")
        yield* demand(failed.code === undefined || failed.code.length > 0, "its code is empty")
        yield* once("work that failed", told)
      }),
  ),
]
