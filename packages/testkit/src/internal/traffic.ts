/**
 * HTTP of this process that is not ours: each request stops time while it is on its way.
 *
 * Node's own `fetch`, undici and `node:http` announce their requests; a host without such announcements has its `fetch`
 * wrapped. A request that an emulator of this process works on is parked by the emulator, as any foreign one.
 */
import { listen } from "./channels.ts"
import type { Engine } from "./engine.ts"
import { turn } from "./host.ts"
import { isLeftOver } from "./life.ts"
import { pathOf } from "./travel.ts"
import { header } from "./trip.ts"
import { isHere, isWithin, type Wire } from "./wires.ts"

interface UndiciRequest {
  readonly method: string
  readonly origin: unknown
  readonly path: string
  readonly upgrade?: unknown
  readonly headers: ReadonlyArray<unknown> | string
}

interface HttpRequest {
  readonly method: string
  readonly path: string
  readonly getHeader: (name: string) => unknown
  readonly once: (event: "close", listener: () => void) => void
  readonly socket?: Wire | null
  readonly socketPath?: string | null
}

interface HttpResponse {
  readonly readableFlowing: boolean | null
  readonly listenerCount: (event: string) => number
}

const isMarked = (headers: UndiciRequest["headers"]): boolean =>
  typeof headers === "string" ? headers.includes(`${header}:`) : headers.includes(header)

const isOriginHere = (origin: unknown): boolean => {
  if (!URL.canParse(String(origin))) return false
  const { hostname, port, protocol } = new URL(String(origin))
  return protocol === "http:" && isHere(Number(port), hostname)
}

export const watchTraffic = (engine: Engine): (() => void) => {
  const holds = new WeakMap<object, () => void>()
  const hold = (request: object, method: string, path: string, isHome: () => boolean) => {
    if (!holds.has(request) && !isLeftOver())
      holds.set(request, engine.hold(`${method} ${pathOf(`http://x${path}`)}`, true, isHome))
  }
  const release = (request: object) => holds.get(request)?.()
  const sockets = new WeakMap<object, Wire>()

  return listen({
    "undici:request:create": ({ request }: { readonly request: UndiciRequest }) => {
      const isTunnel = request.upgrade !== undefined && request.upgrade !== null && request.upgrade !== false
      if (!isTunnel && !isMarked(request.headers))
        hold(request, request.method, request.path, () => {
          const socket = sockets.get(request)
          return socket === undefined ? isOriginHere(request.origin) : isWithin(socket)
        })
    },
    "undici:client:sendHeaders": ({ request, socket }: { readonly request: UndiciRequest; readonly socket: Wire }) =>
      void sockets.set(request, socket),
    "undici:request:trailers": ({ request }: { readonly request: UndiciRequest }) => release(request),
    "undici:request:error": ({ request }: { readonly request: UndiciRequest }) => release(request),
    "http.client.request.start": ({ request }: { readonly request: HttpRequest }) => {
      if (request.getHeader(header) !== undefined) return
      const { socket, socketPath } = request
      hold(request, request.method, request.path, () =>
        typeof socketPath === "string" ? isHere(socketPath) : isWithin(socket),
      )
      request.once("close", () => release(request))
    },
    "http.client.request.error": ({ request }: { readonly request: HttpRequest }) => release(request),
    // An answer that nobody reads never ends.
    "http.client.response.finish": ({
      request,
      response,
    }: {
      readonly request: HttpRequest
      readonly response: HttpResponse
    }) => {
      const isUnread = () => response.readableFlowing === null && response.listenerCount("readable") === 0
      turn(() => turn(() => turn(() => isUnread() && release(request))))
    },
  })
}
