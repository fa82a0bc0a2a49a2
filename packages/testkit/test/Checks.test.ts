import { describe, expect, it } from "vitest"
import * as Checks from "@tenuto/testkit/Checks"
import { createKit } from "@tenuto/testkit/Promise"
import type { Exchange } from "@tenuto/testkit/Transcript"
import { apiKey, type Client, make, play, type Told } from "./clients.ts"

const right = make()
const unkeyed = { submitting: () => ({}), isResent: false }
const names = async (client: Client, told?: Told): Promise<ReadonlyArray<string>> => [
  ...new Set(Checks.judge(await play(client, told)).map(({ check }) => check)),
]

interface Mutant {
  readonly name: string
  readonly client: Client
  readonly told?: Told
  /** The checks that kill it; every other lets it live. */
  readonly killers: ReadonlyArray<string>
}

const keyless: Told = { isKeyed: false }

/** An error as clients throw them, with the request in it. */
class RequestError extends Error {
  readonly request: object
  constructor(request: object) {
    super("500 Internal Server Error")
    this.request = request
  }
}

/** One broken client for each check, which it alone sees. */
const alone: ReadonlyArray<Mutant> = [
  {
    name: "asks twice at once, and takes the first that answers",
    client: async (world) => {
      const post = () => world.fetch(`${world.origin}/songs`, { method: "POST", body: { lyrics: "Hold the note" } })
      await Promise.race([post(), post()])
      return {}
    },
    told: { ...keyless, faults: ["slow-head=1@submit:2"] },
    killers: ["created-once"],
  },
  {
    name: "mints its key inside the retry",
    client: make({ submitting: (send) => ({ "idempotency-key": `k${send}` }) }),
    told: { faults: ["reset-before-commit@submit"] },
    killers: ["one-key"],
  },
  {
    name: "changes the body under its key",
    client: make({ body: (send) => ({ lyrics: "Hold the note", attempt: send }) }),
    told: { faults: ["reset-before-commit@submit"] },
    killers: ["one-key"],
  },
  {
    name: "sends again without a key after a 500, as runway does",
    client: make({ ...unkeyed, isResent: true }),
    told: { ...keyless, faults: ["500@submit:2"] },
    killers: ["not-again-unkeyed"],
  },
  {
    name: "does not read Retry-After, as fal does",
    client: make({ pause: () => 2 }),
    told: { faults: ["429=30@look"] },
    killers: ["as-asked"],
  },
  {
    name: "shortens the hint, as smithy does",
    client: make({ pause: (asked = 2) => Math.min(asked, 5.6) }),
    told: { faults: ["503=60@look"] },
    killers: ["as-asked"],
  },
  {
    name: "throws away hints over a minute, as openai does",
    client: make({ pause: (asked = 2) => (asked > 60 ? 0.5 : asked) }),
    told: { faults: ["429=90@submit"] },
    killers: ["as-asked"],
  },
  {
    name: "looks without a pause",
    client: make({ pause: (asked) => asked ?? 0.01 }),
    killers: ["no-hot-loop"],
  },
  {
    name: "looks once more when all is said",
    client: make({ looksAfterEnd: 1 }),
    killers: ["settled-is-final"],
  },
  {
    name: "takes a failed look for failed work, as core-lro does",
    client: make({ failedLook: "failed" }),
    told: { faults: ["503@look"] },
    killers: ["as-told"],
  },
  {
    name: "takes NotSucceeded for success, as core-lro does",
    client: make({ endOf: (word = "") => (/succeeded/i.test(word) ? "succeeded" : undefined) }),
    told: { going: "NotSucceeded" },
    killers: ["as-told"],
  },
  {
    name: "takes work that goes on for success, as replicate does",
    client: make({ endOf: () => "succeeded" }),
    killers: ["as-told"],
  },
  {
    name: "throws errors that hold the request, as replicate does",
    client: make({ ...unkeyed, rejection: (init) => new RequestError(init) }),
    told: { faults: ["500@submit"], isKeyed: false },
    killers: ["secret-kept"],
  },
  {
    name: "follows a redirect with its key",
    client: make(),
    told: { faults: ["redirect@look"] },
    killers: ["key-at-home"],
  },
  {
    name: "shows its key to the host of files",
    client: make({ downloading: { authorization: `Bearer ${apiKey}` } }),
    killers: ["key-at-home"],
  },
  {
    name: "sleeps on after the deadline, as replicate does",
    client: make({ isPunctual: false, pause: () => 3 }),
    told: { deadline: 4 },
    killers: ["within-deadline"],
  },
  {
    name: "never settles, as stripe does when its authenticator fails",
    client: () => new Promise(() => {}),
    killers: ["nothing-unhandled"],
  },
  {
    name: "leaves a rejection to nobody, as runway does",
    client: async () => ({ unhandled: [new Error(apiKey)] }),
    killers: ["nothing-unhandled"],
  },
]

