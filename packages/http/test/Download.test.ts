import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import type { Lost, Unseen } from "@tenuto/core/Failure"
import type * as Remote from "@tenuto/core/Remote"
import * as Download from "@tenuto/http/Download"
import { Unanswered, Unsent } from "@tenuto/http/Transport"
import { apiKey, sing } from "./service.ts"
import * as Storage from "./storage.ts"

const { artifactOf, file, linkOf, play, soon, start, store, succeeded } = Storage
const other = Uint8Array.from(file, (byte) => 255 - byte)

const content = ({ exit }: Storage.Played): Uint8Array =>
  Exit.isSuccess(exit) ? exit.value : assert.fail(inspect(exit))
const failureOf = ({ exit }: Storage.Played) => {
  if (Exit.isFailure(exit)) for (const reason of exit.cause.reasons) if (reason._tag === "Fail") return reason.error
  return assert.fail(`it did not fail: ${inspect(exit)}`)
}
const told = (played: Storage.Played): string => {
  const failure = failureOf(played) as { readonly _tag: string; readonly reason: { readonly _tag: string } }
  return `${failure._tag} ${failure.reason._tag}`
}
/** What is asked for comes to the millisecond. */
const withoutJitter = Effect.provideService(Random.Random, { nextIntUnsafe: () => 0, nextDoubleUnsafe: () => 0 })
const rangesOf = ({ requests }: Storage.Played) => requests.map(({ headers }) => headers["range"])
const timesOf = ({ requests }: Storage.Played) => requests.map(({ at }) => at)
const assertClosed = (played: Storage.Played) => {
  assert.strictEqual(played.open, 0, "a socket was left open")
  assert.isAtMost(played.most, 1, "two sockets were open at once")
  assert.strictEqual(played.duringLooks, 0, "a socket was open during a look")
}
const refuse =
  (status: number, headers = {}) =>
  () => ({ status, headers, body: new Uint8Array(10) })
const unseen = (reason: Extract<Remote.Answer, { _tag: "Unseen" }>["reason"]): Remote.Answer => ({
  _tag: "Unseen",
  reason,
  evidence: { stage: "look" },
})

