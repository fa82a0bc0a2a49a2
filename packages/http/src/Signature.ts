/**
 * Signatures of webhooks, schemes as data: prove that a delivery comes from the service, or sign one as the service does.
 *
 * A {@link Scheme} says where the signatures are, where the time is and how it is written, what is signed as a template,
 * and with what. HMAC, Ed25519, ECDSA, RSA and plain tokens are computed by WebCrypto, and compared in constant time.
 *
 * ```text
 * Stripe   Signature.timestamped({ signature: { header: "stripe-signature", field: "v1" },
 *            timestamp: { header: "stripe-signature", field: "t" }, signed: "{timestamp}.{body}" })
 * fal      { signature: "x-fal-webhook-signature", id: "x-fal-webhook-request-id", timestamp: "x-fal-webhook-timestamp",
 *            signed: "{id}\n{header:x-fal-webhook-user-id}\n{timestamp}\n{body:sha256}",
 *            seals: [{ label: "", algorithm: "Ed25519", encoding: "Hex", secret: "Base64Url" }] }
 * GitLab   Signature.token({ signature: "x-gitlab-token" })
 * ```
 *
 * It never reads what a body means, and never shows a secret or a body: an error names headers and places only.
 *
 * Law 10: no secret appears in any rendering.
 * Law 11: a delivery counts only when its signature is verified.
 *
 * @example
 * ```ts
 * import * as DateTime from "effect/DateTime"
 * import * as Effect from "effect/Effect"
 * import * as Signature from "@tenuto/http/Signature"
 *
 * const secret = "whsec_c29uZ3Mgb2YgdGhlIGNob2lyLCB1bnN1bmc="
 * const program = Effect.gen(function* () {
 *   const message = { id: "msg_1", timestamp: yield* DateTime.now, body: '{"id":"song_1"}' }
 *   const headers = yield* Signature.sign(Signature.standard, secret, message)
 *   yield* Signature.verify(Signature.standard, [secret], { headers, body: message.body })
 *   const forged = Signature.verify(Signature.standard, [secret], { headers, body: '{"id":"song_2"}' })
 *   return (yield* Effect.flip(forged)).problem
 * })
 * console.log(await Effect.runPromise(program)) // NoMatch
 * ```
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { timingSafeEqual } from "effect/crypto/Mac"
import type * as Exchange from "./Exchange.ts"
import type { Bytes } from "./internal/bytes.ts"
import * as Key from "./internal/key.ts"
import * as Plain from "./internal/Plain.ts"
import type { Place, Scheme, Seal } from "./internal/scheme.ts"
import * as Signed from "./internal/signed.ts"
import * as Subtle from "./internal/Subtle.ts"
import { UnusableSecret, Unverified } from "./internal/unproved.ts"

export {
  type Algorithm,
  type Hmac,
  type Place,
  raw,
  type Scheme,
  type Seal,
  type Signed,
  standard,
  standardAsymmetric,
  timestamped,
  type TimestampFormat,
  token,
} from "./internal/scheme.ts"
export type { Jwk, Secret } from "./internal/key.ts"
export { UnusableSecret, Unverified } from "./internal/unproved.ts"

/**
 * The secrets of which one has to fit: two while one replaces the other, or all `keys` of a service's JWKS. An effect is run
 * for every delivery: keep what it fetches, such as with `Effect.cachedWithTTL`.
 */
export type Secrets = ReadonlyArray<Key.Secret> | Effect.Effect<ReadonlyArray<Key.Secret>, UnusableSecret>

/** What arrived. Headers: a `Headers` object, a record in any case, or pairs. The body as it came, not as JSON. */
export interface Message {
  readonly headers: Plain.Given
  readonly body: string | Uint8Array
  /** For a scheme that signs it; `POST` if not given. */
  readonly method?: string
  /** For a scheme that signs it: the address as the service calls it, with its query, not as it is behind a proxy. */
  readonly url?: string
}

/** How far from now a timestamp may be, in both directions; 5 minutes if not given. */
export interface Options {
  readonly tolerance?: Duration.Input
}

/**
 * Prove that a delivery comes from the service: that one of its signatures fits one of the secrets, and that its time is now.
 *
 * A service that stamps the first attempt on every later one needs a tolerance as long as it goes on trying.
 *
 * Errors: `Unverified` (theirs; `Incomplete` says that `url` was not given), `UnusableSecret` (ours).
 */
