/** How services sign, as data: a table that names a scheme ships nothing that proves one. */
import type { NonEmptyReadonlyArray } from "effect/Array"

/**
 * Where a value stands: the whole of a header, the `field=…` of a header, or a field of the JSON body by its pointer
 * (RFC 6901), such as `/signature/timestamp`.
 */
export type Place =
  | string
  | {
      readonly header: string
      readonly field: string
      /** What stands between two fields; `,` if not given. */
      readonly separator?: "," | ";"
    }
  | { readonly pointer: string }

/** `EcdsaP256` is r and s as 32 bytes each (as in JWS), `EcdsaP256Der` is the two in DER. `Token` is the secret itself. */
export type Algorithm =
  | "HmacSha1"
  | "HmacSha256"
  | "HmacSha512"
  | "Ed25519"
  | "EcdsaP256"
  | "EcdsaP256Der"
  | "RsaPkcs1Sha256"
  | "RsaPssSha256"
  | "Token"

/** One way to sign. */
export interface Seal {
  /** What stands before every signature, such as `v1,`; without it a signature is none. */
  readonly label: string
  readonly algorithm: Algorithm
  /** How the signature is written. `Text`: as it is. */
  readonly encoding: "Base64" | "Base64Url" | "Hex" | "Text"
  /**
   * How the secret is written. `Text`: its UTF-8 bytes. `Base64` may have `whsec_`, `whpk_` or `whsk_` before it. A public key is
   * 32 bytes (Ed25519), 65 bytes (P-256), or its SPKI in DER; it may be in PEM or a JWK instead, whatever this says.
   */
  readonly secret: "Text" | "Base64" | "Base64Url" | "Hex"
}

/**
 * What is signed, as a template. These stand for a part of the delivery; all else is literal:
 *
 * ```text
 * {body}  {body:sha256}     the body as it came; its SHA-256 in lower-case hex
 * {body:form}               names and values of a form, sorted by name, one after the other
 * {body:/a/b}               a field of the JSON body, by its pointer
 * {id}  {timestamp}         what stands in those places, as it is written there
 * {method}  {url}           the method; the absolute address with its query
 * {header:x-name}           a header
 * ```
 */
export type Signed = `${string}{body${"" | ":sha256" | ":form"}}${string}`

/** How a service signs. */
export interface Scheme {
  /** Where the signatures are. A header may hold several, with spaces between, or commas where no label has one. */
  readonly signature: Place
  /** Where the delivery's own name is. */
  readonly id?: Place
  /** Where the time is. Without it no time is checked. */
  readonly timestamp?: Place
  /** How the time is written: Unix seconds if not given. */
  readonly timestampFormat?: TimestampFormat
  /** Where the id of the key is; keys with another id are not tried. */
  readonly keyId?: Place
  /** What is signed. A service whose signature does not cover the body has to be said to: then anything else may be changed. */
  readonly signed: Signed | { readonly withoutBody: string }
  /** A secret belongs to the seal that its prefix or its JWK says, else to the first. */
  readonly seals: NonEmptyReadonlyArray<Seal>
}

export type TimestampFormat = "Seconds" | "Milliseconds" | "Rfc3339"

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

/** What differs between services that sign with one HMAC. */
export interface Hmac {
  /** Where the signature is. */
  readonly signature: Place
  /** `HmacSha256` if not given. */
  readonly algorithm?: "HmacSha1" | "HmacSha256" | "HmacSha512"
  /** What stands before the signature; if not given, `sha256=` where it is a header of its own and SHA-256, else nothing. */
  readonly label?: string
  /** How the signature is written; `Hex` if not given. */
  readonly encoding?: Seal["encoding"]
  /** How the secret is written; `Text`, its UTF-8 bytes, if not given. A `whsec_` before it says nothing of that. */
  readonly secret?: Seal["secret"]
}

const hmac = ({ algorithm = "HmacSha256", encoding = "Hex", label, secret = "Text", signature }: Hmac): Seal => ({
  algorithm,
  encoding,
  label: label ?? (typeof signature === "string" && algorithm === "HmacSha256" ? "sha256=" : ""),
  secret,
})

/** Describe a service that signs a time and the body; `signed` says how they join. */
export const timestamped = (
  options: Hmac & {
    readonly timestamp: Place
    /** How the time is written: Unix seconds if not given. */
    readonly timestampFormat?: TimestampFormat
    readonly signed: `${string}{timestamp}${string}{body}${string}` | `${string}{body}${string}{timestamp}${string}`
  },
): Scheme => {
  const { signature, signed, timestamp, timestampFormat = "Seconds" } = options
  return { signature, timestamp, timestampFormat, signed, seals: [hmac(options)] }
}

/** Describe a service that signs the body alone. Its deliveries can be replayed: they need a name of their own. */
export const raw = (options: Hmac): Scheme => ({
  signature: options.signature,
  signed: "{body}",
  seals: [hmac(options)],
})

/**
 * Describe a service that sends the secret itself, in a header or in the body. Whoever reads one delivery can make others:
 * give it an address with TLS only.
 */
export const token = (options: {
  readonly signature: Place
  /** What stands before the token, such as `Bearer `; nothing if not given. */
  readonly label?: string
}): Scheme => ({
  signature: options.signature,
  signed: { withoutBody: "" },
  seals: [{ label: options.label ?? "", algorithm: "Token", encoding: "Text", secret: "Text" }],
})
