import { createHmac, generateKeyPairSync, sign as signWith, verify as verifyWith } from "node:crypto"
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as WebCrypto from "effect/crypto/WebCrypto"
import * as TestClock from "effect/testing/TestClock"
import * as Signature from "@tenuto/http/Signature"
import { Webhook } from "standardwebhooks"

const bytes = (text: string) => new TextEncoder().encode(text)
const base64 = (text: string | Uint8Array) => Buffer.from(text).toString("base64")

const now = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
const seconds = String(DateTime.toEpochMillis(now) / 1000)
const body = '{"type":"create.new_song.ready","data":{"id":"op_1","title":"Für Elise"}}'
const message = { id: "msg_1", timestamp: now, body }
const secret = `whsec_${base64("hold the note for its full value")}`
const other = `whsec_${base64("another secret, of another house")}`

const pair = generateKeyPairSync("ed25519")
const raw = (key: typeof pair.privateKey, part: "x" | "d") =>
  Buffer.from(key.export({ format: "jwk" })[part] ?? "", "base64url")
const publicKey = `whpk_${base64(raw(pair.publicKey, "x"))}`
const privateKey = `whsk_${base64(raw(pair.privateKey, "d"))}`

const overten = (options?: { readonly secret?: "Text" | "Base64" }) =>
  Signature.timestamped({
    signature: "X-Overten-Signature",
    timestamp: "x-overten-timestamp",
    signed: "{timestamp}.{body}",
    ...options,
  })
const heydonna = Signature.raw({ signature: "x-heydonna-signature" })

/** Every scheme, with what signs and what verifies. */
const schemes = [
  ["standard", Signature.standard, secret, secret],
  ["standard, asymmetric", Signature.standard, privateKey, publicKey],
  ["timestamped", overten(), "whsec_literal", "whsec_literal"],
  ["raw", heydonna, "schlüssel", "schlüssel"],
] as const

/** At the instant of `now`, or another. */
const at =
  (instant: DateTime.Utc) =>
  <A, E, R>(self: Effect.Effect<A, E, R>) =>
    Effect.andThen(TestClock.setTime(DateTime.toEpochMillis(instant)), self)

const verify = (
  scheme: Signature.Scheme,
  secrets: Parameters<typeof Signature.verify>[1],
  message: Signature.Message,
  options?: Signature.Options,
) => at(now)(Signature.verify(scheme, secrets, message, options))

/** The problem, or `undefined` when it is proved. */
const problem = (...args: Parameters<typeof verify>) =>
  verify(...args).pipe(
    Effect.as(undefined),
    Effect.catch((error) => Effect.succeed(error.problem)),
  )

/** The platform's WebCrypto, and what it is asked to compute. */
const watched = (hear: (name: PropertyKey, args: ReadonlyArray<unknown>) => void) => {
  const subtle = new Proxy(crypto.subtle, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== "function") return member
      return (...args: ReadonlyArray<unknown>): unknown => {
        hear(name, args)
        return Reflect.apply(member, target, args)
      }
    },
  })
  return new Proxy(crypto, { get: (target, name) => (name === "subtle" ? subtle : Reflect.get(target, name)) })
}

const flipped = (text: string, at: number, bit: number) =>
  text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << bit)) + text.slice(at + 1)