/** What the published packages do, where it breaks several laws at once. */
const measured: ReadonlyArray<Mutant> = [
  {
    name: "replicate: six POSTs in 41 ms after a dropped socket, no key on any",
    client: make({ submitting: () => ({}), pause: () => 0.008 }),
    told: { ...keyless, faults: ["reset-after-commit@submit:5"] },
    killers: ["created-once", "not-again-unkeyed", "no-hot-loop"],
  },
  {
    name: "openai: three POSTs after a 500, and the key that it was given on none",
    client: make({ submitting: () => ({}) }),
    told: { faults: ["500@submit:2"] },
    killers: ["one-key", "not-again-unkeyed"],
  },
  {
    name: "openai: looks for ever at a word it does not know, with no deadline",
    client: make({ pause: () => 0.0015 }),
    told: { going: "scanning", ending: "quarantined", deadline: 2 },
    killers: ["no-hot-loop"],
  },
  {
    name: "core-lro: a hint of thirty days overflows its timer",
    client: make({ pause: (asked = 2) => (asked > 2_147_483 ? 0.001 : asked) }),
    told: { faults: ["429=2592000@look:50"] },
    killers: ["as-asked", "no-hot-loop"],
  },
]

describe("laws", () => {
  it("the right client breaks none, whatever goes wrong", async () => {
    const wrong: Array<unknown> = []
    const faults = [
      "reset-before-commit",
      "reset-after-commit",
      "hang-after-commit",
      "truncated",
      "garbage",
      "html",
      "empty-body",
      "429=30",
      "500",
      "503",
      "503=90",
      "refused",
      "slow-head",
      "wrong-shape",
    ]
    const stories = [
      [],
      ...faults.flatMap((fault) => [[`${fault}@submit`], [`${fault}@look:2`], [`${fault}@submit`, `${fault}@look`]]),
      ...["429=3000@look", "503=2592000@look", "unknown-status@look:always", "503@look:always"].map((fault) => [fault]),
    ]
    for (const story of stories) {
      const run = await play(right, { faults: story })
      const violations = Checks.judge(run)
      if (violations.length > 0 || run.exchanges.length === 0) wrong.push({ story, violations })
    }
    expect(wrong).toEqual([])
    expect(await play(right)).toMatchObject({ claimed: "succeeded", operations: [{ id: "s1", key: "k1" }] })
  })

  it("without a key the right client does not send again what is in doubt, and is told so", async () => {
    for (const fault of ["500@submit", "reset-after-commit@submit", "truncated@submit"]) {
      expect(await names(make(unkeyed), { ...keyless, faults: [fault] }), fault).toEqual([])
    }
  })

  it("what is proved unsent, or refused, goes out again without a key", async () => {
    for (const fault of ["refused@submit:2", "name-not-found@submit", "429=5@submit"]) {
      const client = make({ submitting: () => ({}) })
      expect(await names(client, { ...keyless, faults: [fault] }), fault).toEqual([])
    }
  })

  it.each(alone)("$killers alone sees a client that $name", async ({ client, killers, told }) => {
    expect(await names(client, told)).toEqual(killers)
  })

  it("every check has a client that it alone sees", () => {
    const seen = new Set(alone.flatMap(({ killers }) => killers))
    expect(Checks.all.map(({ name }) => name).filter((name) => !seen.has(name))).toEqual([])
    expect(alone.filter(({ killers }) => killers.length !== 1)).toEqual([])
  })

  it.each(measured)("$name: $killers", async ({ client, killers, told }) => {
    expect(await names(client, told)).toEqual(killers)
  })

  it("no violation shows a secret", async () => {
    const said = await Promise.all(
      [...alone, ...measured].map(async ({ client, told }) => Checks.judge(await play(client, told))),
    )
    expect(said.flat().length).toBeGreaterThan(20)
    expect(said.flat().filter(({ says }) => says.includes(apiKey))).toEqual([])
  })
})

