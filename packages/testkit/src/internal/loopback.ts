/** Serves a handler on a loopback port. It arms no timer, and tells the engine where each request stands. */
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Socket } from "node:net"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { Handler } from "../Handler.ts"
import { builtin } from "./builtin.ts"
import { current, within } from "./clock.ts"
import { withCookies } from "./cookies.ts"
import { isPreflight } from "./crossOrigin.ts"
import { attend, isBodiless, shown, type Sink } from "./play.ts"
import { pathOf } from "./travel.ts"
import { header, type Trip } from "./trip.ts"
import { isWithin, setAside } from "./wires.ts"

export interface Settings {
  readonly port: number
  readonly host: string
  readonly maxBytes: bigint
  readonly keepsAlive: boolean
}

/** A callback that comes when bytes are with the kernel, or never will be. */
const written = (start: (done: () => void) => void): Effect.Effect<void> =>
  Effect.callback<void>((resume) => start(() => resume(Effect.void)))

const sinkOf = (response: ServerResponse, method: string, trip: Trip | undefined, fence: () => Promise<void>): Sink => {
  const socket = response.socket
  const begin = (status: number, headers: Readonly<Record<string, string>>, length: number) => {
    response.sendDate = false
    response.removeHeader("connection")
    // Node would answer a length that is not the body's with an exception.
    response.strictContentLength = false
    const stated = status === 204 || status === 304 ? {} : { "content-length": String(length) }
    response.writeHead(status, { ...withCookies(headers), ...stated })
  }
  const chunk: Sink["chunk"] = (bytes) =>
    Effect.suspend(() => {
      trip?.wrote(bytes.byteLength)
      return written((done) => void response.write(bytes, done))
    })
  return {
    chunk,
    whole: ({ body, headers, status }) =>
      Effect.sync(() => {
        begin(status, headers, body.byteLength)
        trip?.wrote(1 + (isBodiless(method, status) ? 0 : body.byteLength))
        response.end(body)
      }),
    head: (status, headers, length) =>
      Effect.sync(() => {
        begin(status, headers, length)
        trip?.wrote(1)
        response.flushHeaders()
      }),
    end: Effect.sync(() => void response.end()),
    settle: Effect.promise(fence),
    close: Effect.sync(() => socket?.destroySoon()),
    reset: Effect.sync(() => void socket?.resetAndDestroy()),
    raw: (bytes) => Effect.sync(() => void socket?.end(bytes)),
    refuse: () => Effect.sync(() => void socket?.resetAndDestroy()),
  }
}

const textOf = (headers: IncomingMessage["headers"]): Record<string, string> => {
  const plain: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) plain[name] = typeof value === "string" ? value : value.join(", ")
  }
  return plain
}

const answered = (response: ServerResponse, status: number, text: string): void => {
  response.sendDate = false
  response.removeHeader("connection")
  response.writeHead(status, { "content-type": "text/plain", "content-length": String(Buffer.byteLength(text)) })
  response.end(text)
}

