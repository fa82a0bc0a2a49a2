/** Runs the command in processes of its own, and small services for it to speak to. */
import { type ChildProcess, spawn } from "node:child_process"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { onTestFinished } from "vitest"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))

export const apiKey = "spk_8f1d0c6b2a9e4f7380aa"

/** Whatever a line of JSON holds; the tests say what they expect. */
export type Line = { readonly [key: string]: unknown }

/** What stands at a path such as `handle.id`; `undefined` when nothing does. */
export const at = (line: unknown, path: string): unknown =>
  path
    .split(".")
    .reduce<unknown>(
      (value, name) => (typeof value === "object" && value !== null ? (value as Line)[name] : undefined),
      line,
    )

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
  /** Standard output, line by line, where it is JSON. */
  readonly lines: ReadonlyArray<Line>
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** The first line that fits, as soon as it is there; rejects when the process ends without it. */
  readonly line: (fits: (line: Line, index: number) => boolean) => Promise<Line>
}

export interface Settings {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly input?: string
}

const parse = (text: string): Line | undefined => {
  try {
    return JSON.parse(text) as Line
  } catch {
    return undefined
  }
}

/** Start a program; it is killed when the test ends, should it still run. */
export const start = (program: string, args: ReadonlyArray<string>, settings: Settings = {}): Running => {
  const names = ["SOUNDPIECE", "OVERTEN", "HEYDONNA", "WHISUL"]
  const keys = Object.fromEntries(names.map((name) => [`TENUTO_${name}_KEY`, apiKey]))
  const env = { ...process.env, NO_COLOR: "1", ...keys, ...settings.env }
  // In a group of its own, so that what it starts can be ended with it.
  const child = spawn(program, args, { env, detached: true, stdio: ["pipe", "pipe", "pipe"] })
  const [lines, waiting]: [Array<Line>, Set<() => void>] = [[], new Set()]
  let [out, err, isOver] = ["", "", false]
  child.stdin.on("error", () => {})
  child.stdin.end(settings.input ?? "")
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text))
  createInterface({ input: child.stdout }).on("line", (text) => {
    out += `${text}\n`
    const line = parse(text)
    if (line !== undefined) lines.push(line)
    for (const check of waiting) check()
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code, signal) => {
      isOver = true
      for (const check of waiting) check()
      resolve({ code, signal, out, err, lines })
    })
  })
  onTestFinished(() => {
    try {
      process.kill(-(child.pid ?? 0), "SIGKILL")
    } catch {
      // It has ended, and everything it started too.
    }
  })
  const line: Running["line"] = (fits) =>
    new Promise((resolve, reject) => {
      const check = () => {
        const found = lines.find(fits)
        if (found === undefined && !isOver) return
        waiting.delete(check)
        if (found === undefined) reject(new Error(`it ended without the line: ${out}${err}`))
        else resolve(found)
      }
      waiting.add(check)
      check()
    })
  return { child, ended, line }
}

/** Start `tenuto`. */
export const tenuto = (args: ReadonlyArray<string>, settings?: Settings): Running =>
  start(process.execPath, [main, ...args], settings)

/** Run `tenuto` to its end. */
export const run = (args: ReadonlyArray<string>, settings?: Settings): Promise<Ended> => tenuto(args, settings).ended

/** A directory that goes when the test ends. */
export const directory = (): string => {
  const path = mkdtempSync(join(tmpdir(), "tenuto-test-"))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Run a command line as a person would paste it: `tenuto` is on the path. */
export const paste = (command: string): Promise<Ended> => {
  const bin = directory()
  writeFileSync(join(bin, "tenuto"), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`)
  chmodSync(join(bin, "tenuto"), 0o755)
  return start("/bin/sh", ["-c", command], { env: { PATH: `${bin}:${process.env["PATH"] ?? ""}` } }).ended
}

/** The command line that a failure or an interruption prints. */
export const goOn = ({ err }: Ended): string => /go on with: (.*)/.exec(err)?.[1] ?? "nothing to go on with"

export interface Emulated {
  readonly url: string
  readonly control: string
  /** The first request of a stage, as soon as it has come. */
  readonly request: (stage: string) => Promise<Line>
  /** End it; gives its ledger and every request it saw. */
  readonly stop: () => Promise<{ readonly ledger: Line; readonly requests: ReadonlyArray<Line> }>
}

/** Start `tenuto emulate soundpiece`. */
export const emulator = (...args: ReadonlyArray<string>): Promise<Emulated> => emulate("soundpiece", ...args)

/** Start `tenuto emulate` for any service. */
export const emulate = async (service: string, ...args: ReadonlyArray<string>): Promise<Emulated> => {
  const running = tenuto(["emulate", service, "--json", ...args])
  const { control, listening } = await running.line((line) => "listening" in line)
  return {
    url: String(listening),
    control: String(control),
    request: (stage) => running.line((line) => line["stage"] === stage),
    stop: async () => {
      running.child.kill("SIGINT")
      const { lines } = await running.ended
      return { ledger: lines.at(-1)?.["ledger"] as Line, requests: lines.filter((line) => "request" in line) }
    },
  }
}

export interface Seen {
  readonly at: number
  readonly method: string
  readonly body: string
}

/** A small service on a loopback port; `answer` gets every request with its place in the order. */
export const server = async (
  answer: (seen: Seen, index: number, response: ServerResponse, request: IncomingMessage) => void,
): Promise<{ readonly url: string; readonly seen: ReadonlyArray<Seen> }> => {
  const seen: Array<Seen> = []
  const http = createServer((request, response) => {
    const at = performance.now()
    let body = ""
    request.setEncoding("utf8").on("data", (text: string) => (body += text))
    request.on("end", () => {
      const one = { at, method: request.method ?? "", body }
      seen.push(one)
      answer(one, seen.length - 1, response, request)
    })
  })
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve))
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        http.close(() => resolve())
        http.closeAllConnections()
      }),
  )
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/v1`, seen }
}

/** Answer as Soundpiece does. */
export const song = (response: ServerResponse, status: string): void => {
  response.writeHead(200, { "content-type": "application/json" })
  response.end(JSON.stringify({ song: { id: "op_1", status, outputs: null, error: null } }))
}

export const newSong = ["soundpiece", "create.new_song", "--input", '{"lyrics":"Hold","prompt":"Waltz"}'] as const
