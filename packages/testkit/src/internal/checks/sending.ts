/** What may be sent, and how often: one piece of work, one creation, one key. */
import * as Reading from "../reading.ts"
import type { Created, Exchange } from "../transcribed.ts"
import { check } from "./check.ts"
import { groups, startedOf, worksOf } from "./works.ts"

/** Where a submit goes: of one place that takes keys every submit has to carry one. */
const placeOf = ({ method, origin, path }: Exchange): string => `${method} ${origin}${path}`

/** More operations than works. */
const surplus = (operations: ReadonlyArray<Created>, works: number): ReadonlyArray<string> => {
  const ids = operations.map(({ id }) => id).join(", ")
  const created = `${operations.length} operation${operations.length === 1 ? "" : "s"}`
  return operations.length <= works ? [] : [`the service created ${created} for ${works} of what was asked: ${ids}`]
}

export const createdOnce = check(
  "created-once",
  3,
  "one piece of work is created once, whatever happens on the way",
  (run) => {
    const { keyOf, operations = [] } = run
    const works = startedOf(run)
    const all = surplus(operations, works.length)
    if (all.length > 0) return all
    const keys = groups(
      works.flatMap((sends) => Array.from(new Set(sends.map(keyOf)))),
      (key) => key,
    )
    const counts = new Map(keys.map((same) => [same[0], same.length]))
    // A key that no submit carries is one that the service made.
    return groups(
      operations.filter(({ key }) => key !== undefined),
      ({ key }) => key,
    ).flatMap((same) => surplus(same, counts.get(same[0].key) ?? Infinity))
  },
)

export const oneKey = check(
  "one-key",
  4,
  "every resend of a piece of work carries the same key, and no key two bodies",
  (run) => {
    const { exchanges, isKeyed, keyOf, workOf } = run
    if (!isKeyed) return []
    const keyed = exchanges.filter((exchange) => Reading.isSubmit(exchange) && keyOf(exchange) !== undefined)
    const places = new Set(keyed.map(placeOf))
    const wandering = worksOf(run).flatMap((sends) => {
      const keys = new Set(sends.map(keyOf))
      const isDue = places.size === 0 || places.has(placeOf(sends[0]))
      if (keys.has(undefined) && isDue) return [`${Reading.shown(sends[0])} carries no key`]
      return keys.size > 1 ? [`${Reading.shown(sends[0])} and its resends carry ${keys.size} keys`] : []
    })
    const shared = groups(keyed, keyOf).flatMap((sends) => {
      const bodies = new Set(sends.map(workOf)).size
      return bodies > 1 ? [`${bodies} bodies went out under the key of ${Reading.shown(sends[0])}`] : []
    })
    return [...wandering, ...shared]
  },
)

export const notAgainUnkeyed = check(
  "not-again-unkeyed",
  3,
  "without a key nothing is sent again that may have started, unless it is proved that it never left",
  (run) =>
    worksOf(run).flatMap((sends) =>
      sends.flatMap((send, index) => {
        const doubt = sends
          .slice(0, index)
          .find((earlier) => earlier.end !== undefined && earlier.end.at <= send.at && run.isInDoubt(earlier))
        if (doubt === undefined || run.keyOf(send) !== undefined) return []
        const got = doubt.answer === undefined ? (doubt.end?.did ?? "") : String(doubt.answer.status)
        return [`${Reading.shown(send)} goes out again without a key, after ${got} at ${doubt.end?.at} s`]
      }),
    ),
)
