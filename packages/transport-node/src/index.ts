/** The transport over sockets of its own, for Node.js. */
import { layer, layerWith, type Options } from "./NodeTransport.ts"

export * as AtomicFile from "./AtomicFile.ts"
export * as NodeTransport from "./NodeTransport.ts"

/** Give the transport to code that does not use Effect: `connect(provider, { transport: nodeTransport() })`. */
export const nodeTransport = (options?: Options): typeof layer => (options === undefined ? layer : layerWith(options))