export const loopback = <R>(
  handler: Handler<R>,
  settings: Settings,
): Effect.Effect<{ readonly url: string; readonly port: number }, string, R | Scope.Scope> =>
  Effect.gen(function* () {
    const [http, net] = [builtin("node:http"), builtin("node:net")]
    if (http === undefined || net === undefined) return yield* Effect.fail("there are no sockets here")
    const context = yield* Effect.context<R>()
    const engine = yield* current
    const fork = Effect.runForkWith(context)
    const fibers = new Set<Fiber.Fiber<void>>()
    // Probes that wait to be accepted, and ports accepted before their probe knew its own.
    let probes = 0
    const fenced = new Map<number, (other?: Socket) => void>()
    const accepted = new Map<number, Socket>()
    let port = 0

    // A connection of our own is accepted after everything that was sent to this port before it.
    const fence = (): Promise<void> =>
      new Promise((resolve) => {
        probes++
        const probe = new net.Socket()
        setAside(probe)
        const pass = (other?: Socket) => {
          if (other !== undefined) setAside(other)
          if (--probes === 0) accepted.clear()
          resolve()
        }
        const fail = () => pass()
        probe.once("error", fail)
        probe.connect({ port, host: settings.host }, () => {
          probe.off("error", fail)
          probe.on("error", () => {})
          const own = probe.localPort
          if (own === undefined || accepted.has(own)) pass(accepted.get(own ?? 0))
          else fenced.set(own, pass)
          probe.end()
          probe.resume()
        })
      })

    const server = http.createServer({ keepAlive: false }, (request, response) => {
      if (isPreflight(request, response)) return
      const plain = textOf(request.headers)
      const method = request.method ?? "GET"
      const url = `http://${plain["host"] ?? `${settings.host}:${port}`}${request.url ?? "/"}`
      const mark = plain[header]
      const { socket } = request
      const trip = engine?.arrive(
        mark,
        () => `${method} ${pathOf(url)}`,
        () => isWithin(socket),
      )
      if (engine !== undefined && trip === undefined) return void request.socket.destroy()
      let fiber: Fiber.Fiber<void> | undefined
      response.on("close", () => {
        trip?.serverIs("closed")
        if (trip === undefined) fiber?.interruptUnsafe()
      })
      response.on("error", () => {})
      const parts: Array<Buffer> = []
      let size = 0
      request.on("error", () => {})
      request.on("data", (part: Buffer) => {
        size += part.byteLength
        if (BigInt(size) <= settings.maxBytes) parts.push(part)
      })
      request.on("end", () => {
        if (BigInt(size) > settings.maxBytes) {
          trip?.serverIs("writing")
          return answered(response, 413, `this emulator reads at most ${settings.maxBytes} bytes`)
        }
        if (trip?.isGone === true) return void request.socket.destroy()
        trip?.serverIs("received")
        const body = new Uint8Array(Buffer.concat(parts))
        const work = attend(
          handler,
          { method, url, headers: shown(plain), body },
          trip,
          sinkOf(response, method, trip, fence),
        )
        const running = fork(
          Effect.catchDefect(work, (defect) => {
            trip?.serverIs("writing")
            if (!response.headersSent) answered(response, 500, "the emulator itself broke; its log says why")
            return Effect.logError("the emulator itself broke", defect)
          }),
        )
        fiber = running
        fibers.add(running)
        trip?.started(() => running.interruptUnsafe())
        running.addObserver(() => {
          trip?.ended()
          fibers.delete(running)
        })
      })
    })
    if (!settings.keepsAlive) server.unref()
    server.keepAliveTimeout = 0
    server.headersTimeout = 0
    server.requestTimeout = 0
    server.on("connection", (socket) => {
      if (!settings.keepsAlive) socket.unref()
      const { remotePort } = socket
      if (probes === 0 || remotePort === undefined) return
      const pass = fenced.get(remotePort)
      if (pass === undefined) accepted.set(remotePort, socket)
      fenced.delete(remotePort)
      pass?.(socket)
    })
    server.on("clientError", (_, socket) => void socket.destroy())

    const listening = Effect.callback<void, string>((resume) => {
      const fail = (error: NodeJS.ErrnoException) =>
        resume(Effect.fail(`${settings.host}:${settings.port} ${error.code ?? "cannot be opened"}`))
      server.once("error", fail)
      server.listen(settings.port, settings.host, () => {
        server.off("error", fail)
        resume(Effect.void)
      })
    })
    const closing = Effect.callback<void>((resume) => {
      server.close(() => resume(Effect.void))
      server.closeAllConnections()
      for (const pass of fenced.values()) pass()
    })
    const held = <A, E>(label: string, effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
      within(() => engine?.hold(label, false))(effect)

    yield* Effect.acquireRelease(held("a server that opens", listening), () =>
      Effect.andThen(Fiber.interruptAll(fibers), held("a server that closes", closing)),
    )
    const address = server.address()
    port = typeof address === "object" && address !== null ? address.port : settings.port
    const removeFence = engine?.addFence(fence)
    yield* Effect.addFinalizer(() => Effect.sync(() => removeFence?.()))
    return { url: `http://${settings.host}:${port}`, port }
  })
