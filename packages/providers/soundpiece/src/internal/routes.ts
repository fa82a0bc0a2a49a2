/**
 * The eight routes, and where an answer keeps the operation and its files.
 *
 * Neither key follows from the route's name (T-SP-4), and `envelope` is absent where no page shows one.
 */

/** One route: the key its operation stands under, and whether it gives many files or exactly one. */
export interface Route {
  readonly envelope?: string
  readonly result: "outputs" | "output"
}

export const routes = {
  "create.new_song": { envelope: "song", result: "outputs" }, // S000, S001
  "create.new_instrumental": { result: "outputs" }, // contract 2.1 (W)
  "create.new_sample": { envelope: "sample", result: "output" }, // contract 2.1 (W)
  "create.new_fx": { result: "output" }, // contract 2.1 (I): as its sibling new_sample
  "create.remix_song": { envelope: "remix_song", result: "outputs" }, // contract 2.1 (W)
  "create.remix_instrumental": { envelope: "remix_instrumental", result: "outputs" }, // contract 2.1 (W)
  "adapt.separate_stems": { result: "outputs" }, // contract 2.1 (W)
  "adapt.auto_cut_down": { envelope: "auto_cut", result: "output" }, // contract 2.1 (W); not the route's name
} as const satisfies Readonly<Record<string, Route>>

/** The service's own name of an operation. */
export type Name = keyof typeof routes
