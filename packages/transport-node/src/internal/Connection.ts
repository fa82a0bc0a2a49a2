/**
 * One connection to an origin: one socket, one request at a time, no pipelining.
 *
 * It never sends a request again. Closing it closes its socket at once, also
 * one that is still being connected.
 */
import type { Socket } from "node:net"
import type * as Fiber from "effect/Fiber"
import type { Flight } from "./Flight.ts"
import type { Origin } from "./Origin.ts"
import * as Problem from "./Problem.ts"
import { Client } from "./Undici.ts"

export class Connection {
  flight: Flight | undefined
  private readonly client: Client
  private socket: Socket | undefined
  private timer: Fiber.Fiber<void> | undefined

  constructor(origin: Origin) {
    const { connectTimeout, idle } = origin.settings
    this.client = new Client(origin.url, {
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
        this.socket = origin.connect(options, (...result) => {
          this.stopTimer()
          callback(...result)
        })
      },
    })
    this.client.on("disconnect", () => origin.forget(this))
  }

  private stopTimer(): void {
    this.timer?.interruptUnsafe()
    this.timer = undefined
  }

  /** Carry a request: at once if connected, else as soon as connected. */
  carry(flight: Flight): void {
    this.flight = flight
    flight.connection = this
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

  /** Close the socket now; `done` once it is closed. */
  close(done: () => void): void {
    this.stopTimer()
    this.flight = undefined
    this.client.destroy(null, done)
    // The client does not know a socket that is still being connected.
    this.socket?.destroy()
  }
}
