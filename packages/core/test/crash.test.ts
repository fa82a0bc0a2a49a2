import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import * as Client from "@tenuto/core/Client"
import * as Fiber from "effect/Fiber"
import * as Journal from "@tenuto/core/Journal"
import * as Remote from "@tenuto/core/Remote"
import { handle, hum, input, journal, origin, pending, refused, type Shelf, sing, sung, tags } from "./choir.ts"

/** A service that keeps works and, when it honours keys, starts one work per key. */
const choir = (isKeyed: boolean, gate: Effect.Effect<void>) => {
  const works = new Map<string, { looks: number }>()
  const byKey = new Map<string, string>()
  let submits = 0
  const perform = (deed: Remote.Deed): Effect.Effect<Remote.Answer> =>
    Effect.gen(function* () {
      yield* gate
      if (deed._tag === "Submit") {
        submits += 1
        // The first send is turned away, so that there is a refusal to remember.
        if (submits === 1) {
          yield* gate
          return refused({ _tag: "Unavailable" })
        }
        const { key } = deed.request
        const id = (isKeyed && key !== undefined ? byKey.get(key) : undefined) ?? `song-${works.size + 1}`
        if (key !== undefined) byKey.set(key, id)
        if (!works.has(id)) works.set(id, { looks: 0 })
        yield* gate
        return { _tag: "Accepted", handle: { ...handle, id, entry: deed.request.entry } }
      }
      const work = works.get(deed.handle.id)
      yield* gate
      if (work === undefined)
        return { _tag: "Lost", reason: { _tag: "NotFound", what: "song" }, evidence: { stage: "look" } }
      work.looks += 1
      return work.looks > 1 ? sung : pending
    })
  return { works, submits: () => submits, layer: Layer.succeed(Remote.of("choir"), { origin, perform }) }
}

type How = "it is killed" | "it is interrupted"

/** Drive until the `instant`-th gate, end the process there in some way, and recover in another one. */
const story = Effect.fnUntraced(function* (operation: typeof sing, isKeyed: boolean, instant: number, how: How) {
  const shelf: Shelf = new Map()
  let passed = 0
  let driver: Fiber.Fiber<unknown, unknown> | undefined
  let isDead = false
  let isRecovering = false
  const gate = Effect.suspend(() => {
    passed += 1
    if (isDead) return Effect.never
    if (passed !== instant) return Effect.void
    // A killed process goes no further; an interrupted one goes on to where it may be interrupted.
    isDead = how === "it is killed"
    if (isDead) return Effect.never
    driver?.interruptUnsafe()
    return Effect.void
  })
  const service = choir(
    isKeyed,
    Effect.suspend(() => (isRecovering ? Effect.void : gate)),
  )
  const kept = journal(shelf, (write) => gate.pipe(Effect.andThen(write), Effect.andThen(gate)))
  const watcher = Layer.succeed(Client.Watcher, () => gate)
  driver = yield* Effect.forkDetach(
    Effect.andThen(
      Effect.yieldNow,
      Client.run(operation(input, { key: "mine" })).pipe(Effect.provide([service.layer, kept, watcher])),
    ),
    { startImmediately: true },
  )
  yield* TestClock.adjust("10 minutes")
  const ended = driver.pollUnsafe()
  isRecovering = true
  const sentBefore = service.submits()
  const second = yield* Effect.forkChild(
    Client.recover([operation]).pipe(Effect.provide([service.layer, journal(shelf)])),
    { startImmediately: true },
  )
  yield* TestClock.adjust("10 minutes")
  const recovered = second.pollUnsafe()
  const results =
    recovered !== undefined && Exit.isSuccess(recovered) ? recovered.value.map(({ result }) => result) : undefined
  return { ended, results, service, sentBefore, shelf }
})

const instants = Array.from({ length: 80 }, (_, index) => index + 1)

describe.each(["it is killed", "it is interrupted"] as const)("laws, when a process ends because %s", (how) => {
  it.effect("a crash at any instant starts nothing twice and loses no handle, with a key", () =>
    Effect.gen(function* () {
      let isOver = false
      let count = 0
      for (const instant of instants) {
        const { ended, results, service, shelf } = yield* story(sing, true, instant, how)
        if (ended !== undefined && Exit.isSuccess(ended)) {
          expect(ended.value).toEqual({ verse: "la" })
          isOver = true
          break
        }
        count += 1
        const wasDrafted = shelf.size > 0
        const wasSettled = results?.length === 0 && wasDrafted
        if (wasSettled) expect(tags(shelf)[0]?.at(-1)).toBe("Observed")
        if (wasDrafted && !wasSettled) expect(results).toEqual([Result.succeed({ verse: "la" })])
        expect(service.works.size).toBe(wasDrafted ? 1 : 0)
      }
      expect(isOver).toBe(true)
      expect(count).toBeGreaterThan(20)
    }),
  )

  it.effect("a crash at any instant sends nothing again without a key, and says that it may have started", () =>
    Effect.gen(function* () {
      let isOver = false
      const truths = new Set<string>()
      for (const instant of instants) {
        const { ended, results, sentBefore, service, shelf } = yield* story(hum, false, instant, how)
        if (ended !== undefined && Exit.isSuccess(ended)) {
          isOver = true
          break
        }
        expect(service.works.size).toBeLessThanOrEqual(1)
        for (const result of results ?? []) {
          truths.add(Result.isSuccess(result) ? "sung" : result.failure._tag)
          if (Result.isSuccess(result)) continue
          expect(result.failure._tag).toBe("Uncertain")
          expect(service.submits()).toBe(sentBefore)
        }
        const isLost = service.works.size === 1 && results?.length === 0 && shelf.size === 0
        expect(isLost).toBe(false)
      }
      expect(isOver).toBe(true)
      expect([...truths].toSorted()).toEqual(["Uncertain", "sung"])
    }),
  )
})

describe("recover", () => {
  it.effect("leaves what another process drives alone, and says that it is held", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      const service = choir(true, Effect.void)
      const shared = yield* Layer.build(journal(shelf))
      const first = yield* Effect.forkChild(
        Client.run(sing(input)).pipe(Effect.provide([service.layer]), Effect.provide(shared)),
      )
      yield* TestClock.adjust("500 millis")
      const found = yield* Client.recover([sing]).pipe(Effect.provide([service.layer]), Effect.provide(shared))
      expect(found).toMatchObject([{ result: { failure: { _tag: "Unusable", problem: "Held" } } }])
      yield* TestClock.adjust("1 minute")
      expect(yield* Fiber.join(first)).toEqual({ verse: "la" })
      expect(yield* Client.recover([sing]).pipe(Effect.provide([service.layer]), Effect.provide(shared))).toEqual([])
    }),
  )

  it.effect("fails only when the journal cannot be listed", () =>
    Effect.gen(function* () {
      const broken = new Journal.Unusable({ journal: "shelf", problem: "Corrupt", detail: "it is not a journal" })
      const listing = Layer.effect(
        Journal.Journal,
        Effect.map(Journal.Journal, (whole) => ({ ...whole, unsettled: Effect.fail(broken) })),
      ).pipe(Layer.provide(Journal.layerMemory))
      const failure = yield* Effect.flip(
        Client.recover([sing]).pipe(Effect.provide([choir(true, Effect.void).layer, listing])),
      )
      expect(failure).toBe(broken)
    }),
  )
})
