/**
 * `fetch` as browsers and Node have it, carried by a transport: redirects, aborts and errors are theirs.
 *
 * It keeps no cookies and no cache.
 */
import type { Transport } from "@tenuto/http/Transport"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import { phraseOf } from "./causes.ts"
import { withCookies } from "./cookies.ts"
import { accepted, decoding } from "./decoding.ts"
import { type Flight, fly, type Head, held } from "./flight.ts"
import { isBodiless } from "./play.ts"
import { Relayed } from "./trip.ts"

/** As long as Node's own waits for a first line, and for the next bytes. */
const patience = { head: Duration.seconds(300), body: Duration.seconds(300) }
const mostRedirects = 20
/** Read ahead, as a socket does. */
const buffered = 64 * 1024

const redirects = new Set([301, 302, 303, 307, 308])
const ofBody = ["content-encoding", "content-language", "content-length", "content-location", "content-type"]
/** They belong to the origin that was asked. */
const ofOrigin = ["authorization", "cookie", "host", "proxy-authorization"]
/** What Node says of itself. */
const usual = { accept: "*/*", "accept-language": "*", "user-agent": "node" }
/** What is within the process is no network's. */
const within = /^(?:data|blob):$/
const host = globalThis.fetch

interface Sending {
  readonly method: string
  readonly url: URL
  readonly headers: Headers
  readonly body: Uint8Array | undefined
}

const failed = (cause: unknown): TypeError => new TypeError("fetch failed", { cause })

const headersOf = ({ headers }: Head): Headers => {
  const all = new Headers()
  for (const [name, values] of Object.entries(withCookies(headers))) {
    for (const one of [values].flat()) all.append(name, one)
  }
  return all
}

const target = (location: string, from: URL): URL => {
  try {
    return new URL(location, from)
  } catch (cause) {
    throw failed(cause)
  }
}

/** Where an answer leads, and how to go there: the rules of the fetch standard. */
const followed = (sending: Sending, { headers, status }: Head, isLive: boolean): Sending | undefined => {
  const { location } = headers
  if (!redirects.has(status) || location === undefined) return undefined
  const url = target(location, sending.url)
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw failed(new Error("URL scheme must be a HTTP(S) scheme"))
  }
  if (url.hash === "") url.hash = sending.url.hash
  const isCross = url.origin !== sending.url.origin
  if (isCross && (url.username !== "" || url.password !== "")) {
    throw failed(new Error('cross origin not allowed for request mode "cors"'))
  }
  const { method } = sending
  const isGet =
    (status === 303 && method !== "GET" && method !== "HEAD") ||
    ((status === 301 || status === 302) && method === "POST")
  // A stream was read, and cannot be read again.
  if (status !== 303 && sending.body !== undefined && isLive) throw failed(undefined)
  const kept = new Headers(sending.headers)
  for (const name of [...(isGet ? ofBody : []), ...(isCross ? ofOrigin : [])]) kept.delete(name)
  return { method: isGet ? "GET" : method, url, headers: kept, body: isGet ? undefined : sending.body }
}

const withoutHash = (url: URL): string => {
  const plain = new URL(url)
  plain.hash = ""
  return plain.href
}

const immutable = (): never => {
  throw new TypeError("immutable")
}
const sealed = { append: { value: immutable }, delete: { value: immutable }, set: { value: immutable } }

/** Give a response what only a network can give it; copies have it too. */
const dressed = (response: Response, facts: PropertyDescriptorMap): Response =>
  Object.defineProperties(response, {
    headers: { value: Object.defineProperties(response.headers, sealed) },
    ...facts,
    clone: { value: () => dressed(Response.prototype.clone.call(response), facts) },
  })

type Decode = ReturnType<typeof decoding>

const bodyOf = (flight: Flight, decode: Decode, signal: AbortSignal): ReadableStream<Uint8Array> => {
  let stop = () => {}
  return new ReadableStream(
    {
      type: "bytes",
      start: (controller) => {
        const abort = () => {
          flight.leave()
          controller.error(signal.reason)
        }
        signal.addEventListener("abort", abort, { once: true })
        stop = () => signal.removeEventListener("abort", abort)
      },
      pull: async (controller) => {
        try {
          for (let isMore = true; isMore;) {
            const parts = await flight.pull()
            const plain = await decode(parts)
            if (signal.aborted) return
            // A stream of bytes takes the memory it is given away, so it gets a copy.
            for (const part of plain) controller.enqueue(new Uint8Array(part))
            if (parts !== undefined && plain.length > 0) return
            isMore = parts !== undefined
          }
          stop()
          flight.leave()
          controller.close()
          controller.byobRequest?.respond(0)
        } catch (cause) {
          if (signal.aborted) return
          stop()
          controller.error(new TypeError("terminated", { cause }))
        }
      },
      cancel: () => {
        stop()
        flight.leave()
      },
    },
    { highWaterMark: buffered },
  )
}

