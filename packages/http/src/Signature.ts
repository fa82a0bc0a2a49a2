/**
 * Signatures of webhooks, schemes as data: prove that a delivery comes from the service, or sign one as the service does.
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
import * as Base64 from "effect/encoding/Base64"
import * as Hex from "effect/encoding/Hex"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { timingSafeEqual } from "effect/crypto/Mac"
import * as Exchange from "./Exchange.ts"
import { join } from "./Exchange.ts"
import type { Bytes } from "./internal/bytes.ts"
import * as Plain from "./internal/Plain.ts"
import type { Scheme, Seal } from "./internal/scheme.ts"
import * as Subtle from "./internal/Subtle.ts"

export { type Hmac, raw, type Scheme, type Seal, standard, standardAsymmetric, timestamped } from "./internal/scheme.ts"

/** The delivery is not proved to come from the service now. */
export class Unverified extends Schema.TaggedError<Unverified>()("Unverified", {
  problem: Schema.Literals(["MissingHeader", "UnreadableHeader", "Stale", "Ahead", "NoMatch"]),
  detail: Schema.String,
}) {
  override get message() {
    return `the delivery is not proved to come from the service: ${this.detail}`
  }
}

/** A secret of ours cannot be used: nothing is known of the delivery. Mend the secret; the service will send it again. */
export class UnusableSecret extends Schema.TaggedError<UnusableSecret>()("UnusableSecret", {
  problem: Schema.Literals(["None", "Unreadable", "WrongKind", "WrongLength", "Unsupported"]),
  detail: Schema.String,
}) {
  override get message() {
    return `the webhook's secret cannot be used: ${this.detail}`
  }
}

/** What arrived. Headers: a `Headers` object, a record in any case, or pairs. The body as it came, not as JSON. */
export interface Message {
  readonly headers: Plain.Given
  readonly body: string | Uint8Array
}

/** How far from now a timestamp may be, in both directions; 5 minutes if not given. */
export interface Options {
  readonly tolerance?: Duration.Input
}

/**
 * Prove that a delivery comes from the service: that one of its signatures fits one of the secrets, and that its time is now.
 *
 * Give two secrets while one replaces the other. A service that stamps the first attempt on every later one needs a
 * tolerance as long as it goes on trying.
 *
 * Errors: `Unverified` (theirs), `UnusableSecret` (ours).
 */
export const verify = /* @__PURE__ */ Effect.fnUntraced(function* (
  scheme: Scheme,
  secrets: ReadonlyArray<Exchange.Text>,
  message: Message,
  options?: Options,
): Effect.fn.Return<void, Unverified | UnusableSecret> {
  if (secrets.length === 0) return yield* unusable("None", "there is none; give at least one")
  const read = (secret: Exchange.Text, at: number) =>
    keyOf(scheme, secret, "verify", secrets.length === 1 ? "it" : `the ${at + 1}. of ${secrets.length}`)
  const keys = yield* Effect.fromResult(Result.all(secrets.map(read)))
  const headers = Plain.from(message.headers)
  const list = yield* need(headers, scheme.signature)
  const id = scheme.id === undefined ? "" : yield* need(headers, scheme.id)
  const timestamp = scheme.timestamp === undefined ? "" : yield* need(headers, scheme.timestamp)
  if (scheme.timestamp !== undefined) yield* timely(scheme.timestamp, timestamp, options?.tolerance ?? "5 minutes")
  const candidates = list.split(/\s+/)
  if (candidates.length > most) return yield* unreadable(`${scheme.signature} holds more than ${most} signatures`)
  const data = inputOf(scheme, id, timestamp, message.body)
  let isReadable = false
  for (const { bytes, seal } of keys) {
    const signatures = candidates.flatMap((candidate) => signatureOf(seal, candidate) ?? [])
    isReadable ||= signatures.length > 0
    if (signatures.length > 0 && (yield* fits(seal, bytes, signatures, data))) return
  }
  const form = keys.map(({ seal }) => `${seal.label}<${seal.encoding.toLowerCase()}>`)
  if (!isReadable) return yield* unreadable(`${scheme.signature} holds no ${[...new Set(form)].join(" or ")}`)
  return yield* new Unverified({ problem: "NoMatch", detail: "no signature fits the body, its name and its time" })
})

