/** A folder that is gone when the scope closes, and what is in it. */
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "tenuto-journal-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true })),
)

/** The name of a file that does not exist yet, in a folder of its own. */
export const file = Effect.map(folder, (path) => join(path, "jobs.db"))

/** Every file of a folder with the digest of its content. */
export const contentOf = (path: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(path)
      .toSorted()
      .map((name) => {
        const stats = statSync(join(path, name))
        if (!stats.isFile()) return [name, "not a file"]
        return [
          name,
          createHash("sha256")
            .update(readFileSync(join(path, name)))
            .digest("hex"),
        ]
      }),
  )
