/**
 * Names accounts: by a digest of the credential, under a salt that stands in the journal.
 *
 * The digest is slow and takes memory (scrypt, RFC 7914), so that a list of likely credentials cannot cheaply be tried
 * against a file that was lost. It is found once for each credential.
 */
import type { Unusable } from "@tenuto/core/Journal"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { scryptSync } from "node:crypto"
import { attempt, type Database } from "./Database.ts"

/** Some 30 ms and 16 MiB each time. */
const cost = { N: 2 ** 14, r: 8, p: 1 }

/** Finds the name of an account. Errors: `Unusable` (`Corrupt`, `Unavailable`). */
export type AccountOf = (credential: Redacted.Redacted<string>) => Effect.Effect<string, Unusable>

export const make = ({ journal, sqlite }: Database): AccountOf => {
  const known = new Map<string, string>()
  const find = (secret: string): string => {
    const salt = sqlite.prepare("SELECT salt FROM salt").get()?.["salt"]
    const account = `#${scryptSync(secret, salt as Uint8Array, 16, cost).toString("hex")}`
    known.set(secret, account)
    return account
  }
  return (credential) =>
    attempt(journal, "reading it", () => {
      const secret = Redacted.value(credential)
      return known.get(secret) ?? find(secret)
    })
}
