import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { afterEach, describe, expect, it, vi } from "vitest"
import { createKit } from "@tenuto/testkit/Promise"
import { assert, matchers, type Matching } from "@tenuto/testkit/Matchers"

expect.extend(matchers)
declare module "vitest" {
  interface Matchers<R extends void | Promise<void>, T> extends Matching<R> {}
}

const text = "tenuto timeline v2\n         0 ms  service  received  GET /songs\n     20000 ms  service  answered 200\n"
const other = text.replace("20000", "15000")
const room = fs.mkdtempSync(path.join(os.tmpdir(), "golden-"))
const run = {
  start: "2026-01-01T00:00:00.000Z",
  exchanges: [0, 0.001].map((at) => ({
    at,
    origin: "http://service.test",
    method: "GET",
    path: "/songs/1",
    query: {},
    headers: {},
    body: "",
    answer: { at, status: 503, headers: { "retry-after": "30" } },
  })),
}

describe("toPassChecks", () => {
  it("is a kit or a run that breaks no check, and names each that is broken", async () => {
    await using kit = await createKit({ service: () => Response.json({ status: "ready" }) })
    await kit.run(({ url }) => fetch(`${url}/songs/1`))
    await expect(kit).toPassChecks()
    await assert.toPassChecks(kit)
    await expect(run).not.toPassChecks()
    await expect(assert.toPassChecks(run)).rejects.toThrow(/the run breaks checks:\n {2}as-asked: .* asked for 30 s/)
    await expect(expect("a song").toPassChecks()).rejects.toThrow("this was not played")
    await expect(expect("a song").not.toPassChecks()).rejects.toThrow("this was not played")
  })
})

describe("what would be green for nothing", () => {
  it("is red: a run in which nothing was asked of the service", async () => {
    await using kit = await createKit({ service: () => Response.json({ status: "ready" }) })
    await expect(assert.toPassChecks(kit)).rejects.toThrow("nothing was asked of the service")
    await expect(assert.toPassChecks({ ...run, exchanges: [] })).rejects.toThrow("nothing was asked of the service")
  })

  it("is refused: what is known of a run under a name that no judge knows", async () => {
    await expect(assert.toPassChecks(run, { secret: ["s"] } as never)).rejects.toThrow("did you mean secrets?")
  })

  it("is told what is wanted: a timeline beside nothing, or beside the name of a file", () => {
    const wanted = /new URL\("golden\/song\.txt", import\.meta\.url\)/
    expect(() => assert.toMatchTimeline(text, undefined as never)).toThrow(wanted)
    expect(() => assert.toMatchTimeline(text, "./golden/song.txt")).toThrow(wanted)
  })
})

const golden = (name: string) => pathToFileURL(path.join(room, "of", name))

afterEach(() => vi.unstubAllEnvs())

describe("toMatchTimeline", () => {
  it("is the same text, of a string, a kit, or what was played", () => {
    expect(text).toMatchTimeline(text)
    expect({ timeline: text }).toMatchTimeline(text)
    expect({ timeline: () => text }).toMatchTimeline(text)
    expect(other).not.toMatchTimeline(text)
    assert.toMatchTimeline(text, text)
  })

  it("what has no timeline does not match, and is told so", () => {
    for (const received of [undefined, 7, {}, { timeline: 7 }]) {
      expect(() => expect(received).toMatchTimeline(text)).toThrow("this has no timeline")
      expect(() => expect(received).toMatchTimeline(golden("nothing.txt"))).toThrow("this has no timeline")
      expect(() => expect(received).not.toMatchTimeline(text)).toThrow("this has no timeline")
    }
  })

  it("fits runners with a context of their own, which promise nothing of what is received", () => {
    type Context = { readonly isNot?: boolean }
    type Said = { readonly pass: boolean }
    type Matcher = (this: Context, received: unknown, ...expected: ReadonlyArray<never>) => Said | Promise<Said>
    const extend = (given: Readonly<Record<string, Matcher>>) => Object.keys(given)
    expect(extend(matchers)).toEqual(["toMatchTimeline", "toPassChecks"])
  })

  it("says in which line it is another", () => {
    expect(() => assert.toMatchTimeline(other, text)).toThrow(
      "the timeline is another: line 3 differs, - expected, + received:\n    tenuto timeline v2\n             0 ms  service  received  GET /songs\n  -      20000 ms  service  answered 200\n  +      15000 ms  service  answered 200",
    )
    expect(() => assert.toMatchTimeline(`${text}more`, text)).toThrow("line 4 differs")
  })

  it("is the same however git ends its lines, and a missing newline at the end is called by its name", () => {
    assert.toMatchTimeline(text, text.replaceAll("\n", "\r\n"))
    expect(() => assert.toMatchTimeline(text, text.trimEnd())).toThrow("lacks the newline at its end")
    expect(() => assert.toMatchTimeline(text, `${text}\n`)).toThrow("one more newline at its end")
  })

  it("a golden file is written where there is none, but not in CI, and anew when it is asked for", () => {
    vi.stubEnv("CI", "true")
    expect(() => assert.toMatchTimeline(text, golden("a.txt"))).toThrow("there is no golden file")
    expect(() => expect(text).not.toMatchTimeline(golden("a.txt"))).toThrow("there is no golden file")
    vi.stubEnv("CI", undefined)
    assert.toMatchTimeline(text, golden("a.txt"))
    expect(fs.readFileSync(golden("a.txt"), "utf8")).toBe(text)
    expect(() => assert.toMatchTimeline(other, golden("a.txt"))).toThrow("line 3 differs")
    vi.stubEnv("TENUTO_UPDATE", "1")
    assert.toMatchTimeline(other, golden("a.txt"))
    expect(fs.readFileSync(golden("a.txt"), "utf8")).toBe(other)
    fs.rmSync(room, { recursive: true })
  })
})
