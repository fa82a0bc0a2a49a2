/** Which submits of a run are for the same piece of work. */
import * as Reading from "../reading.ts"
import type { Exchange } from "../transcribed.ts"
import type { Read } from "./check.ts"

/** Put together what has the same key, in the order of the first. */
export const groups = <A>(
  all: ReadonlyArray<A>,
  keyOf: (one: A) => string | undefined,
): ReadonlyArray<readonly [A, ...ReadonlyArray<A>]> => {
  const found = new Map<string | undefined, [A, ...Array<A>]>()
  for (const one of all) {
    const key = keyOf(one)
    const group = found.get(key)
    if (group === undefined) found.set(key, [one])
    else group.push(one)
  }
  return Array.from(found.values())
}

type Sends = readonly [Exchange, ...ReadonlyArray<Exchange>]

/** Whether the client of a submit knows that it was taken. What a fault was played on may be more than it can read. */
const isTaken = ({ answer, fault }: Exchange): boolean =>
  fault === undefined && answer !== undefined && answer.status >= 200 && answer.status < 300

/** The submits of each piece of work. A key goes on with what an earlier one was given up for in doubt. */
export const worksOf = ({ exchanges, isInDoubt, keyOf, workOf }: Read): ReadonlyArray<Sends> =>
  groups(exchanges.filter(Reading.isSubmit), workOf).flatMap((alike) => {
    if (alike.some((send) => keyOf(send) === undefined)) return [alike]
    const works: Array<Sends> = []
    for (const sends of groups(alike, keyOf)) {
      const isGivenUp = (work: Sends) =>
        work.some(isInDoubt) &&
        !work.some(isTaken) &&
        work.every(({ end }) => end !== undefined && end.at <= sends[0].at)
      const before = works.findIndex(isGivenUp)
      if (before === -1) works.push(sends)
      else works.splice(before, 1, [...(works[before] ?? sends), ...sends])
    }
    return works
  })

/** The works that may have started: all but those that were refused for good. */
export const startedOf = (run: Read): ReadonlyArray<Sends> =>
  worksOf(run).filter((sends) => sends.some((send) => send.end === undefined || run.isInDoubt(send)))

/** Whether a run is about one piece of work, which may have been refused before it was taken. */
export const isAlone = (run: Read): boolean =>
  new Set(run.exchanges.filter(Reading.isSubmit).map(run.workOf)).size === 1 && startedOf(run).length <= 1
