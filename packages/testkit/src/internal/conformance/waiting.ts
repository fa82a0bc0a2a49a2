/** What a provider owes while it waits: looks that fail or say something new, pauses, deadlines and secrets. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import * as Case from "../../Case.ts"
import { demand, same } from "./demand.ts"
import {
  apiKey,
  artifactsOf,
  at,
  failure,
  linksOf,
  long,
  once,
  type Provider,
  value,
  troubles,
  written,
} from "./rehearsed.ts"
import { silent } from "./rendered.ts"

const make = (
  law: number,
  name: string,
  exists: string,
  judge: (provider: Provider) => Effect.Effect<void, unknown, Scope.Scope>,
) => Case.make({ law, name, exists }, judge)

const looks: ReadonlyArray<Case.Case<Provider>> = [
  make(2, "a look that fails is not work that failed", "one 503 on a poll that fails the poller for good", (provider) =>
    Effect.gen(function* () {
      for (const fault of troubles) {
        const what = `${fault} at two looks`
        const told = yield* provider.play({ faults: [`${fault}@look:2`] }, ({ run }) => run())
        yield* value(what, told)
        yield* once(what, told)
      }
    }),
  ),
  make(
    9,
    "a status of tomorrow is neither success nor failure, and is looked at no faster",
    "an unknown status that is success, failure, or 1,410 requests in 2 s",
    (provider) =>
      Effect.gen(function* () {
        const told = yield* provider.play({ faults: ["unknown-status@look:3"] }, ({ run }) => run())
        yield* value("a status of tomorrow at three looks", told)
        const lasting = yield* provider.play({ faults: ["unknown-status@look:always"] }, ({ run }) => run("10 minutes"))
        const { _tag } = yield* failure("a status of tomorrow for ever", lasting)
        yield* same("what is true of it", _tag, "Overdue")
        const floor = Duration.toSeconds(provider.contract.cadence.floor)
        const most = 600 / Math.max(floor, 0.001) + 1
        yield* demand(at(lasting, "look").length <= most, `${at(lasting, "look").length} looks in 10 minutes`)
      }),
  ),
  make(
    9,
    "what nobody asked for in an answer changes nothing",
    "a strict parser that breaks on a new field",
    (provider) =>
      Effect.gen(function* () {
        const plain = yield* value("a plain run", yield* provider.play({}, ({ run }) => run()))
        const faults = ["unknown-field@submit:always", "unknown-field@look:always"]
        const more = yield* value("answers with new fields", yield* provider.play({ faults }, ({ run }) => run()))
        const shape = (output: unknown) =>
          typeof output === "object" && output !== null ? Object.keys(output).length : 0
        yield* demand(
          shape(more) >= shape(plain),
          `the output lost a part: ${written(more)} in place of ${written(plain)}`,
        )
      }),
  ),
  make(0, "the same story comes out the same, to the byte", "an order that depends on chance", (provider) =>
    Effect.gen(function* () {
      const faults = ["503=7@look", "reset-before-commit@look"]
      const first = yield* provider.play({ faults }, ({ run }) => run())
      const second = yield* provider.play({ faults }, ({ run }) => run())
      yield* value("the story", first)
      yield* same("the timeline", second.timeline, first.timeline)
    }),
  ),
]

const spans: ReadonlyArray<Case.Case<Provider>> = [
  make(
    6,
    "nothing is sent sooner than the service asked",
    "a Retry-After that is ignored, thrown away over 60 s, or shortened",
    (provider) =>
      Effect.gen(function* () {
        for (const [fault, stage, pause] of [
          ["429=45", "look", 45],
          ["503=45", "look", 45],
          ["429=600", "look", 600],
          ["429=45", "submit", 45],
          ["503=45", "submit", 45],
        ] as const) {
          const told = yield* provider.play({ faults: [`${fault}@${stage}`] }, ({ run }) => run())
          if (stage === "look") yield* value(`${fault} at a look`, told)
          const [first, next] = at(told, stage)
          yield* demand(first !== undefined, `there was no ${stage}`)
          const gap = (next?.at ?? Infinity) - (first?.at ?? 0)
          yield* demand(gap >= pause, `${fault} at a ${stage}: the next came after ${gap} s`)
        }
      }),
  ),
  make(
    6,
    "a pause that was asked for and outlasts the wait ends it at once",
    "a wait that sleeps out what it can only lose",
    (provider) =>
      Effect.gen(function* () {
        const told = yield* provider.play({ faults: ["429=2592000@look:always"] }, ({ run }) => run("5 minutes"))
        yield* same("what is true", (yield* failure("a pause of thirty days", told))._tag, "Overdue")
        yield* demand(told.took < 120, `it took ${told.took} s to say so`)
        yield* same("looks", at(told, "look").length, 1)
      }),
  ),
  make(
    7,
    "the deadline bounds everything, and nothing is sent after it",
    "a limit of 600 s that ends after 4.6 s, or a time-out that is seen after 6.9 s",
    (provider) =>
      Effect.gen(function* () {
        for (const fault of [
          "hang-after-commit@look:always",
          "hang-after-commit@submit:always",
          "503@look:always",
          "slow-body=90@look:always",
        ]) {
          const told = yield* provider.play({ faults: [fault], work: long }, ({ run }) => run("3 minutes"))
          const { _tag } = yield* failure(fault, told)
          const isTrue = fault.includes("submit") ? _tag === "Uncertain" : _tag === "Overdue"
          yield* demand(isTrue, `${fault} for 3 minutes was called ${_tag}`)
          yield* demand(told.took <= 180, `${fault}: a wait of 180 s took ${told.took} s`)
          yield* demand(
            told.seen.every(({ at }) => at < 180),
            `${fault}: something was sent after the deadline`,
          )
        }
      }),
  ),
  make(
    8,
    "ending the wait leaves the work going on, and its handle settles it later",
    "a time-out that cancels, or an abort that loses the job",
    (provider) =>
      Effect.gen(function* () {
        const told = yield* provider.play({ work: "5 minutes" }, ({ run, settle }) =>
          Effect.gen(function* () {
            const overdue = yield* Effect.flip(run("45 seconds"))
            if (overdue._tag !== "Overdue") return yield* Effect.fail(overdue)
            return yield* settle(overdue.handle)
          }),
        )
        yield* value("settling what was overdue", told)
        yield* once("settling what was overdue", told)
      }),
  ),
]

const secrets: ReadonlyArray<Case.Case<Provider>> = [
  make(
    10,
    "no key and no link is in a failure, a timeline or a journal",
    "an error whose request holds Bearer <token>",
    (provider) =>
      Effect.gen(function* () {
        const faults = [
          "401",
          "429=7",
          "500",
          "html",
          "garbage",
          "reset-after-commit",
          "hang-after-commit",
          "wrong-shape",
          "redirect",
        ]
        for (const stage of ["submit", "look"]) {
          for (const fault of faults) {
            const story = { faults: [`${fault}@${stage}:always`] }
            const { exit, journal, timeline } = yield* provider.play(story, ({ run }) => run("5 minutes"))
            yield* demand(Exit.isFailure(exit), `${fault} at every ${stage} was a success`)
            yield* silent(`${fault} at every ${stage}`, [exit, journal, timeline], [apiKey])
          }
        }
        const told = yield* provider.play({}, ({ run }) => run())
        const output = yield* value("a plain run", told)
        yield* demand(told.journal.length > 0, "nothing was written in the journal")
        yield* silent("a success", [output, told.exit, told.journal, told.timeline], [apiKey, ...linksOf(output)])
      }),
  ),
  make(
    10,
    "the key goes to the service alone, whatever an answer says",
    "a redirect, or a download, that takes the key along",
    (provider) =>
      Effect.gen(function* () {
        const faults = ["redirect@submit", "redirect@look", "redirect@download"]
        for (const fault of [[], ...faults.map((one) => [one])]) {
          const told = yield* provider.play({ faults: fault }, ({ download, run }) =>
            Effect.gen(function* () {
              const output = yield* run()
              const sizes = yield* Effect.result(download(output))
              return { output, sizes }
            }),
          )
          const known = told.seen.filter(({ hasKey }) => hasKey)
          yield* demand(known.length > 0, "the service was never shown the key")
          yield* same("origins that were shown the key", new Set(known.map(({ origin }) => origin)).size, 1)
          yield* same("requests that showed the key to the host of the files", told.leaks, 0)
          if (fault.length > 0) continue
          const { output, sizes } = yield* value("a download", told)
          if (sizes._tag === "Failure") return yield* Effect.fail(`a download ended with ${String(sizes.failure)}`)
          yield* same(
            "files that were fetched",
            sizes.success.filter((size) => size > 0).length,
            artifactsOf(output).length,
          )
        }
      }),
  ),
]

/** What a provider is put before while it waits. */
export const cases: ReadonlyArray<Case.Case<Provider>> = [...looks, ...spans, ...secrets]
