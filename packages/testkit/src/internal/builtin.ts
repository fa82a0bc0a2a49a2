/** Node's own modules where there are any, without naming one in an import: browsers load this too. */
const process: Partial<NodeJS.Process> | undefined = (globalThis as Partial<typeof globalThis>).process

export const builtin = <Name extends keyof Builtins>(name: Name): Builtins[Name] | undefined =>
  process?.getBuiltinModule?.(name)

/** Bun has the names of Node's modules, and not what Node does within them. */
export const isBun = "Bun" in globalThis

interface Builtins {
  readonly "node:async_hooks": typeof import("node:async_hooks")
  readonly "node:crypto": typeof import("node:crypto")
  readonly "node:diagnostics_channel": typeof import("node:diagnostics_channel")
  readonly "node:dns": typeof import("node:dns")
  readonly "node:fs": typeof import("node:fs")
  readonly "node:http": typeof import("node:http")
  readonly "node:module": typeof import("node:module")
  readonly "node:net": typeof import("node:net")
  readonly "node:path": typeof import("node:path")
  readonly "node:timers": typeof import("node:timers")
  readonly "node:timers/promises": typeof import("node:timers/promises")
  readonly "node:url": typeof import("node:url")
  readonly "node:util": typeof import("node:util")
  readonly "node:zlib": typeof import("node:zlib")
}
