/** The transport over `fetch`, for wherever there is one. */
import { layer, layerWith, type Options } from "./FetchTransport.ts"

export * as FetchTransport from "./FetchTransport.ts"

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