export const verify = /* @__PURE__ */ Effect.fnUntraced(function* (
  scheme: Scheme,
  secrets: Secrets,
  message: Message,
  options?: Options,
): Effect.fn.Return<void, Unverified | UnusableSecret> {
  const all = yield* keysOf(scheme, secrets)
  const plain = plainOf(message)
  const { signature } = scheme
  if (Signed.valuesAt(signature, plain).length === 0) yield* Effect.fromResult(Signed.need(signature, plain))
  const need = (place: Place | undefined) =>
    place === undefined ? Effect.succeed("") : Effect.fromResult(Signed.need(place, plain))
  const id = yield* need(scheme.id)
  const timestamp = yield* need(scheme.timestamp)
  if (scheme.timestamp !== undefined) {
    const { timestampFormat = "Seconds" } = scheme
    const time = yield* Effect.fromResult(Signed.timeOf(scheme.timestamp, timestamp, timestampFormat))
    yield* timely(Signed.nameOf(scheme.timestamp), time, options?.tolerance ?? "5 minutes")
  }
  const keys = yield* named(all, scheme.keyId, yield* need(scheme.keyId))
  const data = yield* Effect.catchIf(
    Signed.inputOf(scheme, plain, { id, timestamp }),
    (error) => error === "Unsupported",
    () => Effect.fail(unusable("Unsupported", "this platform does not compute SHA-256")),
  )
  let isReadable = false
  for (const { material, seal } of keys) {
    const candidates = Signed.candidatesAt(signature, seal, plain)
    if (candidates.length > most) {
      return yield* Signed.unreadable(signature, `${Signed.nameOf(signature)} holds more than ${most} signatures`)
    }
    const signatures = candidates.flatMap((candidate) => Signed.signatureOf(seal, candidate) ?? [])
    isReadable ||= signatures.length > 0
    if (signatures.length > 0 && (yield* fits(seal, material, signatures, data))) return
  }
  if (isReadable) return yield* new Unverified({ problem: "NoMatch", detail: "no signature fits what is signed" })
  const forms = new Set(keys.map(({ seal }) => `${seal.label}<${seal.encoding.toLowerCase()}>`))
  return yield* Signed.unreadable(signature, `${Signed.nameOf(signature)} holds no ${[...forms].join(" or ")}`)
})

/**
 * Read the secrets as {@link verify} will, without a delivery: at the start of a program.
 *
 * Errors: `UnusableSecret`; it says which one, as in `secrets[0]`.
 */
export const check = (scheme: Scheme, secrets: Secrets): Effect.Effect<void, UnusableSecret> =>
  Effect.asVoid(keysOf(scheme, secrets))

/** What is sent. A scheme leaves out what it has no place for. */
export interface Outgoing {
  readonly id: string
  readonly timestamp: DateTime.Utc
  readonly body: string | Uint8Array
  /** For a scheme that signs it; `POST` if not given. */
  readonly method?: string
  /** For a scheme that signs it: where it is sent. */
  readonly url?: string
  /** Other headers, for a scheme that signs one of them. */
  readonly headers?: Exchange.Headers
}

/**
 * Sign a delivery as the service does; gives the headers that say so. A private key is text (`whsk_…`, PKCS #8 or PEM) or a JWK.
 *
 * Errors: `UnusableSecret`; `Unsupported` also where the scheme puts something into the body.
 */
export const sign = /* @__PURE__ */ Effect.fnUntraced(function* (
  scheme: Scheme,
  secret: Key.Secret,
  { headers = {}, id, timestamp, ...outgoing }: Outgoing,
): Effect.fn.Return<Exchange.Headers, UnusableSecret> {
  const key = yield* Effect.fromResult(Key.read(scheme, secret, "sign", "it"))
  if (key === undefined) return yield* unusable("WrongKind", "it is a JWK for something else")
  const { kid, material, seal } = key
  const time = Signed.writeTime(timestamp, scheme.timestampFormat ?? "Seconds")
  const data = yield* Effect.mapError(
    Signed.inputOf(scheme, plainOf({ ...outgoing, headers }), { id, timestamp: time }),
    (error) => (error === "Unsupported" ? unsupported(seal) : unusable("Unsupported", error.detail)),
  )
  const isToken = seal.algorithm === "Token" && material.format === "raw"
  const made = isToken
    ? material.data
    : yield* Effect.mapError(Subtle.sign(seal.algorithm, material, data), () => unsupported(seal))
  return yield* Effect.fromResult(
    placed([
      [scheme.id, id],
      [scheme.timestamp, time],
      [kid === undefined ? undefined : scheme.keyId, kid ?? ""],
      [scheme.signature, Signed.writeSignature(seal, made)],
    ]),
  )
})

