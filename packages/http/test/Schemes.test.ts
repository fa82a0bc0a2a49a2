/** How services sign, as data: every delivery is proved, and one changed bit is refused, by an error and never by a throw. */
import { createPublicKey, generateKeyPairSync, sign as signWith, type KeyObject } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import * as Signature from "@tenuto/http/Signature"
import { at, body, type Delivery, deliveries, method, url } from "./deliveries.ts"

const now = DateTime.makeUnsafe(at * 1000)
const bytes = (text: string) => new TextEncoder().encode(text)

/** What is wrong with a delivery, or `undefined` where it is proved. */
const problem = (delivery: Delivery, changed: Partial<Signature.Message> = {}, instant = at) =>
  TestClock.setTime(instant * 1000).pipe(
    Effect.andThen(
      Signature.verify(delivery.scheme, delivery.secrets, {
        method,
        url,
        headers: delivery.headers,
        body: delivery.body ?? body,
        ...changed,
      }),
    ),
    Effect.as(undefined),
    Effect.catch((error) => Effect.succeed(`${error._tag} ${error.problem}`)),
  )

const flippedText = (text: string) =>
  Array.from({ length: text.length * 7 }, (_, bit) => {
    const place = Math.floor(bit / 7)
    const changed = String.fromCharCode(text.charCodeAt(place) ^ (1 << (bit % 7)))
    return { place, text: text.slice(0, place) + changed + text.slice(place + 1) }
  })

const flippedBytes = (whole: Uint8Array, start = 0, end = whole.length) =>
  Array.from({ length: (end - start) * 8 }, (_, bit) => {
    const place = start + (bit >> 3)
    return whole.with(place, (whole[place] ?? 0) ^ (1 << (bit & 7)))
  })

/** The delivery with one bit changed, for every bit that a signature answers for. */
const changes = function* (delivery: Delivery): Generator<Partial<Signature.Message>> {
  const { headers, scheme, spare = [] } = delivery
  const whole = bytes(delivery.body ?? body)
  if (typeof scheme.signed === "string") {
    for (const one of flippedBytes(whole)) yield { body: one }
  } else if (scheme.signed.withoutBody !== "") {
    for (const field of Object.values(JSON.parse(delivery.body ?? body).signature)) {
      const start = (delivery.body ?? "").indexOf(String(field))
      for (const one of flippedBytes(whole, start, start + String(field).length)) yield { body: one }
    }
  }
  for (const [name, value] of Object.entries(headers)) {
    const isSpare = (place: number) =>
      spare.some((part) => place >= value.indexOf(part) && place < value.indexOf(part) + part.length)
    for (const { place, text } of flippedText(value)) {
      if (!isSpare(place)) yield { headers: { ...headers, [name]: text } }
    }
  }
  const signed = typeof scheme.signed === "string" ? scheme.signed : scheme.signed.withoutBody
  if (signed.includes("{url}")) for (const { text } of flippedText(url)) yield { url: text }
  if (signed.includes("{method}")) for (const { text } of flippedText(method)) yield { method: text }
}

describe("every way to sign is data", () => {
  for (const delivery of deliveries) {
    it.effect(`${delivery.service}: what was signed is proved, and one bit changed is refused`, () =>
      Effect.gen(function* () {
        assert.isUndefined(yield* problem(delivery))
        let count = 0
        for (const changed of changes(delivery)) {
          count++
          assert.match(String(yield* problem(delivery, changed)), /^Unverified /, JSON.stringify(changed))
        }
        assert.isAbove(count, 48)
      }),
    )
  }

  it.effect("an hour later and an hour before, none is proved that signs its time", () =>
    Effect.gen(function* () {
      for (const delivery of deliveries.filter(({ scheme }) => scheme.timestamp !== undefined)) {
        assert.strictEqual(yield* problem(delivery, {}, at + 3600), "Unverified Stale", delivery.service)
        assert.strictEqual(yield* problem(delivery, {}, at - 3600), "Unverified Ahead", delivery.service)
      }
    }),
  )

  it.effect("the same header, letter for letter, is what we sign under the same secret", () =>
    Effect.gen(function* () {
      let count = 0
      for (const { headers, scheme, secrets, service, spare, body: own = body } of deliveries) {
        const [secret = ""] = secrets
        const { algorithm } = scheme.seals[0]
        const isOurs = algorithm.startsWith("Hmac") || algorithm === "Token"
        if (!isOurs || spare !== undefined || Object.keys(headers).length === 0) continue
        const id = headers["webhook-id"] ?? headers["twitch-eventsub-message-id"] ?? ""
        const made = yield* Signature.sign(scheme, secret, { id, timestamp: now, body: own, method, url })
        // The same instant has more than one spelling.
        if (service !== "Zendesk") assert.deepStrictEqual(made, headers, service)
        count++
      }
      assert.isAbove(count, 13)
    }),
  )
})

