/** Work that waits for its caller: what is asked ends the wait, and an answer lets it go on. */
import { describe, expect, it } from "@effect/vitest"
import { inspect } from "node:util"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Artifact from "@tenuto/core/Artifact"
import * as Client from "@tenuto/core/Client"
import * as Evidence from "@tenuto/core/Evidence"
import * as Failure from "@tenuto/core/Failure"
import * as Inbox from "@tenuto/core/Inbox"
import type { Observation } from "@tenuto/core/Observation"
import { connect } from "@tenuto/core/Promise"
import * as Remedy from "@tenuto/core/Remedy"
import type * as Remote from "@tenuto/core/Remote"
import {
  accepted,
  after,
  chant,
  contract,
  failureOf,
  handle,
  input,
  instant,
  journal,
  pending,
  remote,
  remoteWith,
  type Reply,
  type Shelf,
  sing,
  sung,
  tags,
} from "./choir.ts"

const question = { fields: { name: { type: "string", title: "Please enter your name." } } }
const asking: Observation = {
  _tag: "InputRequired",
  word: "input_required",
  question,
  message: Evidence.endUser("Please enter your name."),
}
const asks: Remote.Answer = { _tag: "Observed", observation: asking }
const acceptedAsking: Remote.Answer = { ...accepted, observation: asking } as Remote.Answer
const draft = sing(input, { key: "k" })
const deeds = ({ calls }: ReturnType<typeof remote>) => calls.map(({ deed }) => deed._tag)

/** A service, a journal that is kept between calls, and the verbs on both. */
const stage = (...replies: ReadonlyArray<Reply>) => {
  const shelf: Shelf = new Map()
  const service = remote(...replies)
  const ended = <A, E>(effect: Effect.Effect<A, E, Client.Needs<typeof sing>>) =>
    after(effect.pipe(Effect.provide([service.layer, journal(shelf)])))
  return { shelf, service, ended }
}

describe("work that waits for its caller", () => {
  it.effect("ends the wait at once, and tells what is asked; the work is not over", () =>
    Effect.gen(function* () {
      const { ended, service, shelf } = stage(accepted, () => Effect.delay(Effect.succeed(pending), "20 seconds"), asks)
      const end = yield* ended(Client.run(draft))
      const failure = failureOf(end)
      expect(failure).toMatchObject({ _tag: "InputRequired", handle, question, reason: { _tag: "InputRequired" } })
      expect(failure?.message).toBe(
        'choir sing song-1 waits for its caller: the service asks for input before it goes on (at settle, "Please enter your name."); answer it, then settle it',
      )
      expect([end?.seconds, deeds(service)]).toEqual([20, ["Submit", "Look", "Look"]])
      expect(tags(shelf)).toEqual([["Drafted", "Sending", "Accepted"]])
      expect(Failure.isFailure(failure) && Remedy.of(failure, contract)).toEqual({ _tag: "Answer" })
    }),
  )

  it.effect("goes on once it is answered: the wait is taken up where it ended", () =>
    Effect.gen(function* () {
      const { ended, service } = stage(accepted, asks, pending, pending, sung)
      const story = Effect.gen(function* () {
        const asked = yield* Effect.flip(Client.run(draft))
        if (asked._tag !== "InputRequired") return yield* Effect.die(asked)
        const seen = yield* Client.answer(sing, asked.handle, { name: "Mir" })
        return [seen, yield* Client.settle(sing, asked.handle)]
      })
      expect((yield* ended(story))?.exit).toEqual(Exit.succeed([{ _tag: "Pending", word: "singing" }, { verse: "la" }]))
      expect(deeds(service)).toEqual(["Submit", "Look", "Answer", "Look", "Look"])
      expect(service.calls.map(({ deed }) => ("input" in deed ? deed.input : undefined))[2]).toEqual({ name: "Mir" })
    }),
  )

  it.effect("tells the question again to whoever asks again without an answer, after one look", () =>
    Effect.gen(function* () {
      const { ended, service } = stage(accepted, asks)
      yield* ended(Client.run(draft))
      const again = [Client.run(draft), Client.settle(sing, { ...handle, entry: "choir/sing/k" })]
      for (const wait of again) expect(failureOf(yield* ended(wait))).toMatchObject({ _tag: "InputRequired", question })
      const recovered = (yield* ended(Client.recover([sing])))?.exit
      const [entry] = recovered !== undefined && Exit.isSuccess(recovered) ? recovered.value : []
      expect(entry).toMatchObject({ handle, result: { failure: { _tag: "InputRequired", question } } })
      expect(deeds(service)).toEqual(["Submit", "Look", "Look", "Look", "Look"])
    }),
  )

  it.effect("may ask in the answer to the submit, and is looked at before that is told a second time", () =>
    Effect.gen(function* () {
      const { ended, service, shelf } = stage(acceptedAsking, pending, sung)
      const end = yield* ended(Client.run(draft))
      expect([failureOf(end)?._tag, end?.seconds, deeds(service)]).toEqual(["InputRequired", 0, ["Submit"]])
      expect(tags(shelf)).toEqual([["Drafted", "Sending", "Accepted"]])
      yield* ended(Client.answer(sing, handle, "Mir"))
      expect((yield* ended(Client.run(draft)))?.exit).toEqual(Exit.succeed({ verse: "la" }))
      expect(deeds(service)).toEqual(["Submit", "Answer", "Look"])
    }),
  )

  it.effect("is not waited for by a submit: its handle is there, and so is the question at the first look", () =>
    Effect.gen(function* () {
      const { ended } = stage(acceptedAsking, asks)
      expect((yield* ended(Client.submit(draft)))?.exit).toEqual(Exit.succeed({ ...handle, entry: "choir/sing/k" }))
      expect((yield* ended(Client.look(sing, handle)))?.exit).toEqual(Exit.succeed(asking))
    }),
  )

  it.effect("is found by a look that a delivery prompts: a delivery alone ends nothing (law 11)", () =>
    Effect.gen(function* () {
      const inbox = Inbox.makeMemory()
      const service = remoteWith({ heard: () => asking }, accepted, asks)
      const letter = { service: "choir", id: handle.id, name: "1", at: instant(0), body: null }
      yield* Effect.forkChild(Effect.delay(inbox.put(letter), "2 seconds"))
      const end = yield* after(
        Client.run(chant(input)).pipe(
          Effect.provide([service.layer, journal(new Map())]),
          Effect.provideService(Inbox.Inbox, inbox),
        ),
      )
      expect(failureOf(end)).toMatchObject({ _tag: "InputRequired" })
      expect(deeds(service)).toEqual(["Submit", "Look"])
    }),
  )

  it.effect("may ask about a file, whose link is renewed by a look and shown nowhere", () =>
    Effect.gen(function* () {
      const link = Artifact.link("https://cdn.test/1?sig=5ecret")
      const take = new Artifact.Artifact({ name: "takes.0", handle, link })
      const { ended } = stage(accepted, { _tag: "Observed", observation: { ...asking, question: { takes: [take] } } })
      const failure = failureOf(yield* ended(Client.run(draft)))
      const encoded = Result.getOrNull(Schema.encodeUnknownResult(Failure.Failure)(failure))
      const texts = [
        failure?.message,
        JSON.stringify(failure),
        JSON.stringify(encoded),
        inspect(failure, { depth: 20 }),
      ]
      for (const text of texts) expect(text).not.toContain("5ecret")
      const kept = new Artifact.Artifact({ name: "takes.0", handle })
      expect((yield* ended(Client.renew(sing, kept)))?.exit).toEqual(Exit.succeed(take))
    }),
  )
})

