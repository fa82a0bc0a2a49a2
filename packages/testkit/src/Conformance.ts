/**
 * Suites of cases as data: what any transport owes.
 */
import * as Connection from "./internal/conformance/connection.ts"
import * as Durable from "./internal/conformance/durable.ts"
import * as Keeping from "./internal/conformance/journal.ts"
import * as Receiving from "./internal/conformance/receiver.ts"
import * as Socket from "./internal/conformance/socket.ts"
import * as Span from "./internal/conformance/span.ts"
import * as Stranger from "./internal/conformance/stranger.ts"
import * as Transporting from "./internal/conformance/transport.ts"

export const transport = [...Transporting.cases, ...Span.cases]
export const socket = [...Socket.cases, ...Connection.cases]
export const journal = Keeping.cases
export const durable = Durable.cases
export const receiver = [...Receiving.cases, ...Stranger.cases]
import * as Providing from "./internal/conformance/provider.ts"
import * as Waiting from "./internal/conformance/waiting.ts"
export const provider = [...Providing.cases, ...Waiting.cases]
export { providing } from "./internal/conformance/rehearsed.ts"
