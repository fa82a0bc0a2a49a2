/**
 * Receives webhooks as a function from a Web `Request` to a `Response`: workers, edge platforms, Deno, Bun, frameworks.
 *
 * It decides nothing: the receiver does. It reads a body up to the limit and cancels the rest, and never rejects.
 *
 * Law 7: a request that is aborted leaves no reader and no fibre behind.
 * Law 10: an answer is a status; a stranger is told nothing else.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Webhook from "@tenuto/http/Webhook"
 * import * as FetchWebhook from "@tenuto/transport-fetch/FetchWebhook"
 *
 * // Deliveries go to the `Inbox` of the context it is made in.
 * export const worker = (webhook: Webhook.Webhook, secret: string) =>
 *   Effect.gen(function* () {
 *     const fetch = yield* FetchWebhook.make(Webhook.receive(webhook, { secrets: [secret] }))
 *     return { fetch }
 *   })
 * ```
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Webhook from "@tenuto/http/Webhook"

/** What workers and frameworks call `fetch` or a route's handler. */
export type Handler = (request: Request) => Promise<Response>

/** Handle in the context of the caller, its `Inbox` above all; closing the scope ends what is under way with a 503. */
export const make = (receiver: Webhook.Receiver): Effect.Effect<Handler, never, Scope.Scope> =>
  Effect.map(FiberSet.makeRuntime<never, Webhook.Answer, never>(), (run) => handling(receiver, run))

/** Handle with a receiver that needs no context and no end, such as {@link Webhook.receiveInto} makes. */
export const makeUnscoped = (receiver: Webhook.Receiver): Handler => handling(receiver, Effect.runFork)

type Run = (
  effect: Effect.Effect<Webhook.Answer>,
  options: { readonly signal: AbortSignal },
) => Fiber.Fiber<Webhook.Answer>

const handling =
  (receiver: Webhook.Receiver, run: Run): Handler =>
  (request) =>
    new Promise((resolve) => {
      const { headers, method, signal, url } = request
      const fiber = run(receiver({ method, url, headers, body: bodyOf(request) }), { signal })
      fiber.addObserver((exit) => {
        // Whoever aborted it hears nothing; else it is our own end, and it shall come again.
        const { headers, status } = Exit.isSuccess(exit) ? exit.value : { status: 503, headers: {} }
        resolve(new Response(null, { status, headers }))
      })
    })

const bodyOf = (request: Request): Webhook.Incoming["body"] => {
  const { body, bodyUsed } = request
  if (bodyUsed || body?.locked === true) return undefined
  return body === null ? "" : Stream.fromReadableStream({ evaluate: () => body, onError: () => "Aborted" })
}
