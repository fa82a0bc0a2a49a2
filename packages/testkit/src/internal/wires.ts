/**
 * The TCP connections of this process: which of them have both of their ends here.
 *
 * Of such a connection it can be known that no byte is on its way. Of one that leaves the process it cannot.
 */
import { listen } from "./channels.ts"

export interface Wire {
  readonly localPort?: number | undefined
  readonly once: (event: "close", listener: () => void) => unknown
}

const clients = new Set<Wire>()
const ports = new Set<number>()
const probes = new WeakSet<object>()

/** Whether a connection from this port of the loopback interface was made by this process. */
export const isFromHere = (port: number | undefined): boolean =>
  port !== undefined && Array.from(clients).some(({ localPort }) => localPort === port)

/** Whether this process listens at a place. */
export const isHere = (host: string | undefined, port: number | undefined): boolean =>
  host !== undefined &&
  port !== undefined &&
  ports.has(port) &&
  /^(?:127\.|localhost$|\[?::1\]?$|::ffff:127\.)/.test(host)

/** A connection of the kit's own carries nothing. */
export const setAside = (socket: object): void => void probes.add(socket)
export const isAside = (socket: object): boolean => probes.has(socket)

/** Learn of connections from now on; the answer ends it. */
export const watchWires = (): (() => void) =>
  listen({
    "net.client.socket": ({ socket }: { readonly socket: Wire }) => {
      clients.add(socket)
      socket.once("close", () => clients.delete(socket))
    },
    "net.server.socket": ({ socket: { localPort } }: { readonly socket: Wire }) => {
      if (localPort !== undefined) ports.add(localPort)
    },
  })
