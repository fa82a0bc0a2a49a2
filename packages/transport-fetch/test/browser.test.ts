import { gzipSync } from "node:zlib"
import { assert, describe, layer } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type { Scope } from "effect/Scope"
import * as Chromium from "./browser/chromium.ts"
import type * as Functions from "./browser/page.ts"
import { emulated, emulator, host, listen, site } from "./browser/hosts.ts"

const { executable } = Chromium
const isRequired = process.env["CI"] === "true"
if (executable === undefined) {
  console.warn("SKIPPED: the transport was not tried in a browser, for there is no chromium (apt-get install chromium)")
}

/** Runs an expression on a page with `song` and `page`, the two modules under test. */
class Page extends Context.Service<Page, (expression: string) => Effect.Effect<unknown>>()("test/Page") {}

/** A call of one of the page's own functions. */
const on = (name: keyof typeof Functions, ...given: ReadonlyArray<unknown>) =>
  `page.${name}(${given.map((one) => JSON.stringify(one)).join(", ")})`

const opened = Effect.gen(function* () {
  const url = yield* site
  const { evaluate } = yield* Effect.acquireRelease(
    Effect.promise(() => Chromium.open(executable ?? "chromium", url)),
    ({ close }) => Effect.promise(close),
  )
  const ready = `Promise.all([import("${url}/song.js"), import("${url}/page.js")])`
  yield* Effect.promise(() =>
    evaluate(`${ready}.then(([song, page]) => { Object.assign(globalThis, { song, page }) })`),
  )
  return (expression: string) => Effect.promise(() => evaluate(expression))
})

const text = (value: unknown) => JSON.stringify(value)