// --- single readings, on transcripts written by hand --------------------------------------------

const post: Exchange = {
  at: 0,
  stage: "submit",
  origin: "http://choir.test",
  method: "POST",
  path: "/songs",
  query: {},
  headers: {},
  body: { lyrics: "La" },
}
const get: Exchange = { ...post, stage: "look", method: "GET", path: "/songs/1", body: "" }
const answered = (exchange: Exchange, status: number, at: number, body?: unknown, headers = {}): Exchange => ({
  ...exchange,
  answer: { at, status, headers, body },
  end: { at, did: "Answered" },
})
const run = (...exchanges: ReadonlyArray<Exchange>): Checks.Run => ({ start: "2026-01-01T00:00:00Z", exchanges })
const found = (given: Checks.Run) => Checks.judge(given).map(({ check }) => check)

describe("hints", () => {
  it.each([
    ["a date", { "retry-after": "Thu, 01 Jan 2026 00:01:00 GMT" }, {}],
    [
      "a date beside the answer's own",
      { "retry-after": "Fri, 02 Jan 2026 00:01:00 GMT", date: "Fri, 02 Jan 2026 00:00:00 GMT" },
      {},
    ],
    ["seconds", { "retry-after": "60" }, {}],
    ["milliseconds in the body", {}, { retryAfterMs: 60_000 }],
    ["the longer of two", { "retry-after": "1" }, { retry_after_ms: 60_000 }],
  ])("%s are read", (_, headers, body) => {
    const told = answered(get, 503, 0, body, headers)
    expect(found(run(told, { ...get, at: 59.99 }))).toEqual(["as-asked"])
    expect(found(run(told, { ...get, at: 60 }))).toEqual([])
  })

  it("what is no hint asks for nothing", () => {
    for (const hint of ["0", "-3", "soon"]) {
      expect(found(run(answered(get, 503, 0, {}, { "retry-after": hint }), { ...get, at: 1 }))).toEqual([])
    }
  })

  it("after 429 nothing at all is sent but a cancel; after 503 nothing of its stage; after 200 nothing for the same", () => {
    const hint = { "retry-after": "60" }
    const other = { ...get, path: "/songs/2", at: 5 }
    const later = { ...post, at: 5 }
    const seen = (status: number, next: Exchange) => found(run(answered(get, status, 0, {}, hint), next))
    expect([seen(429, other), seen(429, later)]).toEqual([["as-asked"], ["as-asked"]])
    const cancel = { ...get, method: "DELETE", stage: "cancel", at: 5 } as const
    expect(seen(429, cancel)).toEqual([])
    expect(found(run(answered({ ...cancel, at: 0 }, 429, 0, {}, hint), cancel))).toEqual(["as-asked"])
    expect([seen(503, other), seen(503, later)]).toEqual([["as-asked"], []])
    expect([seen(200, other), seen(200, { ...get, at: 5 })]).toEqual([[], ["as-asked"]])
  })

  it("what a submit is told of its work binds the first look", () => {
    const told = answered(post, 202, 0, {}, { "retry-after": "60" })
    expect(found(run(told, { ...get, at: 5 }))).toEqual(["as-asked"])
    expect(found(run(told, { ...get, at: 60 }))).toEqual([])
    const polka = answered({ ...post, body: { lyrics: "Lo" } }, 202, 0)
    expect(found(run(told, polka, { ...get, at: 5 }))).toEqual([])
  })

  it("what left before the answer came is not too soon", () => {
    const told = answered(get, 429, 4, {}, { "retry-after": "60" })
    expect(found(run(told, { ...get, path: "/songs/2", at: 3 }, { ...get, path: "/songs/3", at: 4 }))).toEqual([])
  })
})

