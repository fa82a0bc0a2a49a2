/** The transport over sockets of its own, for Node.js. */
import { type Listening, receiveInto, type Webhook } from "@tenuto/http/Webhook"
import { layer, layerWith, type Options } from "./NodeTransport.ts"
import { type Listener, makeUnscoped } from "./NodeWebhook.ts"

export * as AtomicFile from "./AtomicFile.ts"
export * as NodeTransport from "./NodeTransport.ts"
export * as NodeWebhook from "./NodeWebhook.ts"

/**
 * Give the transport to code that does not use Effect.
 *
 * @example
 * ```ts
 * import { connect } from "@tenuto/core/Promise"
 * import * as Soundpiece from "@tenuto/soundpiece"
 * import { nodeTransport } from "@tenuto/transport-node"
 *
 * export const soundpiece = connect(Soundpiece, { apiKey: "spk_…", transport: nodeTransport() })
 * ```
 */
export const nodeTransport = (options?: Options): typeof layer => (options === undefined ? layer : layerWith(options))

/**
 * Receive webhooks with `node:http`, for code that does not use Effect.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http"
 * import * as Inbox from "@tenuto/core/Inbox"
 * import type * as Webhook from "@tenuto/http/Webhook"
 * import { nodeWebhook } from "@tenuto/transport-node"
 *
 * // One inbox for the server and for the waits.
 * export const inbox = Inbox.makeMemory()
 * export const server = (choir: Webhook.Webhook, secret: string) =>
 *   createServer(nodeWebhook(choir, { secrets: [secret], inbox, onAnswer: ({ outcome }) => console.log(outcome) }))
 * ```
 */
export const nodeWebhook = (webhook: Webhook, options: Listening): Listener =>
  makeUnscoped(receiveInto(webhook, options))