/** What is sent. A scheme leaves out what it has no header for. */
export interface Outgoing {
  readonly id: string
  readonly timestamp: DateTime.Utc
  readonly body: string | Uint8Array
}

/**
 * Sign a delivery as the service does; gives the headers that say so.
 *
 * Errors: `UnusableSecret`.
 */
export const sign = /* @__PURE__ */ Effect.fnUntraced(function* (
  scheme: Scheme,
  secret: Exchange.Text,
  { body, id, timestamp }: Outgoing,
): Effect.fn.Return<Exchange.Headers, UnusableSecret> {
  const { bytes, seal } = yield* Effect.fromResult(keyOf(scheme, secret, "sign", "it"))
  const seconds = String(Math.floor(DateTime.toEpochMillis(timestamp) / 1000))
  const data = inputOf(scheme, id, seconds, body)
  const compute = seal.algorithm === "Ed25519" ? Subtle.ed25519 : Subtle.hmac
  const signature = yield* Effect.mapError(compute(bytes, data), () => unsupported(seal))
  return {
    ...(scheme.id === undefined ? {} : { [scheme.id.toLowerCase()]: id }),
    ...(scheme.timestamp === undefined ? {} : { [scheme.timestamp.toLowerCase()]: seconds }),
    [scheme.signature.toLowerCase()]: `${seal.label}${seal.encoding === "Hex" ? Hex.encode(signature) : Base64.encode(signature)}`,
  }
})

/** More signatures than any rotation has would only cost us time. */
const most = 32

const unreadable = (detail: string) => new Unverified({ problem: "UnreadableHeader", detail })
const unusable = (problem: UnusableSecret["problem"], detail: string) => new UnusableSecret({ problem, detail })
const unsupported = ({ algorithm }: Seal) =>
  unusable("Unsupported", `this platform does not compute ${algorithm} with it`)

const need = (headers: Exchange.Headers, name: string): Effect.Effect<string, Unverified> => {
  const value = headers[name.toLowerCase()]?.trim() ?? ""
  return value === ""
    ? Effect.fail(new Unverified({ problem: "MissingHeader", detail: `it has no ${name}` }))
    : Effect.succeed(value)
}

/** A time is refused in both directions: one far ahead could be replayed until then. */
const timely = /* @__PURE__ */ Effect.fnUntraced(function* (name: string, value: string, tolerance: Duration.Input) {
  if (!/^\d{1,12}$/.test(value)) return yield* unreadable(`${name} is not one time in Unix seconds`)
  const age = DateTime.toEpochMillis(yield* DateTime.now) - Number(value) * 1000
  const allowed = Duration.fromInputUnsafe(tolerance)
  if (Math.abs(age) <= Duration.toMillis(allowed)) return
  const span = `${Duration.format(Duration.millis(Math.abs(age)))} ${age > 0 ? "ago" : "ahead"}`
  const detail = `${name} is ${span}, and ${Duration.format(allowed)} is allowed`
  return yield* new Unverified({ problem: age > 0 ? "Stale" : "Ahead", detail })
})

const encoder = new TextEncoder()
const toBytes = (body: string | Uint8Array): Uint8Array => (typeof body === "string" ? encoder.encode(body) : body)

/** The template is cut at the body first, so that no name can stand in for it. */
const inputOf = ({ signed }: Scheme, id: string, timestamp: string, body: string | Uint8Array): Bytes => {
  const at = signed.indexOf("{body}")
  const fill = (text: string) =>
    encoder.encode(text.replaceAll(/\{id\}|\{timestamp\}/g, (part) => (part === "{id}" ? id : timestamp)))
  return join([fill(signed.slice(0, at)), toBytes(body), fill(signed.slice(at + "{body}".length))])
}

