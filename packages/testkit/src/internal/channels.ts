/** What Node and its libraries announce of themselves; a host that announces nothing is never heard of. */
import { builtin, isBun } from "./builtin.ts"

/** Listen to channels by their names; the answer ends it. What each message holds is documented where it is published. */
export const listen = (listeners: Readonly<Record<string, (message: never) => void>>): (() => void) => {
  const channels = builtin("node:diagnostics_channel")
  if (channels === undefined || isBun) return () => {}
  const entries = Object.entries(listeners).map(
    ([name, listener]) => [name, listener as (message: unknown) => void] as const,
  )
  for (const [name, listener] of entries) channels.subscribe(name, listener)
  return () => {
    for (const [name, listener] of entries) channels.unsubscribe(name, listener)
  }
}
