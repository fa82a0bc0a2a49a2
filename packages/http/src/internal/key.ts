/** Secrets as people and services write them, read as keys: text, PEM and JWK. */
import * as Base64Url from "effect/encoding/Base64Url"
import * as Hex from "effect/encoding/Hex"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Exchange from "../Exchange.ts"
import { join, reveal } from "../Exchange.ts"
import type { Bytes } from "./bytes.ts"
import type { Algorithm, Scheme, Seal } from "./scheme.ts"
import type { Material } from "./Subtle.ts"
import { UnusableSecret } from "./unproved.ts"

/** A key as services publish it in their JWKS (RFC 7517); a member of its `keys`, as it is. */
export interface Jwk {
  readonly kty: string
  readonly kid?: string
  readonly [member: string]: unknown
}

/** What proves, or signs: text as the scheme says it is written (or PEM), a JWK, or text under the id that a delivery names. */
export type Secret = Exchange.Text | Jwk | { readonly kid: string; readonly key: Exchange.Text }

/** A secret that was read. */
export interface Key {
  readonly seal: Seal
  readonly kid: string | undefined
  readonly material: Material
}

type Use = "sign" | "verify"
type Read<A> = Result.Result<A, UnusableSecret>
type Fail = (problem: UnusableSecret["problem"], why: string) => Result.Result<never, UnusableSecret>

const encoder = new TextEncoder()

/** Read a secret; `which` names it in errors. A JWK that is for something else is `undefined`: services publish them together. */
export const read = (scheme: Scheme, given: Secret, use: Use, which: string): Read<Key | undefined> => {
  const fail: Fail = (problem, why) => Result.fail(new UnusableSecret({ problem, detail: `${which} ${why}` }))
  if (typeof given === "string" || Redacted.isRedacted(given))
    return ofText(scheme, reveal(given), undefined, use, fail)
  if ("kty" in given) return Result.succeed(ofJwk(scheme, given, use))
  return ofText(scheme, reveal(given.key), given.kid, use, fail)
}

// --- text ----------------------------------------------------------------------------------------

const isShared = (algorithm: Algorithm): boolean => algorithm === "Token" || algorithm.startsWith("Hmac")

/** A prefix decides which seal a secret belongs to: else a public key could be tried as a secret that everybody knows. */
const ofText = ({ seals }: Scheme, secret: string, kid: string | undefined, use: Use, fail: Fail): Read<Key> => {
  const [, prefix = "", rest = ""] = /^(whsec_|whpk_|whsk_|)(.*)$/s.exec(secret) ?? []
  const algorithm = prefix === "whsec_" ? "HmacSha256" : "Ed25519"
  const seal = (prefix === "" ? undefined : seals.find((one) => one.algorithm === algorithm)) ?? seals[0]
  const key = (material: Material): Read<Key> => Result.succeed({ seal, kid, material })
  const pem = /^\s*-----BEGIN (PUBLIC|PRIVATE) KEY-----([A-Za-z0-9+/=\s]+)-----END \1 KEY-----\s*$/.exec(secret)
  if (pem !== null && !isShared(seal.algorithm)) {
    if ((pem[1] === "PRIVATE") !== (use === "sign")) return fail("WrongKind", `is a ${pem[1]?.toLowerCase()} key`)
    const data = base64Of((pem[2] ?? "").replaceAll(/\s/g, ""))
    return data === undefined
      ? fail("Unreadable", "is not in base64 between its PEM lines")
      : key({ format: use === "sign" ? "pkcs8" : "spki", data })
  }
  // No service makes such a secret, so it is a file's line end or a slip; with it nothing would ever fit.
  if (/^\s|\s$/.test(secret))
    return fail("Unreadable", "begins or ends with white space, such as a file's line end; trim it")
  if (seal.secret === "Text") {
    return secret === "" ? fail("WrongLength", "is empty") : key({ format: "raw", data: encoder.encode(secret) })
  }
  const prefixed = seal.secret === "Base64" ? prefix : ""
  if (prefixed !== "" && seal.algorithm !== algorithm) return fail("WrongKind", `is no key for ${seal.algorithm}`)
  if (prefixed === "whpk_" && use === "sign") return fail("WrongKind", "is a public key, which signs nothing")
  if (prefixed === "whsk_" && use === "verify") {
    return fail("WrongKind", "is a private key; give the public one (whpk_…)")
  }
  const bytes = decode(seal.secret, prefixed === "" ? secret : rest)
  if (bytes === undefined) return fail("Unreadable", `is not in ${seal.secret.toLowerCase()}`)
  if (isShared(seal.algorithm)) {
    return bytes.byteLength === 0 ? fail("WrongLength", "is empty") : key({ format: "raw", data: bytes })
  }
  const material = use === "sign" ? privateOf(seal.algorithm, bytes) : publicOf(seal.algorithm, bytes)
  return material === undefined ? fail("WrongLength", `does not hold ${sizes(seal.algorithm)}`) : key(material)
}

