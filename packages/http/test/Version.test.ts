/** Pieces are joined under one strong validator only (RFC 9110, 15.3.7.3); elsewhere the file comes from its start, compared. */
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Exchange from "@tenuto/http/Exchange"
import * as Storage from "./storage.ts"

const { file, play } = Storage
/** Begins as the file does, and is another. */
const alike = Uint8Array.from(file, (byte, at) => (at < 400 ? byte : 255 - byte))
const other = Uint8Array.from(file, (byte) => 255 - byte)

const hour = ["Sun, 22 Nov 2026 04:00:00 GMT", "Sun, 22 Nov 2026 05:00:00 GMT"] as const

const begun =
  (headers: Exchange.Headers, until = 500, body = file) =>
  (): Storage.Answer => ({
    status: 200,
    headers: { "content-length": "1000", ...headers },
    body: body.subarray(0, until),
    end: "Reset",
  })
const all =
  (headers: Exchange.Headers, body = file) =>
  (): Storage.Answer => ({ status: 200, headers, body })
const rest =
  (headers: Exchange.Headers, from = 500, body = file) =>
  (): Storage.Answer => ({
    status: 206,
    headers: { "content-range": `bytes ${from}-999/1000`, ...headers },
    body: body.subarray(from),
  })
/** A host that gives what is asked for, whole or the rest, and never compares. */
const either =
  (headers: Exchange.Headers, body = file): Storage.Respond =>
  (request) =>
    request.headers["range"] === undefined ? all(headers, body)() : rest(headers, 500, body)()

const content = ({ exit }: Storage.Played) =>
  Exit.isSuccess(exit) ? exit.value : assert.fail(inspect(exit, { depth: 8 }))
const rangesOf = ({ requests }: Storage.Played) =>
  requests.map(({ headers }) => [headers["range"], headers["if-range"]].filter((text) => text !== undefined).join(" "))
const isChanged = ({ exit }: Storage.Played) => inspect(exit, { depth: 8 }).includes("fetch it from its beginning")

describe("the rest is asked for", () => {
  it.effect("under a strong tag, and under a time that is clearly older than its answer", () =>
    Effect.gen(function* () {
      for (const headers of [{ etag: '"1"' }, { date: hour[1], "last-modified": hour[0] }]) {
        const played = yield* play({ answers: [begun(headers), either(headers)] })
        assert.deepStrictEqual(content(played), file)
        const validator = "etag" in headers ? '"1"' : hour[0]
        assert.deepStrictEqual(rangesOf(played), ["", `bytes=500- ${validator}`])
      }
    }),
  )

  it.effect("under nothing else: such a host gives the file from its start, and another version is found out", () =>
    Effect.gen(function* () {
      const weak: ReadonlyArray<Exchange.Headers> = [
        {},
        { etag: 'W/"1"' },
        { etag: "1" },
        { "last-modified": hour[0] },
        { date: hour[0], "last-modified": hour[0] }, // the same second
        { date: "Sun, 22 Nov 2026 04:00:30 GMT", "last-modified": hour[0] }, // two clocks may be so far apart
        { date: hour[0], "last-modified": hour[1] },
        { date: "soon", "last-modified": "lately" },
        { etag: 'W/"1"', date: hour[1], "last-modified": hour[0] }, // RFC 9110, 13.1.5: not beside a tag
        { etag: '"1"', "accept-ranges": "none" },
      ]
      for (const headers of weak) {
        const same = yield* play({ answers: [begun(headers), either(headers)] })
        assert.deepStrictEqual(content(same), file)
        assert.deepStrictEqual(rangesOf(same), ["", ""], inspect(headers))
        for (const body of [other, alike]) {
          assert.isTrue(isChanged(yield* play({ answers: [begun(headers), either(headers, body)] })), inspect(headers))
        }
      }
    }),
  )
})

describe("a part", () => {
  it.effect("under another validator, or under none, is not joined: the file is read from its start, once", () =>
    Effect.gen(function* () {
      const dated = { date: hour[1], "last-modified": hour[0] }
      const strays: ReadonlyArray<readonly [Exchange.Headers, Exchange.Headers]> = [
        [{ etag: '"1"' }, { etag: '"2"' }],
        [{ etag: '"1"' }, { etag: 'W/"1"' }],
        [{ etag: '"1"' }, {}],
        [
          { etag: '"1"', "last-modified": hour[0] },
          { etag: '"1"', "last-modified": hour[1] },
        ],
        [dated, {}],
        [dated, { ...dated, etag: '"1"' }],
      ]
      for (const [before, after] of strays) {
        const same = yield* play({ answers: [begun(before), either(after)] })
        assert.deepStrictEqual(content(same), file)
        assert.lengthOf(same.requests, 3)
        assert.strictEqual(rangesOf(same)[2], "")
        assert.deepStrictEqual([same.most, same.open], [1, 0])
        assert.isTrue(isChanged(yield* play({ answers: [begun(before), either(after, other)] })), inspect(after))
      }
    }),
  )
})

describe("a file that comes again from its start", () => {
  it.effect("may be another version that begins alike: what comes is that version, whole", () =>
    Effect.gen(function* () {
      const played = yield* play({ answers: [begun({ etag: '"1"' }, 400), all({ etag: '"2"' }, alike)] })
      assert.deepStrictEqual(content(played), alike)
    }),
  )

  it.effect("is gone on with by its own validator once it has caught up, and by the old one before", () =>
    Effect.gen(function* () {
      const two = { etag: '"2"' }
      const early = yield* play({
        answers: [begun({ etag: '"1"' }, 400), begun(two, 200, alike), all(two, alike)],
      })
      assert.deepStrictEqual(content(early), alike)
      assert.deepStrictEqual(rangesOf(early), ["", 'bytes=400- "1"', 'bytes=400- "1"'])
      const late = yield* play({
        answers: [begun({ etag: '"1"' }, 400), begun(two, 500, alike), rest(two, 500, alike)],
      })
      assert.deepStrictEqual(content(late), alike)
      assert.deepStrictEqual(rangesOf(late), ["", 'bytes=400- "1"', 'bytes=500- "2"'])
    }),
  )

  it.effect("and ends before it has caught up has changed", () =>
    Effect.gen(function* () {
      const short = all({ "content-length": "300" }, file.subarray(0, 300))
      assert.isTrue(isChanged(yield* play({ answers: [begun({}), short] })))
    }),
  )
})