const responseOf = (
  flight: Flight,
  head: Head,
  sending: Sending,
  isRedirected: boolean,
  decode: Decode,
  signal: AbortSignal,
): Response => {
  const { status } = head
  const isEmpty = isBodiless(sending.method, status) || status === 205
  if (isEmpty) flight.leave()
  const isUsual = status >= 200 && status <= 599
  const response = new Response(isEmpty ? null : bodyOf(flight, decode, signal), {
    status: isUsual ? status : 200,
    statusText: phraseOf(status),
    headers: headersOf(head),
  })
  return dressed(response, {
    url: { value: withoutHash(sending.url) },
    redirected: { value: isRedirected },
    type: { value: "basic" },
    ...(isUsual ? {} : { status: { value: status }, ok: { value: false } }),
  })
}

/** A stream is read once, and may need time to go on. */
const isStream = (body: unknown): boolean =>
  body instanceof ReadableStream || (typeof body === "object" && body !== null && Symbol.asyncIterator in body)

/** Make a `fetch` that is carried by the transport of a context, on the clock of that context. */
export const fetchOn = (context: Context.Context<Transport>): typeof globalThis.fetch => {
  const read = async (request: Request, init: RequestInit | undefined): Promise<Uint8Array | undefined> => {
    if (request.body === null) return undefined
    const reading = request.arrayBuffer()
    // What a request came with may be a stream too.
    const isWhole = init?.body !== undefined && !isStream(init.body)
    return new Uint8Array(await (isWhole ? held(context, "a body that is read", reading) : reading))
  }

  // Whoever relays an answer hands on its headers, and what they say of its body.
  const isRelayed = Context.get(context, Relayed)

  const go = async (request: Request, init: RequestInit | undefined, leaving: (leave: () => void) => void) => {
    const headers = new Headers(request.headers)
    const encoding = isRelayed ? {} : accepted(new URL(request.url))
    for (const [name, value] of Object.entries({ ...usual, ...encoding, "sec-fetch-mode": request.mode }))
      if (!headers.has(name)) headers.set(name, value)
    const isLive = isStream(init?.body)
    let sending: Sending = {
      method: request.method,
      url: new URL(request.url),
      headers,
      body: await read(request, init),
    }
    if (!/^https?:$/.test(sending.url.protocol)) throw failed(new Error("unknown scheme"))
    for (let count = 0; ; count++) {
      request.signal.throwIfAborted()
      const { body, method, url } = sending
      const sent = { method, url: withoutHash(url), headers: Object.fromEntries(sending.headers) }
      const flight = fly(context, body === undefined ? sent : { ...sent, body }, patience)
      leaving(flight.leave)
      const head = await flight.head.catch((cause: unknown) => {
        throw failed(cause)
      })
      if (request.redirect === "error" && redirects.has(head.status)) {
        flight.leave()
        throw failed(new Error("unexpected redirect"))
      }
      const next = request.redirect === "manual" ? undefined : followed(sending, head, isLive)
      if (next === undefined) {
        const decode = decoding(context, isRelayed ? undefined : head.headers["content-encoding"])
        return responseOf(flight, head, sending, count > 0, decode, request.signal)
      }
      flight.leave()
      if (count === mostRedirects) throw failed(new Error("redirect count exceeded"))
      sending = next
    }
  }

  return async (input, init) => {
    const request = new Request(input, init)
    const { signal } = request
    signal.throwIfAborted()
    if (within.test(new URL(request.url).protocol)) return host(request)
    let leave = () => {}
    let abort = () => {}
    const aborting = new Promise<never>((_, reject) => {
      abort = () => {
        leave()
        reject(signal.reason)
      }
      signal.addEventListener("abort", abort, { once: true })
    })
    try {
      return await Promise.race([aborting, go(request, init, (way) => (leave = way))])
    } finally {
      signal.removeEventListener("abort", abort)
    }
  }
}
