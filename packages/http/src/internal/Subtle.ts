/**
 * What signatures are computed with: HMAC-SHA256 and Ed25519, by WebCrypto.
 *
 * It asks for `WebCrypto` as a service, so that a test's clock can stand still while another thread computes. It fails
 * with `Unsupported` and nothing else: what WebCrypto says of a key may hold a part of it.
 */
import * as Effect from "effect/Effect"
import { WebCrypto } from "effect/crypto/WebCrypto"
import { join } from "../Exchange.ts"
import type { Bytes } from "./bytes.ts"

/** An insecure page has no `subtle` at all; the error that gives is caught here too. */
const compute = <A>(use: (subtle: SubtleCrypto) => Promise<A>): Effect.Effect<A, "Unsupported"> =>
  Effect.flatMap(WebCrypto, (crypto) =>
    Effect.tryPromise({ try: () => use(crypto.subtle), catch: () => "Unsupported" as const }),
  )

/** The tag of `data`, 32 bytes. */
export const hmac = (key: Bytes, data: Bytes) =>
  compute(async (subtle) => {
    const imported = await subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"])
    return new Uint8Array(await subtle.sign("HMAC", imported, data))
  })

/** WebCrypto takes a private key in its envelope (RFC 8410) only. */
const envelope = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20)

/** The signature of `data` by the 32 bytes a private key is made from. */
export const ed25519 = (seed: Bytes, data: Bytes) =>
  compute(async (subtle) => {
    const imported = await subtle.importKey("pkcs8", join([envelope, seed]), "Ed25519", false, ["sign"])
    return new Uint8Array(await subtle.sign("Ed25519", imported, data))
  })

/** Whether one of the signatures is the public key's own. */
export const isEd25519 = (publicKey: Bytes, signatures: ReadonlyArray<Bytes>, data: Bytes) =>
  compute(async (subtle) => {
    const imported = await subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"])
    const fits = await Promise.all(signatures.map((one) => subtle.verify("Ed25519", imported, one, data)))
    return fits.includes(true)
  })
