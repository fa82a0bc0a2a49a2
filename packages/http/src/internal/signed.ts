/** What a delivery holds where its scheme says: the values in their places, the text that is signed, the signatures. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Hex from "effect/encoding/Hex"
import * as JsonPointer from "effect/JsonPointer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Exchange from "../Exchange.ts"
import { join } from "../Exchange.ts"
import * as Json from "../Json.ts"
import type { Bytes } from "./bytes.ts"
import type { Algorithm, Place, Scheme, Seal, TimestampFormat } from "./scheme.ts"
import * as Subtle from "./Subtle.ts"
import { Unverified } from "./unproved.ts"

/** A delivery in plain form. */
export interface Plain {
  readonly headers: Exchange.Headers
  readonly body: Uint8Array
  readonly method: string | undefined
  readonly url: string | undefined
}

// --- places --------------------------------------------------------------------------------------

/** How errors name a place. */
export const nameOf = (place: Place): string =>
  typeof place === "string"
    ? place
    : "field" in place
      ? `${place.field}= in ${place.header}`
      : `${place.pointer} in its body`

const kindOf = (place: Place) => (typeof place !== "string" && "pointer" in place ? "Field" : "Header")

export const unreadable = (place: Place, why: string) =>
  new Unverified({ problem: `Unreadable${kindOf(place)}`, detail: why })

/** Every value that stands there: a field may come more than once. */
export const valuesAt = (place: Place, { body, headers }: Plain): ReadonlyArray<string> => {
  if (typeof place !== "string" && "pointer" in place) {
    const value = pointed(body, place.pointer)
    return value === undefined || value === "" ? [] : [value]
  }
  const value = headers[(typeof place === "string" ? place : place.header).toLowerCase()]?.trim() ?? ""
  if (typeof place === "string") return value === "" ? [] : [value]
  const start = `${place.field}=`
  const parts = value.split(place.separator ?? ",").map((part) => part.trim())
  return parts.filter((part) => part.startsWith(start) && part !== start).map((part) => part.slice(start.length))
}

/** The one value that stands there. */
export const need = (place: Place, plain: Plain): Result.Result<string, Unverified> => {
  const [value, ...more] = valuesAt(place, plain)
  if (value === undefined) {
    const detail = `it has no ${nameOf(place)}`
    return Result.fail(new Unverified({ problem: `Missing${kindOf(place)}`, detail }))
  }
  return more.length > 0
    ? Result.fail(unreadable(place, `it has more than one ${nameOf(place)}`))
    : Result.succeed(value)
}

/** Text or a whole number; what is neither, or not there, is `undefined`. */
const pointed = (body: Uint8Array, pointer: string): string | undefined => {
  let value: unknown = Result.getOrUndefined(Json.read({}, body))
  for (const token of pointer.split("/").slice(1).map(JsonPointer.unescapeToken)) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, token)) return undefined
    value = Reflect.get(value, token)
  }
  return typeof value === "string" ? value : Number.isSafeInteger(value) ? String(value) : undefined
}

// --- the time ------------------------------------------------------------------------------------

const rfc3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,3})?\d*(Z|[+-]\d\d:\d\d)$/i

/** The instant a text says, in milliseconds. */
const instantOf = (text: string, format: TimestampFormat): number | undefined => {
  if (format === "Seconds") return /^\d{1,12}$/.test(text) ? Number(text) * 1000 : undefined
  if (format === "Milliseconds") return /^\d{1,15}$/.test(text) ? Number(text) : undefined
  const [, date = "", fraction = "", zone = ""] = rfc3339.exec(text) ?? []
  const instant = DateTime.make(`${date}${fraction}${zone}`.toUpperCase())
  return date === "" || Option.isNone(instant) ? undefined : DateTime.toEpochMillis(instant.value)
}

const formats = { Seconds: "Unix seconds", Milliseconds: "Unix milliseconds", Rfc3339: "RFC 3339" }

/** Read a time, or say that it is none. */
export const timeOf = (place: Place, text: string, format: TimestampFormat): Result.Result<number, Unverified> => {
  const instant = instantOf(text, format)
  if (instant !== undefined) return Result.succeed(instant)
  return Result.fail(unreadable(place, `${nameOf(place)} is not one time in ${formats[format]}`))
}

/** Write a time. */
export const writeTime = (instant: DateTime.Utc, format: TimestampFormat): string => {
  if (format === "Rfc3339") return DateTime.formatIso(instant)
  const millis = DateTime.toEpochMillis(instant)
  return String(format === "Seconds" ? Math.floor(millis / 1000) : millis)
}

// --- what is signed ------------------------------------------------------------------------------

const part = /\{(id|timestamp|method|url|header:[^}]+|body|body:sha256|body:form|body:\/[^}]*)\}/

const encoder = new TextEncoder()

/** Fill the template. It is cut before it is filled, so that no name can stand in for a part. */
export const inputOf = /* @__PURE__ */ Effect.fnUntraced(function* (
  { signed }: Scheme,
  plain: Plain,
  known: { readonly id: string; readonly timestamp: string },
): Effect.fn.Return<Bytes, Unverified | "Unsupported"> {
  const pieces = (typeof signed === "string" ? signed : signed.withoutBody).split(part)
  const parts: Array<Uint8Array> = []
  for (const [at, piece] of pieces.entries()) {
    // Every second piece is what stood in braces.
    if (at % 2 === 0) parts.push(encoder.encode(piece))
    else if (piece === "body") parts.push(plain.body)
    else if (piece === "body:sha256") parts.push(encoder.encode(Hex.encode(yield* Subtle.sha256(join([plain.body])))))
    else parts.push(encoder.encode(yield* Effect.fromResult(textOf(piece, plain, known))))
  }
  return join(parts)
})

