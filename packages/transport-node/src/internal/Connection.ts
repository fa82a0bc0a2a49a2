/**
 * One connection to an origin: one socket, one request at a time, no pipelining.
 *
 * It never sends a request again. Closing it closes its socket at once, also
 * one that is still being connected.
 */
import type { Socket } from "node:net"
import type * as Duration from "effect/Duration"
import type * as Fiber from "effect/Fiber"
import type { Carrier, Flight } from "./Flight.ts"
import { Interim } from "./Interim.ts"
import * as Problem from "./Problem.ts"
import { Client, type Connect } from "./Undici.ts"

/** Who opened a connection, and decides what becomes of it. */
export interface Owner {
  readonly url: string
  readonly settings: { readonly connectTimeout: Duration.Duration; readonly idle: number }
  readonly connect: Connect
  /** Its request is answered: it takes the next. */
  release(connection: Connection): void
  /** Its request is given up: it is closed. */
  discard(connection: Connection): void
  /** It lost its socket. */
  forget(connection: Connection): void
}

export class Connection implements Carrier {
  flight: Flight | undefined
  private readonly owner: Owner
  private readonly client: Client
  private socket: Socket | undefined
  private readonly interim = new Interim()
  private timer: Fiber.Fiber<void> | undefined

  constructor(owner: Owner) {
    const { connectTimeout, idle } = owner.settings
    this.owner = owner
    this.client = new Client(owner.url, {
      // Time-outs are ours alone, by the caller's clock.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: idle,
      keepAliveMaxTimeout: idle,
      pipelining: 1,
      allowH2: false,
      connect: (options, callback) => {
        const flight = this.flight
        this.timer = flight?.after(connectTimeout, () => flight.fail(Problem.connectTimeout(flight.parcel.place)))
        this.socket = owner.connect(options, (...result) => {
          this.stopTimer()
          callback(...result)
        })
        this.interim.watch(this.socket)
      },
    })
    this.client.on("disconnect", () => owner.forget(this))
  }

  private stopTimer(): void {
    this.timer?.interruptUnsafe()
    this.timer = undefined
  }

  /** Carry a request: at once if connected, else as soon as connected. */
  carry(flight: Flight): void {
    this.flight = flight
    flight.carrier = this
    this.interim.begin()
    this.client.dispatch(flight.parcel.options, flight)
  }

  /** Whether another request may go out on this socket. */
  isReusable(): boolean {
    return this.socket?.destroyed === false
  }

  /** Whether the socket ended with an error. */
  isBroken(): boolean {
    return this.socket !== undefined && this.socket.errored !== null
  }

  release(): void {
    this.owner.release(this)
  }

  discard(): void {
    this.owner.discard(this)
  }

  /** Close the socket now; `done` once it is closed. */
  close(done: () => void): void {
    this.stopTimer()
    this.flight = undefined
    this.client.destroy(null, done)
    // The client does not know a socket that is still being connected.
    this.socket?.destroy()
  }
}