describe("laws", () => {
  it.effect("every byte comes once, wherever the answers break off", () =>
    Effect.gen(function* () {
      for (const until of [0, 1, 99, 100, 101, 555, 999]) {
        const played = yield* play({ answers: [store({ until }), store()] })
        assert.deepStrictEqual(content(played), file, `broken off at ${until}`)
        assert.deepStrictEqual(rangesOf(played), [undefined, until === 0 ? undefined : `bytes=${until}-`])
        assertClosed(played)
      }
      const many = yield* play({
        answers: [100, 200, 300, 400, 500, 600, 700, 800, 900].map((until) => store({ until })).concat(store()),
      })
      assert.deepStrictEqual(content(many), file)
      assert.lengthOf(many.requests, 10)
      assertClosed(many)
    }),
  )

  it.effect("no key ever goes to the host that stores the file, and no link is shown", () =>
    Effect.gen(function* () {
      const plays = [
        yield* play({ answers: [refuse(403), store({ until: 500 }), refuse(500), store()] }),
        yield* play({ answers: [refuse(403)] }),
        yield* play({ answers: [refuse(404)] }),
        yield* play({ answers: [refuse(500)] }),
        yield* play({ answers: [() => new Unsent({ problem: "InvalidRequest", detail: "a space" })] }),
      ]
      for (const played of plays) {
        for (const { headers } of played.requests) {
          assert.includeMembers(["accept-encoding", "range", "if-range"], Object.keys(headers))
          assert.notInclude(JSON.stringify(headers), apiKey)
        }
        const text = `${inspect(played.exit, { depth: 20 })}${JSON.stringify(played.exit)}`
        assert.notInclude(text, "s3cr3t")
        assertClosed(played)
      }
    }),
  )

  it.effect("never sooner than asked", () =>
    Effect.gen(function* () {
      for (const status of [429, 500, 503, 504]) {
        const played = yield* play({ answers: [refuse(status, { "retry-after": "37" }), store()] })
        assert.deepStrictEqual(content(played), file)
        assert.deepStrictEqual(timesOf(played), [0, 37_000], String(status))
        assert.lengthOf(played.looks, 0)
        assertClosed(played)
      }
    }).pipe(withoutJitter),
  )

  it.effect("a pause longer than the deadline allows ends the wait at once, saying so", () =>
    Effect.gen(function* () {
      const answers = [refuse(503, { "retry-after": "3600" })]
      const played = yield* play({ answers, within: "10 minutes" })
      assert.strictEqual(told(played), "Unseen Unavailable")
      assert.strictEqual(played.took, 0)
      const longer = yield* play({ answers: [...answers, store()], within: "61 minutes" })
      assert.deepStrictEqual(content(longer), file)
    }),
  )

  it.effect("the deadline bounds everything: silence, a body that drips, and a host that never lets go on", () =>
    Effect.gen(function* () {
      const hung = () => ({ status: 200, end: "Hung" as const })
      const drip = { answers: [store()], pace: "2 seconds" } as const
      for (const stage of [{ answers: [hung] }, drip, { answers: [store({ until: 0 })] }]) {
        const played = yield* play({ ...stage, within: "5 seconds" })
        assert.match(told(played), /^Unseen (Timeout|Unreachable)$/)
        assert.isAtMost(played.took, 5000)
        assertClosed(played)
      }
      assert.strictEqual((yield* play({ ...drip, within: "5 seconds" })).took, 5000)
      const unbounded = yield* play({ ...drip, within: "60 days" })
      assert.deepStrictEqual(content(unbounded), file)
    }),
  )

  it.effect("interrupting closes the socket at once, and asking for less than the whole does too", () =>
    Effect.gen(function* () {
      const { fiber, read } = yield* start({ answers: [() => ({ status: 200, end: "Hung" as const })] })
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(read(Exit.void as never).open, 1)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(read(Exit.void as never).open, 0)
      const waiting = yield* start({ answers: [refuse(503, { "retry-after": "100" })] })
      yield* TestClock.adjust("3 seconds")
      yield* Fiber.interrupt(waiting.fiber)
      yield* TestClock.adjust("1 hour")
      assert.lengthOf(waiting.read(Exit.void as never).requests, 1)
      const part = yield* play({ answers: [store()], take: 3 })
      assert.deepStrictEqual(content(part), file.subarray(0, 300))
      assertClosed(part)
    }),
  )
})

