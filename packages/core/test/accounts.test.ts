/** Entries belong to accounts: what one account wrote, no other one is handed, sends again, contradicts or closes. */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import * as Client from "@tenuto/core/Client"
import * as Journal from "@tenuto/core/Journal"
import type * as Remote from "@tenuto/core/Remote"
import { connect } from "@tenuto/core/Promise"
import { accepted, doubted, handle, pending, remoteWith, type Reply, sing, sung } from "./choir.ts"

const order = (song: string) => sing({ song }, { key: "order-7" })
const solo = { ...handle, id: "song-of-b" }
const acceptedSolo: Reply = { _tag: "Accepted", handle: solo }
const sungSolo: Reply = {
  _tag: "Observed",
  observation: { _tag: "Succeeded", word: "sung", output: { verse: "solo" } },
}
const lost = doubted({ _tag: "Unreachable", problem: "reset" })

const accountOf = (credential: string) => Redacted.make(credential)
const serving = (account: Remote.Account, ...replies: ReadonlyArray<Reply>) => remoteWith({ account }, ...replies)

describe("two accounts that share a journal", () => {
  it.effect("each get their own work under one key, whatever the words", () =>
    Effect.gen(function* () {
      const journal = yield* Layer.build(Journal.layerMemory)
      const [a, b] = [serving(accountOf("a"), accepted, sung), serving(accountOf("b"), acceptedSolo, sungSolo)]
      const run = (service: typeof a, song: string) =>
        Client.run(order(song)).pipe(Effect.provide([service.layer]), Effect.provide(journal))
      expect(yield* run(a, "Hold the note")).toEqual({ verse: "la" })
      expect(yield* run(b, "Let it go")).toEqual({ verse: "solo" })
      // Asked again, each finds its own and sends nothing.
      expect(yield* run(a, "Hold the note")).toEqual({ verse: "la" })
      expect(yield* run(b, "Let it go")).toEqual({ verse: "solo" })
      expect([a.calls.length, b.calls.length]).toEqual([2, 2])
    }),
  )

  it.effect("drive one key at the same time without holding each other up", () =>
    Effect.gen(function* () {
      const journal = yield* Layer.build(Journal.layerMemory)
      const [a, b] = [serving(accountOf("a"), accepted, pending), serving(accountOf("b"), acceptedSolo, sungSolo)]
      yield* Effect.forkChild(
        Client.run(order("la")).pipe(Effect.provide([a.layer]), Effect.provide(journal), Effect.ignore),
      )
      yield* TestClock.adjust("1 second")
      const output = yield* Client.run(order("la")).pipe(Effect.provide([b.layer]), Effect.provide(journal))
      expect(output).toEqual({ verse: "solo" })
    }),
  )

  it.effect("recover what is theirs, and are told how much belongs to others", () =>
    Effect.gen(function* () {
      const journal = yield* Layer.build(Journal.layerMemory)
      const crashed = serving(accountOf("a"), () => Effect.never)
      yield* Client.run(order("la"), { within: "1 minute" }).pipe(
        Effect.provide([crashed.layer]),
        Effect.provide(journal),
        Effect.timeoutOption(0),
      )
      const stranger = serving(accountOf("b"), lost)
      const recover = (service: typeof stranger) =>
        Client.recover([sing]).pipe(Effect.provide([service.layer]), Effect.provide(journal))
      const nothing = yield* recover(stranger)
      expect([nothing, nothing.others, stranger.calls]).toEqual([[], 1, []])
      const owner = serving(accountOf("a"), accepted, sung)
      const [mine] = yield* recover(owner)
      expect(mine).toMatchObject({ entry: "choir/sing/order-7", result: { success: { verse: "la" } } })
    }),
  )

  it.effect("are known by the name that the caller gives them, whatever the credential of the day", () =>
    Effect.gen(function* () {
      const journal = yield* Layer.build(Journal.layerMemory)
      const [monday, friday] = [serving("acme", accepted, sung), serving("acme", lost)]
      for (const service of [monday, friday]) {
        const output = yield* Client.run(order("la")).pipe(Effect.provide([service.layer]), Effect.provide(journal))
        expect(output).toEqual({ verse: "la" })
      }
      expect(friday.calls).toEqual([])
    }),
  )

  it("are told of one another by promises too", async () => {
    const journal = await Effect.runPromise(Effect.scoped(Layer.build(Journal.layerMemory)))
    const connected = (service: ReturnType<typeof serving>) =>
      connect(
        { operations: { sing }, layer: () => service.layer },
        { transport: Layer.empty, journal: Layer.succeedContext(journal) },
      )
    const crashed = connected(serving(accountOf("a"), () => Effect.never))
    const given = crashed.run("sing", { song: "la" }, { key: "order-7" }).catch(() => {})
    await crashed.perform(Effect.yieldNow)
    await crashed.close()
    await given
    await using stranger = connected(serving(accountOf("b"), lost))
    const recovered = await stranger.recover()
    expect([recovered, recovered.others]).toEqual([[], 1])
  })
})
