/** Reads from what a service says of itself what it has created. */
import type { Created } from "./transcribed.ts"
import { misfit, type Unfit } from "./unfit.ts"

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null
const isIterable = (value: unknown): value is Iterable<unknown> => isObject(value) && Symbol.iterator in value
const isRecord = (value: unknown): value is Created => isObject(value) && "id" in value && typeof value.id === "string"

/** What was created; `undefined` where the ledger does not say it. */
export const operationsOf = (ledger: unknown): ReadonlyArray<Created> | undefined | Unfit => {
  const told: unknown = isObject(ledger) && "operations" in ledger ? ledger.operations : ledger
  if (told === ledger && !isIterable(ledger)) return undefined
  const all = isIterable(told) ? [...(told instanceof Map ? told.values() : told)] : [undefined]
  const records = all.filter(isRecord)
  if (records.length === all.length) return records
  return misfit("the ledger", "a kit", "a list of what was created, each with its id: { operations: [{ id, key }] }")
}