describe("a link", () => {
  it.effect("that is fresh is used without a look", () =>
    Effect.gen(function* () {
      for (const artifact of [{}, { expiresAt: soon("1 hour") }]) {
        const played = yield* play({ answers: [store()], artifact })
        assert.deepStrictEqual(content(played), file)
        assert.deepStrictEqual([played.looks.length, played.requests.length], [0, 1])
        assertClosed(played)
      }
    }),
  )

  it.effect("that is missing, dead or about to die is renewed by one look, and never tried", () =>
    Effect.gen(function* () {
      for (const artifact of [{ linkless: true }, { expiresAt: soon("-1 hour") }, { expiresAt: soon("4 seconds") }]) {
        const played = yield* play({ answers: [store()], artifact })
        assert.deepStrictEqual(content(played), file)
        assert.lengthOf(played.looks, 1)
        assert.deepStrictEqual(
          played.requests.map(({ url }) => url),
          [linkOf(1)],
        )
      }
    }),
  )

  it.effect("that was just made is tried, even if our clock says that it is dead", () =>
    Effect.gen(function* () {
      const dead = { expiresAt: soon("-1 hour") }
      const played = yield* play({ answers: [store()], artifact: dead, look: () => succeeded(artifactOf(dead, 1)) })
      assert.deepStrictEqual(content(played), file)
      assert.lengthOf(played.looks, 1)
    }),
  )

  it.effect("that is refused is renewed once, with the refused answer's socket closed before", () =>
    Effect.gen(function* () {
      for (const status of [400, 401, 403, 404, 410, 302]) {
        const played = yield* play({ answers: [refuse(status), store()] })
        assert.deepStrictEqual(content(played), file, String(status))
        assert.deepStrictEqual(
          played.requests.map(({ url }) => url),
          [linkOf(0), linkOf(1)],
        )
        assertClosed(played)
      }
    }),
  )

  it.effect("that is refused again ends the download: lost where it is gone, unseen otherwise", () =>
    Effect.gen(function* () {
      const ends = { 403: "Unseen Unrecognised", 302: "Unseen Unrecognised", 404: "Lost Gone", 410: "Lost Gone" }
      for (const [status, expected] of Object.entries(ends)) {
        const played = yield* play({ answers: [refuse(Number(status))] })
        assert.strictEqual(told(played), expected)
        assert.deepStrictEqual([played.looks.length, played.requests.length], [1, 2])
        const { evidence, handle } = failureOf(played) as { evidence: unknown; handle: { id: string } }
        assert.deepStrictEqual(evidence, { stage: "download", status: Number(status) })
        assert.isString(handle.id)
        assertClosed(played)
      }
    }),
  )

  it.effect("that proved good and is refused later is renewed again", () =>
    Effect.gen(function* () {
      const answers = [refuse(403), store({ until: 300 }), refuse(403), store({ until: 600 }), refuse(403), store()]
      const played = yield* play({ answers })
      assert.deepStrictEqual(content(played), file)
      assert.lengthOf(played.looks, 3)
      assertClosed(played)
    }),
  )

  it.effect("that no transport can send is renewed once", () =>
    Effect.gen(function* () {
      const invalid = () => new Unsent({ problem: "InvalidRequest", detail: "the url holds a space" })
      assert.deepStrictEqual(content(yield* play({ answers: [invalid, store()] })), file)
      const played = yield* play({ answers: [invalid] })
      assert.strictEqual(told(played), "Unseen Malformed")
      assert.lengthOf(played.requests, 2)
    }),
  )
})

describe("a renewal", () => {
  const artifact = { linkless: true }

  it.effect("that brings no link, or another file's, says so and asks no more", () =>
    Effect.gen(function* () {
      const none = yield* play({ answers: [store()], artifact, look: () => succeeded(artifactOf(artifact)) })
      assert.strictEqual(told(none), "Unseen Gone")
      assert.lengthOf(none.looks, 1)
      const another = yield* play({ answers: [store()], artifact, look: () => succeeded(artifactOf({ name: "b" })) })
      assert.strictEqual(told(another), "Lost Gone")
      assert.lengthOf(another.looks, 1)
      assert.deepStrictEqual([none.requests, another.requests], [[], []])
    }),
  )

  it.effect("survives looks that failed, at growing distance and never sooner than asked", () =>
    Effect.gen(function* () {
      const look = (count: number): Remote.Answer =>
        count === 1
          ? unseen({ _tag: "RateLimited", retryAfter: Duration.seconds(30) })
          : count < 4
            ? unseen({ _tag: "Internal" })
            : succeeded(artifactOf({}, count))
      const played = yield* play({ answers: [store()], artifact, look })
      assert.deepStrictEqual(content(played), file)
      const [first = -1, second = -1, third = -1, fourth = -1] = played.looks
      assert.strictEqual(first, 0)
      assert.isAtLeast(second - first, 30_000)
      assert.isAtLeast(third - second, 1000)
      assert.isAtLeast(fourth - third, 2000)
    }),
  )

  it.effect("ends with the fifth look that failed, and with the first that looking again cannot mend", () =>
    Effect.gen(function* () {
      const busy = yield* play({ answers: [store()], artifact, look: () => unseen({ _tag: "Internal" }) })
      assert.strictEqual(told(busy), "Unseen Internal")
      assert.lengthOf(busy.looks, 5)
      const denied = yield* play({ answers: [store()], artifact, look: () => unseen({ _tag: "Unauthenticated" }) })
      assert.strictEqual(told(denied), "Unseen Unauthenticated")
      assert.lengthOf(denied.looks, 1)
    }),
  )

  it.effect("takes work that is gone for lost, and a word that nobody knows for neither", () =>
    Effect.gen(function* () {
      const end = (answer: Remote.Answer) =>
        Effect.map(play({ answers: [store()], artifact, look: () => answer }), told)
      const observed = (observation: Extract<Remote.Answer, { _tag: "Observed" }>["observation"]) =>
        end({ _tag: "Observed", observation })
      assert.strictEqual(
        yield* end({ _tag: "Lost", reason: { _tag: "Gone" }, evidence: { stage: "look" } }),
        "Lost Gone",
      )
      assert.strictEqual(yield* observed({ _tag: "Expired", word: "expired" }), "Lost Gone")
      assert.strictEqual(yield* observed({ _tag: "Failed", word: "failed", reason: { _tag: "Internal" } }), "Lost Gone")
      assert.strictEqual(yield* observed({ _tag: "Unrecognised", word: "archiving" }), "Unseen Unrecognised")
      assert.strictEqual(yield* observed({ _tag: "Pending", word: "queued" }), "Unseen Unrecognised")
    }),
  )
})