describe("ends", () => {
  it("an envelope that says success of itself settles nothing", () => {
    const going = answered(get, 200, 0, { status: "success", data: { status: "pending" } })
    expect(found(run(going, { ...get, at: 5 }))).toEqual([])
    const over = answered(get, 200, 0, { status: "success", data: { status: "failed" } })
    expect(found(run(over, { ...get, at: 5 }))).toEqual(["settled-is-final"])
    const half = answered(get, 200, 0, { status: "success", data: { progress: 0.5 } })
    expect(found(run(half, { ...get, at: 5 }))).toEqual([])
    const done = answered(get, 200, 0, { status: "success", data: { done: true } })
    expect(found(run(done, { ...get, at: 5 }))).toEqual(["settled-is-final"])
    // A client that knows when all is there may say so, and whoever judges it too.
    expect(found({ ...run(half), claimed: "succeeded" })).toEqual([])
    expect(found({ ...run(half), claimed: "succeeded", endOf: () => undefined })).toEqual(["as-told"])
  })

  it("without a word of status, done says it, and an error beside it that it failed", () => {
    const told = (body: object, claimed: Checks.Claim) => found({ ...run(answered(get, 200, 0, body)), claimed })
    expect([told({ done: true, response: {} }, "succeeded"), told({ done: true, error: {} }, "failed")]).toEqual([
      [],
      [],
    ])
    expect([told({ done: true, error: {} }, "succeeded"), told({ done: false }, "failed")]).toEqual([
      ["as-told"],
      ["as-told"],
    ])
    expect(told({ done: true, status: "singing" }, "succeeded")).toEqual(["as-told"])
  })

  it.each(["aborted", "TIMED_OUT", "crashed", "terminated"])("%s is no success", (status) => {
    expect(found({ ...run(answered(get, 200, 0, { status })), claimed: "failed" })).toEqual([])
  })

  it("a link that died is renewed by one more look", () => {
    const over = answered(get, 200, 0, { status: "done" })
    const file = { ...get, stage: "download", path: "/files/1", at: 1 } as const
    const again = { ...get, at: 2 }
    expect(found(run(over, answered(file, 403, 1), again))).toEqual([])
    expect(found(run(over, answered(file, 200, 1), again))).toEqual(["settled-is-final"])
  })

  it.each([
    ["a date beside it", { file: { url: "http://store.test/1", expires_at: "2026-01-01T01:00:00Z" } }],
    ["seconds within it", { files: [`http://store.test/1?expires=${Date.UTC(2026, 0, 1, 1) / 1000}&signature=x`] }],
    ["milliseconds beside it", { expiresAt: Date.UTC(2026, 0, 1, 1) }],
  ])("a link that dies by the clock, as %s says, may be renewed without being tried", (_, more) => {
    const over = answered(get, 200, 0, { status: "done", ...more })
    expect(found(run(over, { ...get, at: 3600 }))).toEqual([])
    expect(found(run(over, { ...get, at: 3595 }))).toEqual([])
    expect(found(run(over, { ...get, at: 1800 }))).toEqual(["settled-is-final"])
    const keyed = { ...post, headers: { "idempotency-key": "k" }, at: 3600 }
    expect(found(run(over, keyed))).toEqual(["settled-is-final"])
    // Without a key it is other work.
    expect(found(run(over, { ...post, at: 3600 }))).toEqual([])
  })

  it("that were never told in a word that is known say how they are to be read", () => {
    const says = (body: object) =>
      Checks.judge({ ...run(answered(get, 200, 0, body)), claimed: "succeeded" }).map((violation) => violation.says)
    expect(says({ phase: "available" })).toEqual([expect.stringMatching(/never said so; .* give endOf$/)])
    expect(says({ status: "failed" })).toEqual([expect.stringMatching(/never said so$/)])
  })

  it("each request of many songs is read as often as of few", () => {
    const timesOf = (songs: number): number => {
      const looks = [20, 40, 60].flatMap((at) =>
        Array.from({ length: songs }, (_, song) =>
          answered({ ...get, at, path: `/songs/${song}` }, 200, at, { status: at < 60 ? "singing" : "done" }),
        ),
      )
      let count = 0
      const workOf = ({ path }: Exchange) => (count++, path)
      expect(found({ ...run(...looks), workOf })).toEqual([])
      return count / looks.length
    }
    expect(timesOf(100)).toBe(timesOf(10))
  })

  it("other work goes on", () => {
    const polka = { ...post, body: { lyrics: "Lo" }, at: 2 }
    const over = answered(get, 200, 1, { status: "done" })
    expect(found(run(post, over, polka, { ...get, path: "/songs/2", at: 3 }))).toEqual([])
  })
})

