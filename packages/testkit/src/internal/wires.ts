/**
 * The connections of this process: which of them have both of their ends here.
 *
 * Of such a connection it can be known that no byte is on its way. Of one that leaves the process it cannot.
 */
import { listen } from "./channels.ts"

/** One end of a connection. */
export interface Wire {
  readonly localAddress?: string | undefined
  readonly localPort?: number | undefined
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
}

interface Server {
  readonly listening: boolean
  readonly address: () => { readonly port: number } | string | null
  readonly once: (event: "close", listener: () => void) => unknown
}

interface Socket extends Wire {
  readonly once: (event: "connect" | "close", listener: () => void) => unknown
  readonly server?: Server
}

/** The ends that are here, as `from>to`, and whether each is open: what a closed end has sent, the other may still read. */
const ends = new Map<string, boolean>()
const servers = new Set<Server>()
const probes = new WeakSet<object>()

const placeOf = (address: string | undefined, port: number | undefined): string =>
  `${address?.replace(/^::ffff:/, "")} ${port}`
const here = (wire: Wire): string => placeOf(wire.localAddress, wire.localPort)
const there = (wire: Wire): string => placeOf(wire.remoteAddress, wire.remotePort)

/** Whether the other end of a connection is here too. */
export const isWithin = (wire: Wire | null | undefined): boolean =>
  wire?.remotePort !== undefined && ends.has(`${there(wire)}>${here(wire)}`)

/** Whether this process listens at a port of the loopback interface, or at a path of the file system. */
export const isHere = (place: number | string, host = "localhost"): boolean =>
  /^(?:127\.|localhost$|\[?::1\]?$|::ffff:127\.)/.test(host) &&
  Array.from(servers).some((server) => {
    const address = server.listening ? server.address() : null
    return (typeof address === "object" ? address?.port : address) === place
  })

/** A connection of the kit's own carries nothing. */
export const setAside = (socket: object): void => void probes.add(socket)
export const isAside = (socket: object): boolean => probes.has(socket)

const remember = (socket: Socket): void => {
  if (socket.remotePort === undefined) return
  const [end, other] = [`${here(socket)}>${there(socket)}`, `${there(socket)}>${here(socket)}`]
  ends.set(end, true)
  socket.once("close", () => {
    if (ends.get(other) === true) return void ends.set(end, false)
    ends.delete(end)
    ends.delete(other)
  })
}

// From the first import on: a pool may keep what was connected before a run.
listen({
  "net.client.socket": ({ socket }: { readonly socket: Socket }) => void socket.once("connect", () => remember(socket)),
  "net.server.socket": ({ socket }: { readonly socket: Socket }) => {
    remember(socket)
    const { server } = socket
    if (server === undefined || servers.has(server)) return
    servers.add(server)
    server.once("close", () => servers.delete(server))
  },
})
