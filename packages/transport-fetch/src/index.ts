/** The transport over `fetch`, for wherever there is one. */
import { layer, layerWith, type Options } from "./FetchTransport.ts"

export * as FetchTransport from "./FetchTransport.ts"

/** Give the transport to code that does not use Effect: `connect(provider, { transport: fetchTransport() })`. */
export const fetchTransport = (options?: Options): typeof layer => (options === undefined ? layer : layerWith(options))
