/** Between fetch handlers and the kit: a handler as a service, and a handler as the place where letters go. */
import { reveal } from "@tenuto/http/Exchange"
import { Transport, Unanswered } from "@tenuto/http/Transport"
import * as Effect from "effect/Effect"
import { Behaviour } from "../Behaviour.ts"
import type { Handler } from "../Handler.ts"
import type { Answering } from "../Kit.ts"

const bodiless = new Set(["GET", "HEAD"])

/** Cookies are the one header that does not come joined. */
const headersOf = ({ headers }: Response): Record<string, string> => {
  const cookies = headers.getSetCookie()
  return { ...Object.fromEntries(headers), ...(cookies.length === 0 ? {} : { "set-cookie": cookies.join(", ") }) }
}

/** A polyfill's, or another realm's, will do. */
const isResponse = (value: unknown): value is Response =>
  typeof value === "object" && value !== null && "arrayBuffer" in value && "headers" in value && "status" in value

const isRenderer = (value: unknown): boolean =>
  typeof value === "function" || (typeof value === "object" && value !== null && "fetch" in value)

/** What else was answered, without a word of it. */
const strange = (value: unknown): TypeError => {
  const what = value === null || value === undefined ? "with nothing" : `with a value of type ${typeof value}`
  const way = isRenderer(value) ? ": it makes a service, so give what it gives, as in service: choir()" : ""
  return new TypeError(`the service answered ${what}, not with a Response${way}`)
}

/**
 * Ask a handler of the user's own; `undefined` for `Response.error()`. What it throws is told, and looks like that: unless
 * whoever asked has left, which handlers may throw of.
 */
const ask = (answering: Answering, request: (signal: AbortSignal) => Request, broke: (thrown: unknown) => void) =>
  Effect.promise(async (signal) => {
    try {
      const response: unknown = await answering(request(signal))
      if (!isResponse(response)) throw strange(response)
      if (response.type === "error") return undefined
      const { status } = response
      return { status, headers: headersOf(response), body: new Uint8Array(await response.arrayBuffer()) }
    } catch (thrown) {
      if (!signal.aborted) broke(thrown)
      return undefined
    }
  })

/** A service of the user's own; `Response.error()` is a connection that is reset. */
export const handlerOf =
  (answering: Answering, broke: (thrown: unknown) => void): Handler =>
  ({ body, headers, method, url }) => {
    const init = { method, headers, ...(bodiless.has(method) ? {} : { body: new Uint8Array(body) }) }
    return ask(answering, (signal) => new Request(url, { ...init, signal }), broke).pipe(
      Effect.map((response) => (response === undefined ? Behaviour.Reset() : Behaviour.Answered({ response }))),
    )
  }

/** An emulator that breaks is told as well, and resets the connection on every carrier. */
export const guarded =
  (handler: Handler, broke: (thrown: unknown) => void): Handler =>
  (request) =>
    Effect.catchDefect(handler(request), (defect) => {
      broke(defect)
      return Effect.succeed(Behaviour.Reset())
    })

const late = new Unanswered({ problem: "Timeout", detail: "the receiver took too long" })
const gone = new Unanswered({ problem: "Reset", detail: "the receiver broke" })

/** Where letters go: to a handler, or wherever their address says. */
export const transportTo = (receiver: Answering, broke: (thrown: unknown) => void): Transport["Service"] =>
  Transport.of({
    send: ({ body, headers, method, url }, { timeout }) => {
      const plain = Object.entries(headers).map(([name, value]): [string, string] => [name, reveal(value)])
      const init = { method, headers: plain, ...(body === undefined ? {} : { body: new Uint8Array(body) }) }
      return ask(receiver, (signal) => new Request(reveal(url), { ...init, signal }), broke).pipe(
        Effect.flatMap((response) => (response === undefined ? gone : Effect.succeed(response))),
        Effect.timeoutOrElse({ duration: timeout, orElse: () => late }),
      )
    },
    open: () => Effect.die(new Error("a letter has no stream")),
  })