describe("laws", () => {
  for (const [name, scheme, signing, verifying] of schemes) {
    it.effect(`what is signed is verified, and nothing else: ${name}`, () =>
      Effect.gen(function* () {
        const headers = yield* Signature.sign(scheme, signing, message)
        const check = (headers: Record<string, string>, body: string | Uint8Array) =>
          problem(scheme, [verifying], { headers, body }, { tolerance: Duration.infinity })
        assert.isUndefined(yield* check(headers, body))
        assert.isUndefined(yield* check(headers, bytes(body)))
        const whole = bytes(body)
        for (let bit = 0; bit < whole.length * 8; bit++) {
          const changed = whole.with(bit >> 3, (whole[bit >> 3] ?? 0) ^ (1 << (bit & 7)))
          assert.strictEqual(yield* check(headers, changed), "NoMatch", `bit ${bit} of the body`)
        }
        for (const longer of [`${body} `, ` ${body}`, body.slice(1), body.slice(0, -1), ""]) {
          assert.strictEqual(yield* check(headers, longer), "NoMatch")
        }
        for (const [header, value] of Object.entries(headers)) {
          for (let place = 0; place < value.length * 7; place++) {
            const text = flipped(value, Math.floor(place / 7), place % 7)
            const found = yield* check({ ...headers, [header]: text }, body)
            if (!header.endsWith("signature") && (scheme.timestamp !== header || /^\d+$/.test(text))) {
              assert.strictEqual(found, "NoMatch", `${header}: ${text}`)
            } else assert.include(["NoMatch", "UnreadableHeader"], found, `${header}: ${text}`)
          }
        }
      }),
    )
  }

  it.effect("no rendering of an error shows a secret or the body", () =>
    Effect.gen(function* () {
      const leak = "5ecre7"
      const headers = yield* Signature.sign(Signature.standard, secret, message)
      const given = { headers: { ...headers, "webhook-id": leak }, body: leak }
      const secrets = [
        `whsec_${leak}!`,
        leak,
        `whsec_${leak}`,
        `whpk_${leak}==`,
        `whsk_${leak}`,
        `whpk_${base64(leak)}`,
      ]
      const failures = [
        ...secrets.map((one) => verify(Signature.standard, [one], given)),
        ...secrets.map((one) => verify(Signature.standard, [Redacted.make(one), secret], given)),
        ...secrets.map((one) => verify(Signature.standardAsymmetric, [one], given)),
        verify(Signature.standard, [base64(leak)], given),
        verify(Signature.standard, [secret], { headers: { "webhook-signature": leak }, body: leak }),
        verify(Signature.standard, [secret], { headers: { ...headers, "webhook-timestamp": leak }, body: leak }),
        verify(Signature.standard, [secret], { headers: { ...headers, "webhook-signature": leak }, body: leak }),
        verify(heydonna, [leak], { headers: { "x-heydonna-signature": `sha256=${"0".repeat(64)}` }, body: leak }),
        Signature.sign(Signature.standard, `whpk_${leak}`, { ...message, id: leak, body: leak }),
        Signature.sign(Signature.standard, `whsk_${leak}`, { ...message, id: leak, body: leak }),
      ]
      for (const failure of failures) {
        const error = yield* Effect.flip(Effect.asVoid(failure))
        const shown = [error.message, String(error), JSON.stringify(error), inspect(error, { depth: 9 }), error.stack]
        for (const text of shown) for (const word of [leak, base64(leak)]) assert.notInclude(text, word)
        assert.match(error.message, /^(the delivery is not proved|the webhook's secret cannot be used)/)
      }
    }),
  )
})

describe("Standard Webhooks", () => {
  const theirs = new Webhook(secret)

  it.effect("what we sign, the reference library verifies", () =>
    Effect.gen(function* () {
      // Its clock is the wall's.
      const timestamp = DateTime.makeUnsafe(new Date())
      for (const body of ["{}", message.body, JSON.stringify({ long: "ö".repeat(10_000) })]) {
        const headers = yield* Signature.sign(Signature.standard, secret, { ...message, timestamp, body })
        assert.deepStrictEqual(theirs.verify(body, { ...headers }), JSON.parse(body))
        assert.throws(() => theirs.verify(`${body} `, { ...headers }), "No matching signature found")
      }
    }),
  )

  it.effect("what the reference library signs, we verify", () =>
    Effect.gen(function* () {
      const signature = theirs.sign("msg_1", DateTime.toDate(now), body)
      const headers = { "webhook-id": "msg_1", "webhook-timestamp": seconds, "webhook-signature": signature }
      yield* verify(Signature.standard, [secret], { headers, body })
      assert.strictEqual(yield* problem(Signature.standard, [other], { headers, body }), "NoMatch")
    }),
  )

  it.effect(
    "a redelivery that bears the time of the first attempt is taken when we say so; a stock verifier refuses",
    () =>
      Effect.gen(function* () {
        const now = DateTime.makeUnsafe(new Date())
        const timestamp = DateTime.subtract(now, { minutes: 10 })
        const headers = yield* Signature.sign(Signature.standard, secret, { ...message, timestamp })
        assert.throws(() => theirs.verify(body, { ...headers }), "Message timestamp too old")
        const given = { headers, body }
        yield* at(now)(Signature.verify(Signature.standard, [secret], given, { tolerance: "1 hour" }))
        const error = yield* Effect.flip(at(now)(Signature.verify(Signature.standard, [secret], given)))
        assert.strictEqual(error.problem, "Stale")
        assert.match(error.message, /webhook-timestamp is 10m .*ago, and 5m is allowed$/)
      }),
  )

  it.effect("Node's own Ed25519 verifies ours, and signs what we verify", () =>
    Effect.gen(function* () {
      const input = bytes(`msg_1.${seconds}.${body}`)
      for (const key of [
        privateKey,
        `whsk_${base64(Buffer.concat([raw(pair.privateKey, "d"), raw(pair.publicKey, "x")]))}`,
      ]) {
        const imported: Array<unknown> = []
        const heard = watched((name, [format, bytes]) => name === "importKey" && imported.push(format, bytes))
        const headers = yield* Signature.sign(Signature.standard, key, message).pipe(
          Effect.provideService(WebCrypto.WebCrypto, heard),
        )
        // Node takes an envelope with too much in it; others need not.
        const envelope = pair.privateKey.export({ format: "der", type: "pkcs8" })
        assert.deepStrictEqual(imported, ["pkcs8", new Uint8Array(envelope)])
        const [label, signature = ""] = (headers["webhook-signature"] ?? "").split(",")
        assert.strictEqual(label, "v1a")
        assert.isTrue(verifyWith(null, input, pair.publicKey, Buffer.from(signature, "base64")))
      }
      const signature = `v1a,${base64(signWith(null, input, pair.privateKey))}`
      const headers = { "webhook-id": "msg_1", "webhook-timestamp": seconds, "webhook-signature": signature }
      yield* verify(Signature.standard, [publicKey], { headers, body })
      yield* verify(Signature.standardAsymmetric, [publicKey.slice(5)], { headers, body })
      const stranger = generateKeyPairSync("ed25519").publicKey
      const wrong = [`whpk_${base64(raw(stranger, "x"))}`]
      assert.strictEqual(yield* problem(Signature.standard, wrong, { headers, body }), "NoMatch")
    }),
  )

  it.effect("a secret without its prefix, or without its padding, is the same secret", () =>
    Effect.gen(function* () {
      const headers = yield* Signature.sign(Signature.standard, secret, message)
      assert.match(secret, /=$/)
      for (const one of [secret.slice(6), secret.replace(/=+$/, ""), Redacted.make(secret)]) {
        yield* verify(Signature.standard, [one], { headers, body })
        assert.deepStrictEqual(yield* Signature.sign(Signature.standard, one, message), headers)
      }
      const bare = yield* Signature.sign(Signature.standardAsymmetric, privateKey.slice(5), message)
      assert.match(bare["webhook-signature"] ?? "", /^v1a,/)
    }),
  )

  it.effect("a public key, which everybody knows, is never a secret to sign with", () =>
    Effect.gen(function* () {
      const known = raw(pair.publicKey, "x")
      const tag = createHmac("sha256", known).update(`msg_1.${seconds}.${body}`).digest("base64")
      const headers = { "webhook-id": "msg_1", "webhook-timestamp": seconds, "webhook-signature": `v1,${tag}` }
      for (const [scheme, key] of [
        [Signature.standard, publicKey],
        [Signature.standardAsymmetric, publicKey],
        [Signature.standardAsymmetric, publicKey.slice(5)],
      ] as const) {
        assert.strictEqual(yield* problem(scheme, [key], { headers, body }), "UnreadableHeader")
      }
      assert.strictEqual(yield* problem(Signature.standard, [publicKey, secret], { headers, body }), "NoMatch")
    }),
  )
})

describe("several signatures and secrets", () => {
  const signatures = Effect.gen(function* () {
    const by = (key: string) =>
      Effect.map(Signature.sign(Signature.standard, key, message), (headers) => headers["webhook-signature"] ?? "")
    return { ours: yield* by(secret), others: yield* by(other), asymmetric: yield* by(privateKey) }
  })
  const head = (signature: string | ReadonlyArray<string>) => ({
    headers: { "webhook-id": "msg_1", "webhook-timestamp": seconds, "webhook-signature": signature },
    body,
  })

  it.effect("one that fits is enough, wherever it stands", () =>
    Effect.gen(function* () {
      const { asymmetric, others, ours } = yield* signatures
      const lists = [
        `${others} ${ours}`,
        `${ours} ${others}`,
        `v9,abc  ${asymmetric} v1,${"A".repeat(43)}= ${ours}`,
        `${others}, ${ours}`,
        `${ours}, ${others}`,
        [others, ours],
      ]
      for (const list of lists) yield* verify(Signature.standard, [secret], head(list))
      for (const secrets of [
        [other, secret],
        [secret, other],
        [publicKey, secret],
      ]) {
        yield* verify(Signature.standard, secrets, head(ours))
      }
      yield* verify(Signature.standard, [publicKey], head(`${others} v1a,${base64(new Uint8Array(64))} ${asymmetric}`))
      assert.strictEqual(yield* problem(Signature.standard, [secret, publicKey], head(others)), "NoMatch")
      assert.strictEqual(yield* problem(Signature.standard, [secret], head(`${others} ${others}`)), "NoMatch")
      assert.strictEqual(yield* problem(Signature.standard, [secret], head(asymmetric)), "UnreadableHeader")
    }),
  )

  it.effect("a list longer than any rotation is not worked through", () =>
    Effect.gen(function* () {
      const { others, ours } = yield* signatures
      yield* verify(Signature.standard, [secret], head(`${`${others} `.repeat(31)}${ours}`))
      const error = yield* Effect.flip(verify(Signature.standard, [secret], head(`${`${others} `.repeat(32)}${ours}`)))
      assert.strictEqual(error.problem, "UnreadableHeader")
    }),
  )

  it.effect("a long list costs one tag for each secret", () =>
    Effect.gen(function* () {
      const { others } = yield* signatures
      let calls = 0
      const counted = watched((name) => (calls += name === "importKey" ? 0 : 1))
      const found = yield* problem(
        Signature.standard,
        [secret, `whsec_${base64("a third")}`],
        head(`${others} `.repeat(20).trim()),
      ).pipe(Effect.provideService(WebCrypto.WebCrypto, counted))
      assert.deepStrictEqual([found, calls], ["NoMatch", 2])
    }),
  )
})

describe("the header of the signature", () => {
  const standardHeaders = (signature: string) => ({
    headers: { "webhook-id": "msg_1", "webhook-timestamp": seconds, "webhook-signature": signature },
    body,
  })

  it.effect("a signature without its label, cut short, too long or spelled otherwise is none", () =>
    Effect.gen(function* () {
      const { "webhook-signature": signature = "" } = yield* Signature.sign(Signature.standard, secret, message)
      const bare = signature.slice(3)
      const wrong = [
        bare,
        `v1${bare}`,
        `V1,${bare}`,
        `v2,${bare}`,
        `v1a,${bare}`,
        `v1,${bare.slice(0, -2)}`,
        `v1,${bare.slice(0, -1)}`,
        `v1,${bare.slice(0, -4)}`,
        `v1,${base64(Buffer.concat([Buffer.from(bare, "base64"), Buffer.of(0)]))}`,
        `v1,${Buffer.from(bare, "base64").toString("hex")}`,
        "v1,",
        "v1",
      ]
      for (const one of wrong) {
        assert.strictEqual(yield* problem(Signature.standard, [secret], standardHeaders(one)), "UnreadableHeader", one)
      }
      yield* verify(Signature.standard, [secret], standardHeaders(` ${signature} `))
    }),
  )

  it.effect("hex without its label or cut short is none; either case is the same number", () =>
    Effect.gen(function* () {
      const hex = createHmac("sha256", "key").update(body).digest("hex")
      const check = (signature: string) =>
        problem(heydonna, ["key"], { headers: { "X-HeyDonna-Signature": signature }, body })
      for (const one of [
        hex,
        `sha1=${hex}`,
        `SHA256=${hex}`,
        `sha256=${hex.slice(1)}`,
        `sha256=${hex.slice(2)}`,
        `sha256=${hex}00`,
        `sha256=${hex.slice(1)}g`,
        "sha256=",
      ]) {
        assert.strictEqual(yield* check(one), "UnreadableHeader", one)
      }
      assert.isUndefined(yield* check(`sha256=${hex}`))
      assert.isUndefined(yield* check(`sha256=${hex.toUpperCase()}`))
      assert.strictEqual(yield* check(`sha256=${"0".repeat(64)}`), "NoMatch")
    }),
  )

  it.effect("headers may be a Headers object, pairs, or a record in any case", () =>
    Effect.gen(function* () {
      const headers = yield* Signature.sign(Signature.standard, secret, message)
      const upper = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]))
      const listed = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]))
      for (const given of [
        headers,
        new Headers(headers),
        Object.entries(headers),
        upper,
        listed,
        { ...listed, entries: "3", cookie: undefined },
      ]) {
        yield* verify(Signature.standard, [secret], { headers: given, body })
      }
    }),
  )

  it.effect("a name or a time that comes twice fits nothing, whichever of them was signed", () =>
    Effect.gen(function* () {
      const headers = yield* Signature.sign(Signature.standard, secret, message)
      const check = (more: Record<string, string | ReadonlyArray<string>>) =>
        problem(Signature.standard, [secret], { headers: { ...headers, ...more }, body })
      assert.strictEqual(yield* check({ "webhook-id": ["msg_1", "msg_2"] }), "NoMatch")
      assert.strictEqual(yield* check({ "Webhook-Id": "msg_1" }), "NoMatch")
      assert.strictEqual(yield* check({ "webhook-timestamp": [seconds, "1"] }), "UnreadableHeader")
      const twice = new Headers(headers)
      twice.append("webhook-signature", `v1,${"A".repeat(43)}=`)
      yield* verify(Signature.standard, [secret], { headers: twice, body })
    }),
  )

  it.effect("a header that is missing or empty is named", () =>
    Effect.gen(function* () {
      const headers = yield* Signature.sign(Signature.standard, secret, message)
      for (const name of Object.keys(headers)) {
        for (const value of [undefined, "", " ", []]) {
          const error = yield* Effect.flip(
            verify(Signature.standard, [secret], { headers: { ...headers, [name]: value }, body }),
          )
          assert.strictEqual(error.problem, "MissingHeader")
          assert.match(error.message, new RegExp(`it has no ${name}$`))
        }
      }
    }),
  )
})