const textOf = (
  piece: string,
  plain: Plain,
  known: { readonly id: string; readonly timestamp: string },
): Result.Result<string, Unverified> => {
  if (piece === "id" || piece === "timestamp") return Result.succeed(known[piece])
  if (piece === "body:form") return Result.succeed(formOf(plain.body))
  if (piece.startsWith("body:")) return need({ pointer: piece.slice("body:".length) }, plain)
  if (piece.startsWith("header:")) return need(piece.slice("header:".length), plain)
  if (piece === "method") return Result.succeed(plain.method ?? "POST")
  if (plain.url !== undefined) return Result.succeed(plain.url)
  const detail = "its address is signed and nobody said it; give `url`, the address as the service calls it"
  return Result.fail(new Unverified({ problem: "Incomplete", detail }))
}

/** By name, then by value; a pair that comes twice counts once. */
const formOf = (body: Uint8Array): string => {
  const pairs = [...new URLSearchParams(new TextDecoder().decode(body))].map(([name, value]) => ({ name, value }))
  const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
  pairs.sort((a, b) => compare(a.name, b.name) || compare(a.value, b.value))
  const once = pairs.filter(({ name, value }, at) => name !== pairs[at - 1]?.name || value !== pairs[at - 1]?.value)
  return once.map(({ name, value }) => name + value).join("")
}

// --- signatures ----------------------------------------------------------------------------------

/** The signatures that stand there, as text. A header that was sent twice was joined with a comma. */
export const candidatesAt = (place: Place, seal: Seal, plain: Plain): ReadonlyArray<string> => {
  const values = valuesAt(place, plain)
  if (typeof place !== "string" || seal.algorithm === "Token") return values
  const between = /[,;]/.test(seal.label) ? /,?[ \t]+/ : /[ \t,;]+/
  return values.flatMap((value) => value.split(between))
}

const lengths: { readonly [_ in Algorithm]?: number } = {
  HmacSha1: 20,
  HmacSha256: 32,
  HmacSha512: 64,
  Ed25519: 64,
  EcdsaP256: 64,
}

/** Read one signature in its one spelling; what is spelled otherwise is none. */
export const signatureOf = (seal: Seal, text: string): Bytes | undefined => {
  if (!text.startsWith(seal.label)) return undefined
  const written = text.slice(seal.label.length)
  const bytes = decodeExact(seal.encoding, written)
  if (bytes === undefined || bytes.byteLength === 0) return undefined
  if (seal.algorithm === "EcdsaP256Der") return fromDer(bytes)
  return bytes.byteLength === (lengths[seal.algorithm] ?? bytes.byteLength) ? bytes : undefined
}

/** Write one signature. */
export const writeSignature = (seal: Seal, bytes: Bytes): string => {
  const plain = seal.algorithm === "EcdsaP256Der" ? toDer(bytes) : bytes
  return `${seal.label}${seal.encoding === "Text" ? new TextDecoder().decode(plain) : codecs[seal.encoding].encode(plain)}`
}

const codecs = { Base64, Base64Url, Hex }

/** The same bytes can be spelled in more than one way; only what is written back as it came counts. Hex may be in capitals. */
const decodeExact = (encoding: Seal["encoding"], text: string): Bytes | undefined => {
  if (encoding === "Text") return encoder.encode(text)
  const bytes = Result.getOrUndefined(codecs[encoding].decode(text))
  if (bytes === undefined) return undefined
  const again = codecs[encoding].encode(bytes)
  const isSame =
    again === text ||
    (encoding === "Hex" && again.toUpperCase() === text) ||
    (encoding === "Base64Url" && Base64Url.encodePadded(bytes) === text)
  return isSame ? new Uint8Array(bytes) : undefined
}

// --- ECDSA in DER: a SEQUENCE of two INTEGERs ----------------------------------------------------

const unpadded = (bytes: Uint8Array): Uint8Array => bytes.subarray(bytes.findIndex((byte) => byte !== 0))

const integerOf = (half: Uint8Array): Bytes => {
  const bare = half.some((byte) => byte !== 0) ? unpadded(half) : Uint8Array.of(0)
  const isNegative = (bare[0] ?? 0) >= 0x80
  return join([Uint8Array.of(2, bare.byteLength + (isNegative ? 1 : 0), ...(isNegative ? [0] : [])), bare])
}

const toDer = (halves: Uint8Array): Bytes => {
  const integers = join([integerOf(halves.subarray(0, 32)), integerOf(halves.subarray(32))])
  return join([Uint8Array.of(0x30, integers.byteLength), integers])
}

/** Read where the integers should be, and count it only if it is written back as it came: no other spelling is one. */
const fromDer = (der: Bytes): Bytes | undefined => {
  const halves = new Uint8Array(64)
  let at = 2
  for (const end of [32, 64]) {
    const length = der[at + 1] ?? 0
    const half = der.subarray(at + 2, at + 2 + length)
    const bare = half.some((byte) => byte !== 0) ? unpadded(half) : half.subarray(0, 0)
    if (bare.byteLength > 32) return undefined
    halves.set(bare, end - bare.byteLength)
    at += 2 + length
  }
  const again = toDer(halves)
  return again.byteLength === der.byteLength && again.every((byte, at) => byte === der[at]) ? halves : undefined
}