const sizeOf = ({ algorithm }: Seal): number => (algorithm === "Ed25519" ? 64 : 32)

/** Read one signature of a list. Headers that were joined leave a comma. Hex may be in either case: it is one number. */
const signatureOf = (seal: Seal, text: string): Bytes | undefined => {
  if (!text.startsWith(seal.label)) return undefined
  const written = text.slice(seal.label.length).replace(/,$/, "")
  const bytes = Result.getOrUndefined(seal.encoding === "Hex" ? Hex.decode(written) : Base64.decode(written))
  // Base64 has more than one spelling for the same bytes; only the canonical one is a signature.
  const isCanonical = seal.encoding === "Hex" || (bytes !== undefined && Base64.encode(bytes) === written)
  return bytes?.byteLength === sizeOf(seal) && isCanonical ? new Uint8Array(bytes) : undefined
}

const fits = (seal: Seal, key: Bytes, signatures: ReadonlyArray<Bytes>, data: Bytes) => {
  const fit =
    seal.algorithm === "Ed25519"
      ? Subtle.isEd25519(key, signatures, data)
      : // One tag for all of them: a long list does not make us hash a long body again and again.
        Effect.map(Subtle.hmac(key, data), (tag) => signatures.filter((one) => timingSafeEqual(tag, one)).length > 0)
  return Effect.mapError(fit, () => unsupported(seal))
}

interface Key {
  readonly seal: Seal
  readonly bytes: Bytes
}

/** A prefix decides which seal a secret belongs to: else a public key could be tried as a secret that everybody knows. */
const keyOf = (
  { seals }: Scheme,
  given: Exchange.Text,
  use: "sign" | "verify",
  which: string,
): Result.Result<Key, UnusableSecret> => {
  const secret = Exchange.reveal(given)
  const [, prefix = "", rest = ""] = /^(whsec_|whpk_|whsk_|)(.*)$/s.exec(secret) ?? []
  const algorithm = prefix === "whsec_" ? "HmacSha256" : "Ed25519"
  const seal = (prefix === "" ? undefined : seals.find((one) => one.algorithm === algorithm)) ?? seals[0]
  const fail = (problem: UnusableSecret["problem"], why: string) => Result.fail(unusable(problem, `${which} ${why}`))
  if (seal.secret === "Text") {
    return secret === "" ? fail("WrongLength", "is empty") : Result.succeed({ seal, bytes: encoder.encode(secret) })
  }
  if (prefix !== "" && seal.algorithm !== algorithm) return fail("WrongKind", `is no key for ${seal.algorithm}`)
  if (prefix === "whpk_" && use === "sign") return fail("WrongKind", "is a public key, which signs nothing")
  if (prefix === "whsk_" && use === "verify") return fail("WrongKind", "is a private key; give the public one (whpk_…)")
  const bytes = base64Of(rest)
  if (bytes === undefined) return fail("Unreadable", "is not in base64")
  if (seal.algorithm === "HmacSha256") {
    return bytes.byteLength === 0 ? fail("WrongLength", "is empty") : Result.succeed({ seal, bytes })
  }
  // Some tools write a private key with its public half after it.
  const isLong = use === "sign" && bytes.byteLength === 64
  return bytes.byteLength === 32 || isLong
    ? Result.succeed({ seal, bytes: bytes.slice(0, 32) })
    : fail("WrongLength", "does not hold the 32 bytes of an Ed25519 key")
}

/** Secrets are copied by hand: padding that was lost is put back. */
const base64Of = (text: string): Bytes | undefined => {
  const bare = text.replace(/={0,2}$/, "")
  const bytes = Result.getOrUndefined(Base64.decode(bare.padEnd(Math.ceil(bare.length / 4) * 4, "=")))
  return bytes === undefined || !/^[A-Za-z0-9+/]*$/.test(bare) ? undefined : new Uint8Array(bytes)
}
