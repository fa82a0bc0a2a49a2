/**
 * Receives webhooks with a server of `node:http`, or of anything that hands over its requests.
 *
 * It listens on no port and decides nothing: the receiver does. A client that goes away is let go at once; one that
 * sends more than is read gets its answer, and then its connection is closed.
 *
 * Behind a framework it takes the bytes that a middleware left: `request.rawBody` (Cloud Functions), or `request.body` where that is
 * bytes or text, as `express.raw({ type: () => true })` leaves it. A body that was parsed into an object is no longer what was
 * signed: that is a 503, and its `problem` says what to put in the parser's place.
 *
 * Law 7: interrupting leaves no listener, socket or fibre behind.
 * Law 10: an answer is a status; a stranger is told nothing else.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http"
 * import * as Effect from "effect/Effect"
 * import * as Webhook from "@tenuto/http/Webhook"
 * import * as NodeWebhook from "@tenuto/transport-node/NodeWebhook"
 *
 * // Deliveries go to the `Inbox` of the context it is made in.
 * export const server = (webhook: Webhook.Webhook, secret: string) =>
 *   Effect.gen(function* () {
 *     const listener = yield* NodeWebhook.make(Webhook.receive(webhook, { secrets: [secret] }))
 *     return createServer(listener)
 *   })
 * ```
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"
import type * as Webhook from "@tenuto/http/Webhook"
import * as Body from "./internal/Body.ts"

/** What `createServer` takes. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => void

/** Listen in the context of the caller, its `Inbox` above all; closing the scope ends what is under way with a 503. */
export const make = (receiver: Webhook.Receiver): Effect.Effect<Listener, never, Scope.Scope> =>
  Effect.map(FiberSet.makeRuntime<never, Webhook.Answer, never>(), (run) => listening(receiver, run))

/** Listen with a receiver that needs no context and no end, such as {@link Webhook.receiveInto} makes. */
export const makeUnscoped = (receiver: Webhook.Receiver): Listener => listening(receiver, Effect.runFork)

const listening =
  (receiver: Webhook.Receiver, run: (effect: Effect.Effect<Webhook.Answer>) => Fiber.Fiber<Webhook.Answer>): Listener =>
  (request, response) => {
    // A client that goes away is no trouble of this process.
    request.on("error", nothing)
    response.on("error", nothing)
    const { headers, method = "" } = request
    const body = request.readableDidRead ? leftBy(request) : Body.of(request)
    const fiber = run(receiver({ method, headers, body, ...addressed(request) }))
    fiber.addObserver((exit) => reply(request, response, Exit.isSuccess(exit) ? exit.value : interrupted))
    response.once("close", () => fiber.interruptUnsafe())
  }

/** What a middleware leaves of a body that it has read, if that is still the body as it came. */
const leftBy = (request: IncomingMessage): string | Uint8Array | undefined => {
  const left = ["rawBody", "body"].map((name): unknown => Reflect.get(request, name))
  return left.find((body) => typeof body === "string" || body instanceof Uint8Array)
}

/** The address as this process sees it; a router that is mounted somewhere leaves the whole path in `originalUrl`. */
const addressed = (request: IncomingMessage): { readonly url?: string } => {
  const original: unknown = Reflect.get(request, "originalUrl")
  const { host } = request.headers
  const path = typeof original === "string" ? original : request.url
  if (host === undefined || path === undefined) return {}
  return { url: `${"encrypted" in request.socket ? "https" : "http"}://${host}${path}` }
}

const nothing = () => {}

/** Only our own end interrupts while the client is there: it shall come again. */
const interrupted: Pick<Webhook.Answer, "status" | "headers"> = { status: 503, headers: {} }

/** So much more than was read is taken and dropped, so that the answer is not lost in a reset connection. */
const patience = 8 * 1024 * 1024

const reply = (request: IncomingMessage, response: ServerResponse, { headers, status }: typeof interrupted): void => {
  if (response.destroyed || response.headersSent) return
  const head = { ...headers, "content-length": "0" }
  if (request.complete) return void response.writeHead(status, head).end()
  response.writeHead(status, { ...head, connection: "close" }).flushHeaders()
  let left = patience
  request.on("data", (chunk: Buffer) => {
    left -= chunk.byteLength
    if (left < 0) request.destroy()
  })
  request.once("end", () => response.end())
  request.resume()
}