describe("a body that breaks off", () => {
  it.effect("is gone on with by Range and If-Range, under a strong tag only", () =>
    Effect.gen(function* () {
      const ifRange = (etag: string | undefined) =>
        Effect.map(play({ answers: [store({ until: 500, etag }), store({ etag })] }), (played) => {
          assert.deepStrictEqual(content(played), file)
          return played.requests[1]?.headers["if-range"]
        })
      assert.strictEqual(yield* ifRange(`"v1"`), `"v1"`)
      assert.isUndefined(yield* ifRange(`W/"v1"`))
      assert.isUndefined(yield* ifRange(undefined))
    }),
  )

  it.effect("is gone on with at a host that knows no ranges: what has come is skipped", () =>
    Effect.gen(function* () {
      const plain = (until?: number) => () => store(until === undefined ? {} : { until })({ headers: {}, url: "" })
      const played = yield* play({ answers: [plain(450), plain(320), plain(700), plain()] })
      assert.deepStrictEqual(content(played), file)
      assertClosed(played)
    }),
  )

  it.effect("is gone on with where a host gives less than the rest each time", () =>
    Effect.gen(function* () {
      const slice = (start: number, end: number) => () => ({
        status: 206,
        headers: {
          etag: `"v1"`,
          "content-range": `bytes ${start}-${end - 1}/1000`,
          "content-length": String(end - start),
        },
        body: file.subarray(start, end),
      })
      const played = yield* play({ answers: [slice(0, 400), slice(400, 800), slice(800, 1000)] })
      assert.deepStrictEqual(content(played), file)
    }),
  )

  it.effect("after its last byte is whole, whether the host says so or its length did", () =>
    Effect.gen(function* () {
      const chunked = () => ({ status: 200, body: file, end: "Reset" as const })
      const unsaid = yield* play({ answers: [chunked, store()] })
      assert.deepStrictEqual(content(unsaid), file)
      assert.deepStrictEqual(rangesOf(unsaid), [undefined, undefined])
      const tagged = () => ({ ...chunked(), headers: { etag: `"v1"` } })
      const named = yield* play({ answers: [tagged, store()] })
      assert.deepStrictEqual(content(named), file)
      assert.deepStrictEqual(rangesOf(named), [undefined, "bytes=1000-"])
      const said = () => ({ ...chunked(), headers: { "content-length": "1000" } })
      const known = yield* play({ answers: [said] })
      assert.deepStrictEqual(content(known), file)
      assert.lengthOf(known.requests, 1)
    }),
  )

  it.effect("by silence counts as a break", () =>
    Effect.gen(function* () {
      const silent = () => ({
        status: 200,
        headers: { etag: `"v1"` },
        body: file.subarray(0, 300),
        end: "Hung" as const,
      })
      const played = yield* play({ answers: [silent, store()] })
      assert.deepStrictEqual(content(played), file)
      assert.deepStrictEqual(rangesOf(played), [undefined, "bytes=300-"])
      assertClosed(played)
    }),
  )

  it.effect("five times in a row with nothing received ends the download; any byte begins the count anew", () =>
    Effect.gen(function* () {
      const reset = () => new Unanswered({ problem: "Reset", detail: "files.test closed the connection" })
      for (const answer of [reset, store({ until: 0 }), refuse(500)]) {
        const played = yield* play({ answers: [answer] })
        assert.match(told(played), /^Unseen (Unreachable|Unavailable)$/)
        assert.lengthOf(played.requests, 5)
        assert.isAtLeast(played.took, 500 + 1000 + 2000 + 4000)
        assertClosed(played)
      }
      const stubborn = [reset, reset, reset, reset, store({ until: 100 }), reset, reset, reset, reset]
      const none = yield* play({ answers: stubborn })
      assert.strictEqual(told(none), "Unseen Unreachable")
      assert.lengthOf(none.requests, 9)
      const played = yield* play({ answers: [...stubborn.slice(0, -1), store()] })
      assert.deepStrictEqual(content(played), file)
    }),
  )
})

