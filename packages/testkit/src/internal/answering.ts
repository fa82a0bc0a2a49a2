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

const read = async (response: Response) => ({
  status: response.status,
  headers: headersOf(response),
  body: new Uint8Array(await response.arrayBuffer()),
})

/** A service of the user's own: what it throws is a connection that is reset, and so is `Response.error()`. */
export const handlerOf =
  (answering: Answering): Handler =>
  ({ body, headers, method, url }) =>
    Effect.tryPromise(async (signal) => {
      const init = { method, headers, signal, ...(bodiless.has(method) ? {} : { body: new Uint8Array(body) }) }
      const response = await answering(new Request(url, init))
      return response.type === "error" ? Behaviour.Reset() : Behaviour.Answered({ response: await read(response) })
    }).pipe(Effect.orElseSucceed(() => Behaviour.Reset()))

const late = new Unanswered({ problem: "Timeout", detail: "the receiver took too long" })

/** Where letters go: to a handler, or wherever their address says. */
export const transportTo = (receiver: Answering): Transport["Service"] =>
  Transport.of({
    send: ({ body, headers, method, url }, { timeout }) =>
      Effect.tryPromise({
        try: async (signal) => {
          const plain = Object.entries(headers).map(([name, value]): [string, string] => [name, reveal(value)])
          const init = { method, headers: plain, signal, ...(body === undefined ? {} : { body: new Uint8Array(body) }) }
          return read(await receiver(new Request(reveal(url), init)))
        },
        catch: () => new Unanswered({ problem: "Reset", detail: "the receiver broke" }),
      }).pipe(Effect.timeoutOrElse({ duration: timeout, orElse: () => late })),
    open: () => Effect.die(new Error("a letter has no stream")),
  })
