/** Turns a request as plain data into what undici dispatches. It shows no secret when it refuses one. */
import * as Exchange from "@tenuto/http/Exchange"
import { isIdempotent, type Limits, type Unsent } from "@tenuto/http/Transport"
import type { Dispatcher } from "undici"
import { userAgent } from "./Agent.ts"
import * as Encoding from "./Encoding.ts"
import * as Problem from "./Problem.ts"

/** A request on its way to one origin; `place` is its host and port, for texts. */
export interface Parcel {
  readonly origin: string
  readonly place: string
  /** Whether it needs a connection that has carried nothing. */
  readonly isFresh: boolean
  readonly options: Dispatcher.DispatchOptions
}

/** Read a request. The answer is `Unsent` (`InvalidRequest`) if it cannot be sent as it stands. */
export const read = (request: Exchange.Request, limits: Pick<Limits, "idempotent">): Parcel | Unsent => {
  const flaw = Exchange.flaw(request)
  if (flaw !== undefined) return Problem.invalidRequest(flaw)
  const url = new URL(Exchange.reveal(request.url))
  const headers: Array<string> = []
  const given = new Set<string>()
  const add = (name: string, value: string) => {
    given.add(name.toLowerCase())
    headers.push(name, value)
  }
  for (const [name, value] of Object.entries(request.headers)) add(name, Exchange.reveal(value))
  if (!given.has("user-agent")) add("user-agent", userAgent())
  // What is asked for in parts is asked for as it is: a part of something compressed cannot be read.
  if (!given.has("accept-encoding")) add("accept-encoding", given.has("range") ? "identity" : Encoding.accepted)
  return {
    origin: url.origin,
    place: url.host,
    isFresh: !isIdempotent(request, limits),
    options: { path: url.pathname + url.search, method: request.method, headers, body: request.body ?? null },
  }
}
