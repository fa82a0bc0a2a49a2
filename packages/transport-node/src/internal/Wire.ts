/** Turns a request as plain data into what undici dispatches. It shows no secret when it refuses one. */
import * as Exchange from "@tenuto/http/Exchange"
import type { Unsent } from "@tenuto/http/Transport"
import type { Dispatcher } from "undici"
import * as Problem from "./Problem.ts"

/** A request on its way to one origin; `place` is its host and port, for texts. */
export interface Parcel {
  readonly origin: string
  readonly place: string
  readonly options: Dispatcher.DispatchOptions
}

// The URL parser drops line ends and trims spaces without a word.
// oxlint-disable-next-line no-control-regex
const forbidden = /[\u0000-\u0020\u007f]/

/** Read a request. The answer is `Unsent` (`InvalidRequest`) if it cannot be sent as it stands. */
export const read = (request: Exchange.Request): Parcel | Unsent => {
  const text = Exchange.reveal(request.url)
  if (forbidden.test(text)) return Problem.invalidRequest("the url holds a space or a control character; encode it")
  const url = URL.parse(text)
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    return Problem.invalidRequest("the url is not an absolute http or https url")
  }
  if (url.username !== "" || url.password !== "") {
    return Problem.invalidRequest("the url holds a user name or password; send them as a header")
  }
  if (request.method === "CONNECT") return Problem.invalidRequest("CONNECT opens a tunnel and is not sent")
  const headers: Array<string> = []
  for (const [name, value] of Object.entries(request.headers)) headers.push(name, Exchange.reveal(value))
  return {
    origin: url.origin,
    place: url.host,
    options: { path: url.pathname + url.search, method: request.method, headers, body: request.body ?? null },
  }
}
