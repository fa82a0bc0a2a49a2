/** Run one operation from Effect: submit once, look politely, settle, and decide by the truth of what went wrong. */
import { Duration, Effect } from "effect"
import { Client, Failure } from "@tenuto/core"
import * as Soundpiece from "@tenuto/soundpiece"

export const song = Soundpiece.newSong({ lyrics: "Hold the note for its full value", prompt: "Slow waltz" })

export const sing = Client.run(song, { within: "5 minutes" }).pipe(
  Effect.map(({ outputs: [first] }) => `a song of ${Duration.format(first.duration ?? Duration.zero)}`),
  Effect.catchReason("Rejected", "Unpaid", () => Effect.succeed("top up the account, then sing again")),
  Effect.catchTags({
    Uncertain: ({ key }) => Effect.succeed(`it may have started; ask again under the key ${key}`),
    Overdue: ({ handle }) => Effect.succeed(`still going on; settle ${handle.id} later`),
  }),
  Effect.catchIf(Failure.isFailure, ({ message }) => Effect.succeed(message)),
)
