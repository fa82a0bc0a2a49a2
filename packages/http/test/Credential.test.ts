/** A credential that changes while work goes on. */
import { inspect } from "node:util"
import { assert, describe, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import type { Handle } from "@tenuto/core/Handle"
import type { Answer } from "@tenuto/core/Remote"
import * as Exchange from "@tenuto/http/Exchange"
import * as Provider from "@tenuto/http/Provider"
import type * as Verdict from "@tenuto/http/Verdict"
import { answer, base, handle, remote, type Sent, table, within } from "./service.ts"

const account = "studio"
const tokenOf = ({ request }: Sent) => Exchange.reveal(request.headers["authorization"] ?? "").replace("Bearer ", "")
const tokens = ({ sent }: ReturnType<typeof remote>) => sent.map(tokenOf)

/** Gives one token after the other; the last again and again. */
const giving = (...list: ReadonlyArray<string>) => {
  let asked = 0
  const next = () => list[Math.min(asked++, list.length - 1)] ?? ""
  return { next, asked: () => asked }
}
/** Takes one token only. */
const taking =
  (valid: string, body: object = { id: "1", status: "singing" }) =>
  (sent: Sent) =>
    tokenOf(sent) === valid ? answer(200, body) : answer(401, { detail: `no: ${tokenOf(sent)}` })

describe("a credential that is asked for", () => {
  it.effect("is asked for each request, as a function, a promise, an effect or something redacted", () =>
    Effect.gen(function* () {
      const kinds: ReadonlyArray<(next: () => string) => Partial<Provider.Settings>> = [
        (next) => ({ apiKey: next, account }),
        (next) => ({ apiKey: () => Promise.resolve(next()), account }),
        (next) => ({ apiKey: () => Redacted.make(next()), account }),
        (next) => ({ apiKey: Effect.sync(next), account }),
        (next) => ({ apiKey: Effect.map(Effect.sync(next), (text) => Redacted.make(text)), account }),
      ]
      for (const kind of kinds) {
        const { next } = giving("token-1-aaaa", "token-2-bbbb", "token-3-cccc")
        const service = remote(() => answer(200, { id: "1", status: "singing" }), kind(next))
        const connected = yield* service.shape
        for (const _ of [1, 2]) yield* connected.perform({ _tag: "Look", handle, within })
        yield* connected.perform({ _tag: "Cancel", handle: { ...handle, operation: "stop" }, within })
        expect(tokens(service)).toEqual(["token-1-aaaa", "token-2-bbbb", "token-3-cccc"])
        expect(connected.account).toBe(account)
      }
    }),
  )

  it.effect("is asked for once more when the service refuses it, and the request is sent again with the new one", () =>
    Effect.gen(function* () {
      const look = remote(taking("token-2-bbbb"), { apiKey: giving("token-1-aaaa", "token-2-bbbb").next, account })
      expect(yield* look.look()).toMatchObject({ _tag: "Observed", observation: { word: "singing" } })
      expect(tokens(look)).toEqual(["token-1-aaaa", "token-2-bbbb"])
      const submit = remote(taking("token-2-bbbb"), { apiKey: giving("token-1-aaaa", "token-2-bbbb").next, account })
      expect(yield* submit.submit()).toMatchObject({ _tag: "Accepted", handle: { id: "1" } })
      expect(submit.sent.map(({ request }) => request.method)).toEqual(["POST", "POST"])
      expect(submit.sent[0]?.request.body).toEqual(submit.sent[1]?.request.body)
    }),
  )

  it.effect("is bounded: a service that refuses every credential is asked twice, and once where none is new", () =>
    Effect.gen(function* () {
      const fresh = giving("token-1-aaaa", "token-2-bbbb", "token-3-cccc")
      const refusing = remote(() => answer(401), { apiKey: fresh.next, account })
      expect(yield* refusing.look()).toMatchObject({ _tag: "Unseen", reason: { _tag: "Unauthenticated" } })
      expect([tokens(refusing).length, fresh.asked()]).toEqual([2, 2])
      const same = giving("token-1-aaaa")
      const stale = remote(() => answer(401), { apiKey: same.next, account })
      expect(yield* stale.submit()).toMatchObject({ _tag: "Rejected", reason: { _tag: "Unauthenticated" } })
      expect([tokens(stale).length, same.asked()]).toEqual([1, 2])
      const fixed = remote(() => answer(401))
      yield* fixed.look()
      expect(tokens(fixed)).toHaveLength(1)
    }),
  )

  it.effect("does not send a submit again where the table says that a refusal proves nothing", () =>
    Effect.gen(function* () {
      const row: Verdict.Verdict = {
        stage: "submit",
        status: 401,
        truth: "Uncertain",
        reason: { _tag: "Unauthenticated" },
        source: "a page",
      }
      const settings = { apiKey: giving("token-1-aaaa", "token-2-bbbb").next, account }
      const service = remote(() => answer(401), settings, { verdicts: [row] })
      expect(yield* service.submit()).toMatchObject({ _tag: "Uncertain", reason: { _tag: "Unauthenticated" } })
      expect(tokens(service)).toEqual(["token-1-aaaa"])
    }),
  )

  it.effect(
    "is told by the name of the setting where it fails or gives no text; nothing is sent, nothing is shown",
    () =>
      Effect.gen(function* () {
        const secret = "s3cr3t-of-the-vault"
        const sources: ReadonlyArray<readonly [given: unknown, says: string]> = [
          [() => Promise.reject(new TypeError(secret)), "a source that failed with TypeError"],
          [() => assert.fail(secret), "a source that failed with AssertionError"],
          [() => Promise.reject(secret), "a source that failed"],
          [Effect.fail(secret), "a source that failed"],
          [Effect.die(new RangeError(secret)), "a source that failed with RangeError"],
          [() => 7, "a source that gave number"],
          [async () => undefined, "a source that gave undefined"],
          [() => Redacted.make(7), "a source that gave number"],
          [() => "", "an empty text"],
          [undefined, "undefined"],
          [7, "number"],
        ]
        for (const [apiKey, says] of sources) {
          const service = remote(() => answer(200), { apiKey, account } as never)
          const detail = `apiKey: given ${says}; wanted the API key as text`
          const reason = { _tag: "Invalid", issues: [{ path: ["apiKey"], message: detail }] }
          const answers = [yield* service.submit(), yield* service.look(), yield* service.cancel()]
          expect(answers).toMatchObject([
            { _tag: "Rejected", reason },
            { _tag: "Unseen", reason },
            { _tag: "Unseen", reason },
          ])
          expect(inspect(answers, { depth: 20 })).not.toContain(secret)
          expect(service.sent).toEqual([])
        }
      }),
  )

  it.effect("needs a name for whose work it is: without types it is asked for by name, and nothing is sent", () =>
    Effect.gen(function* () {
      for (const account of [undefined, "", 7]) {
        const { next, asked } = giving("token-1-aaaa")
        const service = remote(() => answer(200), { apiKey: next, account } as never)
        expect(yield* service.submit()).toMatchObject({
          _tag: "Rejected",
          reason: { _tag: "Invalid", issues: [{ path: ["account"] }] },
        })
        expect([service.sent.length, asked()]).toEqual([0, 0])
      }
      // @ts-expect-error a function without a name for whose work it is
      Provider.layer(table, { apiKey: () => "token-1-aaaa" })
    }),
  )

  it.effect("that does not come in time is no doubt about the work: nothing was sent", () =>
    Effect.gen(function* () {
      const service = remote(() => answer(200), { apiKey: () => new Promise<never>(() => {}), account })
      const fiber = yield* Effect.forkChild(service.submit(), { startImmediately: true })
      yield* TestClock.adjust(within)
      expect(yield* Fiber.join(fiber)).toMatchObject({ _tag: "Rejected", reason: { _tag: "Unreachable" } })
      expect(service.sent).toEqual([])
    }),
  )

  it.effect("and the request together get no more time than the request alone", () =>
    Effect.gen(function* () {
      const apiKey = Effect.delay(Effect.sync(giving("token-1-aaaa", "token-2-bbbb").next), "2 seconds")
      const service = remote(() => answer(401), { apiKey, account })
      const fiber = yield* Effect.forkChild(service.look(), { startImmediately: true })
      yield* TestClock.adjust(within)
      yield* Fiber.join(fiber)
      expect(service.sent.map(({ limits }) => Duration.toSeconds(limits.timeout))).toEqual([5, 3])
    }),
  )

  it.effect("is withheld from what the service says, each value that was used", () =>
    Effect.gen(function* () {
      const said: Array<Answer> = []
      const echo = (sent: Sent) =>
        answer(401, { detail: `token-1-aaaa, token-2-bbbb and ${tokenOf(sent)} are no good` })
      const settings = { apiKey: giving("token-1-aaaa", "token-2-bbbb", "token-3-cccc").next, account }
      const connected = yield* remote(echo, settings).shape
      for (const _ of [1, 2]) said.push(yield* connected.perform({ _tag: "Look", handle, within }))
      for (const one of said) expect(inspect(one, { depth: 20 })).not.toMatch(/token-\d/)
      expect(inspect(said, { depth: 20 })).toContain("[credential], [credential] and [credential] are no good")
    }),
  )

  it.effect("is asked for each file that stands behind it, too; without one the file is asked for without", () =>
    Effect.gen(function* () {
      const headersOf = (settings: Partial<Provider.Settings>) =>
        Effect.map(remote(() => answer(200), settings).shape, ({ credential }) => credential)
      const behind = yield* headersOf({ apiKey: giving("token-1-aaaa", "token-2-bbbb").next, account })
      const carried = [
        yield* behind?.(`${base}/1.flac`) ?? Effect.undefined,
        yield* behind?.(`${base}/2.flac`) ?? Effect.undefined,
      ]
      expect(carried.map((headers) => Exchange.reveal(headers?.["authorization"] ?? ""))).toEqual([
        "Bearer token-1-aaaa",
        "Bearer token-2-bbbb",
      ])
      expect(behind?.("https://elsewhere.test/1.flac")).toBeUndefined()
      const failing = yield* headersOf({ apiKey: Effect.fail("no"), account })
      expect(yield* failing?.(`${base}/1.flac`) ?? Effect.undefined).toEqual({})
    }),
  )

  it.effect("goes to the configured origin only, and is not even asked for another one (law 10)", () =>
    Effect.gen(function* () {
      const { asked, next } = giving("token-1-aaaa")
      const service = remote(() => answer(200), { apiKey: next, account })
      const astray: Handle = { ...handle, locator: "https://elsewhere.test/1" }
      expect(yield* service.look(astray)).toMatchObject({ _tag: "Unseen", reason: { _tag: "Invalid" } })
      expect([service.sent.length, asked()]).toEqual([0, 0])
      yield* service.look({ ...handle, locator: `${base}/ops/1` })
      expect(tokens(service)).toEqual(["token-1-aaaa"])
    }),
  )
})
