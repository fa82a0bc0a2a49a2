/**
 * A command of our own in a process of its own, read line by line.
 *
 * It never outlives us: it is killed when the scope closes, and ends by itself when our end of its channel goes away.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { extname } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** One line of JSON. */
export type Line = { readonly [key: string]: unknown }

export interface Child {
  /** Wait until it has ended and everything it said was read; gives its exit code, or the signal that ended it. */
  readonly ended: Effect.Effect<number | string>
  readonly signal: (name: "SIGTERM" | "SIGKILL") => Effect.Effect<void>
  /** What it said on standard error. */
  readonly complaints: Effect.Effect<string>
}

const isLine = (value: unknown): value is Line => typeof value === "object" && value !== null && !Array.isArray(value)

const main = fileURLToPath(new URL(`./main${extname(import.meta.url)}`, import.meta.url))

const endOf = (process: ChildProcess): Effect.Effect<number | string> =>
  Effect.callback((resume) => {
    const done = () => resume(Effect.succeed(process.exitCode ?? process.signalCode ?? 0))
    if (process.exitCode !== null || process.signalCode !== null) return done()
    process.once("exit", done)
    return Effect.sync(() => process.off("exit", done))
  })

/** Start a command; every line it prints goes to `hear`, in order. */
export const start = (
  args: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>>,
  hear: (line: Line) => void,
): Effect.Effect<Child, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const child = spawn(process.execPath, [...process.execArgv, main, ...args], {
          env: { ...process.env, ...environment },
          stdio: ["ignore", "pipe", "pipe", "ipc"],
        })
        const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
        lines.on("line", (text) => {
          const value: unknown = JSON.parse(text)
          if (isLine(value)) hear(value)
        })
        const read = new Promise<void>((resolve) => lines.once("close", () => resolve()))
        let complaints = ""
        child.stderr?.setEncoding("utf8").on("data", (text: string) => (complaints += text))
        return { child, read, complaints: () => complaints }
      }),
      ({ child }) =>
        Effect.suspend(() => {
          child.kill("SIGKILL")
          return endOf(child)
        }),
    ),
    ({ child, complaints, read }) => ({
      ended: Effect.tap(endOf(child), () => Effect.promise(() => read)),
      signal: (name) => Effect.sync(() => void child.kill(name)),
      complaints: Effect.sync(complaints),
    }),
  )
