#!/usr/bin/env node
/**
 * The entry: runs one command line and exits with its number.
 *
 * An interruption is obeyed once the command has said how to go on; a second one at once. A process that was started
 * with a channel to its parent ends with it.
 */
import * as Module from "node:module"
import { homedir } from "node:os"
import { join } from "node:path"
import { version } from "./version.ts"

const argv = process.argv.slice(2)

const exit = (code: number): void => {
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)))
}

process.on("uncaughtException", (error) => {
  process.stderr.write(`tenuto: a defect of ours, not of the service: ${error.message}\n`)
  process.exit(70)
})

const start = async (): Promise<void> => {
  const [{ follow }, Effect, Fiber] = await Promise.all([
    import("./app.ts"),
    import("effect/Effect"),
    import("effect/Fiber"),
  ])
  const fiber = Effect.runFork(follow(argv, version()))
  const told = { isInterrupted: false }
  const interrupt = () => {
    if (told.isInterrupted) process.exit(130)
    told.isInterrupted = true
    fiber.interruptUnsafe()
  }
  process.on("SIGINT", interrupt)
  process.on("SIGTERM", interrupt)
  process.on("disconnect", () => !told.isInterrupted && interrupt())
  process.channel?.unref()
  // Whoever reads our output may leave before we are done.
  process.stdout.on("error", () => !told.isInterrupted && interrupt())
  process.stderr.on("error", () => {})
  const ended = await Effect.runPromise(Fiber.await(fiber))
  exit(ended._tag === "Success" && !told.isInterrupted ? ended.value : 130)
}

if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-v")) {
  process.stdout.write(`tenuto v${version()}\n`)
} else {
  // Compiled once, a command starts in half the time; where nothing can be kept it starts all the same.
  const caches = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache")
  Module.enableCompileCache(process.env["NODE_COMPILE_CACHE"] ?? join(caches, "tenuto"))
  await start()
}
