/**
 * Whether one consistent story explains what the callers were told and what the service created.
 *
 * An answer may be lost, so a caller may be told `ok`, `refused` or `unknown`; only the service's ledger knows. A story
 * says of each operation which invocation created it. It has to keep these rules:
 *
 * - each operation was created by one invocation for the same work under the same key, that was not refused, at an
 *   instant at which the request could act; and no invocation created two;
 * - an `ok` names an operation that was there when the caller was told: without a key it is the invocation's own;
 *   with one it may be another's under the same key;
 * - no key and no id was created twice.
 *
 * An `unknown` may have created its operation or not. It reads each entry a bounded number of times: linear in a history
 * that stands in the order of time, which is how histories are written; any other is sorted first.
 *
 * @example
 * ```ts
 * import * as History from "@tenuto/testkit/History"
 *
 * const violations = History.judge({
 *   invocations: [
 *     { work: "waltz", key: "k1", from: 0, to: 10, outcome: "unknown" },
 *     { work: "waltz", key: "k1", from: 12, to: 13, outcome: "ok", id: "op_1" }, // the same key: the same operation
 *     { work: "polka", key: "k2", from: 0, to: 1, outcome: "refused" },
 *   ],
 *   operations: [
 *     { id: "op_1", work: "waltz", key: "k1", at: 1 },
 *     { id: "op_2", work: "polka", key: "k2", at: 1 }, // refused, and created all the same
 *   ],
 * })
 * console.log(violations.map(({ says }) => says)) // [ "op_2 was created at 1 s, and no invocation can have done it" ]
 * ```
 */
import type { Violation } from "./Checks.ts"
import { matched } from "./internal/pairing.ts"

interface Asked {
  /** The name of the work: what an operation of it is created for. */
  readonly work: string
  readonly key?: string
  /** When the request left, in seconds. */
  readonly from: number
  /** When the caller was told, in seconds; absent for one that crashed, or still waits. */
  readonly to?: number
  /** Until when the request could act at the service, in seconds. Default: until `to`; without one for ever. */
  readonly openUntil?: number
}

/** One attempt to start work, as its caller saw it. */
export type Invocation =
  | (Asked & { readonly outcome: "ok"; readonly id: string })
  | (Asked & { readonly outcome: "refused" | "unknown" })

/** An operation, from the service's ledger. */
export interface Operation {
  readonly id: string
  readonly work: string
  readonly key?: string
  /** When it was created, in seconds. */
  readonly at: number
}

/** What the callers saw, and what the service did. */
export interface History {
  readonly invocations: ReadonlyArray<Invocation>
  readonly operations: ReadonlyArray<Operation>
}

type Ok = Extract<Invocation, { readonly outcome: "ok" }>

const closing = ({ openUntil, to }: Invocation): number => openUntil ?? to ?? Infinity
const couldAct = (invocation: Invocation, { at }: Operation): boolean =>
  invocation.from <= at && at <= closing(invocation)

/** All that is about one piece of work under one key, or without any. Who was refused created nothing, and is left out. */
interface Matter {
  readonly key: string | undefined
  readonly oks: Array<Ok>
  readonly unknowns: Array<Invocation>
  readonly operations: Array<Operation>
}

const matters = ({ invocations, operations }: History): Iterable<Matter> => {
  const found = new Map<string, Map<string | undefined, Matter>>()
  const of = ({ key, work }: Invocation | Operation): Matter => {
    const keys = found.get(work) ?? new Map<string | undefined, Matter>()
    found.set(work, keys)
    const matter = keys.get(key) ?? { key, oks: [], unknowns: [], operations: [] }
    keys.set(key, matter)
    return matter
  }
  for (const operation of operations) of(operation).operations.push(operation)
  for (const invocation of invocations) {
    if (invocation.outcome === "ok") of(invocation).oks.push(invocation)
    else if (invocation.outcome === "unknown") of(invocation).unknowns.push(invocation)
  }
  return Array.from(found.values()).flatMap((keys) => Array.from(keys.values()))
}

const said = ({ from, work }: Invocation): string => `the invocation for "${work}" from ${from} s on`
const uncreated = ({ at, id }: Operation): string => `${id} was created at ${at} s, and no invocation can have done it`

/** Names that stand in the ledger more than once. */
const doubled = (operations: ReadonlyArray<Operation>, what: "id" | "key"): ReadonlyArray<string> => {
  const counts = new Map<string, number>()
  for (const operation of operations) {
    const name = operation[what]
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return Array.from(counts)
    .filter(([, count]) => count > 1)
    .map(([name, count]) => `the ${what} "${name}" was created ${count} times`)
}

/** Whoever was told `ok` has an operation of that name, which was there when the answer came. */
const unfounded = (matter: Matter, named: (ok: Ok) => Operation | undefined): ReadonlyArray<string> =>
  matter.oks.flatMap((ok) => {
    const operation = named(ok)
    if (operation === undefined) return [`${said(ok)} was told ${ok.id}, which the service never created for it`]
    const isThere = operation.at <= (ok.to ?? Infinity)
    return isThere ? [] : [`${said(ok)} was told ${ok.id} before it was created at ${operation.at} s`]
  })

/** Of several under one key the first is asked for: that there are more is wrong enough. */
const keyed = ({ oks, operations, unknowns }: Matter): ReadonlyArray<string> =>
  operations
    .slice(0, 1)
    .filter((operation) => ![...oks, ...unknowns].some((invocation) => couldAct(invocation, operation)))
    .map(uncreated)

/** Without a key whoever was told `ok` created what it was told; the rest are shared out among the unknown. */
const unkeyed = ({ oks, operations, unknowns }: Matter, named: (ok: Ok) => Operation | undefined) => {
  const owners = new Map<Operation, Ok>()
  const wrong: Array<string> = []
  for (const ok of oks) {
    const operation = named(ok)
    if (operation === undefined) continue
    const owner = owners.get(operation)
    if (owner !== undefined) wrong.push(`${said(ok)} was told ${ok.id}, as was ${said(owner)}, both without a key`)
    else if (!couldAct(ok, operation)) wrong.push(uncreated(operation))
    owners.set(operation, owner ?? ok)
  }
  const rest = operations.filter((operation) => !owners.has(operation))
  const spans = unknowns.map((unknown) => ({ from: unknown.from, to: closing(unknown) }))
  const taken = matched(
    rest.map(({ at }) => at),
    spans,
  )
  return [...wrong, ...rest.filter((_, index) => !taken.has(index)).map(uncreated)]
}

/** Look for a story that explains a history. Without violations there is one. */
export const judge = (history: History): ReadonlyArray<Violation> => {
  const ids = new Map(history.operations.map((operation) => [operation.id, operation]))
  const wrong = [...doubled(history.operations, "id"), ...doubled(history.operations, "key")]
  for (const matter of matters(history)) {
    const named = (ok: Ok) => {
      const operation = ids.get(ok.id)
      return operation?.work === ok.work && operation.key === ok.key ? operation : undefined
    }
    wrong.push(...unfounded(matter, named))
    wrong.push(...(matter.key === undefined ? unkeyed(matter, named) : keyed(matter)))
  }
  return wrong.map((says) => ({ check: "one-story", says }))
}
