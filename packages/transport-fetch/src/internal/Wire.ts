/** Turns a request as plain data into what `fetch` takes. It refuses what `fetch` would refuse or quietly alter. */
import * as Exchange from "@tenuto/http/Exchange"
import { isIdempotent, type Limits, type Unsent } from "@tenuto/http/Transport"
import * as Problem from "./Problem.ts"

/** A request for `fetch`; `place` is its host and port, for texts. */
export interface Parcel {
  readonly place: string
  readonly url: string
  readonly init: RequestInit
  /** Whether this platform is known to send it once: only then can a connection that is refused prove anything. */
  readonly isOnce: boolean
}

const unsendable = /^(TRACE|TRACK)$/i

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

/** Deno sends bytes again when a kept connection dies under them, and sends a blob once. */
const once = (body: BodyInit): BodyInit => ("Deno" in globalThis ? new Blob([body as BlobPart]) : body)

/** Bun sends on a connection of its own, and Deno a blob, once; both send again what may be sent again. */
const isSentOnce = (isIdempotent: boolean, hasBody: boolean): boolean => {
  if ("Deno" in globalThis) return !isIdempotent && hasBody
  return !("Bun" in globalThis) || !isIdempotent
}

/** Read a request. The answer is `Unsent` (`InvalidRequest`) if it cannot be sent as it stands. */
export const read = (request: Exchange.Request, limits: Pick<Limits, "idempotent">): Parcel | Unsent => {
  const flaw = Exchange.flaw(request)
  if (flaw !== undefined) return Problem.invalidRequest(flaw)
  const { body, method } = request
  if (unsendable.test(method)) return Problem.invalidRequest("fetch does not send this method")
  if (body !== undefined && /^(GET|HEAD)$/i.test(method)) {
    return Problem.invalidRequest("fetch sends no body with GET and HEAD")
  }
  const url = new URL(Exchange.reveal(request.url))
  const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [
    name,
    Exchange.reveal(value),
  ])
  const mayRepeat = isIdempotent(request, limits)
  return {
    place: url.host,
    url: url.href,
    isOnce: isSentOnce(mayRepeat, body !== undefined),
    // Bytes in shared memory are refused by `fetch` itself; the type of a body forbids them beforehand.
    init: {
      ...policy(),
      method,
      headers,
      // Bun sends a request again when a kept connection dies under it, unless it goes on one of its own.
      ...(mayRepeat ? {} : { keepalive: false }),
      ...(body === undefined ? {} : { body: once(body as BodyInit) }),
    },
  }
}
