/** What plain JavaScript gets wrong: the argument is named, with what it is and what it should be, and nothing is sent. */
import { assert, describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Client from "@tenuto/core/Client"
import * as Handle from "@tenuto/core/Handle"
import * as Journal from "@tenuto/core/Journal"
import { Misuse } from "@tenuto/core/Misuse"
import { connect } from "@tenuto/core/Promise"
import { accepted, handle, input, pending, remote, remoteWith, type Reply, sing, sung } from "./choir.ts"

const connected = (change: object = {}, provider: object = {}, ...replies: ReadonlyArray<Reply>) => {
  const service = remote(...(replies.length === 0 ? [accepted, sung] : replies))
  const whole = { operations: { sing, "sing.again": sing }, layer: () => service.layer, ...provider }
  const options = { transport: Layer.empty, ...change }
  return {
    calls: service.calls,
    client: connect<{ readonly sing: typeof sing }, object, never>(whole, options),
  }
}
const thrown = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error) => error,
  )

/** An argument that types rule out. */
const odd = (value: unknown) => value as never

describe("a connection", () => {
  it.each<readonly [string, object, object, RegExp]>([
    [
      "without a transport",
      { transport: undefined },
      {},
      /^transport is missing; give nodeTransport\(\) or fetchTransport\(\)/,
    ],
    ["whose transport is a function", { transport: () => 1 }, {}, /^transport is of the type function/],
    ["whose journal is a path", { journal: "jobs.db" }, {}, /^journal is text; give a journal, such as sqliteJournal/],
    ["whose inbox is none", { inbox: [] }, {}, /^inbox is a list; give what Inbox\.makeMemory\(\) gives/],
    [
      "whose provider is its layer alone",
      {},
      { operations: undefined },
      /^provider is of the type object; give a provider package/,
    ],
    [
      "whose transport comes from another copy of effect",
      { transport: Object.assign(Object.create({}), Layer.empty, { "~effect/Layer": {} }) },
      {},
      /^transport .*same copy of effect \(`npm ls effect` shows two/,
    ],
  ])("%s says so at each verb, and sends nothing", async (_, change, provider, message) => {
    const { calls, client } = connected(change, provider)
    for (const error of [
      await thrown(client.run("sing", input)),
      await thrown(client.settle("sing", handle)),
      await thrown(client.recover()),
      await thrown(client.perform(Effect.void)),
    ]) {
      assert(error instanceof Misuse)
      expect(error.message).toMatch(message)
      expect(error.message).toMatch(/: nothing was sent$/)
    }
    await client.close()
    expect(calls).toEqual([])
  })
})

describe("what names the work", () => {
  const named = (options: unknown) => (c: ReturnType<typeof connected>["client"]) =>
    c.submit("sing", input, odd(options))
  it.each<readonly [string, unknown, RegExp]>([
    ["a key that is a number", { key: 7 }, /^key is the number 7; give text that is not empty, or leave it out/],
    ["a key that is an object", { key: {} }, /^key is of the type object/],
    ["an empty key", { key: "" }, /^key is empty/],
    ["a key that is null", { key: null }, /^key is null/],
    ["a reference that is a number", { reference: 5 }, /^reference is the number 5/],
    ["an option in other letters", { Key: "order-7" }, /^options\.Key is no option; give some of key, reference/],
    ["text in place of options", "order-7", /^options is text; give an object with some of key/],
  ])("%s is refused, and nothing is sent", async (_, options, message) => {
    const { calls, client } = connected()
    const error = await thrown(named(options)(client))
    assert(error instanceof Misuse)
    expect(error.message).toMatch(message)
    await client.close()
    expect(calls).toEqual([])
  })

  it.each([
    ["", /^account is empty/],
    [" ", /^account is empty/],
    [7, /^account is the number 7/],
  ] as const)("the account %o is refused, by every verb that keeps a journal", async (account, message) => {
    const service = remoteWith({ account: odd(account) }, accepted, sung)
    const client = connect({ operations: { sing }, layer: () => service.layer }, { transport: Layer.empty })
    for (const error of [await thrown(client.run("sing", input)), await thrown(client.recover())]) {
      assert(error instanceof Misuse)
      expect(error.message).toMatch(message)
    }
    await client.close()
    expect(service.calls).toEqual([])
  })
})

describe("a verb", () => {
  it.each<readonly [string, (client: ReturnType<typeof connected>["client"]) => Promise<unknown>, RegExp]>([
    [
      "of an unknown operation",
      (c) => c.run(odd("snig"), odd(input)),
      /^the operation "snig" is missing; give one of sing, sing\.again/,
    ],
    ["of what every object has", (c) => c.submit(odd("toString"), odd(input)), /^the operation "toString" is missing/],
    [
      "on a handle that is text",
      (c) => c.settle("sing", odd(Handle.write(handle))),
      /^handle is text; give what submit gave; `Handle\.read`/,
    ],
    ["on a handle that is missing", (c) => c.look("sing", odd(undefined)), /^handle is missing/],
    ["on a handle that is a number", (c) => c.cancel("sing", odd(7)), /^handle is the number 7/],
    [
      "within 5",
      (c) => c.run("sing", input, { within: odd(5) }),
      /^within is the number 5; give a span with a unit, such as "5 minutes"/,
    ],
    ["within 5n", (c) => c.submit("sing", input, { within: odd(5n) }), /^within is the number 5/],
    [
      "within soon",
      (c) => c.settle("sing", handle, { within: odd("soon") }),
      /^within is text; give a span with a unit/,
    ],
    ["within nothing at all", (c) => c.recover({ within: odd(null) }), /^within is null/],
    [
      "with a controller for a signal",
      (c) => c.run("sing", input, { signal: odd(new AbortController()) }),
      /^signal is of the type object/,
    ],
  ])("%s says so, and sends nothing", async (_, verb, message) => {
    const { calls, client } = connected()
    const error = await thrown(verb(client))
    assert(error instanceof Misuse)
    expect(error.message).toMatch(message)
    await client.close()
    expect(calls).toEqual([])
  })

  it.each([{ minutes: 5 }, "5 minutes", "300 seconds"] as const)("within %o is waited for", async (within) => {
    const { client } = connected()
    expect(await client.run("sing", input, { within })).toEqual({ verse: "la" })
    await client.close()
  })

  it("that is returned without being awaited says why it ended, and what to write", async () => {
    const { client } = connected({}, {}, accepted, pending)
    const unawaited = async () => {
      await using closing = client
      return closing.run("sing", input, { within: "5 minutes" })
    }
    const error = await thrown(unawaited())
    expect(error).toMatchObject({ name: "AbortError" })
    expect(String(error)).toMatch(/was closed; the work there goes on; under `await using` write `return await …`/)
  })

  it("after a plain close speaks of no await", async () => {
    const { client } = connected()
    await client.close()
    expect(String(await thrown(client.run("sing", input)))).not.toContain("await")
  })
})

describe("in Effect", () => {
  it.effect.each([
    ["run", Client.run(sing(input), { within: odd(5) })],
    ["submit", Client.submit(sing(input), { within: odd(5) })],
    ["settle", Client.settle(sing, handle, { within: odd(5) })],
    ["settleAll", Client.settleAll(sing, [handle], { within: odd(5) })],
    ["recover", Client.recover([sing], { within: odd(5) })],
    ["look", Client.look(sing, odd(Handle.write(handle)))],
  ] as const)("%s dies of it before anything is sent", ([, verb]) =>
    Effect.gen(function* () {
      const service = remote(accepted, sung)
      const whole: Effect.Effect<unknown, unknown, Client.Needs<typeof sing>> = verb
      const exit = yield* Effect.exit(Effect.provide(whole, [service.layer, Journal.layerMemory]))
      assert(Exit.isFailure(exit))
      expect(Cause.squash(exit.cause)).toBeInstanceOf(Misuse)
      expect(service.calls).toEqual([])
    }),
  )
})
