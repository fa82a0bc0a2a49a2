/**
 * The test kit for code without Effect: a service that does not exist, a clock that moves by itself, and what was seen.
 *
 * The client may be any code that takes a base URL or a `fetch`, or just uses the global one. While `run` plays it, the
 * process's `Date`, timers and chance are the kit's (see `VirtualClock`), so an hour takes milliseconds, and the same seed
 * tells the same story, in memory and over sockets. It depends on no test runner; types are plain.
 *
 * @example
 * ```ts
 * import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
 * import { createKit } from "@tenuto/testkit/Promise"
 *
 * await using kit = await createKit({
 *   service: SoundpieceEmulator.make({ work: "10 minutes" }),
 *   faults: ["503@look"],
 * })
 * const status = await kit.run(async ({ fetch, url }) => {
 *   const headers = { authorization: "Bearer spk_test", "content-type": "application/json" }
 *   const body = JSON.stringify({ idempotency_key: crypto.randomUUID(), lyrics: "Hold the note", prompt: "Slow waltz" })
 *   const { song } = await (await fetch(`${url}/v1/create.new_song`, { method: "PUT", headers, body })).json()
 *   for (;;) {
 *     const answer = await fetch(`${url}/v1/create.new_song?id=${song.id}`, { headers })
 *     const status = answer.ok ? (await answer.json()).song.status : "unknown"
 *     if (status === "ready") return status
 *     await new Promise((resolve) => setTimeout(resolve, 5_000))
 *   }
 * })
 * console.log(status, (await kit.ledger()).operations.length, kit.now()) // "ready" 1 2026-01-01T00:10:00.000Z
 * ```
 */
import { open } from "./internal/kit.ts"
import { suiteOf } from "./internal/suite.ts"
import type { Suite } from "./internal/story.ts"
import type { Explored, Kit, LedgerOf, Options, Service } from "./Kit.ts"

export { demand, exhaustively, randomly } from "./Explore.ts"
export type {
  Answering,
  Dispatching,
  Emulated,
  Ended,
  Explored,
  Finding,
  Kit,
  Known,
  LedgerOf,
  Making,
  Options,
  Service,
  Serving,
  Span,
  World,
} from "./Kit.ts"

/** Make a service and its clock. Rejects when an option is not fit, a fault is not known, or a port cannot be opened. */
export const createKit = <S extends Service>(options: Options<S>): Promise<Kit<LedgerOf<S>>> => open(options)

/**
 * Make a suite of stories that can be explored: `await demand(exhaustively(suite(…), { depth: 2 }))`.
 *
 * What a story is judged by: every check, that the client is not left waiting for ever, and that no promise is rejected
 * unheard. A client that rejects is no violation; what it does about a service that goes wrong is its own affair.
 */
export const suite = <S extends Service, A>(explored: Explored<S, A>): Suite => suiteOf(explored)
