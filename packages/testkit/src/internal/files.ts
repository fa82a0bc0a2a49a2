/** Files, on a machine that has them: Node is loaded when one is read or written, and not before. */
import * as Effect from "effect/Effect"

const detailOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Append in one go: whole lines of several processes stand one after the other. */
export const append = (file: string, text: string): Effect.Effect<void, string> =>
  Effect.tryPromise({
    try: async () => {
      const { appendFileSync } = await import("node:fs")
      // One write to a file opened for appending: the system keeps it in one piece, which several writes would not be.
      appendFileSync(file, text)
    },
    catch: detailOf,
  })

export const read = (file: string): Effect.Effect<string, string> =>
  Effect.tryPromise({
    try: async () => {
      const { readFile } = await import("node:fs/promises")
      return await readFile(file, "utf8")
    },
    catch: detailOf,
  })
