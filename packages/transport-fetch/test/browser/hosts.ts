/** Loopback hosts for a page: its own origin, and others that it may read from. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer, type IncomingMessage, request, type RequestListener, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { createInterface } from "node:readline"
import { buffer } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import type { Scope } from "effect/Scope"
import { build } from "vite"

/** Listen on a loopback port until the scope closes. */
export const listen = (listener: RequestListener): Effect.Effect<string, never, Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer(listener)
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
      return server
    }),
    (server) =>
      Effect.promise(async () => {
        const closed = new Promise((resolve) => server.close(resolve))
        server.closeAllConnections()
        await closed
      }),
  ).pipe(Effect.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`))

/** What lets a page of any origin read an answer. Nothing is exposed beyond what browsers always show. */
const shared = {
  "access-control-allow-origin": "*",
  "access-control-allow-headers": "authorization, content-type, range, if-range",
  "access-control-allow-methods": "GET, PUT, POST, DELETE",
}

/** A host that answers preflights by itself and counts the requests that follow them. */
export const host = Effect.fnUntraced(function* (
  respond: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void,
) {
  const requests: Array<IncomingMessage> = []
  const preflights: Array<IncomingMessage> = []
  const url = yield* listen((request, response) => {
    for (const [name, value] of Object.entries(shared)) response.setHeader(name, value)
    if (request.method === "OPTIONS") {
      preflights.push(request)
      return void response.writeHead(204).end()
    }
    requests.push(request)
    void buffer(request).then(
      (body) => respond(request, response, body),
      () => response.destroy(),
    )
  })
  return { url, requests, preflights }
})

const at = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url))

/** Play a service in a process of its own; where it listens, and its control. */
export const emulator = Effect.fnUntraced(function* (...options: ReadonlyArray<string>) {
  const script = [at("apps/cli/src/main.ts"), "emulate", "soundpiece", "--json", ...options]
  const played = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(process.execPath, script, { stdio: ["ignore", "pipe", "inherit"] })),
    (child) =>
      Effect.promise(async () => {
        const ended = once(child, "exit")
        if (child.exitCode === null && child.kill()) await ended
      }),
  )
  const lines = createInterface(played.stdout)
  const [line = ""] = yield* Effect.promise(() => Promise.race([once(lines, "line"), once(lines, "close")]))
  const [url, control] = String(line).match(/http:\/\/127\.0\.0\.1:\d+/g) ?? []
  if (url === undefined || control === undefined)
    return yield* Effect.die(new Error("the emulator does not listen; its last words are above"))
  return { url, control }
})

/** Play a service behind a host that counts requests and preflights apart. */
export const emulated = Effect.fnUntraced(function* (...options: ReadonlyArray<string>) {
  const { url: target } = yield* emulator(...options)
  const proxy = yield* host(({ headers, method, url }, response, body) => {
    const asked = request(`${target}${url}`, { method: method ?? "GET", headers, agent: false }, (answered) => {
      response.writeHead(answered.statusCode ?? 500, answered.headers)
      answered.pipe(response)
    })
    asked.on("error", () => response.destroy())
    response.on("close", () => asked.destroy())
    asked.end(body)
  })
  return proxy
})

/** Bundle a module for a browser, as one file. */
const bundle = async (path: string): Promise<string> => {
  const built = await build({
    root: at("."),
    configFile: false,
    logLevel: "error",
    build: { write: false, target: "es2023", lib: { entry: at(path), formats: ["es"], fileName: "page" } },
  })
  const output = Array.isArray(built) ? built[0] : built
  if (output === undefined || !("output" in output)) throw new Error(`${path} was not bundled`)
  return output.output[0].code
}

/** The page's own origin, with the song and the page's functions as modules. */
export const site = Effect.gen(function* () {
  const scripts: Readonly<Record<string, string>> = {
    "/song.js": yield* Effect.promise(() => bundle("apps/examples/src/browser-song.ts")),
    "/page.js": yield* Effect.promise(() => bundle("packages/transport-fetch/test/browser/page.ts")),
  }
  return yield* listen((request, response) => {
    const script = scripts[request.url ?? ""]
    response.writeHead(200, { "content-type": script === undefined ? "text/html" : "text/javascript" })
    response.end(script ?? "<!doctype html><title>Tenuto</title>")
  })
})
