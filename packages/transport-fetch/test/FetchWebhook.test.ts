import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import * as Inbox from "@tenuto/core/Inbox"
import * as Json from "@tenuto/http/Json"
import * as Signature from "@tenuto/http/Signature"
import * as Webhook from "@tenuto/http/Webhook"
import * as Conformance from "@tenuto/testkit/Conformance"
import { FetchWebhook, fetchWebhook } from "@tenuto/transport-fetch"

const secret = "whsec_aG9sZCB0aGUgbm90ZQ=="
const song = Json.decoder(Schema.Struct({ id: Schema.String }), "the delivery")
const webhook: Webhook.Webhook = {
  service: "choir",
  scheme: Signature.standard,
  tolerance: Duration.minutes(5),
  read: (body, headers) => Result.map(song(body), ({ id }) => ({ id, name: headers["webhook-id"] ?? "" })),
}
const body = '{"id":"op_1","title":"Für Elise"}'
const now = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
const signed = Signature.sign(Signature.standard, secret, { id: "msg_1", timestamp: now, body })
const receiver = Webhook.receive(webhook, { secrets: [secret], maxBytes: 100n })

const requestOf = (init: RequestInit & { readonly duplex?: "half" }) =>
  new Request("https://app.test/hooks", { method: "POST", duplex: "half", ...init })
const ask = (handler: FetchWebhook.Handler, request: Request) => Effect.promise(() => handler(request))

