/** A headless Chromium of its own, with an empty profile, driven over its debugging socket. */
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"

export const executable = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
)

type Values = { readonly [key: string]: unknown }

/** One page. `evaluate` runs an expression there, awaits it and gives back its value as JSON. */
export interface Page {
  readonly evaluate: (expression: string) => Promise<unknown>
  /** Go to a page, and wait until it has loaded. */
  readonly visit: (url: string) => Promise<void>
  /** Call a method of the debugging protocol, such as `Network.enable`. */
  readonly call: (method: string, params?: object) => Promise<Values>
  /** What the browser told of its own accord so far, under this name. */
  readonly heard: (method: string) => ReadonlyArray<Values>
  readonly close: () => Promise<void>
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: Values
  readonly result?: Values
  readonly error?: { readonly message: string }
}

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-dev-shm-usage",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-port=0",
]

const endpointOf = (browser: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    if (browser.stderr === null) return reject(new Error("chromium has no stderr"))
    const lines = createInterface(browser.stderr)
    lines.on("line", (line) => {
      const [, endpoint] = /^DevTools listening on (ws:\S+)/.exec(line) ?? []
      if (endpoint !== undefined) resolve(endpoint)
    })
    browser.once("exit", (code) => reject(new Error(`chromium ended with ${code} before it listened`)))
  })

export const open = async (path: string, url: string): Promise<Page> => {
  const profile = mkdtempSync(join(tmpdir(), "tenuto-browser-"))
  const browser = spawn(path, [...flags, `--user-data-dir=${profile}`, "about:blank"], {
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  })
  const ended = new Promise((resolve) => browser.once("exit", resolve))
  const close = async () => {
    // Its helpers are of its own process group, and end with it.
    if (browser.pid !== undefined && browser.exitCode === null) process.kill(-browser.pid, "SIGKILL")
    await ended
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
  try {
    const socket = new WebSocket(await endpointOf(browser))
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve, { once: true })
      socket.addEventListener("error", reject, { once: true })
    })
    const told: Array<Message> = []
    const waiting = new Map<number, (message: Message) => void>()
    const listening = new Set<() => void>()
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(String(data)) as Message
      if (message.method !== undefined) told.push(message)
      if (message.id !== undefined) waiting.get(message.id)?.(message)
      for (const listen of listening) listen()
    })
    /** Whether a document has loaded is told under the name of its loader, whenever that is known. */
    const loaded = (loaderId: unknown) =>
      new Promise<void>((resolve) => {
        const listen = () => {
          if (!told.some(({ params = {} }) => params["loaderId"] === loaderId && params["name"] === "load")) return
          listening.delete(listen)
          resolve()
        }
        listening.add(listen)
        listen()
      })
    let last = 0
    const call = (method: string, params: object, sessionId?: unknown) =>
      new Promise<Values>((resolve, reject) => {
        const id = ++last
        waiting.set(id, ({ error, result }) =>
          error === undefined ? resolve(result ?? {}) : reject(new Error(`${method}: ${error.message}`)),
        )
        socket.send(JSON.stringify({ id, method, params, sessionId }))
      })
    const { targetId } = await call("Target.createTarget", { url: "about:blank" })
    const { sessionId } = await call("Target.attachToTarget", { targetId, flatten: true })
    await call("Page.enable", {}, sessionId)
    await call("Page.setLifecycleEventsEnabled", { enabled: true }, sessionId)
    const visit = async (url: string) => {
      const { loaderId } = await call("Page.navigate", { url }, sessionId)
      await loaded(loaderId)
    }
    await visit(url)
    return {
      close,
      visit,
      call: (method, params = {}) => call(method, params, sessionId),
      heard: (method) => told.flatMap((one) => (one.method === method ? [one.params ?? {}] : [])),
      evaluate: async (expression) => {
        const params = { expression, awaitPromise: true, returnByValue: true }
        const { exceptionDetails, result } = await call("Runtime.evaluate", params, sessionId)
        if (exceptionDetails !== undefined) throw new Error(`the page threw: ${JSON.stringify(exceptionDetails)}`)
        return (result as { readonly value?: unknown }).value
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}
