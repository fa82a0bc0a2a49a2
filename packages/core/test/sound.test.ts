/** One entry that breaks in the middle of it is told as its own failure, and the others go on. */
import { assert, describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Client from "@tenuto/core/Client"
import type * as Remote from "@tenuto/core/Remote"
import { accepted, after, failureOf, handle, input, journal, remote, type Shelf, sing, sung } from "./choir.ts"

/** A remote that throws for one piece of work, as a request builder of a careless provider does. */
const careless = (id: string) => (deed: Remote.Deed) => {
  if (deed._tag !== "Submit" && deed.handle.id === id) throw new URIError("URI malformed")
  return Effect.succeed(deed._tag === "Submit" ? accepted : sung)
}

describe("work of which one piece breaks", () => {
  it.effect("is recovered, the others, and the one has its own result", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      const ids = ["song-1", "\ud800", "song-3"]
      for (const [n, id] of ids.entries()) {
        const taken = remote({ _tag: "Accepted", handle: { ...handle, id } })
        yield* Client.submit(sing(input, { key: `order-${n}` })).pipe(Effect.provide([taken.layer, journal(shelf)]))
      }
      const service = remote(careless("\ud800"))
      const end = yield* after(Client.recover([sing]).pipe(Effect.provide([service.layer, journal(shelf)])))
      assert(end !== undefined && Exit.isSuccess(end.exit))
      expect(end.exit.value.map(({ result }) => result._tag)).toEqual(["Success", "Failure", "Success"])
      const [, broken] = end.exit.value
      assert(broken !== undefined && Result.isFailure(broken.result))
      expect(broken.entry).toBe("choir/sing/order-1")
      expect(broken.result.failure).toMatchObject({ _tag: "Unusable", problem: "Corrupt" })
      expect(broken.result.failure.message).toContain("going on with choir/sing/order-1 threw URIError")
    }),
  )

  it.effect("is settled, the others, and the one has its own result", () =>
    Effect.gen(function* () {
      const service = remote(careless("\ud800"))
      const handles = ["song-1", "\ud800", "song-3"].map((id) => ({ ...handle, id }))
      const end = yield* after(
        Client.settleAll(sing, handles).pipe(Effect.provide([service.layer, journal(new Map())])),
      )
      assert(end !== undefined && Exit.isSuccess(end.exit))
      expect(end.exit.value.map(({ _tag }) => _tag)).toEqual(["Success", "Failure", "Success"])
    }),
  )
})

describe("an input with a member that throws when it is read", () => {
  const thrower = { song: "x" }
  Object.defineProperty(thrower, "song", {
    enumerable: true,
    get: () => {
      throw new Error("5ecret")
    },
  })

  it.effect("is rejected as a draft, and nothing is sent", () =>
    Effect.gen(function* () {
      const service = remote(accepted, sung)
      const end = yield* after(Client.run(sing(thrower)).pipe(Effect.provide([service.layer, journal(new Map())])))
      expect(failureOf(end)).toMatchObject({
        _tag: "Rejected",
        reason: { _tag: "Invalid" },
        evidence: { stage: "draft" },
      })
      expect(service.calls).toEqual([])
    }),
  )
})
