import { describe, expect, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { Request } from "@tenuto/http/Exchange"
import { Transport, Unanswered, Unsent } from "@tenuto/http/Transport"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import * as Cassette from "@tenuto/testkit/Cassette"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"

const limits = { timeout: Duration.seconds(30), maxBytes: 1_000_000n }
const base = "http://service.test"
const encode = (text: string) => new TextEncoder().encode(text)
const get = (url: string, headers: Request["headers"] = {}): Request => ({ method: "GET", url, headers })
const post = (url: string, body: Schema.Json, headers: Request["headers"] = {}): Request => ({
  method: "POST",
  url,
  headers: { "content-type": "application/json", ...headers },
  body: encode(JSON.stringify(body)),
})

/** What becomes of one request, in words. */
const send = (request: Request, most = limits) =>
  Transport.use((transport) => transport.send(request, most)).pipe(
    Effect.map(({ body, status }) => `${status} ${new TextDecoder().decode(body)}`),
    Effect.catch((error) => Effect.succeed(`${error._tag} ${error.problem}`)),
  )
/** The same of an answer that is streamed. */
const stream = (request: Request) =>
  Effect.gen(function* () {
    const { body, status } = yield* (yield* Transport).open(request, limits)
    const clock = yield* Clock.Clock
    const head = clock.currentTimeMillisUnsafe()
    const text = yield* body.pipe(
      Stream.decodeText,
      Stream.mkString,
      Effect.catch((error) => Effect.succeed(error.problem)),
    )
    return `${status} ${text} ${clock.currentTimeMillisUnsafe() - head}`
  }).pipe(
    Effect.scoped,
    Effect.catch((error) => Effect.succeed(error.problem)),
  )
const timed = <A, R>(effect: Effect.Effect<A, never, R>) =>
  Effect.map(Effect.timed(effect), ([took, said]) => [Duration.toMillis(took), said] as const)

const virtual = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(Effect.flatten(VirtualClock.run(effect)))
const taped = <A>(handler: Emulator.Handler, program: Effect.Effect<A, never, Transport>, secrecy?: Cassette.Secrecy) =>
  Effect.all({ said: program, cassette: Cassette.recorded }).pipe(
    Effect.provide(Cassette.recording(Emulator.layerMemory(handler), secrecy)),
  )
const play = <A>(
  cassette: Cassette.Cassette,
  program: Effect.Effect<A, never, Transport>,
  options?: Cassette.PlayOptions,
) =>
  Effect.gen(function* () {
    const { handler, verify } = yield* Cassette.play(cassette, options)
    const said = yield* Effect.provide(program, Emulator.layerMemory(handler))
    return { said, verdict: yield* Effect.result(verify) }
  })
const done = { _tag: "Success" }

describe("laws of secrecy", () => {
  // Long enough to be a secret, and made of whatever may be in one.
  const Secret = Schema.String.check(Schema.isPattern(/^[!-~éß€ ]{8,40}$/))
  const Story = Schema.Struct({ secret: Secret, other: Secret })
  const hidden = (text: string, secret: string) => {
    const form = new URLSearchParams({ a: secret }).toString().slice(2)
    for (const one of [secret, form, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
      expect(text).not.toContain(one)
    }
    expect(text).not.toContain(btoa(String.fromCharCode(...encode(secret))).slice(0, 8))
    return true
  }
  const echo: Emulator.Handler = ({ body, headers, url }) =>
    Effect.succeed(
      Emulator.json(
        200,
        { again: new TextDecoder().decode(body), link: url, deep: [{ [headers["x-name"] ?? "none"]: 1 }] },
        { location: url, "x-said": encodeURIComponent(headers["x-name"] ?? "") },
      ),
    )
  const bytes =
    (secret: string): Emulator.Handler =>
    () =>
      Effect.succeed(Emulator.answer(200, new Uint8Array([0xff, ...encode(secret), 0xfe, ...encode(secret)])))

  it.effect("no secret is in the text, wherever it was seen first and wherever it comes again", () =>
    Arbitrary.checkEffect(
      Arbitrary.schema(Story),
      ({ other, secret }) =>
        Effect.gen(function* () {
          const query = new URLSearchParams({ api_key: secret }).toString()
          const places: ReadonlyArray<Request> = [
            get(`${base}/a`, { authorization: `Bearer ${secret}`, "x-name": secret }),
            get(`${base}/a?${new URLSearchParams({ note: secret }).toString()}`, { authorization: secret }),
            get(`${base}/a`, { "x-own": Redacted.make(secret), "x-name": secret }),
            get(`${base}/a?${query}`, { "x-name": secret }),
            get(
              `${base}/a?note=${encodeURIComponent(`https://files.test/f?X-Amz-Signature=${encodeURIComponent(secret)}`)}`,
            ),
            post(`${base}/a`, { deep: [{ client_secret: secret }], note: `it is ${secret}`, [secret]: 1 }),
            post(
              `${base}/a`,
              `see https://files.test/f?${new URLSearchParams({ sig: secret }).toString()} and ${secret}`,
            ),
          ]
          for (const place of places) {
            const { cassette } = yield* taped(echo, send(place))
            hidden(Cassette.render(cassette), secret)
          }
          const secrecy = { values: [secret, Redacted.make(other)] }
          for (const handler of [echo, bytes(secret), bytes(other)]) {
            const { cassette } = yield* taped(
              handler,
              send(post(`${base}/${encodeURIComponent(other)}`, [secret, other])),
              secrecy,
            )
            hidden(Cassette.render(cassette), secret)
            hidden(Cassette.render(cassette), other)
          }
          return true
        }),
      { runs: 40, seed: 11 },
    ).pipe(Effect.map((result) => expect(result._tag).toBe("Passed"))),
  )

  it("a mutant that looks for the secret as it was given is caught", () => {
    const secret = 'pass "word" é'
    const open = JSON.stringify([`${base}?${new URLSearchParams({ key: secret }).toString()}`, { note: secret }])
    const written = (text: string) => [text, encodeURIComponent(secret), btoa(String.fromCharCode(...encode(secret)))]
    for (const mutant of written(open.replaceAll(secret, "withheld"))) expect(() => hidden(mutant, secret)).toThrow()
  })

  it("a link that came with an answer is known when it is fetched, and links stay apart", async () => {
    const handler: Emulator.Handler = ({ url }) =>
      Effect.succeed(
        new URL(url).pathname === "/list"
          ? Emulator.json(
              200,
              ["one", "two"].map((name) => `${base}/f?sig=${name.repeat(5)}`),
            )
          : Emulator.answer(200, new URL(url).searchParams.get("sig") === "one".repeat(5) ? "first" : "second"),
      )
    const fetchAll = Effect.gen(function* () {
      const listed = yield* send(get(`${base}/list`, { authorization: "Bearer of-this-run" }))
      const links = JSON.parse(listed.slice(4)) as ReadonlyArray<string>
      return yield* Effect.forEach(links.toReversed(), (link) => send(get(link)))
    })
    const { cassette, said } = await virtual(taped(handler, fetchAll))
    expect(said).toEqual(["200 second", "200 first"])
    expect(await virtual(play(cassette, fetchAll))).toMatchObject({ said, verdict: done })
  })

  it("a credential of two words is one secret, and a scheme before it is none", async () => {
    for (const [sent, kept] of [
      ["swordfish of", "withheld-1"],
      ["Bearer swordfish", "Bearer withheld-1"],
    ] as const) {
      const request = get(`${base}/${encodeURIComponent(sent)}`, { authorization: sent, "x-name": sent })
      const { cassette } = await virtual(taped(echo, send(request)))
      expect(cassette.exchanges[0]?.request.headers["authorization"]).toBe(kept)
      expect(Cassette.render(cassette)).not.toContain("swordfish")
    }
  })

  const form = (name: string, more = "") =>
    encode(
      `--b\r\nContent-Disposition: form-data; name=${name}\r\n\r\nsw0rdfish-of-old\r\n--b\r\n\r\n${more}\r\n--b--\r\n`,
    )
  const parted = { "content-type": "multipart/form-data; boundary=b" }
  it.each<readonly [string, Request]>([
    ["a header that ends in a key", get(`${base}/a`, { "ocp-apim-subscription-key": "sw0rdfish-of-old" })],
    ["a function's key", get(`${base}/a`, { "x-functions-key": "sw0rdfish-of-old" })],
    ["x-key", get(`${base}/a`, { "x-key": "sw0rdfish-of-old" })],
    ["JSON within text", { ...post(`${base}/a`, {}), body: encode('{"api_key":"sw0rdfish-of-old"}\n{}\n') }],
    ["JSON within JSON", post(`${base}/a`, { payload: '{"api_key": "sw0rdfish-of-old"}' })],
    ["a part of a form", { method: "POST", url: `${base}/a`, headers: parted, body: form('"api_key"') }],
    ["a part whose name stands bare", { method: "POST", url: `${base}/a`, headers: parted, body: form("api_key") }],
    [
      "a part of a form with bytes in it",
      { method: "POST", url: `${base}/a`, headers: parted, body: new Uint8Array([...form('"api_key"'), 0xff]) },
    ],
    ...[
      "x-auth-key",
      "x-auth",
      "x-session",
      "x-bearer",
      "x-pin",
      "x-access-code",
      "fastly-key",
      "dd-application-key",
    ].map((name) => [name, get(`${base}/a`, { [name]: "sw0rdfish-of-old" })] as const),
    ...["pwd", "pass", "passcode", "pw", "sid", "tokens", "auth_key"].flatMap((name) => [
      [`${name} in a query`, get(`${base}/a?${name}=sw0rdfish-of-old`)] as const,
      [`${name} in JSON`, post(`${base}/a`, { [name]: "sw0rdfish-of-old" })] as const,
    ]),
    ["a secret with members", post(`${base}/a`, { secret: { value: "sw0rdfish-of-old" } })],
    ["a pin among credentials", post(`${base}/a`, { credentials: { pin: "sw0rdfish-of-old" } })],
    ["credentials in a list", post(`${base}/a`, { credentials: [{ id: "u", value: "sw0rdfish-of-old" }] })],
    [
      "JSON that is kept as text",
      { ...post(`${base}/a`, {}), body: encode('{"level":1.0,"credentials":[{"value":"sw0rdfish-of-old"}]}') },
    ],
    ["an element of XML", { ...post(`${base}/a`, {}), body: encode("<a><password>sw0rdfish-of-old</password></a>") }],
    ["the name of a link without a password", get("http://sw0rdfish-of-old@service.test/a")],
    ["the name of a link with an empty password", post(`${base}/a`, "see http://sw0rdfish-of-old:@service.test/a")],
    [
      "a part of a form that was cut off",
      { method: "POST", url: `${base}/a`, headers: parted, body: form('"api_key"').subarray(0, 76) },
    ],
    ["a name without a password", get(`${base}/a`, { authorization: `Basic ${btoa("sw0rdfish-of-old:")}` })],
  ])("%s is one", async (_, request) => {
    const busy: Emulator.Handler = () => Effect.succeed(Emulator.json(401, { detail: "sw0rdfish-of-old is no key" }))
    const { cassette } = await virtual(taped(busy, send(request)))
    expect(Cassette.render(cassette)).not.toContain("sw0rdfish")
    expect(Cassette.render(cassette)).toContain("withheld")
  })

  it.each([
    ["in base64", "sw0rdfish/of old", btoa("user:sw0rdfish/of old")],
    ["in base64 for links", "sw0rdfish???>>>of", btoa("sw0rdfish???>>>of").replaceAll("/", "_").replaceAll("+", "-")],
    ["in small percent escapes", "sw0rdfish/of old", "sw0rdfish%2fof%20old"],
    ["in hex", "sw0rdfish/of old", Buffer.from("sw0rdfish/of old").toString("hex")],
    ["in markup", "sw0rdfish<of>old", "sw0rdfish&lt;of&gt;old"],
  ])("a copy of one is withheld %s", async (_, secret, copy) => {
    const request = get(`${base}/a`, { authorization: `Bearer ${secret}` })
    const handler: Emulator.Handler = () => Effect.succeed(Emulator.json(401, { detail: `not ${copy}` }))
    const { cassette } = await virtual(taped(handler, send(request)))
    expect(Cassette.render(cassette)).not.toContain(copy)
  })

  it.each(["sk_live_12345678", "dXNlcl8_cGFz", "sekret+val/ue="])(
    "called basic, and no base64, is one: %s",
    async (value) => {
      const request = get(`${base}/a`, { authorization: `Basic ${value}` })
      const { cassette } = await virtual(
        taped(() => Effect.succeed(Emulator.json(401, { detail: value })), send(request)),
      )
      expect(Cassette.render(cassette)).not.toContain(value)
    },
  )

  it.each([
    ["links within links", "http://a.test/?x=".repeat(2000)],
    ["a form with many names and no end", 'x; name="a"\r\n\r\n'.repeat(60_000)],
    ["what looks like tokens", "-eyJabcdefgh".repeat(20_000)],
  ])("much of it does no harm: %s", async (_, text) => {
    const handler: Emulator.Handler = () => Effect.succeed(Emulator.answer(200, text, { "content-type": "text/plain" }))
    const request = { method: "POST", url: `${base}/a`, headers: parted, body: encode(text) }
    const { cassette } = await virtual(taped(handler, send(request)))
    expect(cassette.exchanges).toHaveLength(1)
  })

  it("one as long as a picture is withheld, and its copies", async () => {
    const picture = "c2NvcmU9".repeat(100_000)
    const handler: Emulator.Handler = () => Effect.succeed(Emulator.json(200, { again: `it is ${picture}` }))
    const { cassette } = await virtual(taped(handler, send(post(base, { signature: picture }))))
    expect(cassette.exchanges[0]?.response?.json).toEqual({ again: "it is withheld-secret-1" })
  })

  it("a number is one where its name says so, and a small one or a time is none", async () => {
    const body = { password: 12345678901, secret_expires_at: 1767225600, token: 7, id: 12345678901, sum: 912345678901 }
    const handler: Emulator.Handler = () => Effect.succeed(Emulator.json(200, body))
    const { cassette } = await virtual(taped(handler, send(post(base, body))))
    const shown = { ...body, password: "withheld-1", id: "withheld-1" }
    expect(cassette.exchanges[0]).toMatchObject({ request: { json: shown }, response: { json: shown } })
    expect((await virtual(play(cassette, send(post(base, body))))).verdict).toMatchObject(done)
  })

  it("what is said about one is told", async () => {
    const body = {
      signatures: [{ id: "s-1", status: "awaiting", signed_at: "2026-01-01", value: "sw0rdfish-of-old" }],
      usage: { max_tokens: 4096 },
    }
    const headers = { "idempotency-key": "key-of-then", "surrogate-key": "songs" }
    const handler: Emulator.Handler = () => Effect.succeed(Emulator.json(200, body))
    const { cassette } = await virtual(taped(handler, send(get(base, headers))))
    expect(cassette.exchanges[0]?.request.headers).toMatchObject(headers)
    expect(cassette.exchanges[0]?.response?.json).toEqual({
      ...body,
      signatures: [{ ...body.signatures[0], value: "withheld-secret-1" }],
    })
  })

  it("a word is looked for where it stands alone, and is no name of the service's", async () => {
    const answer = { password: true, required: ["passwordless", "a password", "a%20password"] }
    const handler: Emulator.Handler = () => Effect.succeed(Emulator.json(200, answer))
    const asking = send(post(base, { password: "password" }))
    const { cassette } = await virtual(taped(handler, asking))
    expect(cassette.exchanges[0]).toMatchObject({
      request: { json: { password: "withheld-1" } },
      response: { json: { password: true, required: ["passwordless", "a withheld-1", "a%20withheld-1"] } },
    })
    expect((await virtual(play(cassette, asking))).verdict).toMatchObject(done)
    const told = await virtual(taped(handler, asking, { values: ["password"] }))
    expect(Cassette.render(told.cassette)).not.toContain("password")
  })

  it("a recording that is recorded again stays as it is", async () => {
    const body = {
      credentials: [{ value: "sw0rdfish-of-old" }],
      password: 12345678901,
      note: `${btoa("me:sw0rdfish-of-old")} <pwd>sw0rdfish</pwd> http://sw0rdfish@service.test/`,
    }
    const asking = (json: Schema.Json, headers: Request["headers"]) => send(post(`${base}/a`, json, headers))
    const handler: Emulator.Handler = ({ body }) =>
      Effect.succeed(Emulator.json(200, JSON.parse(new TextDecoder().decode(body))))
    const once = await virtual(taped(handler, asking(body, { "x-auth-key": "sw0rdfish-of-old" })))
    const { headers, json = null } = once.cassette.exchanges[0]?.request ?? { headers: {} }
    const twice = await virtual(taped(handler, asking(json, headers)))
    expect(twice.cassette.exchanges[0]?.request).toEqual(once.cassette.exchanges[0]?.request)
  })

  it("a link without a query that the client keeps to itself is withheld as a whole", async () => {
    const link = `${base}/files/4f9d2c71e8.flac`
    const handler: Emulator.Handler = () => Effect.succeed(Emulator.json(200, { link }))
    const { cassette } = await virtual(taped(handler, send({ method: "GET", url: Redacted.make(link), headers: {} })))
    expect(Cassette.render(cassette)).not.toContain("4f9d2c71e8")
    expect(cassette.exchanges[0]?.response?.json).toEqual({ link: cassette.exchanges[0]?.request.url })
  })

  it("more can be withheld by name, and less only where an exception names it", async () => {
    const handler: Emulator.Handler = () => Effect.succeed(Emulator.json(200, { pin: "1234", page_token: "next" }))
    const shown = async (secrecy?: Cassette.Secrecy) =>
      (await virtual(taped(handler, send(get(base)), secrecy))).cassette.exchanges[0]?.response?.json
    expect(await shown()).toEqual({ pin: "1234", page_token: "withheld-1" })
    expect(await shown({ names: ["PIN"] })).toEqual({ pin: "withheld-1", page_token: "withheld-2" })
    expect(await shown({ except: ["pageToken"] })).toEqual({ pin: "1234", page_token: "next" })
  })
})

describe("a cassette", () => {
  const make = (...exchanges: ReadonlyArray<readonly [method: string, url: string, text: string]>) =>
    Cassette.Cassette.make({
      exchanges: exchanges.map(([method, url, text]) =>
        Cassette.Exchange.make({
          request: Cassette.Asked.make({ method, url }),
          response: Cassette.Answered.make({ status: 200, text }),
        }),
      ),
    })
  const recording = make(
    ["GET", "/op?id=1", "one, first"],
    ["GET", "/op?id=2", "two"],
    ["GET", "/op?id=1", "one, second"],
    ["PUT", "/op", "put"],
  )
  const all = (...requests: ReadonlyArray<readonly [string, string]>) =>
    Effect.forEach(requests, ([method, path]) => send({ method, url: `${base}${path}`, headers: {} }))

  it("answers each request with what came next for it, once", async () => {
    const { said, verdict } = await virtual(
      play(recording, all(["PUT", "/op"], ["GET", "/op?id=1"], ["GET", "/op?id=1"], ["GET", "/op?id=2"])),
    )
    expect(said).toEqual(["200 put", "200 one, first", "200 one, second", "200 two"])
    expect(verdict).toMatchObject(done)
  })

  it("never repeats itself: a request too many is answered 501, and told", async () => {
    const { said, verdict } = await virtual(play(recording, all(["PUT", "/op"], ["PUT", "/op"])))
    expect(said[1]).toContain("501")
    expect(verdict).toMatchObject({ failure: { _tag: "Unmatched", method: "PUT", path: "/op", played: 1 } })
  })

  it("tells what nobody asked for", async () => {
    const { verdict } = await virtual(play(recording, all(["PUT", "/op"], ["GET", "/op?id=2"])))
    expect(verdict).toMatchObject({ failure: { _tag: "Unplayed", left: ["GET /op?id=1", "GET /op?id=1"] } })
  })

  it("names the nearest recorded request and the difference, and no secret", async () => {
    const cassette = make(["GET", "/op?id=1", "one"], ["GET", "/far", "far"])
    const { verdict } = await virtual(play(cassette, all(["GET", "/op?id=2&api_key=s3cr3t-of-mine"])))
    expect(verdict).toMatchObject({
      failure: {
        message:
          'GET /op was not recorded; the nearest is exchanges.0, GET /op?id=1: query.id is "2", recorded "1"; query.api_key is "withheld", and was not recorded',
      },
    })
  })

  it("looks at bodies but for what is minted fresh, and answers with the fresh text", async () => {
    const handler: Emulator.Handler = ({ body }) =>
      Effect.succeed(Emulator.json(200, JSON.parse(new TextDecoder().decode(body))))
    const order = (prompt: string, key: string, at: string) =>
      send(post(base, { prompt, idempotencyKey: key, sent_at: at }))
    const { cassette } = await virtual(taped(handler, order("waltz", "key-of-then", "2026-01-01")))
    const again = await virtual(play(cassette, order("waltz", "key-of-today", "2027-02-02"), { volatile: ["sentAt"] }))
    expect(again).toEqual({
      said: '200 {"prompt":"waltz","idempotencyKey":"key-of-today","sent_at":"2027-02-02"}',
      verdict: expect.objectContaining(done),
    })
    const { verdict } = await virtual(play(cassette, order("march", "key-of-today", "2027-02-02")))
    expect(verdict).toMatchObject({
      failure: {
        differences: [
          'body.prompt is "march", recorded "waltz"',
          'body.sent_at is "2027-02-02", recorded "2026-01-01"',
        ],
      },
    })
  })

  it("answers each with its own key, where the keys of then come again for other work", async () => {
    const handler: Emulator.Handler = ({ body }) =>
      Effect.succeed(Emulator.json(200, JSON.parse(new TextDecoder().decode(body))))
    const order = (key: string, prompt: string) => send(post(base, { idempotency_key: key, prompt }))
    const [one, other] = ["11111111-aaaa", "22222222-bbbb"] as const
    const both = (first: string, second: string) =>
      Effect.all([order(first, "waltz"), order(second, "march")], { concurrency: 2 })
    const late: Emulator.Handler = (request) => Effect.delay(handler(request), "1 second")
    const { cassette } = await virtual(taped(late, both(one, other)))
    const { said, verdict } = await virtual(play(cassette, both(other, one)))
    expect(said).toEqual([
      `200 {"idempotency_key":"${other}","prompt":"waltz"}`,
      `200 {"idempotency_key":"${one}","prompt":"march"}`,
    ])
    expect(verdict).toMatchObject(done)
  })

  it("looks through a long text that holds many withheld ones once", async () => {
    const list = Array.from({ length: 12 }, (_, at) => `withheld-${at + 1}`).join(",")
    const cassette = Cassette.Cassette.make({
      exchanges: [
        Cassette.Exchange.make({
          request: Cassette.Asked.make({ method: "POST", url: "/", text: `${list},end` }),
          response: Cassette.Answered.make({ status: 200 }),
        }),
      ],
    })
    const long = "x,".repeat(400)
    const asked = (body: string) => send({ method: "POST", url: base, headers: {}, body: encode(body) })
    const { said } = await virtual(play(cassette, Effect.all([asked(`${long}no`), asked(`${long}end`)])))
    expect(said).toEqual([expect.stringMatching(/^501 /), "200 "])
  })

  it("knows a form of many parts whatever its boundary, and by its bytes", async () => {
    const handler: Emulator.Handler = () => Effect.succeed(Emulator.answer(201))
    const upload = (boundary: string, byte: number) => {
      const part = encode(`--${boundary}\r\ncontent-disposition: form-data; name="file"\r\n\r\n`)
      const body = new Uint8Array([...part, 0xff, byte, ...encode(`\r\n--${boundary}--`)])
      const headers = { "content-type": `multipart/form-data; boundary="${boundary}"` }
      return send({ method: "POST", url: base, headers, body })
    }
    const { cassette } = await virtual(taped(handler, upload("one", 0xfe)))
    expect((await virtual(play(cassette, upload("another", 0xfe)))).verdict).toMatchObject(done)
    expect((await virtual(play(cassette, upload("another", 0xfd)))).verdict).toMatchObject({
      failure: { _tag: "Unmatched", differences: [expect.stringMatching(/^body is /)] },
    })
  })

  it("keeps JSON as JSON, text as text and anything else as bytes", async () => {
    const bodies: ReadonlyArray<readonly [string | Uint8Array, string?]> = [
      ['{"a":[1,null]}', "application/problem+json"],
      ["42", "text/plain"],
      ['{"a":1'],
      ["[".repeat(500) + "]".repeat(500), "application/json"],
      [new Uint8Array([0, 255, 254])],
      [""],
    ]
    for (const [body, type] of bodies) {
      const answer = Emulator.answer(200, body, type === undefined ? {} : { "content-type": type })
      const { cassette, said } = await virtual(taped(() => Effect.succeed(answer), send(get(base))))
      const reread = Effect.runSync(Cassette.parse(Cassette.render(cassette)))
      expect(reread).toEqual(cassette)
      expect((await virtual(play(reread, send(get(base))))).said).toEqual(said)
    }
  })
})

describe("what happens to a request", () => {
  it.each([
    ["a number that is too long", '{"id": 12345678901234567890}'],
    ["a number with a point", '{"level": 1.0, "most": 1e2}'],
    ["a member that comes twice", '{"a": 1, "a": 2}'],
    ["members that count", '{"2": 1, "1": 2}'],
    ["a mark at the beginning", "\uFEFF{}"],
  ])("its answer comes back as it was: %s", async (_, body) => {
    const answer = Emulator.answer(200, body, { "content-type": "application/json" })
    const raw = Transport.use((transport) => Effect.orDie(transport.send(get(base), limits))).pipe(
      Effect.map((response) => response.body),
    )
    const { cassette, said } = await virtual(taped(() => Effect.succeed(answer), raw))
    expect(said).toEqual(encode(body))
    expect((await virtual(play(Effect.runSync(Cassette.parse(Cassette.render(cassette))), raw))).said).toEqual(said)
  })

  it("its answer leads to the port it is played on, where JSON is kept as text", async () => {
    const body = String.raw`{"level":1.0,"next":"http:\/\/service.test\/next"}`
    const answer = Emulator.answer(200, body, { "content-type": "application/json" })
    const { cassette } = await virtual(taped(() => Effect.succeed(answer), send(get(base))))
    const { said } = await virtual(play(cassette, send(get("http://elsewhere.test"))))
    expect(said).toContain(String.raw`"http:\/\/elsewhere.test\/next"`)
  })

  const song = Emulator.json(200, { song: "la".repeat(20) }).response
  const { Behaviour } = Emulator
  const behaviours: ReadonlyArray<readonly [string, Emulator.Behaviour]> = [
    ["an answer", Behaviour.Answered({ response: song })],
    [
      "a slow answer",
      Behaviour.Slowed({ response: song, head: Duration.seconds(3), piece: { bytes: 10, every: Duration.seconds(1) } }),
    ],
    ["a reset", Behaviour.Reset()],
    ["silence", Behaviour.Hung()],
    ["a refusal", Behaviour.Refused()],
    ["no name", Behaviour.Unnamed()],
    ["no HTTP", Behaviour.Garbled({ bytes: encode("nonsense") })],
    ["a body cut short", Behaviour.Truncated({ response: song, bytes: 9, isReset: false })],
    ["a wrong length", Behaviour.Misdeclared({ response: song, declared: 500 })],
    ["too much", Behaviour.Answered({ response: { ...song, body: new Uint8Array(1_000_001) } })],
  ]
  it.each(behaviours)("happens again, sent and streamed: %s", async (_, behaviour) => {
    const handler: Emulator.Handler = () => Effect.delay(Effect.succeed(behaviour), "2 seconds")
    const program = Effect.all([timed(send(get(base))), timed(stream(get(base)))])
    const { cassette, said } = await virtual(taped(handler, program))
    const again = await virtual(play(Effect.runSync(Cassette.parse(Cassette.render(cassette))), program))
    expect(again).toMatchObject({ said, verdict: done })
  })

  it("is given up again by a client that gives it up", async () => {
    const handler: Emulator.Handler = () => Effect.never
    const program = timed(Effect.timeoutOption(send(get(base)), "7 seconds"))
    const { cassette, said } = await virtual(taped(handler, program))
    expect(cassette.exchanges).toMatchObject([{ took: Duration.seconds(7) }])
    expect(await virtual(play(cassette, program))).toMatchObject({ said, verdict: done })
  })

  it("keeps what was read of a body that nobody read to its end, and the reader's pauses are not the service's", async () => {
    const piece = { bytes: 10, every: Duration.seconds(1) }
    const handler: Emulator.Handler = () =>
      Effect.succeed(Behaviour.Slowed({ response: song, head: Duration.zero, piece }))
    const reading = Effect.gen(function* () {
      const { body, headers } = yield* (yield* Transport).open(get(base), limits)
      const read = yield* body.pipe(
        Stream.tap(() => Effect.sleep("5 seconds")),
        Stream.flatMap((chunk) => Stream.fromIterable(chunk)),
        Stream.take(15),
        Stream.runCollect,
      )
      return [headers["content-length"], new TextDecoder().decode(Uint8Array.from(read))]
    }).pipe(Effect.scoped, Effect.orDie)
    const { cassette, said } = await virtual(taped(handler, reading))
    expect(cassette.exchanges).toMatchObject([{ response: { isCut: true }, took: Duration.seconds(1) }])
    const [length, text] = (
      await virtual(
        play(
          cassette,
          Effect.map(reading, (read) => read),
        ),
      )
    ).said
    expect([length, text]).toEqual(said)
  })

  it("leads to the port it is played on, by every link", async () => {
    const handler: Emulator.Handler = ({ url }) =>
      Effect.succeed(
        Emulator.json(200, { next: `${base}/next` }, { location: `${base}/next?of=${new URL(url).pathname}` }),
      )
    const both = Effect.andThen(send(get(`${base}/first`)), send(get(`${base}/next`)))
    const { cassette } = await virtual(taped(handler, both))
    const played = Effect.gen(function* () {
      const service = yield* Cassette.play(cassette)
      const { url } = yield* Emulator.serve(service.handler)
      const first = yield* send(get(`${url}/first`))
      const { next } = JSON.parse(first.slice(4)) as { readonly next: string }
      yield* send(get(next))
      yield* service.verify
      return next === `${url}/next`
    }).pipe(Effect.provide(VirtualClock.transport(NodeTransport.layer)), Effect.scoped)
    expect(await virtual(played)).toBe(true)
  })

  it("is told by the transport's own proofs: what never left is no answer", async () => {
    const refused = new Unsent({ problem: "Tls", detail: "a certificate" })
    const lost = new Unanswered({ problem: "Opaque", detail: "s3cr3t-detail" })
    const broken = Layer.succeed(Transport, { send: () => Effect.fail(refused), open: () => Effect.fail(lost) })
    const program = Effect.all([send(get(base)), stream(get(base)), Cassette.recorded])
    const [, , cassette] = await Effect.runPromise(Effect.provide(program, Cassette.recording(broken)))
    expect(cassette.exchanges.map(({ failure }) => failure)).toEqual([{ unsent: "Tls" }, { unanswered: "Opaque" }])
    expect(Cassette.render(cassette)).not.toContain("s3cr3t-detail")
  })
})

describe("a text that is no cassette", () => {
  const good = `{"version":1,\n"exchanges":[{"request":{"method":"GET","url":"/"},"response":{"status":200}}]}`
  const refused = async (text: string) => {
    const exit = await Effect.runPromiseExit(Cassette.parse(text))
    return Exit.isFailure(exit) ? Cause.squash(exit.cause) : "it was read"
  }

  it("that is one is read, with what it leaves out", async () => {
    expect(await refused(good)).toBe("it was read")
    expect(Effect.runSync(Cassette.parse(good)).exchanges).toMatchObject([
      { at: Duration.zero, took: Duration.zero, request: { headers: {} }, response: { headers: {} } },
    ])
  })

  it("is refused with what is wrong, and where", async () => {
    const cases = {
      [good.slice(0, 40)]: { problem: "Truncated", where: "line 2, column 27" },
      [good.slice(0, -2)]: { problem: "Truncated" },
      "": { problem: "Truncated", where: "line 1, column 1" },
      [good.replace('"GET"', "GET")]: { problem: "NotJson", where: "line 2, column 35" },
      [good.replace("1", "2")]: { problem: "Version", where: "version" },
      "[]": { problem: "Version" },
      [good.replace('"GET"', "7")]: { problem: "Shape", where: "exchanges.0.request.method" },
      [good.replace('"status"', '"state"')]: {
        problem: "Shape",
        where: expect.stringContaining("exchanges.0.response"),
      },
    }
    for (const [text, fault] of Object.entries(cases)) {
      expect(await refused(text)).toMatchObject({ _tag: "Unreadable", ...fault })
    }
  })

  it.effect("is refused wherever it breaks off", () =>
    Arbitrary.checkEffect(
      Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: good.length - 1 }))),
      (length) =>
        Effect.map(Effect.flip(Cassette.parse(good.slice(0, length))), ({ problem }) => {
          expect(problem).toBe("Truncated")
          return true
        }),
      { runs: 60, seed: 3 },
    ).pipe(Effect.map((result) => expect(result._tag).toBe("Passed"))),
  )
})
