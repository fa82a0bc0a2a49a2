/** Every provider of the workspace, for the pages that are made from their data. */
import type * as Operation from "../packages/core/src/Operation.ts"
import type * as Provider from "../packages/http/src/Provider.ts"
import * as HeyDonna from "../packages/providers/heydonna/src/index.ts"
import * as Overten from "../packages/providers/overten/src/index.ts"
import * as Soundpiece from "../packages/providers/soundpiece/src/index.ts"
import * as Whisul from "../packages/providers/whisul/src/index.ts"

/** What a page reads of a provider. */
export interface Known {
  readonly name: string
  readonly folder: string
  readonly operations: Readonly<Record<string, Operation.Any>>
  readonly table: Provider.Table<string>
}

/** In the order in which they came to be. */
export const providers: ReadonlyArray<Known> = [
  { name: "Soundpiece", folder: "soundpiece", ...Soundpiece },
  { name: "Overten", folder: "overten", ...Overten },
  { name: "HeyDonna", folder: "heydonna", ...HeyDonna },
  { name: "Whisul", folder: "whisul", ...Whisul },
]