describe("pieces of work", () => {
  const keyed = (key: string, at = 0): Exchange => ({ ...post, at, headers: { "idempotency-key": key } })
  const multipart = (boundary: string, at: number): Exchange => ({
    ...post,
    at,
    headers: { "content-type": `multipart/form-data; boundary=${boundary}` },
    body: `--${boundary}\r\nContent-Disposition: form-data; name="lyrics"\r\n\r\nLa\r\n--${boundary}--\r\n`,
  })

  it("the same words under a second key are other work, once the first was taken", () => {
    const two = [answered(keyed("k1"), 200, 0), answered(keyed("k2"), 200, 0)]
    const operations = [{ id: "1" }, { id: "2" }]
    expect(found({ ...run(...two), operations })).toEqual([])
    const over = answered({ ...get, at: 1 }, 200, 1, { status: "done" })
    expect(
      found({ ...run(answered(keyed("k1"), 200, 0), over, answered(keyed("k2", 2), 200, 2)), operations }),
    ).toEqual([])
    const five = ["k1", "k2", "k3", "k4", "k5"].map((key) => answered(keyed(key), 200, 0))
    expect(found(run(...five))).toEqual([])
  })

  it("a key that goes on with what another was given up for is minted within the retry", () => {
    const given = [answered(keyed("k1"), 500, 0), answered(keyed("k2", 5), 200, 5)]
    expect(found({ ...run(...given), operations: [{ id: "1" }, { id: "2" }] })).toEqual(["created-once", "one-key"])
    const unread = { ...answered(keyed("k1"), 200, 0), fault: "truncated" }
    expect(found(run(unread, answered(keyed("k2", 5), 200, 5)))).toEqual(["one-key"])
  })

  it("what was refused started nothing: it neither hides what was created twice nor binds the next key", () => {
    const twice = ["a", "b"].map((id) => ({ id, key: "k2" }))
    const refused = answered(keyed("k1"), 422, 0)
    const given = run(refused, answered(keyed("k2", 60), 202, 60))
    expect(found(given)).toEqual([])
    expect(found({ ...given, operations: twice.slice(0, 1) })).toEqual([])
    expect(Checks.judge({ ...given, operations: twice })).toEqual([
      { check: "created-once", says: "the service created 2 operations for 1 of what was asked: a, b" },
    ])
    const other = { ...refused, body: { lyrics: "Lo" } }
    expect(found({ ...run(other, answered(keyed("k2"), 202, 0)), operations: twice })).toEqual(["created-once"])
  })

  it("a key that created twice is seen beside one that created nothing, and a key of the service's own is no key", () => {
    const given = [answered(keyed("k1"), 202, 0), answered(keyed("k2"), 202, 0)]
    const created = (...keys: ReadonlyArray<string | undefined>) =>
      found({ ...run(...given), operations: keys.map((key, id) => ({ id: `${id}`, key })) })
    const unkept = [undefined, undefined]
    expect([created("k2", "k2"), created("k1", "k2"), created("s1", "s1"), created(...unkept)]).toEqual([
      ["created-once"],
      [],
      [],
      [],
    ])
    const bare = answered({ ...post, path: "/files" }, 201, 0)
    expect(found({ ...run(bare, ...given), operations: unkept.map((key, id) => ({ id: `${id}`, key })) })).toEqual([])
  })

  it("a key in a body may be a number", () => {
    const counted = (key: number, at: number) => ({ ...post, at, body: { lyrics: "La", idempotency_key: key } })
    expect(found({ ...run(answered(counted(7, 0), 202, 0)), operations: [{ id: "1", key: "7" }] })).toEqual([])
    expect(found(run(answered(counted(7, 0), 500, 0), counted(8, 5)))).toEqual(["one-key"])
  })

  it("two that wait side by side, and both come again, are two", () => {
    const first = [answered(keyed("k1"), 500, 0), answered(keyed("k2"), 500, 0)]
    expect(found(run(...first, answered(keyed("k1", 5), 200, 5), answered(keyed("k2", 5), 200, 5)))).toEqual([])
  })

  it("a form is the same work whatever its boundary", () => {
    const lost = { ...multipart("a1", 0), end: { at: 0, did: "Reset" } } as const
    expect(found(run(lost, multipart("b2", 5)))).toEqual(["not-again-unkeyed"])
  })

  it("a place that takes no keys is asked for none", () => {
    const upload = { ...post, path: "/files" }
    expect(found(run(upload, keyed("k1")))).toEqual([])
    expect(found(run(keyed("k1"), { ...post, body: { lyrics: "Lo" } }))).toEqual(["one-key"])
  })
})