const cases: Readonly<Record<string, (evaluate: Page["Service"]) => Effect.Effect<void, never, Scope>>> = {
  "a whole song settles, keyed and submitted once, and no link is shown": Effect.fnUntraced(function* (evaluate) {
    const { preflights, requests, url } = yield* emulated("--work", "1500ms")
    const song = yield* evaluate(
      `song.sing("spk_browser", "Hold the note", "Slow waltz", "${url}/v1").then(JSON.stringify, (e) => "failed: " + e)`,
    )
    assert.match(String(song), /"outputs":\[\{.*audio\/flac/)
    assert.notInclude(String(song), "/cdn/")
    const methods = requests.map(({ method }) => method)
    assert.deepStrictEqual([methods[0], new Set(methods.slice(1))], ["PUT", new Set(["GET"])])
    assert.isAbove(preflights.length, 0)
    for (const { headers } of requests) assert.strictEqual(headers.authorization, "Bearer spk_browser")
  }),

  "an emulator lets a page of this machine try it, and counts no preflight": Effect.fnUntraced(function* (evaluate) {
    const { control, url } = yield* emulator("--work", "500ms")
    const song = yield* evaluate(
      `song.sing("spk_browser", "Hold the note", "Slow waltz", "${url}/v1").then(JSON.stringify, (e) => "failed: " + e)`,
    )
    assert.match(String(song), /"outputs":\[\{.*audio\/flac/)
    const read = `fetch("${control}/ledger").then((answer) => answer.json())`
    const methods = yield* evaluate(`${read}.then(({ requests }) => requests.map(({ method }) => method).join(" "))`)
    assert.match(String(methods), /^PUT( GET)+$/)
  }),

  "a song that fails rejects with what is true, and shows no key": Effect.fnUntraced(function* (evaluate) {
    const { url } = yield* emulated("--work", "100ms", "--failing", "content_policy")
    const told = yield* evaluate(
      `song.sing("spk_browser", "a", "b", "${url}/v1").then(JSON.stringify, (e) => [e._tag, e.reason._tag, e].join(" "))`,
    )
    assert.match(String(told), /^Failed PolicyViolation /)
    assert.notInclude(String(told), "spk_browser")
  }),

  "a refused connection is Unanswered: a browser gives no proof": Effect.fnUntraced(function* (evaluate) {
    const gone = yield* Effect.scoped(listen(() => {}))
    assert.strictEqual(yield* evaluate(on("send", `${gone}/`)), "Unanswered Unknown")
    assert.strictEqual(yield* evaluate(on("send", `${gone}/`, { authorization: "Bearer k" })), "Unanswered Unknown")
  }),

  "an answer that this page may not read is Unanswered": Effect.fnUntraced(function* (evaluate) {
    const closed = yield* listen((_, response) => void response.end("{}"))
    assert.strictEqual(yield* evaluate(on("send", `${closed}/`)), "Unanswered Unknown")
  }),

  "a credential is asked for by a preflight, and goes along once": Effect.fnUntraced(function* (evaluate) {
    const { preflights, requests, url } = yield* host((_, response) => void response.end("heard"))
    assert.strictEqual(yield* evaluate(on("send", `${url}/`, { authorization: "Bearer k" })), "200 heard")
    assert.strictEqual(text([preflights.length, requests.length]), "[1,1]")
    assert.isUndefined(preflights[0]?.headers.authorization)
    assert.strictEqual(requests[0]?.headers.authorization, "Bearer k")
    assert.isUndefined(requests[0]?.headers.cookie)
  }),

  "a redirect to another origin is not followed: nobody there sees a request": Effect.fnUntraced(function* (evaluate) {
    const other = yield* host((_, response) => void response.end("caught"))
    for (const status of [301, 302, 303, 307, 308]) {
      const first = yield* host((_, response) => void response.writeHead(status, { location: `${other.url}/` }).end())
      const told = yield* evaluate(on("send", `${first.url}/`, { authorization: "Bearer k" }))
      assert.strictEqual(told, "Unanswered Opaque", String(status))
      assert.lengthOf(first.requests, 1)
    }
    assert.strictEqual(text([other.preflights.length, other.requests.length]), "[0,0]")
  }),

  "interrupting closes the socket": Effect.fnUntraced(function* (evaluate) {
    const arrived = yield* Deferred.make<void>()
    const closed = yield* Deferred.make<void>()
    const { url } = yield* host((_, response) => {
      response.once("close", () => Deferred.doneUnsafe(closed, Exit.void))
      Deferred.doneUnsafe(arrived, Exit.void)
    })
    yield* evaluate(`void (globalThis.stop = ${on("begin", `${url}/`)})`)
    yield* Deferred.await(arrived)
    yield* evaluate("1")
    assert.isFalse(yield* Deferred.isDone(closed))
    yield* evaluate("stop().then(() => 1)")
    yield* Deferred.await(closed)
  }),

  "an answer that ends too early is Unanswered": Effect.fnUntraced(function* (evaluate) {
    const { url } = yield* host((_, response) => {
      response.writeHead(200, { "content-length": 100 })
      response.write("part")
      setTimeout(() => response.destroy(), 20)
    })
    assert.match(String(yield* evaluate(on("send", `${url}/`))), /^Unanswered (Truncated|Unknown)$/)
  }),

  // Across origins a page cannot see whether the bytes were packed on the wire, and so not what a range would count.
  "a download that breaks off is read from its start again, and every byte comes once": Effect.fnUntraced(
    function* (evaluate) {
      const whole = "0123456789".repeat(20_000)
      const { requests, url } = yield* host(({ headers }, response) => {
        const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0)
        const range = from === 0 ? {} : { "content-range": `bytes ${from}-${whole.length - 1}/${whole.length}` }
        response.writeHead(from === 0 ? 200 : 206, { ...range, "content-length": whole.length - from })
        if (requests.length > 1) return void response.end(whole.slice(from))
        response.write(whole.slice(0, 70_000))
        setTimeout(() => response.destroy(), 20)
      })
      assert.strictEqual(yield* evaluate(on("download", `${url}/`)), whole)
      assert.strictEqual(requests.length, 2)
      assert.isUndefined(requests[1]?.headers.range)
      for (const { headers } of requests) assert.isUndefined(headers.authorization)
    },
  ),
  "a compressed answer of another origin is whole": Effect.fnUntraced(function* (evaluate: Page["Service"]) {
    const body = gzipSync(`{"lyrics":"${"la ".repeat(100)}"}`)
    const { url } = yield* host((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip", "content-length": body.length }).end(body)
    })
    assert.match(String(yield* evaluate(on("send", `${url}/`))), /^200 \{"lyrics":"la la/)
    assert.match(String(yield* evaluate(on("download", `${url}/`))), /^\{"lyrics":"la la/)
  }),
}

describe.skipIf(executable === undefined && !isRequired)("in a browser", () => {
  layer(Layer.effect(Page, opened), { excludeTestServices: true, timeout: "3 minutes" })((it) => {
    for (const [name, run] of Object.entries(cases)) it.effect(name, () => Effect.flatMap(Page, run))
  })
})
