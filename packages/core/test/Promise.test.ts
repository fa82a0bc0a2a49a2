import { describe, expect, it } from "@effect/vitest"
import { getEventListeners } from "node:events"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Failure from "@tenuto/core/Failure"
import * as Journal from "@tenuto/core/Journal"
import { connect } from "@tenuto/core/Promise"
import * as Remote from "@tenuto/core/Remote"
import {
  accepted,
  handle,
  input,
  journal,
  pending,
  refused,
  remote,
  type Reply,
  type Shelf,
  sing,
  sung,
  tags,
} from "./choir.ts"

const choir = (
  replies: ReadonlyArray<Reply>,
  shelf: Shelf = new Map(),
  onClose: () => void = () => {},
  append?: Parameters<typeof journal>[1],
) => {
  const service = remote(...replies)
  const closing = Layer.effectDiscard(Effect.addFinalizer(() => Effect.sync(onClose)))
  const provider = {
    operations: { sing },
    layer: ({ apiKey }: { readonly apiKey: string }): Layer.Layer<Remote.Remote<"choir">> =>
      apiKey === "key" ? Layer.provideMerge(service.layer, closing) : service.layer,
  }
  const connection = connect(provider, { apiKey: "key", transport: Layer.empty, journal: journal(shelf, append) })
  return { service, connection, shelf }
}

describe("a promise", () => {
  it("resolves with the output", async () => {
    await using connection = choir([accepted, sung]).connection
    expect(await connection.run("sing", input, { within: "10 seconds" })).toEqual({ verse: "la" })
  })

  it("is made at module level, where a worker forbids every signal and timer", () => {
    const { AbortController, AbortSignal, setTimeout } = globalThis
    const forbidden = () => expect.fail("Disallowed operation called within global scope")
    Object.assign(globalThis, { AbortController: forbidden, AbortSignal: { any: forbidden }, setTimeout: forbidden })
    try {
      choir([accepted])
    } finally {
      Object.assign(globalThis, { AbortController, AbortSignal, setTimeout })
    }
  })

  it("takes one listener of a signal, however many wait on it, and leaves none", async () => {
    await using connection = choir([]).connection
    const controller = new AbortController()
    const waits = Array.from({ length: 300 }, () =>
      connection.perform(Effect.never, { signal: controller.signal }).catch((error: unknown) => error),
    )
    await connection.perform(Effect.yieldNow)
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(1)
    controller.abort("enough")
    expect(new Set(await Promise.all(waits))).toEqual(new Set(["enough"]))
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0)
  })

  it("rejects with the failure itself", async () => {
    await using connection = choir([refused({ _tag: "Unpaid" })]).connection
    const failure = await connection.run("sing", input).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(Failure.Rejected)
    expect(failure).toMatchObject({ _tag: "Rejected", reason: { _tag: "Unpaid" } })
  })

  it("rejects with the signal's reason at once, and the work goes on", async () => {
    const { connection, service, shelf } = choir([accepted, () => Effect.never])
    const controller = new AbortController()
    const run = connection.run("sing", input, { signal: controller.signal }).catch((error: unknown) => error)
    await connection.perform(Effect.yieldNow)
    const reason = new Error("the page was closed")
    controller.abort(reason)
    expect(await run).toBe(reason)
    expect(service.times("Cancel")).toEqual([])
    expect(tags(shelf)).toEqual([["Drafted", "Sending", "Accepted"]])
    await connection.close()
  })

  it("of an aborted signal sends nothing", async () => {
    const { connection, service } = choir([accepted])
    const reason = new Error("too late")
    const signal = AbortSignal.abort(reason)
    expect(await connection.run("sing", input, { signal }).catch((error: unknown) => error)).toBe(reason)
    expect(service.calls).toEqual([])
    await connection.close()
  })

  it("leaves no listener on a signal that lives on", async () => {
    await using connection = choir([accepted, sung]).connection
    const { signal } = new AbortController()
    await connection.run("sing", input, { signal })
    await connection.look("sing", handle, { signal })
    expect(getEventListeners(signal, "abort")).toEqual([])
  })

  it("is interrupted when the connection closes, and the connection closes what it opened", async () => {
    let closed = 0
    const { connection, shelf } = choir([accepted, () => Effect.never], new Map(), () => void (closed += 1))
    const run = connection.run("sing", input).then(
      () => "sung",
      () => "interrupted",
    )
    await connection.perform(Effect.yieldNow)
    await connection[Symbol.asyncDispose]()
    expect(await run).toBe("interrupted")
    expect(closed).toBe(1)
    expect(tags(shelf)).toEqual([["Drafted", "Sending", "Accepted"]])
  })

  it("saves what has happened before the connection closes what it opened", async () => {
    const order: Array<string> = []
    let isWritten = () => {}
    const disk = new Promise<void>((resolve) => void (isWritten = resolve))
    const { connection, shelf } = choir(
      [accepted, () => Effect.never],
      new Map(),
      () => void order.push("closed"),
      (write, [first]) =>
        first?._tag === "Accepted"
          ? Effect.andThen(
              Effect.promise(() => disk),
              Effect.tap(write, () => Effect.sync(() => void order.push("saved"))),
            )
          : write,
    )
    const run = connection.run("sing", input).catch(() => "interrupted")
    await connection.perform(Effect.yieldNow)
    const closed = connection.close()
    await new Promise((resolve) => setImmediate(resolve))
    isWritten()
    await closed
    expect(order).toEqual(["saved", "closed"])
    expect(tags(shelf)).toEqual([["Drafted", "Sending", "Accepted"]])
    expect(await run).toBe("interrupted")
  })

  it("opens again what could not be opened the last time", async () => {
    let opened = 0
    const trouble = new Journal.Unusable({ journal: "shelf", problem: "Unavailable", detail: "the disk is away" })
    const away = Effect.suspend(() => ((opened += 1) === 1 ? Effect.fail(trouble) : Effect.void))
    const provider = { operations: { sing }, layer: () => remote(accepted, sung).layer }
    const shelf = Layer.provideMerge(journal(new Map()), Layer.effectDiscard(away))
    await using connection = connect(provider, { transport: Layer.empty, journal: shelf })
    expect(await connection.run("sing", input).catch((error: unknown) => error)).toBe(trouble)
    expect(await connection.run("sing", input)).toEqual({ verse: "la" })
    await connection.perform(Effect.void)
    expect(opened).toBe(2)
  })

  it("speaks the other verbs too", async () => {
    const { connection } = choir([accepted, pending, sung])
    expect(await connection.submit("sing", input, { key: "k" })).toEqual({ ...handle, entry: "choir/sing/k" })
    expect(await connection.look("sing", handle)).toEqual({ _tag: "Pending", word: "singing" })
    expect(await connection.recover()).toMatchObject([{ entry: "choir/sing/k", result: { success: { verse: "la" } } }])
    expect(await connection.settle("sing", { ...handle, entry: "choir/sing/k" })).toEqual({ verse: "la" })
    expect(await connection.cancel("sing", handle)).toMatchObject({ _tag: "TooLate" })
    await connection.close()
  })
})