describe("an answer", () => {
  it.effect("is sent once, whatever becomes of it, in the time one answer may take", () =>
    Effect.gen(function* () {
      const { ended, service } = stage(() => Effect.never)
      const end = yield* ended(Client.answer(sing, handle, "Mir"))
      expect(failureOf(end)).toMatchObject({
        _tag: "Unseen",
        handle,
        reason: { _tag: "Timeout" },
        evidence: { stage: "answer" },
      })
      expect([end?.seconds, deeds(service)]).toEqual([31, ["Answer"]])
    }),
  )

  it.effect("is what it was when it was given, however it is changed before it leaves", () =>
    Effect.gen(function* () {
      const { ended, service } = stage(pending)
      const given = { name: "Mir" }
      const answer = Client.answer(sing, handle, given)
      given.name = "Someone else"
      yield* ended(answer)
      expect(service.calls.map(({ deed }) => deed)).toMatchObject([{ _tag: "Answer", input: { name: "Mir" } }])
    }),
  )

  it.effect("that no JSON can hold is refused by name, and nothing is sent", () =>
    Effect.gen(function* () {
      const { ended, service } = stage(pending)
      const cycle: { self?: unknown } = {}
      cycle.self = cycle
      for (const given of [undefined, Number.NaN, () => "Mir", { name: undefined }, cycle]) {
        const failure = failureOf(yield* ended(Client.answer(sing, handle, given as never)))
        expect(failure).toMatchObject({ _tag: "Unseen", reason: { _tag: "Invalid", issues: [{ path: ["input"] }] } })
        expect(failure?.message).toContain(`given ${typeof given}`)
      }
      expect(service.calls).toEqual([])
    }),
  )

  it.effect("goes only to the service, origin and operation of the handle", () =>
    Effect.gen(function* () {
      const { ended, service } = stage(pending)
      for (const other of [{ service: "band" }, { origin: "https://elsewhere.test" }, { operation: "hum" }]) {
        const failure = failureOf(yield* ended(Client.answer(sing, { ...handle, ...other }, "Mir")))
        expect(failure).toMatchObject({ _tag: "Unseen", reason: { _tag: "Invalid" } })
      }
      expect(service.calls).toEqual([])
    }),
  )

  it("is a promise, too", async () => {
    const service = remote(accepted, asks, pending, sung)
    const provider = { operations: { sing }, layer: () => service.layer }
    await using connection = connect(provider, { transport: service.layer })
    const failure = await connection.run("sing", input).catch((error: unknown) => error)
    if (!(failure instanceof Failure.InputRequired)) throw new Error(`not asked: ${String(failure)}`)
    expect(failure.question).toEqual(question)
    expect(await connection.answer("sing", failure.handle, { name: "Mir" })).toMatchObject({ _tag: "Pending" })
    expect(await connection.settle("sing", failure.handle)).toEqual({ verse: "la" })
  })
})
