/** How services sign, as data: a table that names a scheme ships nothing that proves one. */
import type { NonEmptyReadonlyArray } from "effect/Array"

/** One way to sign. `label` stands before every signature, such as `v1,`; without it a signature is none. */
export interface Seal {
  readonly label: string
  readonly algorithm: "HmacSha256" | "Ed25519"
  readonly encoding: "Base64" | "Hex"
  /** How the secret is written: as it is, or in Base64 after `whsec_`, `whpk_`, `whsk_` or nothing. */
  readonly secret: "Text" | "Base64"
}

/** How a service signs. */
export interface Scheme {
  /** The header of the signatures: one, or several with spaces between. */
  readonly signature: string
  /** The header of the delivery's own name. */
  readonly id?: string
  /** The header of the time, in Unix seconds. Without it no time is checked. */
  readonly timestamp?: string
  /** What is signed: `{id}`, `{timestamp}` and `{body}` stand for themselves, all else is literal. */
  readonly signed: `${string}{body}${string}`
  /** A secret belongs to the seal that its prefix says, else to the first. */
  readonly seals: NonEmptyReadonlyArray<Seal>
}

const v1: Seal = { label: "v1,", algorithm: "HmacSha256", encoding: "Base64", secret: "Base64" }
const v1a: Seal = { label: "v1a,", algorithm: "Ed25519", encoding: "Base64", secret: "Base64" }

/**
 * Standard Webhooks: `v1` for a secret (`whsec_…`), `v1a` for a public key (`whpk_…`).
 *
 * Base64 without a prefix is a secret. Never give a public key so: who knows it could sign; see {@link standardAsymmetric}.
 */
export const standard: Scheme = {
  signature: "webhook-signature",
  id: "webhook-id",
  timestamp: "webhook-timestamp",
  signed: "{id}.{timestamp}.{body}",
  seals: [v1, v1a],
}

/** Standard Webhooks with `v1a` only: Base64 without a prefix is a public key, or a private one to sign with. */
export const standardAsymmetric: Scheme = { ...standard, seals: [v1a] }

/** What differs between services that sign the body with one HMAC-SHA256. */
export interface Hmac {
  /** The header of the signature. */
  readonly signature: string
  /** What stands before the signature; `sha256=` if not given. */
  readonly label?: string
  /** How the signature is written; `Hex` if not given. */
  readonly encoding?: Seal["encoding"]
  /** How the secret is written; `Text`, its UTF-8 bytes, if not given. A `whsec_` before it says nothing of that. */
  readonly secret?: Seal["secret"]
}

const hmac = ({ encoding = "Hex", label = "sha256=", secret = "Text" }: Hmac): Seal => ({
  algorithm: "HmacSha256",
  encoding,
  label,
  secret,
})

/** Describe a service that signs a time (Unix seconds in a header of its own) and the body; `signed` says how they join. */
export const timestamped = (
  options: Hmac & {
    readonly timestamp: string
    readonly signed: `${string}{timestamp}${string}{body}${string}` | `${string}{body}${string}{timestamp}${string}`
  },
): Scheme => {
  const { signature, signed, timestamp } = options
  return { signature, timestamp, signed, seals: [hmac(options)] }
}

/** Describe a service that signs the body alone. Its deliveries can be replayed: they need a name of their own. */
export const raw = (options: Hmac): Scheme => ({
  signature: options.signature,
  signed: "{body}",
  seals: [hmac(options)],
})
