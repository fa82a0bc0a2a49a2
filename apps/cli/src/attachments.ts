/** Files inside an input: `{"@file": "brief.pdf"}` stands for the file itself, as operations that take files want it. */
import { readFile } from "node:fs/promises"
import { basename } from "node:path"
import * as Effect from "effect/Effect"
import { Usage } from "./exit.ts"

/** A file as JSON: its bytes in Base64. */
interface Attached {
  readonly name: string
  readonly type: string
  readonly content: string
}

const mark = "@file"

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const read = (path: string): Effect.Effect<Attached, Usage> =>
  Effect.tryPromise({
    try: async () => {
      const [{ default: mime }, bytes] = await Promise.all([import("mime"), readFile(path)])
      const type = mime.getType(path) ?? "application/octet-stream"
      return { name: basename(path), type, content: bytes.toString("base64") }
    },
    catch: () =>
      new Usage({
        problem: `--input: the file ${path} cannot be read`,
        way: `give {"${mark}": "path"} with a file that is there`,
      }),
  })

/** Put files in the place of their marks; a `name` or `type` beside the mark replaces its own. Errors: `Usage`. */
export const attach = (value: unknown): Effect.Effect<unknown, Usage> => {
  if (Array.isArray(value)) return Effect.forEach(value, attach)
  if (!isObject(value)) return Effect.succeed(value)
  const { [mark]: path, ...beside } = value
  if (typeof path === "string") return Effect.map(read(path), (file) => ({ ...file, ...beside }))
  return Effect.map(
    Effect.forEach(Object.entries(value), ([name, part]) =>
      Effect.map(attach(part), (whole) => [name, whole] as const),
    ),
    Object.fromEntries,
  )
}
