/** Takes an output: downloads its files where that is asked for, and gives it as it is printed. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Handle } from "@tenuto/core/Handle"
import type * as Operation from "@tenuto/core/Operation"
import type { Wait } from "./drafting.ts"
import * as Files from "./files.ts"
import * as Screen from "./screen.ts"
import { type Context, downloading } from "./verdict.ts"

/** Errors: `Unseen`, `Lost`; `Unwritten`. */
export const take = Effect.fnUntraced(function* (
  { isJson }: Pick<Context, "isJson">,
  operation: Operation.Any,
  output: unknown,
  directory: Option.Option<string>,
  left: Effect.Effect<Wait>,
) {
  const tree = yield* Files.treeOf(operation, output)
  if (Option.isNone(directory)) return Files.shown(tree)
  const all = Files.artifacts(tree)
  const chosen = all.filter((one) => !Files.isPage(one))
  const saved = yield* Files.save(operation, all, chosen, directory.value, left)
  for (const one of saved.values()) {
    yield* isJson ? Screen.json({ saved: one }) : Screen.tell(`saved ${one.file} (${one.bytes} bytes)`)
  }
  return Files.shown(tree, saved)
})

/** Tell a person at a terminal how to get the files. */
export const hint = (context: Context, handle: Handle): Effect.Effect<void> =>
  context.isJson || !Screen.isWatched
    ? Effect.void
    : Screen.tell(Screen.dim(`get the files with: ${downloading(context, handle)}`))