describe("time", () => {
  const signedAt = (timestamp: DateTime.Utc) =>
    Effect.map(Signature.sign(Signature.standard, secret, { ...message, timestamp }), (headers) => ({ headers, body }))

  it.effect("is allowed to be off by the tolerance, to the millisecond, in both directions", () =>
    Effect.gen(function* () {
      const given = yield* signedAt(now)
      const after = (millis: number) =>
        at(DateTime.add(now, { milliseconds: millis }))(
          Effect.result(Signature.verify(Signature.standard, [secret], given, { tolerance: "90 seconds" })),
        ).pipe(Effect.map((result) => (result._tag === "Success" ? undefined : result.failure.problem)))
      for (const millis of [0, 90_000, -90_000]) assert.isUndefined(yield* after(millis))
      assert.strictEqual(yield* after(90_001), "Stale")
      assert.strictEqual(yield* after(-90_001), "Ahead")
    }),
  )

  it.effect("five minutes are allowed if nothing is said", () =>
    Effect.gen(function* () {
      for (const [minutes, expected] of [
        [5, undefined],
        [-5, undefined],
        [6, "Ahead"],
        [-6, "Stale"],
        [60 * 24 * 365, "Ahead"],
      ] as const) {
        const given = yield* signedAt(DateTime.add(now, { minutes }))
        assert.strictEqual(yield* problem(Signature.standard, [secret], given), expected)
      }
      const given = yield* signedAt(DateTime.makeUnsafe("2001-09-09T01:46:40Z"))
      assert.strictEqual(yield* problem(Signature.standard, [secret], given), "Stale")
    }),
  )

  it.effect("is one whole number of seconds, and nothing like one", () =>
    Effect.gen(function* () {
      for (const text of [
        "now",
        `${seconds}.5`,
        `+${seconds}`,
        `-${seconds}`,
        "1e9",
        "0x10",
        `${seconds}000000`,
        `${seconds}, ${seconds}`,
      ]) {
        const tag = createHmac("sha256", "key").update(`${text}.${body}`).digest("hex")
        const headers = { "x-overten-signature": `sha256=${tag}`, "x-overten-timestamp": text }
        const found = yield* problem(overten(), ["key"], { headers, body }, { tolerance: Duration.infinity })
        assert.strictEqual(found, "UnreadableHeader", text)
      }
    }),
  )

  it.effect("is not asked for where the scheme has none", () =>
    Effect.gen(function* () {
      const headers = yield* Signature.sign(heydonna, "key", message)
      assert.deepStrictEqual(Object.keys(headers), ["x-heydonna-signature"])
      const late = DateTime.add(now, { days: 400 })
      yield* at(late)(Signature.verify(heydonna, ["key"], { headers, body }, { tolerance: 0 }))
    }),
  )
})

