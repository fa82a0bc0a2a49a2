import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Inbox from "@tenuto/core/Inbox"
import { instant } from "./choir.ts"

const delivery = (id: string, name: string): Inbox.Delivery => ({
  service: "choir",
  id,
  name,
  at: instant(0),
  body: { name },
})
const put = (inbox: Inbox.Inbox, ...names: ReadonlyArray<string>) =>
  Effect.forEach(names, (name) => inbox.put(delivery("1", name)))
const names = (inbox: Inbox.Inbox, count: number) =>
  Effect.replicateEffect(
    Effect.map(inbox.take("choir", "1"), ({ name }) => name),
    count,
  )

describe("an inbox in memory", () => {
  it.effect("keeps what comes before anybody waits, in order", () =>
    Effect.gen(function* () {
      const inbox = Inbox.makeMemory()
      expect(yield* put(inbox, "a", "b")).toEqual(["Taken", "Taken"])
      expect(yield* names(inbox, 2)).toEqual(["a", "b"])
    }),
  )

  it.effect("wakes whoever waits for this work, and nobody else", () =>
    Effect.gen(function* () {
      const inbox = Inbox.makeMemory()
      const [other, mine] = yield* Effect.all([
        Effect.forkChild(inbox.take("choir", "2"), { startImmediately: true }),
        Effect.forkChild(inbox.take("choir", "1"), { startImmediately: true }),
      ])
      yield* put(inbox, "a")
      expect((yield* Fiber.join(mine)).name).toBe("a")
      expect(other.pollUnsafe()).toBeUndefined()
      yield* Fiber.interrupt(other)
    }),
  )

  it.effect("knows a delivery again, also after it was taken out", () =>
    Effect.gen(function* () {
      const inbox = Inbox.makeMemory()
      yield* put(inbox, "a")
      yield* names(inbox, 1)
      expect(yield* put(inbox, "a", "b")).toEqual(["Known", "Taken"])
      expect(yield* names(inbox, 1)).toEqual(["b"])
    }),
  )

  it.effect("a wait that was given up takes nothing away", () =>
    Effect.gen(function* () {
      const inbox = Inbox.makeMemory()
      const gone = yield* Effect.forkChild(inbox.take("choir", "1"), { startImmediately: true })
      yield* Fiber.interrupt(gone)
      yield* put(inbox, "a")
      expect(yield* names(inbox, 1)).toEqual(["a"])
    }),
  )

  it.effect("two waits for the same work get one delivery each", () =>
    Effect.gen(function* () {
      const inbox = Inbox.makeMemory()
      const wait = Effect.forkChild(inbox.take("choir", "1"), { startImmediately: true })
      const fibers = yield* Effect.all([wait, wait])
      yield* put(inbox, "a", "b")
      const taken = yield* Effect.forEach(fibers, Fiber.join)
      expect(taken.map(({ name }) => name)).toEqual(["a", "b"])
    }),
  )

  it.effect("forgets the oldest rather than grow for ever", () =>
    Effect.gen(function* () {
      const inbox = Inbox.makeMemory({ waiting: 2, names: 3 })
      yield* Effect.forEach(["1", "2", "3"], (id) => inbox.put(delivery(id, id)))
      const gone = yield* Effect.forkChild(inbox.take("choir", "1"), { startImmediately: true })
      expect(gone.pollUnsafe()).toBeUndefined()
      yield* Fiber.interrupt(gone)
      expect((yield* inbox.take("choir", "2")).name).toBe("2")
      expect((yield* inbox.take("choir", "3")).name).toBe("3")
      // The fourth name drives out the first.
      expect(yield* put(inbox, "4", "2", "1")).toEqual(["Taken", "Known", "Taken"])
    }),
  )

  it.effect("that keeps nothing for later still wakes whoever waits now", () =>
    Effect.gen(function* () {
      const inbox = Inbox.makeMemory({ waiting: 0 })
      yield* put(inbox, "a")
      const now = yield* Effect.forkChild(inbox.take("choir", "1"), { startImmediately: true })
      expect(now.pollUnsafe()).toBeUndefined()
      yield* put(inbox, "b")
      expect((yield* Fiber.join(now)).name).toBe("b")
    }),
  )

  it.effect("that nobody fills waits for ever", () =>
    Effect.gen(function* () {
      expect(yield* Inbox.nobody.put(delivery("1", "a"))).toBe("Taken")
      const fiber = yield* Effect.forkChild(Inbox.nobody.take("choir", "1"), { startImmediately: true })
      expect(fiber.pollUnsafe()).toBeUndefined()
      yield* Fiber.interrupt(fiber)
    }),
  )
})