/** A body that comes chunk by chunk, for ever if it is let; it tells when it is cancelled. */
const source = (chunk: Uint8Array | undefined) => {
  const seen = { pulled: 0, cancelled: 0 }
  const stream = new ReadableStream<Uint8Array>(
    {
      pull: (to) => {
        seen.pulled++
        if (chunk !== undefined) to.enqueue(chunk)
      },
      cancel: () => {
        seen.cancelled++
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, seen }
}

describe("FetchWebhook is a receiver", () => {
  const subject: Conformance.Reception = {
    serve: (webhook, settings) =>
      Effect.succeed(async ({ body, headers, method }) => {
        const content = method === "GET" ? {} : { body }
        const response = await fetchWebhook(webhook, settings)(requestOf({ method, headers, ...content }))
        const told = Object.fromEntries(response.headers)
        return { status: response.status, headers: told, body: await response.text() }
      }),
  }
  for (const { check, name } of Conformance.receiver) it(name, () => check(subject))
})

describe("FetchWebhook", () => {
  it.effect(
    "takes a delivery into the inbox of the context it was made in, at its time; the second time it is known",
    () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(DateTime.toEpochMillis(now))
        const inbox = Inbox.makeMemory()
        const outcomes: Array<string> = []
        const handler = yield* FetchWebhook.make((incoming) =>
          Effect.tap(receiver(incoming), ({ outcome }) => Effect.sync(() => outcomes.push(outcome))),
        ).pipe(Effect.provideService(Inbox.Inbox, inbox))
        const headers = { ...(yield* signed) }
        for (const sent of [body, body, `${body} `]) {
          const response = yield* ask(handler, requestOf({ headers, body: sent }))
          assert.strictEqual(response.status, sent === body ? 200 : 401)
          assert.isNull(response.body)
        }
        yield* TestClock.adjust("6 minutes")
        assert.strictEqual((yield* ask(handler, requestOf({ headers, body }))).status, 401)
        assert.deepStrictEqual(outcomes, ["Taken", "Known", "Refused", "Refused"])
        const delivery = yield* inbox.take("choir", "op_1")
        assert.deepStrictEqual([delivery.at, delivery.body], [now, JSON.parse(body)])
      }),
  )

  it.effect("only POST delivers", () =>
    Effect.gen(function* () {
      const handler = yield* FetchWebhook.make(receiver)
      const { stream, seen } = source(new Uint8Array(1))
      for (const request of [requestOf({ method: "GET" }), requestOf({ method: "PUT", body: stream })]) {
        const { headers, status } = yield* ask(handler, request)
        assert.deepStrictEqual([status, headers.get("allow")], [405, "POST"])
      }
      assert.strictEqual(seen.pulled, 0)
    }),
  )

  it.effect("reads a body up to the limit, and cancels the rest", () =>
    Effect.gen(function* () {
      const handler = yield* FetchWebhook.make(receiver)
      const { stream, seen } = source(new Uint8Array(30))
      assert.strictEqual((yield* ask(handler, requestOf({ body: stream }))).status, 413)
      assert.deepStrictEqual(seen, { pulled: 4, cancelled: 1 })
      const announced = source(new Uint8Array(30))
      const headers = { "content-length": "101" }
      assert.strictEqual((yield* ask(handler, requestOf({ headers, body: announced.stream }))).status, 413)
      assert.strictEqual(announced.seen.pulled, 0)
    }),
  )

  it.effect("takes a body in pieces, and none at all for an empty one", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(DateTime.toEpochMillis(now))
      const handler = yield* FetchWebhook.make(receiver)
      const headers = { ...(yield* signed) }
      const pieces = Array.from(new TextEncoder().encode(body), (byte) => Uint8Array.of(byte)).values()
      const stream = new ReadableStream<Uint8Array>({
        pull: (to) => {
          const { done, value } = pieces.next()
          if (done === true) to.close()
          else to.enqueue(value)
        },
      })
      assert.strictEqual((yield* ask(handler, requestOf({ headers, body: stream }))).status, 200)
      assert.strictEqual((yield* ask(handler, requestOf({ headers }))).status, 401)
    }),
  )

  it.effect("a body that breaks off, or that something else has read, is no forgery", () =>
    Effect.gen(function* () {
      const problems: Array<string | undefined> = []
      const handler = yield* FetchWebhook.make((incoming) =>
        Effect.tap(receiver(incoming), ({ problem }) => Effect.sync(() => problems.push(problem))),
      )
      const broken = new ReadableStream<Uint8Array>({ pull: (to) => to.error(new Error("5ecre7")) })
      assert.strictEqual((yield* ask(handler, requestOf({ body: broken }))).status, 503)
      const parsed = requestOf({ body })
      yield* Effect.promise(() => parsed.text())
      assert.strictEqual((yield* ask(handler, parsed)).status, 503)
      const tasted = requestOf({ body })
      const reader = tasted.body?.getReader()
      yield* Effect.promise(async () => reader?.read())
      reader?.releaseLock()
      assert.strictEqual((yield* ask(handler, tasted)).status, 503)
      const locked = requestOf({ body })
      locked.body?.getReader()
      assert.strictEqual((yield* ask(handler, locked)).status, 503)
      assert.strictEqual(problems.shift(), "the body broke off")
      assert.lengthOf(problems, 3)
      for (const said of problems)
        assert.match(String(said), /^its body was read before.* receive it before it is parsed/)
    }),
  )

  it.effect("a request that is aborted lets go of its body, and the handler does not reject", () =>
    Effect.gen(function* () {
      const handler = yield* FetchWebhook.make(receiver)
      const aborting = new AbortController()
      const { stream, seen } = source(undefined)
      const answer = handler(requestOf({ body: stream, signal: aborting.signal }))
      aborting.abort()
      assert.strictEqual((yield* Effect.promise(() => answer)).status, 503)
      assert.strictEqual(seen.cancelled, 1)
    }),
  )

  it.effect("answers 503 when its scope closes: to what is under way, and to what comes later", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const arrived = yield* Deferred.make<void>()
      const receiver: Webhook.Receiver = () => Effect.andThen(Deferred.succeed(arrived, undefined), Effect.never)
      const handler = yield* Scope.provide(FetchWebhook.make(receiver), scope)
      const answer = handler(requestOf({ body }))
      yield* Deferred.await(arrived)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* Effect.promise(() => answer)).status, 503)
      assert.strictEqual((yield* ask(handler, requestOf({ body }))).status, 503)
    }),
  )
})

describe("fetchWebhook", () => {
  it("serves code without Effect: an inbox, and what became of every delivery", async () => {
    const inbox = Inbox.makeMemory()
    const heard: Array<string> = []
    const onAnswer = ({ outcome }: Webhook.Answer) => void heard.push(outcome)
    const handler = fetchWebhook(webhook, { secrets: [secret], inbox, maxBytes: 64n, onAnswer })
    // Its clock is the wall's.
    const message = { id: "msg_1", timestamp: DateTime.makeUnsafe(new Date()), body }
    const headers = { ...(await Effect.runPromise(Signature.sign(Signature.standard, secret, message))) }
    const statuses: Array<number> = []
    for (const sent of [body, body, "{}", body.padEnd(65, " ")]) {
      statuses.push((await handler(requestOf({ headers, body: sent }))).status)
    }
    assert.deepStrictEqual(statuses, [200, 200, 401, 413])
    assert.deepStrictEqual(heard, ["Taken", "Known", "Refused", "TooLarge"])
    assert.strictEqual((await Effect.runPromise(inbox.take("choir", "op_1"))).name, "msg_1")
  })
})
