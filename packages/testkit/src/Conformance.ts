/**
 * Suites of cases as data: put a machine, a transport, a journal, a receiver of webhooks or a provider before the laws.
 *
 * Each case is named by the law it tells and says which mistake it exists for; each brings its own clock and its own
 * service. It depends on no test runner, and what needs Node.js is loaded when a case runs that needs it.
 *
 * ```text
 * machine                      `begin`, `apply`, `next` and `fold`
 * transport, and socket        any transport; one that opens sockets of its own
 * journal, and durable         any journal; one that outlives its process
 * receiver                     whoever receives webhooks: a carrier, or a package in its place
 * provider                     a provider, with its emulator and one draft
 * ```
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Journal from "@tenuto/core/Journal"
 * import * as Conformance from "@tenuto/testkit/Conformance"
 *
 * const memory = { fresh: Effect.succeed({ layer: Journal.layerMemory }) }
 * for (const { check, name } of Conformance.journal) {
 *   await check(memory) // in a test runner: test(name, () => check(memory))
 *   console.log(name)
 * }
 * ```
 */
import type { Case } from "./Case.ts"
import * as Accounts from "./internal/conformance/accounts.ts"
import type { Carrier } from "./internal/conformance/carried.ts"
import * as Connection from "./internal/conformance/connection.ts"
import type { Reception } from "./internal/conformance/delivered.ts"
import * as Durable from "./internal/conformance/durable.ts"
import * as Journal from "./internal/conformance/journal.ts"
import * as Keeping from "./internal/conformance/keeping.ts"
import * as Provider from "./internal/conformance/provider.ts"
import * as Receiver from "./internal/conformance/receiver.ts"
import type { Provider as Providing } from "./internal/conformance/rehearsed.ts"
import * as Socket from "./internal/conformance/socket.ts"
import type { Socketed } from "./internal/conformance/socketed.ts"
import * as Span from "./internal/conformance/span.ts"
import * as Stranger from "./internal/conformance/stranger.ts"
import * as Transport from "./internal/conformance/transport.ts"
import * as Waiting from "./internal/conformance/waiting.ts"
import * as Laws from "./Laws.ts"

export type { Carrier } from "./internal/conformance/carried.ts"
export type { Delivered, Reception, Replied } from "./internal/conformance/delivered.ts"
export type { Lasting, LastingKeeper } from "./internal/conformance/durable.ts"
export type { Keeper, Kept } from "./internal/conformance/journal.ts"
export { type Emulated, type Offer, type Provider, providing, type Wanted } from "./internal/conformance/rehearsed.ts"
export type { Socketed } from "./internal/conformance/socketed.ts"

/** The laws of the machine. */
export const machine = Laws.machine

/** What any transport owes: over sockets, in memory or wrapped. */
export const transport: ReadonlyArray<Case<Carrier>> = [...Transport.cases, ...Span.cases]

/** What a transport owes beyond that which opens sockets of its own. It needs Node.js. */
export const socket: ReadonlyArray<Case<Socketed>> = [...Socket.cases, ...Connection.cases]

/** What any journal owes. */
export const journal: ReadonlyArray<Case<Journal.Keeper>> = [...Journal.cases, ...Accounts.cases, ...Keeping.cases]

/** What a journal owes beyond that which outlives its process. */
export const durable: ReadonlyArray<Case<Durable.LastingKeeper>> = Durable.cases

/** What whoever receives webhooks owes. */
export const receiver: ReadonlyArray<Case<Reception>> = [...Receiver.cases, ...Stranger.cases]

/** What a provider owes; {@link providing} makes one of a table, an emulator and a draft. */
export const provider: ReadonlyArray<Case<Providing>> = [...Provider.cases, ...Waiting.cases]
