/** Runs another program to its end and keeps what it says. */
import { spawn } from "node:child_process"
import * as path from "node:path"
import { repository } from "./workspace.ts"

export interface Ran {
  readonly ok: boolean
  /** Both streams, in the order in which they came. */
  readonly output: string
}

/** The programs of the workspace before those of the machine, so that Node is the pinned one. */
const bin = [path.join(repository, "node_modules/.bin"), process.env["PATH"] ?? ""].join(path.delimiter)

/** Run a command, for ten minutes at most. It never fails: a program that cannot be started is one that said so. */
export const run = (command: ReadonlyArray<string>, cwd: string = repository): Promise<Ran> =>
  new Promise((resolve) => {
    const [program = "", ...parameters] = command
    const child = spawn(program, parameters, {
      cwd,
      env: { ...process.env, PATH: bin, NO_COLOR: "1", FORCE_COLOR: undefined, TURBO_TELEMETRY_DISABLED: "1" },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 600_000,
    })
    const chunks: Array<Buffer> = []
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk))
    const end = (ok: boolean, last: string) => resolve({ ok, output: Buffer.concat(chunks).toString() + last })
    child.on("error", (error) => end(false, error.message))
    child.on("close", (code, signal) => end(code === 0, signal === null ? "" : `\nended by ${signal}`))
  })

/** pnpm at the workspace's version, on a machine that need not have it. */
export const pnpm = ["npx", "-y", "pnpm@12.21.0"] as const