const decode = (encoding: Exclude<Seal["secret"], "Text">, text: string): Bytes | undefined => {
  if (encoding === "Base64") return base64Of(text)
  if (encoding === "Base64Url") return base64Of(text.replaceAll("-", "+").replaceAll("_", "/"))
  const bytes = Result.getOrUndefined(Hex.decode(text))
  return bytes === undefined ? undefined : new Uint8Array(bytes)
}

/** Secrets are copied by hand: padding that was lost is put back. */
const base64Of = (text: string): Bytes | undefined => {
  const bare = text.replace(/={0,2}$/, "")
  if (!/^[A-Za-z0-9+/]*$/.test(bare)) return undefined
  const bytes = Result.getOrUndefined(Base64Url.decode(bare.replaceAll("+", "-").replaceAll("/", "_")))
  return bytes === undefined ? undefined : new Uint8Array(bytes)
}

const sizes = (algorithm: Algorithm): string =>
  algorithm === "Ed25519"
    ? "the 32 bytes of an Ed25519 key"
    : algorithm.startsWith("Ecdsa")
      ? "the 65 bytes of a P-256 key, or such a key in DER"
      : "an RSA key in DER"

/** A bare key is known by its length; what is longer is in its DER envelope. */
const publicOf = (algorithm: Algorithm, data: Bytes): Material | undefined => {
  const [bare, enveloped] =
    algorithm === "Ed25519" ? [32, 44] : algorithm.startsWith("Ecdsa") ? [65, 91] : [0, undefined]
  if (data.byteLength === bare) return bare === 0 ? undefined : { format: "raw", data }
  return data.byteLength === (enveloped ?? data.byteLength) ? { format: "spki", data } : undefined
}

/** WebCrypto takes a private key in its envelope (RFC 8410) only. */
const envelope = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20)

/** Some tools write a private key of Ed25519 with its public half after it. */
const privateOf = (algorithm: Algorithm, data: Bytes): Material | undefined => {
  if (algorithm !== "Ed25519" || data.byteLength === 48)
    return data.byteLength < 48 ? undefined : { format: "pkcs8", data }
  const isBare = data.byteLength === 32 || data.byteLength === 64
  return isBare ? { format: "pkcs8", data: join([envelope, data.slice(0, 32)]) } : undefined
}

// --- JWK -----------------------------------------------------------------------------------------

/** What a JWK says of itself where it is for an algorithm, and what of it is the key. */
const kinds = {
  HmacSha1: { kty: "oct", alg: ["HS1"], members: ["k"] },
  HmacSha256: { kty: "oct", alg: ["HS256"], members: ["k"] },
  HmacSha512: { kty: "oct", alg: ["HS512"], members: ["k"] },
  Ed25519: { kty: "OKP", crv: "Ed25519", alg: ["EdDSA", "Ed25519"], members: ["crv", "x"] },
  EcdsaP256: { kty: "EC", crv: "P-256", alg: ["ES256"], members: ["crv", "x", "y"] },
  EcdsaP256Der: { kty: "EC", crv: "P-256", alg: ["ES256"], members: ["crv", "x", "y"] },
  RsaPkcs1Sha256: { kty: "RSA", alg: ["RS256"], members: ["n", "e"] },
  RsaPssSha256: { kty: "RSA", alg: ["PS256"], members: ["n", "e"] },
} as const
const secretMembers = ["d", "p", "q", "dp", "dq", "qi"]

const ofJwk = ({ seals }: Scheme, jwk: Jwk, use: Use): Key | undefined => {
  const isFor = ({ algorithm }: Seal): boolean => {
    if (algorithm === "Token" || (jwk["use"] ?? "sig") !== "sig") return false
    const kind = kinds[algorithm]
    const { alg = kind.alg[0] } = jwk
    const isNamed = kind.alg.some((one) => one === alg)
    return jwk.kty === kind.kty && isNamed && (!("crv" in kind) || jwk["crv"] === kind.crv)
  }
  const seal = seals.find(isFor)
  if (seal === undefined || seal.algorithm === "Token") return undefined
  const data: Record<string, unknown> = { kty: jwk.kty }
  // Nothing but the key: what else it says of itself would be compared with how it is used.
  for (const name of [...kinds[seal.algorithm].members, ...(use === "sign" ? secretMembers : [])]) {
    if (jwk[name] !== undefined) data[name] = jwk[name]
  }
  return { seal, kid: jwk.kid, material: { format: "jwk", data } }
}
