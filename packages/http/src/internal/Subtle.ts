/**
 * What signatures are computed with, by WebCrypto: HMAC, Ed25519, ECDSA and RSA.
 *
 * It asks for `WebCrypto` as a service, so that a test's clock can stand still while another thread computes. It fails
 * with `Unsupported` and nothing else: what WebCrypto says of a key may hold a part of it.
 */
import * as Effect from "effect/Effect"
import { WebCrypto } from "effect/crypto/WebCrypto"
import type { Bytes } from "./bytes.ts"
import type { Algorithm } from "./scheme.ts"

/** A key as WebCrypto takes it. */
export type Material =
  | { readonly format: "raw" | "spki" | "pkcs8"; readonly data: Bytes }
  | { readonly format: "jwk"; readonly data: JsonWebKey }

/** Each serves to import a key and to use it: WebCrypto takes from it what it needs. */
const parameters = {
  HmacSha1: { name: "HMAC", hash: "SHA-1" },
  HmacSha256: { name: "HMAC", hash: "SHA-256" },
  HmacSha512: { name: "HMAC", hash: "SHA-512" },
  Ed25519: { name: "Ed25519" },
  EcdsaP256: { name: "ECDSA", hash: "SHA-256", namedCurve: "P-256" },
  EcdsaP256Der: { name: "ECDSA", hash: "SHA-256", namedCurve: "P-256" },
  RsaPkcs1Sha256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  RsaPssSha256: { name: "RSA-PSS", hash: "SHA-256", saltLength: 32 },
  Token: { name: "HMAC", hash: "SHA-256" },
} as const satisfies Record<Algorithm, object>

/** An insecure page has no `subtle` at all; the error that gives is caught here too. */
const compute = <A>(use: (subtle: SubtleCrypto) => Promise<A>): Effect.Effect<A, "Unsupported"> =>
  Effect.flatMap(WebCrypto, (crypto) =>
    Effect.tryPromise({ try: () => use(crypto.subtle), catch: () => "Unsupported" as const }),
  )

const imported = (subtle: SubtleCrypto, algorithm: Algorithm, { data, format }: Material, usage: "sign" | "verify") =>
  format === "jwk"
    ? subtle.importKey(format, data, parameters[algorithm], false, [usage])
    : subtle.importKey(format, data, parameters[algorithm], false, [usage])

/** The SHA-256 of `data`. */
export const sha256 = (data: Bytes) => compute(async (subtle) => new Uint8Array(await subtle.digest("SHA-256", data)))

/** The signature of `data`, or its tag: what a secret makes, or a private key. */
export const sign = (algorithm: Algorithm, key: Material, data: Bytes) =>
  compute(async (subtle) => {
    const known = await imported(subtle, algorithm, key, "sign")
    return new Uint8Array(await subtle.sign(parameters[algorithm], known, data))
  })

/** Whether one of the signatures is the public key's own. What WebCrypto cannot even read is no signature. */
export const verify = (algorithm: Algorithm, key: Material, signatures: ReadonlyArray<Bytes>, data: Bytes) =>
  compute(async (subtle) => {
    const known = await imported(subtle, algorithm, key, "verify")
    const isOwn = (one: Bytes) => subtle.verify(parameters[algorithm], known, one, data).catch(() => false)
    return (await Promise.all(signatures.map(isOwn))).includes(true)
  })
