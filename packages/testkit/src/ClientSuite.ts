/**
 * A suite for `Explore`: the real client and a provider on the one side, the provider's emulator on the other, and every
 * step held against the machine.
 *
 * It sends nothing of its own and judges by the model and by what the service has done, never by a recording. A step is a
 * word and the stage that takes it, each used once:
 *
 * ```text
 * 503@look, reset-after-commit@submit, …    any fault of Fault at submit or look, or an answer of your own by its name, for one
 *                                          request each; pass@look lets one pass; an outage, a revoked key last
 * crash-before-commit@submit, crash-after-commit@look    the process dies while the service has the request
 * crash, prompt, limited, cancel @pause    while the client waits for its time: it dies, a delivery prompts, other work on
 *                                          the same credential is refused for an hour, the caller cancels
 * again, changed, tomorrow @caller         after a failure or a crash the caller asks again, asks for something else under
 *                                          the same name, asks again after 25 hours,
 * found, elsewhere, recover @caller        settles the work by the handle that the service shows, or that another process
 *                                          got; recovers (which follows a crash by itself)
 * lost@webhook, …                          what becomes of the letters of a service that delivers
 * truncated@download, …                    any fault of Fault at download, where `artifact` names a file that is fetched in the end
 * ```
 *
 * A fault that nothing asks for, such as 503@look:2, or 503@download where no file is fetched, is red (`kinds`): its story would be green for nothing.
 *
 * Checks: `machine`, `action`, `deed`, `patience`, `ahead`, `saved`, `deadline`, `truth`, `once`, `journal`; of a file `whole`
 * (what came is what the service hands out) and `leak` (its storage was shown no key); and the name
 * of whatever ended the run itself: `Deadlock`, `StuckIo`, `HotLoop`, `Endless`, a defect.
 *
 * @example
 * ```ts
 * import * as ClientSuite from "@tenuto/testkit/ClientSuite"
 * import * as Explore from "@tenuto/testkit/Explore"
 * import * as Soundpiece from "@tenuto/soundpiece"
 * import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
 *
 * const key = "550e8400-e29b-41d4-a716-446655440000"
 * export const songs = ClientSuite.make({
 *   name: "songs",
 *   from: import.meta.url,
 *   kinds: ["503@look", "429=30@submit", "reset-after-commit@submit", "crash-after-commit@submit"],
 *   connect: (origin) => Soundpiece.layer({ apiKey: "spk_test", baseUrl: `${origin}/v1` }),
 *   service: () => SoundpieceEmulator.make({ work: "50 seconds" }),
 *   draft: Soundpiece.newSong({ lyrics: "Hold the note", prompt: "Slow waltz" }, { key }),
 * })
 * const { stories } = await Explore.demand(Explore.exhaustively(songs, { depth: 2 }))
 * console.log(stories) // 20
 * ```
 */
import type * as Operation from "@tenuto/core/Operation"
import type { Options } from "./internal/cast.ts"
import { tell } from "./internal/drama.ts"
import type { Suite } from "./internal/story.ts"

export type { Making, Options, Service } from "./internal/cast.ts"

/** Make a suite. */
export const make = <O extends Operation.Any>(options: Options<O>): Suite => {
  const { from, kinds, name } = options
  return { name, kinds, ...(from === undefined ? {} : { from }), tell: (story, signal) => tell(options, story, signal) }
}