describe("schemes in hex", () => {
  it.effect("how time and body join, and what the key is, are the scheme's to say", () =>
    Effect.gen(function* () {
      const literal = `whsec_${base64("payload")}`
      const joins = ["{timestamp}.{body}", "{timestamp}{body}", "v0:{timestamp}:{body}", "{body}.{timestamp}"] as const
      for (const signed of joins) {
        for (const [form, key] of [
          ["Text", literal],
          ["Base64", "payload"],
        ] as const) {
          const scheme = { ...overten({ secret: form }), signed }
          const input = signed.replace("{timestamp}", seconds).replace("{body}", body)
          const tag = createHmac("sha256", key).update(input).digest("hex")
          const expected = { "x-overten-timestamp": seconds, "x-overten-signature": `sha256=${tag}` }
          assert.deepStrictEqual(yield* Signature.sign(scheme, literal, message), expected)
          yield* verify(scheme, [literal], { headers: expected, body })
        }
      }
    }),
  )

  it.effect("a secret as text is its bytes in UTF-8, whatever it looks like", () =>
    Effect.gen(function* () {
      for (const key of ["key", "ключ", publicKey, "whsk_x", "spa ced"]) {
        const tag = createHmac("sha256", Buffer.from(key, "utf8")).update(body).digest("hex")
        yield* verify(heydonna, [key], { headers: { "x-heydonna-signature": `sha256=${tag}` }, body })
      }
    }),
  )

  it.effect("label and encoding are data too", () =>
    Effect.gen(function* () {
      const scheme = Signature.raw({ signature: "x-hmac", label: "", encoding: "Base64", secret: "Base64" })
      const tag = createHmac("sha256", "payload").update(body).digest("base64")
      assert.deepStrictEqual(yield* Signature.sign(scheme, base64("payload"), message), { "x-hmac": tag })
      yield* verify(scheme, [base64("payload")], { headers: { "X-Hmac": tag }, body })
    }),
  )

  it.effect("a body that is no text is signed as it is", () =>
    Effect.gen(function* () {
      const body = Uint8Array.of(0xff, 0, 0xfe, 0x7b)
      const headers = yield* Signature.sign(heydonna, "key", { ...message, body })
      const tag = createHmac("sha256", "key").update(body).digest("hex")
      assert.strictEqual(headers["x-heydonna-signature"], `sha256=${tag}`)
      yield* verify(heydonna, ["key"], { headers, body: Buffer.from(body) })
    }),
  )

  it.effect("a name that looks like a place in the template stands for itself", () =>
    Effect.gen(function* () {
      for (const id of ["{body}", "{timestamp}", "$&", "{id}"]) {
        const headers = yield* Signature.sign(Signature.standard, secret, { ...message, id })
        const tag = createHmac("sha256", "hold the note for its full value").update(`${id}.${seconds}.${body}`)
        assert.strictEqual(headers["webhook-signature"], `v1,${tag.digest("base64")}`)
      }
    }),
  )
})

