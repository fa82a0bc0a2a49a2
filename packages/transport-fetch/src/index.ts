/** The transport over `fetch`, for wherever there is one. */
import { type Listening, receiveInto, type Webhook } from "@tenuto/http/Webhook"
import { layer, layerWith, type Options } from "./FetchTransport.ts"
import { type Handler, makeUnscoped } from "./FetchWebhook.ts"

export * as FetchTransport from "./FetchTransport.ts"
export * as FetchWebhook from "./FetchWebhook.ts"

/**
 * Give the transport to code that does not use Effect.
 *
 * @example
 * ```ts
 * import { connect } from "@tenuto/core/Promise"
 * import * as Soundpiece from "@tenuto/soundpiece"
 * import { fetchTransport } from "@tenuto/transport-fetch"
 *
 * export const soundpiece = connect(Soundpiece, { apiKey: "spk_…", transport: fetchTransport() })
 * ```
 */
export const fetchTransport = (options?: Options): typeof layer => (options === undefined ? layer : layerWith(options))

/**
 * Receive webhooks as `Request → Response`, for code that does not use Effect.
 *
 * @example
 * ```ts
 * import * as Inbox from "@tenuto/core/Inbox"
 * import type * as Webhook from "@tenuto/http/Webhook"
 * import { fetchWebhook } from "@tenuto/transport-fetch"
 *
 * // One inbox for the worker and for the waits.
 * export const inbox = Inbox.makeMemory()
 * export const worker = (choir: Webhook.Webhook, secret: string) => ({
 *   fetch: fetchWebhook(choir, { secrets: [secret], inbox, onAnswer: ({ outcome }) => console.log(outcome) }),
 * })
 * ```
 */
export const fetchWebhook = (webhook: Webhook, options: Listening): Handler =>
  makeUnscoped(receiveInto(webhook, options))