describe("pieces of two files are never joined", () => {
  const changes: ReadonlyArray<readonly [string, Parameters<typeof store>[0], Parameters<typeof store>[0]]> = [
    ["another tag", {}, { etag: `"v2"`, body: other }],
    ["a tag that is gone", {}, { etag: undefined, body: other }],
    ["another length", { etag: undefined }, { etag: undefined, body: other.subarray(0, 900) }],
  ]
  for (const [name, before = {}, after] of changes) {
    it.effect(`${name}: it fails, and says what to do`, () =>
      Effect.gen(function* () {
        const played = yield* play({ answers: [store({ ...before, until: 500 }), store(after)] })
        assert.strictEqual(told(played), "Unseen Malformed")
        assert.match(String(failureOf(played)), /fetch it from its beginning/)
        assertClosed(played)
      }),
    )
  }

  it.effect("another date of change: it fails", () =>
    Effect.gen(function* () {
      const dated = (date: string, respond: ReturnType<typeof store>) => (request: Parameters<typeof respond>[0]) => {
        const given = respond(request)
        return "status" in given ? { ...given, headers: { ...given.headers, "last-modified": date } } : given
      }
      const [before, after] = ["Sun, 22 Nov 2026 04:00:00 GMT", "Sun, 22 Nov 2026 05:00:00 GMT"]
      const broken = dated(before, store({ until: 500, etag: undefined }))
      const end = (date: string, body: Uint8Array) =>
        play({ answers: [broken, dated(date, store({ etag: undefined, body }))] })
      assert.strictEqual(told(yield* end(after, other)), "Unseen Malformed")
      assert.deepStrictEqual(content(yield* end(before, file)), file)
    }),
  )

  it.effect("a shorter file of a host that says nothing: it fails", () =>
    Effect.gen(function* () {
      const bare = (body: Uint8Array, end: "Reset" | "Whole") => () => ({ status: 200, body, end })
      const played = yield* play({
        answers: [bare(file.subarray(0, 500), "Reset"), bare(other.subarray(0, 400), "Whole")],
      })
      assert.strictEqual(told(played), "Unseen Malformed")
    }),
  )

  it.effect("a file that changed before a byte came is fetched as it is now", () =>
    Effect.gen(function* () {
      const played = yield* play({ answers: [store({ until: 0 }), store({ etag: `"v2"`, body: other })] })
      assert.deepStrictEqual(content(played), other)
    }),
  )

  it.effect("a 206 from another place than asked for: it fails", () =>
    Effect.gen(function* () {
      const misplaced = (start: number) => () => ({
        status: 206,
        headers: { etag: `"v1"`, "content-range": `bytes ${start}-999/1000` },
        body: file.subarray(start),
      })
      for (const start of [0, 499, 501]) {
        assert.strictEqual(
          told(yield* play({ answers: [store({ until: 500 }), misplaced(start)] })),
          "Unseen Malformed",
        )
      }
      assert.strictEqual(told(yield* play({ answers: [misplaced(100)] })), "Unseen Malformed")
    }),
  )

  it.effect("a 206 that does not say where it begins is measured by its length", () =>
    Effect.gen(function* () {
      const unplaced = (start: number) => () => ({
        status: 206,
        headers: { etag: `"v1"`, "content-length": String(1000 - start) },
        body: file.subarray(start),
      })
      assert.strictEqual(told(yield* play({ answers: [store({ until: 500 }), unplaced(400)] })), "Unseen Malformed")
      assert.deepStrictEqual(content(yield* play({ answers: [store({ until: 500 }), unplaced(500)] })), file)
    }),
  )

  it.effect("a file that ends before its stated length is never passed off as whole", () =>
    Effect.gen(function* () {
      const short = ({ headers }: { headers: Readonly<Record<string, string>> }) =>
        headers["range"] === undefined
          ? { status: 200, headers: { "content-length": "1000" }, body: file.subarray(0, 500) }
          : { status: 206, headers: { "content-range": "bytes 500-999/1000" } }
      assert.strictEqual(told(yield* play({ answers: [short] })), "Unseen Unreachable")
    }),
  )
})

