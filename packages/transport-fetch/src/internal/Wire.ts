/** Turns a request as plain data into what `fetch` takes. It refuses what `fetch` would refuse or quietly alter. */
import * as Exchange from "@tenuto/http/Exchange"
import type { Unsent } from "@tenuto/http/Transport"
import * as Problem from "./Problem.ts"

/** A request for `fetch`; `place` is its host and port, for texts. */
export interface Parcel {
  readonly place: string
  readonly url: string
  readonly init: RequestInit
}

// The URL parser drops line ends and trims spaces without a word; `Headers` trims values.
// oxlint-disable-next-line no-control-regex
const forbidden = /[\u0000-\u0020\u007f]/
const invalid = /[^\t\u0020-\u007e\u0080-\u00ff]/
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const unsendable = /^(CONNECT|TRACE|TRACK)$/i

/** What each platform is asked for, if it knows the word: workers refuse some of them. */
const wished: ReadonlyArray<RequestInit> = [{ credentials: "omit" }, { cache: "no-store" }]

const isKnown = (init: RequestInit): boolean => {
  try {
    return new Request("http://localhost/", init) instanceof Request
  } catch {
    return false
  }
}

let known: RequestInit | undefined

const policy = (): RequestInit => (known ??= Object.assign({ redirect: "manual" }, ...wished.filter(isKnown)))

/** Read a request. The answer is `Unsent` (`InvalidRequest`) if it cannot be sent as it stands. */
export const read = (request: Exchange.Request): Parcel | Unsent => {
  const text = Exchange.reveal(request.url)
  if (forbidden.test(text)) return Problem.invalidRequest("the url holds a space or a control character; encode it")
  if (!URL.canParse(text)) return Problem.invalidRequest("the url is not an absolute http or https url")
  const url = new URL(text)
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return Problem.invalidRequest("the url is not an absolute http or https url")
  }
  if (url.username !== "" || url.password !== "") {
    return Problem.invalidRequest("the url holds a user name or password; send them as a header")
  }
  const { body, method } = request
  if (!token.test(method) || unsendable.test(method)) return Problem.invalidRequest("fetch does not send this method")
  if (body !== undefined && /^(GET|HEAD)$/i.test(method)) {
    return Problem.invalidRequest("fetch sends no body with GET and HEAD")
  }
  const headers: Array<[string, string]> = []
  for (const [name, value] of Object.entries(request.headers)) {
    const revealed = Exchange.reveal(value)
    if (!token.test(name) || invalid.test(revealed)) {
      return Problem.invalidRequest("the name or value of a header is not valid HTTP; correct it")
    }
    headers.push([name, revealed])
  }
  return {
    place: url.host,
    url: url.href,
    // Bytes in shared memory are refused by `fetch` itself; the type of a body forbids them beforehand.
    init: { ...policy(), method, headers, ...(body === undefined ? {} : { body: body as BodyInit }) },
  }
}
