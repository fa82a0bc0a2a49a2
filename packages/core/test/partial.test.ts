/** Work that did not end well, and what there is of its result all the same. */
import { describe, expect, it } from "@effect/vitest"
import { inspect } from "node:util"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Artifact from "@tenuto/core/Artifact"
import * as Client from "@tenuto/core/Client"
import * as Failure from "@tenuto/core/Failure"
import type { Observation } from "@tenuto/core/Observation"
import type * as Remote from "@tenuto/core/Remote"
import { accepted, after, failureOf, handle, input, journal, remote, type Shelf, sing } from "./choir.ts"

const signature = "s3cr3t-signature"
const link = Artifact.link(`https://storage.test/take.flac?sig=${signature}`)
const file = new Artifact.Artifact({ name: "takes.0", handle, link })
const output = { takes: [file], words: "the first 95 %" }

const ends = (output?: Artifact.Tree): ReadonlyArray<Observation> => {
  const part = output === undefined ? {} : { output }
  return [
    { _tag: "Failed", word: "failed", reason: { _tag: "Timeout" }, code: "too_loud", ...part },
    { _tag: "Cancelled", word: "cancelled", ...part },
    { _tag: "Expired", word: "expired", ...part },
  ]
}
const answering = (observation: Observation): Remote.Answer => ({ _tag: "Observed", observation })
const sung = (observation: Observation, shelf: Shelf = new Map()) =>
  after(
    Client.run(sing(input, { key: "k" })).pipe(
      Effect.provide([remote(accepted, answering(observation)).layer, journal(shelf)]),
    ),
  )
const remains = (failure: unknown): Artifact.Tree | undefined =>
  failure instanceof Failure.Failed || failure instanceof Failure.Cancelled || failure instanceof Failure.Expired
    ? failure.output
    : undefined

describe("work that failed, was cancelled or expired", () => {
  it.effect("carries what there is of its result, files with their links", () =>
    Effect.gen(function* () {
      for (const observation of ends(output)) {
        const failure = failureOf(yield* sung(observation))
        expect([failure?._tag, remains(failure)]).toEqual([observation._tag, output])
        const found = Artifact.find(remains(failure) ?? null, "takes.0")
        expect(found?.link === undefined ? undefined : Redacted.value(found.link)).toContain(signature)
      }
    }),
  )

  it.effect("says in its message whether there is a part of the result", () =>
    Effect.gen(function* () {
      const messages = yield* Effect.forEach([...ends(output), ...ends()], (one) =>
        Effect.map(sung(one), (end) => failureOf(end)?.message ?? ""),
      )
      expect(messages.map((message) => /gives no result|a part of the result/.exec(message)?.[0])).toEqual([
        undefined,
        "a part of the result",
        "a part of the result",
        undefined,
        "gives no result",
        "gives no result",
      ])
    }),
  )

  it.effect("carries no output where the service gives none", () =>
    Effect.gen(function* () {
      for (const observation of ends()) {
        const failure = failureOf(yield* sung(observation))
        expect([failure?._tag, failure !== undefined && "output" in failure]).toEqual([observation._tag, false])
      }
    }),
  )

  it.effect("is told again from the journal with that part, whose links were never kept", () =>
    Effect.gen(function* () {
      for (const observation of ends(output)) {
        const shelf: Shelf = new Map()
        yield* sung(observation, shelf)
        expect([...shelf.values()].flat().join("\n")).not.toContain(signature)
        const again = remains(failureOf(yield* sung(observation, shelf)))
        expect(again).toMatchObject({ takes: [{ name: "takes.0" }], words: "the first 95 %" })
        expect(Artifact.find(again ?? null, "takes.0")?.link).toBeUndefined()
      }
    }),
  )

  it.effect("gives a fresh link for a file of that part by one more look", () =>
    Effect.gen(function* () {
      const kept = new Artifact.Artifact({ name: "takes.0", handle })
      for (const observation of ends(output)) {
        const renewed = Client.renew(sing, kept).pipe(Effect.provide(remote(answering(observation)).layer))
        expect(yield* renewed).toBe(file)
      }
    }),
  )

  it.effect("shows no link of that part in any rendering", () =>
    Effect.gen(function* () {
      for (const observation of ends(output)) {
        const failure = failureOf(yield* sung(observation))
        const encoded = Schema.encodeUnknownOption(Failure.Failure)(failure)
        const texts = [failure?.message, failure?.stack, JSON.stringify(failure), inspect(failure, { depth: 20 })]
        for (const text of [...texts, JSON.stringify(Option.getOrNull(encoded))]) expect(text).not.toContain(signature)
      }
    }),
  )

  it.effect("may be read by the operation's own schema, where the part satisfies the whole of it", () =>
    Effect.gen(function* () {
      const read = Schema.decodeUnknownOption(sing.output)
      const [whole] = ends({ verse: "la", file })
      const [part] = ends(output)
      const outputs = yield* Effect.forEach([whole, part], (one) =>
        one === undefined ? Effect.undefined : Effect.map(sung(one), (end) => remains(failureOf(end))),
      )
      expect(outputs.map((one) => Option.isSome(read(one)))).toEqual([true, false])
    }),
  )
})
