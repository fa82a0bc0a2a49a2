/** The words of a story of a client: `name@stage`, each of them for one request. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fault from "../Fault.ts"

export const nameOf = (word: string): string => word.slice(0, word.lastIndexOf("@"))

/** Words are read once: a story is told in less time than that takes. */
const faults = new Map<string, Exit.Exit<Fault.Planned, Fault.Unrecognised>>()
export const faultOf = (word: string): Exit.Exit<Fault.Planned, Fault.Unrecognised> => {
  const known = faults.get(word)
  if (known !== undefined) return known
  const read = Effect.runSync(Effect.exit(Fault.parse(word)))
  faults.set(word, read)
  return read
}

/** Why a fault would never be played: nothing asks for it, and a story that it stands in would be green for nothing. */
export const unheard = (word: string, isSaving: boolean): string | undefined => {
  const read = faultOf(word)
  if (Exit.isFailure(read)) return undefined
  const { count, stage } = read.value
  if (count !== 1) return `"${word}" is never played: a step is for one request, so say it as often as it happens`
  const heard: ReadonlyArray<string> = ["submit", "look", "webhook", ...(isSaving ? ["download"] : [])]
  if (heard.includes(stage)) return undefined
  return `"${word}" is never played: what goes wrong here stands at ${heard.join(", ")}; a look that is held is a look`
}