it.effect("an empty file is empty", () =>
  Effect.gen(function* () {
    for (const headers of [{}, { "content-length": "0" }]) {
      const played = yield* play({ answers: [() => ({ status: 200, headers })] })
      assert.lengthOf(content(played), 0)
      assert.lengthOf(played.requests, 1)
      assertClosed(played)
    }
  }),
)

it.effect("a page that came in the place of a file is not a file, and neither is nothing", () =>
  Effect.gen(function* () {
    const artifact = { mediaType: "audio/flac" }
    const page = () => ({ status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body: file })
    assert.strictEqual(told(yield* play({ artifact, answers: [page] })), "Unseen Malformed")
    assert.strictEqual(told(yield* play({ artifact, answers: [() => ({ status: 200 })] })), "Unseen Malformed")
    assert.deepStrictEqual(content(yield* play({ answers: [page] })), file)
  }),
)

describe("a host that says little", () => {
  const audio = { mediaType: "audio/flac" }
  const begun = (headers = {}) => ({ status: 200, headers, body: file.subarray(0, 100), end: "Reset" as const })
  const part = (from: number, to: number, total = "*") => ({
    status: 206,
    headers: { "content-range": `bytes ${from}-${to - 1}/${total}` },
    body: file.subarray(from, to),
  })
  const tag = { etag: `"v1"` }
  const tagged = (answer: ReturnType<typeof part>) => ({ ...answer, headers: { ...answer.headers, ...tag } })
  const page = {
    status: 200,
    headers: { "content-type": "text/html" },
    body: new TextEncoder().encode("<html>".repeat(40)),
  }

  it.effect("a page in the place of the rest is no rest", () =>
    Effect.gen(function* () {
      for (const headers of [{}, { "last-modified": "Sun, 06 Nov 1994 08:49:37 GMT" }]) {
        const played = yield* play({ answers: [() => begun(headers), () => page], artifact: audio })
        assert.strictEqual(told(played), "Unseen Malformed")
        assertClosed(played)
      }
    }),
  )

  it.effect("without a name or a time the bytes that came before are held against those that come again", () =>
    Effect.gen(function* () {
      const again = yield* play({ answers: [() => begun(), () => ({ status: 200, body: file })] })
      assert.deepStrictEqual(content(again), file)
      const another = yield* play({ answers: [() => begun(), () => ({ status: 200, body: other })] })
      assert.strictEqual(told(another), "Unseen Malformed")
      assertClosed(another)
    }),
  )

  it.effect("the end of a part is not the end of the file, until nothing follows", () =>
    Effect.gen(function* () {
      for (const end of [{ "content-range": "bytes */1000" }, {}]) {
        const played = yield* play({
          answers: [
            () => begun(tag),
            () => tagged(part(100, 500)),
            () => tagged(part(500, 1000)),
            () => ({ status: 416, headers: end }),
          ],
        })
        assert.deepStrictEqual(content(played), file)
        assert.deepStrictEqual(rangesOf(played), [undefined, "bytes=100-", "bytes=500-", "bytes=1000-"])
      }
      const told = yield* play({ answers: [() => begun(tag), () => tagged(part(100, 1000, "1000"))] })
      assert.deepStrictEqual(rangesOf(told), [undefined, "bytes=100-"])
    }),
  )

  it.effect("many parts at once are not what was asked for", () =>
    Effect.gen(function* () {
      const many = { status: 206, headers: { "content-type": "multipart/byteranges; boundary=x" }, body: file }
      const played = yield* play({ answers: [() => begun(), () => many] })
      assert.strictEqual(told(played), "Unseen Malformed")
    }),
  )

  it.effect("the time of the last change may be left out beside a name, and not without one", () =>
    Effect.gen(function* () {
      const modified = { "last-modified": "Sun, 06 Nov 1994 08:49:37 GMT" }
      const named = { ...modified, etag: '"v1"' }
      const rest = part(100, 1000, "1000")
      const beside = { ...rest, headers: { ...rest.headers, etag: '"v1"' } }
      assert.deepStrictEqual(content(yield* play({ answers: [() => begun(named), () => beside] })), file)
      assert.strictEqual(told(yield* play({ answers: [() => begun(modified), () => rest] })), "Unseen Malformed")
    }),
  )
})