/** More signatures than any rotation has would only cost us time. */
const most = 32

const unusable = (problem: UnusableSecret["problem"], detail: string) => new UnusableSecret({ problem, detail })
const unsupported = ({ algorithm }: Seal) =>
  unusable("Unsupported", `this platform does not compute ${algorithm} with it`)

const encoder = new TextEncoder()

const plainOf = ({ body, headers, method, url }: Message): Signed.Plain => ({
  headers: Plain.from(headers),
  body: typeof body === "string" ? encoder.encode(body) : body,
  method,
  url,
})

const keysOf = /* @__PURE__ */ Effect.fnUntraced(function* (
  scheme: Scheme,
  given: Secrets,
): Effect.fn.Return<ReadonlyArray<Key.Key>, UnusableSecret> {
  const secrets = Effect.isEffect(given) ? yield* given : given
  if (secrets.length === 0) return yield* unusable("None", "there is none; give at least one")
  const read = secrets.map((secret, at) => Key.read(scheme, secret, "verify", `secrets[${at}]`))
  const keys = (yield* Effect.fromResult(Result.all(read))).filter((key) => key !== undefined)
  if (keys.length === 0) return yield* unusable("WrongKind", "every JWK is for something else")
  return keys
})

const named = (keys: ReadonlyArray<Key.Key>, place: Place | undefined, id: string) => {
  const known = place === undefined ? keys : keys.filter(({ kid }) => kid === undefined || kid === id)
  return known.length > 0 || place === undefined
    ? Effect.succeed(known)
    : Effect.fail(new Unverified({ problem: "UnknownKey", detail: `no key has the id of ${Signed.nameOf(place)}` }))
}

/** A time is refused in both directions: one far ahead could be replayed until then. */
const timely = /* @__PURE__ */ Effect.fnUntraced(function* (name: string, time: number, tolerance: Duration.Input) {
  const age = DateTime.toEpochMillis(yield* DateTime.now) - time
  const allowed = Duration.fromInputUnsafe(tolerance)
  if (Math.abs(age) <= Duration.toMillis(allowed)) return
  const span = `${Duration.format(Duration.millis(Math.abs(age)))} ${age > 0 ? "ago" : "ahead"}`
  const detail = `${name} is ${span}, and ${Duration.format(allowed)} is allowed`
  return yield* new Unverified({ problem: age > 0 ? "Stale" : "Ahead", detail })
})

const fits = (seal: Seal, key: Subtle.Material, signatures: ReadonlyArray<Bytes>, data: Bytes) => {
  const { algorithm } = seal
  const isTag = (tag: Bytes) => signatures.filter((one) => timingSafeEqual(tag, one)).length > 0
  const fit =
    algorithm === "Token"
      ? isToken(key, signatures)
      : algorithm.startsWith("Hmac")
        ? // One tag for all of them: a long list does not make us hash a long body again and again.
          Effect.map(Subtle.sign(algorithm, key, data), isTag)
        : Subtle.verify(algorithm, key, signatures, data)
  return Effect.mapError(fit, () => unsupported(seal))
}

/** Tags are compared in place of tokens: their length says nothing of the secret's. */
const isToken = /* @__PURE__ */ Effect.fnUntraced(function* (key: Subtle.Material, tokens: ReadonlyArray<Bytes>) {
  const own = yield* Subtle.sign("Token", key, key.format === "raw" ? key.data : new Uint8Array())
  const tags = yield* Effect.forEach(tokens, (token) => Subtle.sign("Token", key, token))
  return tags.filter((tag) => timingSafeEqual(own, tag)).length > 0
})

/** Put values into their places; fields of one header stand in one line. */
const placed = (
  values: ReadonlyArray<readonly [Place | undefined, string]>,
): Result.Result<Exchange.Headers, UnusableSecret> => {
  const headers: Record<string, string> = {}
  for (const [place, value] of values) {
    if (place === undefined) continue
    if (typeof place !== "string" && "pointer" in place) {
      return Result.fail(
        unusable("Unsupported", `${Signed.nameOf(place)} is no header; write it there with your own code`),
      )
    }
    const [name, text] = typeof place === "string" ? [place, value] : [place.header, `${place.field}=${value}`]
    const before = headers[name.toLowerCase()]
    const separator = typeof place === "string" ? ", " : (place.separator ?? ",")
    headers[name.toLowerCase()] = before === undefined ? text : `${before}${separator}${text}`
  }
  return Result.succeed(headers)
}
