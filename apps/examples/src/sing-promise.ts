/** The same from plain promises: a failure is the rejection itself, and its tag says what is true of the work. */
import { connect, Failure, Handle } from "@tenuto/core"
import { Duration, type Layer } from "effect"
import type { Transport } from "@tenuto/http/Transport"
import * as Soundpiece from "@tenuto/soundpiece"

export interface Settings {
  readonly apiKey: string
  readonly transport: Layer.Layer<Transport>
  readonly baseUrl?: string
}

export const sing = async (settings: Settings, signal: AbortSignal): Promise<string> => {
  await using soundpiece = connect(Soundpiece, settings)
  try {
    const { outputs } = await soundpiece.run(
      "create.new_song",
      { lyrics: "Hold the note for its full value", prompt: "Slow waltz" },
      { within: "5 minutes", signal },
    )
    return `a song of ${Duration.format(outputs[0].duration ?? Duration.zero)}`
  } catch (error) {
    if (!Failure.isFailure(error)) throw error
    switch (error._tag) {
      case "Overdue":
        return `still going on; settle ${Handle.write(error.handle)} later`
      case "Uncertain":
        return `it may have started; ask again under the key ${error.key}`
      default:
        return error.message
    }
  }
}