describe("a secret that cannot be used", () => {
  const cases = [
    ["None", Signature.standard, []],
    ["Unreadable", Signature.standard, ["whsec_not base64"]],
    ["Unreadable", Signature.standard, ["whsec_a"]],
    ["Unreadable", Signature.standard, ["whsec_YQ==YQ=="]],
    ["Unreadable", Signature.standard, ["whsec_YQ==="]],
    ["Unreadable", Signature.standard, ["whsec_YW\nJj"]],
    ["Unreadable", Signature.standard, [`${secret}\n`]],
    ["Unreadable", Signature.standard, [secret, "sk_live_1"]],
    ["WrongLength", Signature.standard, ["whsec_"]],
    ["WrongLength", Signature.standard, [""]],
    ["WrongLength", Signature.standard, [`whpk_${base64("short")}`]],
    ["WrongLength", Signature.standard, [`whpk_${base64("x".repeat(64))}`]],
    ["WrongLength", heydonna, [""]],
    ["WrongKind", Signature.standard, [privateKey]],
    ["WrongKind", Signature.standardAsymmetric, [secret]],
    ["WrongKind", overten({ secret: "Base64" }), [publicKey]],
  ] as const

  it.effect("is our trouble and no verdict on the delivery, also beside one that fits", () =>
    Effect.gen(function* () {
      const headers = yield* Signature.sign(Signature.standard, secret, message)
      for (const [expected, scheme, secrets] of cases) {
        const error = yield* Effect.flip(verify(scheme, secrets, { headers, body }))
        assert.deepStrictEqual([error._tag, error.problem], ["UnusableSecret", expected], secrets.join())
      }
      const error = yield* Effect.flip(verify(Signature.standard, [secret, "!"], { headers, body }))
      assert.match(error.message, /: secrets\[1\] is not in base64$/)
    }),
  )

  it.effect("cannot sign either, and a public key signs nothing", () =>
    Effect.gen(function* () {
      for (const [key, expected] of [
        ["whsec_!", "Unreadable"],
        [publicKey, "WrongKind"],
        [`whsk_${base64("short")}`, "WrongLength"],
      ] as const) {
        const error = yield* Effect.flip(Signature.sign(Signature.standard, key, message))
        assert.deepStrictEqual([error._tag, error.problem], ["UnusableSecret", expected])
      }
    }),
  )

  it.effect("so is a platform that cannot compute, such as an insecure page", () =>
    Effect.gen(function* () {
      const headers = yield* Signature.sign(Signature.standard, secret, message)
      const asymmetric = yield* Signature.sign(Signature.standard, privateKey, message)
      const insecure = new Proxy(crypto, { get: () => undefined })
      for (const effect of [
        verify(Signature.standard, [secret], { headers, body }),
        verify(Signature.standard, [publicKey], { headers: asymmetric, body }),
        Signature.sign(Signature.standard, secret, message),
      ]) {
        const error = yield* Effect.flip(Effect.provideService(Effect.asVoid(effect), WebCrypto.WebCrypto, insecure))
        assert.deepStrictEqual([error._tag, error.problem], ["UnusableSecret", "Unsupported"])
      }
    }),
  )
})
