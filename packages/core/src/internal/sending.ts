/** Decides whether a request may be sent, in what form and until when: laws 3 and 4. */
import type * as DateTime from "effect/DateTime"
import { type Contract, isRepeatable, keyLife } from "../Contract.ts"
import * as Remedy from "../Remedy.ts"
import type { Request, StateOf } from "./history.ts"
import { later } from "./instant.ts"

/**
 * Read a request as it goes out. What the service wanted to be different goes out under another key (law 4), which
 * follows from the first: whoever asks again for the same work, in whatever process, comes to the same key.
 */
export const sent = ({ changes, ...request }: Request): Request =>
  changes === undefined
    ? request
    : {
        ...request,
        input: { ...request.input, ...changes },
        ...(request.key === undefined ? {} : { key: `${request.key}-upgraded` }),
      }

/**
 * A request is changed once: a service that goes on asking is not obeyed for ever. An answer that leaves it in doubt
 * changes nothing: under another key the work could start twice (law 3).
 */
export const wanted = ({ last, request }: StateOf<"Drafted" | "Uncertain">) =>
  last?.truth === "Rejected" && last.reason._tag === "UpgradeRequired" && request.changes === undefined
    ? last.reason
    : undefined

export const upgraded = (state: StateOf<"Drafted" | "Uncertain">): Request => {
  const reason = wanted(state)
  return reason === undefined ? state.request : { ...state.request, changes: reason.changes }
}

/** A key that the service may have forgotten proves nothing: sent again under it, the work could start twice (law 3). */
export const keyUntil = (state: StateOf<"Drafted" | "Uncertain">, contract: Contract): DateTime.Utc | undefined => {
  const life = keyLife(contract)
  return life === undefined || state._tag === "Drafted" || state.inDoubtSince === undefined
    ? undefined
    : later(state.inDoubtSince, life)
}

/** Law 3 stands on these lines: without a key, a send that is in doubt is the last one. */
export const mayBeSent = (state: StateOf<"Drafted" | "Uncertain">, contract: Contract): boolean => {
  if (state._tag === "Uncertain" && !isRepeatable(contract)) return false
  if (state.sends >= contract.limits.sends) return false
  if (state.last === undefined) return true
  const { changes, reference } = state.request
  if (state.last.reason._tag === "UpgradeRequired" && changes !== undefined) return state.sends === 0
  const trouble = { _tag: state.last.truth, ...state.last, ...(reference === undefined ? {} : { reference }) }
  return Remedy.isAutomatic(Remedy.of(trouble, contract))
}