describe("links that are renewed again", () => {
  it.effect("a look comes no sooner than the contract's floor after one that failed", () =>
    Effect.gen(function* () {
      const look = (count: number) => (count < 3 ? unseen({ _tag: "Unavailable" }) : succeeded(artifactOf({}, count)))
      const { looks } = yield* play({ answers: [store()], artifact: { linkless: true }, look })
      assert.deepStrictEqual(looks, [0, 1000, 2000])
    }).pipe(withoutJitter),
  )

  it.effect("one that died while the host wanted to be left alone is renewed once more", () =>
    Effect.gen(function* () {
      const look = (count: number) =>
        succeeded(artifactOf({ expiresAt: soon(count === 1 ? "10 minutes" : "5 hours") }, count))
      const wait = refuse(503, { "retry-after": "3600" })
      const played = yield* play({ answers: [refuse(403), wait, store()], look, within: "2 hours" })
      assert.deepStrictEqual([content(played), played.looks], [file, [0, 3_600_000]])
      assert.deepStrictEqual(
        played.requests.map(({ url }) => url),
        [linkOf(0), linkOf(1), linkOf(2)],
      )
    }).pipe(withoutJitter),
  )
})

describe("what a program without types gives", () => {
  const start = Download.stream as (...given: ReadonlyArray<unknown>) => Stream.Stream<Uint8Array, Unseen | Lost>
  const artifact = artifactOf()

  it.effect("is named, with what it is and what is wanted, and never ends in a TypeError", () =>
    Effect.gen(function* () {
      const mistakes: ReadonlyArray<readonly [string, string, ReadonlyArray<unknown>]> = [
        ["operation", "it is undefined", []],
        ["operation", "it is a text", ["sing", artifact]],
        ["artifact", "it is undefined", [sing]],
        ["artifact", "it is null", [sing, null]],
        ["artifact", "it is a text", [sing, linkOf(0)]],
        ["artifact", "it is a list", [sing, [artifact]]],
        ["artifact", "it is an object", [sing, { audio: artifact }]],
        ["within", "it is the number 5", [sing, artifact, { within: 5 }]],
        ["within", "it is a text", [sing, artifact, { within: "soon" }]],
        ["within", "it is null", [sing, artifact, { within: null }]],
      ]
      for (const [name, says, given] of mistakes) {
        const failure = yield* Effect.flip(Stream.runDrain(start(...given)))
        assert.strictEqual(failure._tag, "Unseen")
        const [issue] = failure.reason._tag === "Invalid" ? failure.reason.issues : []
        assert.deepStrictEqual(issue?.path, [name], inspect(given))
        assert.include(issue?.message, says)
        assert.notInclude(failure.message, "s3cr3t")
      }
    }),
  )
})
