/**
 * Moves a journal of version 1, whose entries belong to no account, to this version: whole, or not at all.
 *
 * Whose the entries are cannot be known from the file, so they stay without an account until somebody says so.
 */
import { Unusable } from "@tenuto/core/Journal"
import type { DatabaseSync } from "node:sqlite"
import * as Header from "./Header.ts"
import * as Holder from "./Holder.ts"
import { migration, versionWithoutAccounts } from "./Tables.ts"

const isOld = (sqlite: DatabaseSync): boolean => Header.markOf(sqlite).version === versionWithoutAccounts

/** Move an old journal, or say why it stays as it is; `undefined` when it is of this version afterwards. */
export const refusal = (
  journal: string,
  sqlite: DatabaseSync,
  mode: "Read" | "Write",
  now: number,
): Unusable | undefined => {
  if (!isOld(sqlite)) return undefined
  if (mode === "Read") {
    const detail =
      "an earlier release wrote it; open it once for writing, as recover does, and it is moved to this version"
    return new Unusable({ journal, problem: "Unavailable", detail })
  }
  sqlite.exec("PRAGMA synchronous = FULL; BEGIN EXCLUSIVE")
  try {
    // Another process may have moved it meanwhile.
    if (!isOld(sqlite)) return undefined
    if (isDriven(sqlite, now)) {
      const detail = "a process of an earlier release is working with it; end that one first, then open it again"
      return new Unusable({ journal, problem: "Held", detail })
    }
    sqlite.exec(migration)
    sqlite.exec("COMMIT")
    return undefined
  } finally {
    if (sqlite.isTransaction) sqlite.exec("ROLLBACK")
  }
}

const isDriven = (sqlite: DatabaseSync, now: number): boolean => {
  const here = Holder.self()
  return sqlite
    .prepare("SELECT owner FROM leases WHERE expires > ?")
    .all(now)
    .some(({ owner }) => {
      const holder = Holder.read(owner)
      return holder === undefined || !Holder.isGone(holder, here)
    })
}
