/**
 * A suite for `Explore`: the real client and a provider on the one side, the provider's emulator on the other, and every
 * step held against the machine.
 *
 * It sends nothing of its own and judges by the model and by what the service has done, never by a recording. A step is a
 * word and the stage that takes it, each used once:
 *
 * ```text
 * 503@look, reset-after-commit@submit, …    any fault of Fault, or an answer of your own by its name; pass@look lets one pass
 * crash-before-commit@submit, crash-after-commit@look    the process dies while the service has the request
 * crash, prompt, limited, cancel @pause    while the client waits for its time: it dies, a delivery prompts, other work on
 *                                          the same credential is refused for an hour, the caller cancels
 * again, changed, tomorrow @caller         after a failure or a crash the caller asks again, asks for something else under
 *                                          the same name, asks again after 25 hours,
 * found, elsewhere, recover @caller        settles the work by the handle that the service shows, or that another process
 *                                          got; recovers (which follows a crash by itself)
 * lost@webhook, …                          what becomes of the letters of a service that delivers
 * ```
 *
 * Checks: `machine`, `action`, `deed`, `patience`, `ahead`, `saved`, `deadline`, `truth`, `once`, `journal`, and the name
 * of whatever ended the run itself: `Deadlock`, `StuckIo`, a defect.
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
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Client from "@tenuto/core/Client"
import type * as Operation from "@tenuto/core/Operation"
import type * as Remote from "@tenuto/core/Remote"
import type { Transport } from "@tenuto/http/Transport"
import type { Webhook } from "@tenuto/http/Webhook"
import type { Courier } from "./Courier.ts"
import type { Suite } from "./Explore.ts"
import type * as Fault from "./Fault.ts"
import type { Handler, Request } from "./Handler.ts"
import { tell } from "./internal/drama.ts"
import type { Answer } from "./Script.ts"

/** An emulator, as far as a suite knows it. */
export interface Service {
  readonly handler: Handler
  readonly stage: (request: Request) => Fault.Stage | undefined
  readonly ledger: Effect.Effect<{ readonly operations: ReadonlyArray<{ readonly id: string }> }>
  readonly courier?: Courier
}

/** What a service is told when it is made. */
export interface Making {
  readonly seed: number
  /** Where it may deliver: an address that leads to the client on either carrier. */
  readonly hook: string
  /** Take the next step of a stage of your own: `draw("work")` gives `failed` for `failed@work`, nothing when none is left. */
  readonly draw: (stage: string) => string | undefined
}

/** What is explored. */
export interface Options<O extends Operation.Any> extends Pick<Suite, "name" | "from" | "kinds"> {
  /** Connect to the service at this origin: a provider's layer, or one of your own around it. */
  readonly connect: (origin: string) => Layer.Layer<Remote.Remote<O["service"]>, never, Transport>
  /** Make a fresh service, for each story. */
  readonly service: (making: Making) => Effect.Effect<Service>
  /** What is asked for; give it a key or a reference, under which the caller finds it again. */
  readonly draft: Operation.Draft<O>
  /** What is asked for by `changed@caller`. Default: the draft itself. */
  readonly changed?: Operation.Draft<NoInfer<O>>
  /** How long each wait lasts. Default: as the contract says. */
  readonly within?: Duration.Input
  /** What is played, in place of `Client.run`. */
  readonly run?: (draft: Operation.Draft<O>, wait: Client.Wait) => Effect.Effect<unknown, unknown, Client.Needs<O>>
  /** Answers by name: `{ elsewhere: { status: 418 } }` makes `elsewhere@look` a word. */
  readonly answers?: Readonly<Record<string, Answer>>
  /** What stories over loopback are carried by. */
  readonly transport?: Layer.Layer<Transport>
  /** How deliveries are proved. Without it nobody listens. */
  readonly webhook?: { readonly webhook: Webhook; readonly secret: string }
}

/** Make a suite. */
export const make = <O extends Operation.Any>(options: Options<O>): Suite => {
  const { from, kinds, name } = options
  return { name, kinds, ...(from === undefined ? {} : { from }), tell: (story) => tell(options, story) }
}
