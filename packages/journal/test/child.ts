/** Other processes that share a journal with the test. */
import * as Effect from "effect/Effect"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

export interface Child {
  readonly process: ChildProcess
  /** The next line it says; `undefined` at the end. */
  readonly line: Effect.Effect<string | undefined>
  readonly send: (text: string) => Effect.Effect<void>
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** Kill it at once, and wait until it is gone. */
  readonly kill: Effect.Effect<void>
}

/** Start a script of `process/`; it is killed when the scope closes. */
export const start = (script: "writer" | "holder" | "maker" | "passer", ...args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync((): Child => {
      const path = fileURLToPath(new URL(`process/${script}.ts`, import.meta.url))
      const child = spawn(process.execPath, ["--no-warnings", path, ...args], { stdio: ["pipe", "pipe", "inherit"] })
      const gone = once(child, "close")
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
      return {
        process: child,
        line: Effect.promise(async () => {
          const next = await lines.next()
          return next.done === true ? undefined : next.value
        }),
        send: (text) => Effect.sync(() => void child.stdin.write(`${text}\n`)),
        signal: (signal) => Effect.sync(() => void child.kill(signal)),
        kill: Effect.promise(async () => {
          child.kill("SIGKILL")
          await gone
        }),
      }
    }),
    ({ kill }) => kill,
  )
