/** Files, on a machine that has them. */
import * as Effect from "effect/Effect"
import { builtin } from "./builtin.ts"

const detailOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const using = <A>(use: (files: NonNullable<ReturnType<typeof builtin<"node:fs">>>) => A): Effect.Effect<A, string> => {
  const files = builtin("node:fs")
  return files === undefined
    ? Effect.fail("this machine has no files")
    : Effect.try({ try: () => use(files), catch: detailOf })
}

/** Append in one go: whole lines of several processes stand one after the other. */
export const append = (file: string, text: string): Effect.Effect<void, string> =>
  // One write to a file opened for appending: the system keeps it in one piece, which several writes would not be.
  using((files) => files.appendFileSync(file, text))

export const read = (file: string): Effect.Effect<string, string> => using((files) => files.readFileSync(file, "utf8"))
