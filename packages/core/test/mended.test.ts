/** Work that was refused and is mended under the caller's own name for it. */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Client from "@tenuto/core/Client"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import type * as Remote from "@tenuto/core/Remote"
import {
  accepted,
  after,
  doubted,
  failureOf,
  intone,
  journal,
  refused,
  remote,
  type Reply,
  type Shelf,
  sing,
  sung,
} from "./choir.ts"

const source: Remote.Answer = refused({ _tag: "SourceUnusable", problem: "Unreachable" })
const ask = (shelf: Shelf, song: string, ...replies: ReadonlyArray<Reply>) =>
  Effect.gen(function* () {
    const service = remote(...replies)
    const run = Client.run(intone({ song }, { reference: "order-7" })).pipe(
      Effect.provide([service.layer, journal(shelf)]),
    )
    const end = yield* after(run)
    const sent = service.calls.flatMap(({ deed }) => (deed._tag === "Submit" ? [deed.request.input] : []))
    return { sent, failure: failureOf(end), isDone: end !== undefined && Exit.isSuccess(end.exit) }
  })

describe("an input that is mended", () => {
  it.effect("goes out under the same reference once it is proved that nothing has started", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      expect((yield* ask(shelf, "a dead link", source)).failure).toMatchObject({ _tag: "Rejected" })
      const { isDone, sent } = yield* ask(shelf, "a fresh link", accepted, sung)
      expect([isDone, sent]).toEqual([true, [{ song: "a fresh link" }]])
      // Asked once more, it is the work that was made, and nothing is sent.
      expect(yield* ask(shelf, "a fresh link", accepted)).toMatchObject({ isDone: true, sent: [] })
      expect((yield* ask(shelf, "a third link", accepted)).failure).toMatchObject({ reason: { _tag: "Conflict" } })
    }),
  )

  it.effect("does not go out while what was sent before may have started", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      expect((yield* ask(shelf, "a link", doubted({ _tag: "Timeout" }))).failure).toMatchObject({ _tag: "Uncertain" })
      const { failure, sent } = yield* ask(shelf, "another link", accepted)
      expect([failure, sent]).toMatchObject([{ _tag: "Rejected", reason: { _tag: "Conflict" } }, []])
    }),
  )

  it.effect("never goes out under an old key, whatever is proved of it", () =>
    Effect.gen(function* () {
      const shelf: Shelf = new Map()
      const run = (song: string, ...replies: ReadonlyArray<Reply>) => {
        const service = remote(...replies)
        const draft = sing({ song }, { key: "k" })
        return after(Client.run(draft).pipe(Effect.provide([service.layer, journal(shelf)])))
      }
      yield* run("one", source)
      expect(failureOf(yield* run("two", accepted, sung))).toMatchObject({ reason: { _tag: "Conflict" } })
    }),
  )

  it("may be another one only where nothing has started and no key says that it is the same", () => {
    const request = { entry: "e", service: "s", origin: "o", operation: "x", input: { a: 1 }, reference: "r" }
    expect(Lifecycle.mayChange({ _tag: "Drafted", request, sends: 1 })).toBe(true)
    expect(Lifecycle.mayChange({ _tag: "Drafted", request: { ...request, key: "k" }, sends: 1 })).toBe(false)
    expect(Lifecycle.mayChange({ _tag: "Uncertain", request, sends: 1, doubts: 1 })).toBe(false)
  })
})
