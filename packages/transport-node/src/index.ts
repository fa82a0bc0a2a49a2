/** The transport over sockets of its own, for Node.js. */
import { layer, layerWith, type Options } from "./NodeTransport.ts"

export * as AtomicFile from "./AtomicFile.ts"
export * as NodeTransport from "./NodeTransport.ts"

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