describe("signatures that are malformed", () => {
  const n = Buffer.from("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "hex")
  const der = (...integers: ReadonlyArray<Uint8Array>) => {
    const parts = Buffer.concat(integers.map((one) => Buffer.concat([Buffer.of(2, one.length), one])))
    return Buffer.concat([Buffer.of(0x30, parts.length), parts])
  }
  const one = Buffer.of(1)
  const order = Buffer.concat([Buffer.of(0), n])
  const shapes: ReadonlyArray<Uint8Array> = [
    Buffer.alloc(0),
    Buffer.of(0),
    ...[20, 32, 63, 64, 65, 256].flatMap((size) => [Buffer.alloc(size), Buffer.alloc(size, 0xff)]),
    Buffer.concat([n, n]),
    Buffer.concat([Buffer.alloc(31), one, Buffer.alloc(31), one]),
    Buffer.concat([Buffer.alloc(32), n]),
    der(Buffer.of(0), Buffer.of(0)),
    der(one, Buffer.of(0)),
    der(Buffer.of(0), one),
    der(one, one),
    der(order, one),
    der(one, order),
    der(order, order),
    der(n, n),
    der(Buffer.of(0xff), one),
    der(Buffer.of(0, 1), one),
    der(Buffer.alloc(0), one),
    der(Buffer.alloc(40, 1), one),
    der(one),
    der(one, one, one),
    Buffer.of(0x30),
    Buffer.of(0x30, 0x80),
    Buffer.of(0x30, 0x80, 2, 1, 1, 2, 1, 1, 0, 0),
    Buffer.of(0x30, 0x81, 6, 2, 1, 1, 2, 1, 1),
    Buffer.of(0x30, 0xff),
    Buffer.of(0x30, 6, 2, 0xff, 1, 2, 1, 1),
    Buffer.of(0x31, 6, 2, 1, 1, 2, 1, 1),
    Buffer.of(5, 0),
  ]
  const texts = ["", " ", "=", "====", "A", "%", "\0", "🎵", "null", "[object Object]", ",", ";", "v1", "v1=", "t=1"]

  it.effect("are refused under every scheme, and nothing is thrown", () =>
    Effect.gen(function* () {
      const encodings = ["hex", "base64", "base64url", "latin1"] as const
      const spelled = [
        ...texts,
        ...shapes.flatMap((shape) => encodings.map((form) => Buffer.from(shape).toString(form))),
      ]
      for (const delivery of deliveries) {
        const { scheme } = delivery
        const [{ label }] = scheme.seals
        for (const text of spelled) {
          const place = scheme.signature
          const changed: Partial<Signature.Message> =
            typeof place === "string"
              ? { headers: { ...delivery.headers, [place]: label + text } }
              : "field" in place
                ? { headers: { [place.header]: `t=${at},ts=${at};${place.field}=${text}` } }
                : { body: JSON.stringify({ signature: { timestamp: String(at), token: "t", signature: text } }) }
          assert.match(String(yield* problem(delivery, changed)), /^Unverified /, `${delivery.service}: ${text}`)
        }
      }
    }),
  )

  it.effect("a signature of ECDSA in DER has one spelling", () =>
    Effect.gen(function* () {
      const delivery = deliveries.find(({ service }) => service === "SendGrid")
      if (delivery === undefined) return assert.fail("there is none")
      const name = "x-twilio-email-event-webhook-signature"
      const known = Buffer.from(delivery.headers[name] ?? "", "base64")
      const r = known.subarray(4, 4 + (known[3] ?? 0))
      const s = known.subarray(6 + (known[3] ?? 0))
      assert.deepStrictEqual(der(r, s), known)
      for (const other of [
        Buffer.concat([known, Buffer.of(0)]),
        Buffer.concat([Buffer.of(0x30, 0x81), known.subarray(1)]),
        der(Buffer.concat([Buffer.of(0), r]), s),
        der(r, Buffer.concat([Buffer.of(0), s])),
        Buffer.concat([der(r), der(s)]),
        known.subarray(0, -1),
      ]) {
        const headers = { ...delivery.headers, [name]: other.toString("base64") }
        assert.strictEqual(yield* problem(delivery, { headers }), "Unverified UnreadableHeader")
      }
    }),
  )

  it.effect("two times in one header are none, and a body that cannot be read has no signature", () =>
    Effect.gen(function* () {
      const [stripe] = deliveries
      const mailgun = deliveries.at(-1)
      if (stripe === undefined || mailgun === undefined) return assert.fail("there is none")
      const header = stripe.headers["stripe-signature"] ?? ""
      for (const text of [`${header},t=${at}`, `t=1,${header}`, `${header},t=${at + 1}`]) {
        assert.strictEqual(
          yield* problem(stripe, { headers: { "stripe-signature": text } }),
          "Unverified UnreadableHeader",
        )
      }
      for (const text of [
        "",
        "{",
        "[]",
        "null",
        '{"signature":null}',
        '{"signature":{"signature":{}}}',
        "[".repeat(9999),
      ]) {
        assert.strictEqual(yield* problem(mailgun, { body: text }), "Unverified MissingField", text.slice(0, 40))
      }
    }),
  )
})

describe("keys", () => {
  const named = (service: string) => {
    const delivery = deliveries.find((one) => one.service === service)
    return delivery ?? assert.fail("there is none")
  }
  const textOf = ({ secrets: [secret] }: Delivery) =>
    typeof secret === "string" ? secret : assert.fail("it is no text")
  const formsOf = (key: KeyObject) => ({
    pem: key.export({ type: "spki", format: "pem" }).toString(),
    jwk: { ...key.export({ format: "jwk" }), kty: key.export({ format: "jwk" }).kty ?? "" },
    der: key.export({ type: "spki", format: "der" }),
  })

  it.effect("of Ed25519 and of P-256 may be written bare, in DER, in PEM or as a JWK", () =>
    Effect.gen(function* () {
      const discord = named("Discord")
      const x = Buffer.from(textOf(discord), "hex").toString("base64url")
      const edwards = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } })
      const sendgrid = named("SendGrid")
      const curve = createPublicKey({
        format: "der",
        type: "spki",
        key: Buffer.from(textOf(sendgrid), "base64"),
      })
      const bare = Buffer.concat([
        Buffer.of(4),
        ...["x", "y"].map((part) => Buffer.from(String(Reflect.get(formsOf(curve).jwk, part)), "base64url")),
      ])
      for (const [delivery, key, written] of [
        [discord, edwards, formsOf(edwards).der.toString("hex")],
        [sendgrid, curve, bare.toString("base64")],
      ] as const) {
        const { jwk, pem } = formsOf(key)
        for (const secret of [written, pem, Redacted.make(pem), jwk, { ...jwk, use: "sig", kid: "a", key_ops: [] }]) {
          assert.isUndefined(yield* problem({ ...delivery, secrets: [secret] }), delivery.service)
        }
        for (const secret of [
          written.slice(0, -2),
          pem.replace("KEY-----\n", "KEY-----\n!"),
          { ...jwk, crv: "P-384" },
        ]) {
          assert.match(String(yield* problem({ ...delivery, secrets: [secret] })), /^UnusableSecret /)
        }
      }
    }),
  )

  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 })
  const other = generateKeyPairSync("rsa", { modulusLength: 2048 })
  const elliptic = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const schemeOf = (algorithm: Signature.Algorithm): Signature.Scheme => ({
    signature: "x-signature",
    keyId: "x-key-id",
    timestamp: "x-time",
    signed: "{header:x-key-id}.{timestamp}.{body}",
    seals: [{ label: "", algorithm, encoding: "Base64Url", secret: "Base64" }],
  })
  const delivered = (kid: string, signature: Uint8Array) => ({
    headers: { "x-key-id": kid, "x-time": String(at), "x-signature": Buffer.from(signature).toString("base64url") },
    body,
  })
  const input = Buffer.from(`k2.${at}.${body}`)
  const byAlgorithm = [
    ["RsaPkcs1Sha256", rsa, signWith("sha256", input, rsa.privateKey)],
    ["RsaPssSha256", rsa, signWith("sha256", input, { key: rsa.privateKey, padding: 6, saltLength: 32 })],
    ["EcdsaP256", elliptic, signWith("sha256", input, { key: elliptic.privateKey, dsaEncoding: "ieee-p1363" })],
  ] as const

  it.effect("of a service's JWKS: the delivery names one, and the others are not tried", () =>
    Effect.gen(function* () {
      for (const [algorithm, pair, signature] of byAlgorithm) {
        const own = { ...formsOf(pair.publicKey).jwk, kid: "k2" }
        const strange = { ...formsOf(other.publicKey).jwk, kid: "k1" }
        const unfit = [
          { ...own, use: "enc" },
          { kty: "oct", k: "AAAA", kid: "k2" },
          { ...own, alg: "none" },
        ]
        const proved = (secrets: ReadonlyArray<Signature.Secret>, kid = "k2") =>
          problem({ ...delivered(kid, signature), scheme: schemeOf(algorithm), secrets, service: "", source: "" })
        assert.isUndefined(yield* proved([strange, own]), algorithm)
        assert.isUndefined(yield* proved([...unfit, own]), algorithm)
        assert.isUndefined(yield* proved([{ kid: "k2", key: formsOf(pair.publicKey).pem }]), algorithm)
        assert.strictEqual(yield* proved([{ ...own, kid: "k1" }]), "Unverified UnknownKey")
        assert.strictEqual(
          yield* proved([strange, own], "k1").pipe(Effect.map((said) => said?.slice(0, 10))),
          "Unverified",
        )
        assert.strictEqual(yield* proved(unfit), "UnusableSecret WrongKind")
      }
    }),
  )

  it.effect("that have to be fetched are an effect; what it says of itself is our own trouble", () =>
    Effect.gen(function* () {
      const fal = named("fal")
      const { body: own = body, headers, scheme, secrets } = fal
      yield* TestClock.setTime(at * 1000)
      let asked = 0
      const fetched = Effect.sync(() => {
        asked++
        return secrets
      })
      const message = { headers, body: own }
      yield* Signature.verify(scheme, fetched, message)
      yield* Signature.verify(scheme, yield* Effect.cached(fetched), message)
      assert.strictEqual(asked, 2)
      const away = new Signature.UnusableSecret({ problem: "None", detail: "the service's keys could not be fetched" })
      assert.strictEqual(yield* Effect.flip(Signature.verify(scheme, Effect.fail(away), message)), away)
    }),
  )

  it.effect("that are private sign, in every form, what the public one proves", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(at * 1000)
      const edwards = generateKeyPairSync("ed25519")
      for (const [algorithm, pair] of [
        ["EcdsaP256", elliptic],
        ["EcdsaP256Der", elliptic],
        ["RsaPkcs1Sha256", rsa],
        ["RsaPssSha256", rsa],
        ["Ed25519", edwards],
      ] as const) {
        const scheme = schemeOf(algorithm)
        const { jwk, pem } = formsOf(pair.publicKey)
        const pkcs8 = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString()
        const whole = { ...pair.privateKey.export({ format: "jwk" }), kty: jwk.kty, kid: "k2" }
        const bare = pair.privateKey.export({ type: "pkcs8", format: "der" }).toString("base64")
        for (const secret of [pkcs8, whole, bare, { kid: "k2", key: pkcs8 }]) {
          // ECDSA is another each time, in DER of another length.
          for (let nth = 0; nth < 8; nth++) {
            const sent = { id: "", timestamp: now, body: `${body}${nth}`, headers: { "x-key-id": "k2" } }
            const headers = { ...sent.headers, ...(yield* Signature.sign(scheme, secret, sent)) }
            yield* Signature.verify(scheme, [pem], { headers, body: sent.body })
          }
        }
        const outgoing = { id: "", timestamp: now, body, headers: { "x-key-id": "k2" } }
        const error = yield* Effect.flip(Signature.sign(scheme, pem, outgoing))
        assert.strictEqual(error.problem, "WrongKind")
      }
    }),
  )

  it.effect("with white space at an end, as a file's line end, are refused by name and before any delivery", () =>
    Effect.gen(function* () {
      const github = named("GitHub")
      for (const secret of ["s3cret-ü\n", "s3cret-ü\r\n", " s3cret-ü", "s3cret-ü\t", "\ufeffs3cret-ü"]) {
        const error = yield* Effect.flip(Signature.check(github.scheme, ["another", Redacted.make(secret)]))
        assert.strictEqual(error.problem, "Unreadable")
        assert.match(
          error.message,
          /: secrets\[1\] begins or ends with white space, such as a file's line end; trim it$/,
        )
        assert.strictEqual(yield* problem({ ...github, secrets: [secret] }), "UnusableSecret Unreadable")
        const outgoing = { id: "", timestamp: now, body }
        assert.strictEqual((yield* Effect.flip(Signature.sign(github.scheme, secret, outgoing))).problem, "Unreadable")
      }
      yield* Signature.check(github.scheme, github.secrets)
    }),
  )

  it.effect("an address that is signed has to be said, and what lies in the body is not ours to write", () =>
    Effect.gen(function* () {
      const { url: _, ...rest } = { url, headers: named("Square").headers, body }
      yield* TestClock.setTime(at * 1000)
      const error = yield* Effect.flip(Signature.verify(named("Square").scheme, named("Square").secrets, rest))
      assert.match(error.message, /give `url`, the address as the service calls it$/)
      const outgoing = { id: "t", timestamp: now, body }
      const unsigned = yield* Effect.flip(Signature.sign(named("Mailgun").scheme, "key", outgoing))
      assert.strictEqual(unsigned.problem, "Unsupported")
    }),
  )
})