describe("secrets", () => {
  const pem = '-----BEGIN KEY-----\nab"c/d+e=\n-----END KEY-----'

  it.each([
    ["in JSON", JSON.stringify({ pem })],
    ["in a query", encodeURIComponent(pem)],
    ["in base64", btoa(`user:${pem}`)],
  ])("%s are seen", (_, journal) => {
    expect(found({ ...run(), journal, secrets: [pem] })).toEqual(["secret-kept"])
  })

  const odd = `ab"c\\d'e/f>g~~~???é`
  const inBase64 = Buffer.from(`user:${odd}`).toString("base64")
  it.each([
    ["base64 for links", inBase64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")],
    ["hex", Buffer.from(odd).toString("hex")],
    ["small percent escapes", encodeURIComponent(odd).replaceAll(/%../g, (byte) => byte.toLowerCase())],
    ["a link within a link", encodeURIComponent(encodeURIComponent(odd))],
    ["a page", odd.replace(">", "&gt;").replace('"', "&quot;").replace("'", "&#39;")],
    ["JSON within JSON", JSON.stringify(JSON.stringify({ odd }))],
    ["the JSON of PHP", JSON.stringify(odd).replace("/", "\\/")],
    ["the JSON of Python", JSON.stringify(odd).replace("é", "\\u00e9")],
    ["the JSON of Go", JSON.stringify(odd).replace(">", "\\u003e")],
  ])("%s is seen to hold one", (_, log) => {
    expect(found({ ...run(), logs: [log], secrets: [odd] })).toEqual(["secret-kept"])
  })

  it.each([odd, 'ab"c\\d-of-old', pem])("one is seen as a part of a cause, however it is quoted there", (secret) => {
    const thrown = [new Error("bad", { cause: { secret } })]
    expect(found({ ...run(), thrown, secrets: [secret] })).toEqual(["secret-kept"])
  })

  it("are seen on their way to another host, in base64 and within a path, and are not repeated", () => {
    const away = { ...get, origin: "http://store.test", stage: "download", at: 1 } as const
    const basic = { ...away, headers: { authorization: `Basic ${btoa("user:s3cret/key+1")}` } }
    const path = { ...away, path: "/s3cret%2Fkey%2B1/file" }
    for (const exchange of [basic, path]) {
      const violations = Checks.judge({ ...run(post, exchange), secrets: ["s3cret/key+1"] })
      expect(violations.map(({ check }) => check)).toEqual(["key-at-home"])
      expect(JSON.stringify(violations)).not.toContain("s3cret")
    }
  })

  it("are seen far into what was thrown, and what cannot be printed is no reason to break", () => {
    const hidden = Object.defineProperty({}, "key", { value: `${"x".repeat(20_000)}s3cret-key` })
    expect(found({ ...run(), thrown: [hidden], secrets: ["s3cret-key"] })).toEqual(["secret-kept"])
    const refuse = () => {
      throw new Error("no")
    }
    const thrown = [
      Object.create(null),
      { toString: refuse, toJSON: refuse },
      new Proxy({}, { get: refuse }),
      Symbol("s"),
    ]
    expect(found({ ...run(), thrown, secrets: ["s3cret-key"] })).toEqual([])
  })
})

describe("deadlines", () => {
  it("a request that is still held, or let go too late, is seen", () => {
    const at = (end?: Exchange["end"]) => found({ ...run({ ...get, ...(end && { end }) }), deadline: 10 })
    expect([at(), at({ at: 11, did: "Left" }), at({ at: 10, did: "Left" })]).toEqual([
      ["within-deadline"],
      ["within-deadline"],
      [],
    ])
  })

  it("one that has not come is missed by nobody", () => {
    const at = (openUntil: number) => found({ ...run({ ...get, openUntil }), deadline: 10 })
    expect([at(0), at(10), at(11)]).toEqual([[], [], ["within-deadline"]])
  })

  it("a request that is open is held after the deadline once that has come", async () => {
    await using kit = await createKit({ service: () => new Promise<Response>(() => {}) })
    await kit.run(({ url }) => {
      fetch(url).catch(() => {})
      return fetch(url, { signal: AbortSignal.timeout(1000) }).catch(() => {})
    })
    expect(await kit.judge({ deadline: 60 })).toEqual([])
    await kit.advance("2 minutes")
    expect((await kit.judge({ deadline: 60 })).map(({ check }) => check)).toEqual(["within-deadline"])
  })

  it("a caller that is told too late is seen", () => {
    expect([found({ ...run(), deadline: 10, took: 12 }), found({ ...run(), deadline: 10, took: 10 })]).toEqual([
      ["within-deadline"],
      [],
    ])
  })
})

describe("secrets", () => {
  const secret = "s3cret-0123"
  it.each([
    ["the timeline", { timeline: `GET /songs?key=${secret}` }],
    ["the journal", { journal: `{"key":"${secret}"}` }],
    ["a log", { logs: ["fine", `using ${secret}`] }],
    ["a message", { thrown: [new Error(`bad key ${secret}`)] }],
    ["a cause", { thrown: [new Error("bad", { cause: new Error(secret) })] }],
    ["JSON", { thrown: [{ toJSON: () => secret }] }],
    [
      "a value that holds itself",
      { thrown: [Object.assign(Object.create(null, {}), { secret }, { toString: () => "" })] },
    ],
  ])("one in %s is seen, and not repeated", (_, where) => {
    const violations = Checks.judge({ ...run(), ...where, secrets: [secret] })
    expect([...new Set(violations.map(({ check }) => check))]).toEqual(["secret-kept"])
    expect(JSON.stringify(violations)).not.toContain(secret)
  })

  it("an empty text is no secret", () => {
    expect(found({ ...run(get), secrets: [""], timeline: "la" })).toEqual([])
  })
})

it("every check says what it demands, and which law that is", () => {
  for (const { law, name, says } of Checks.all) {
    expect([name, says]).toEqual([expect.stringMatching(/^[a-z-]+$/), expect.stringMatching(/^.{20,120}$/)])
    expect(law).toBeGreaterThanOrEqual(1)
  }
})
