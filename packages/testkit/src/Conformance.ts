/**
 * Suites of cases as data: what any transport owes.
 */
import * as Connection from "./internal/conformance/connection.ts"
import * as Socket from "./internal/conformance/socket.ts"
import * as Span from "./internal/conformance/span.ts"
import * as Transporting from "./internal/conformance/transport.ts"

export const transport = [...Transporting.cases, ...Span.cases]
export const socket = [...Socket.cases, ...Connection.cases]
