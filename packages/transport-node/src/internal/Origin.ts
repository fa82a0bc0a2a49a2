/**
 * The connections to one origin: as many as allowed, the last used first, and
 * a queue for requests beyond that. Taking, giving back and leaving cost the
 * same however many there are.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { Connection, type Owner } from "./Connection.ts"
import type { Flight, Gate } from "./Flight.ts"
import type { Connect } from "./Undici.ts"

export interface Settings {
  readonly connections: number
  readonly connectTimeout: Duration.Duration
  /** Milliseconds, as undici wants them. */
  readonly idle: number
}

const nothing = () => {}
const closed = { code: "UND_ERR_CLOSED" }

export class Origin implements Gate, Owner {
  readonly url: string
  readonly settings: Settings
  readonly connect: Connect
  private readonly all = new Set<Connection>()
  private readonly idle: Array<Connection> = []
  private readonly waiting = new Set<Flight>()
  private isClosed = false

  constructor(url: string, settings: Settings, connect: Connect) {
    this.url = url
    this.settings = settings
    this.connect = connect
  }

  send(flight: Flight): void {
    if (this.isClosed) {
      flight.onResponseError(null, closed)
      return
    }
    const connection = flight.parcel.isFresh ? this.fresh() : (this.idle.pop() ?? this.open())
    if (connection === undefined) this.waiting.add(flight)
    else connection.carry(flight)
  }

  leave(flight: Flight): void {
    this.waiting.delete(flight)
  }

  release(connection: Connection): void {
    if (!this.all.has(connection)) return
    if (!connection.isReusable()) {
      this.discard(connection)
      return
    }
    connection.flight = undefined
    const next = this.next()
    if (next !== undefined && !next.parcel.isFresh) {
      connection.carry(next)
      return
    }
    this.idle.push(connection)
    if (next !== undefined) this.send(next)
  }

  discard(connection: Connection): void {
    if (!this.all.delete(connection)) return
    connection.close(nothing)
    if (this.isClosed || this.waiting.size === 0) return
    const next = this.next()
    if (next !== undefined) this.send(next)
  }

  /** One that carries nothing is not kept. */
  forget(connection: Connection): void {
    if (connection.flight !== undefined) return
    const index = this.idle.indexOf(connection)
    if (index === -1) return
    this.idle.splice(index, 1)
    this.discard(connection)
  }

  readonly close: Effect.Effect<void> = Effect.callback((resume) => {
    this.isClosed = true
    for (const flight of this.waiting) flight.onResponseError(null, closed)
    let open = this.all.size
    if (open === 0) return resume(Effect.void)
    const done = () => {
      open -= 1
      if (open === 0) resume(Effect.void)
    }
    for (const connection of this.all) {
      const flight = connection.flight
      this.all.delete(connection)
      connection.close(done)
      flight?.onResponseError(null, closed)
    }
  })

  /**
   * What must not be sent twice goes where nothing has been sent before: a used socket may have been closed by the
   * server, and then nobody knows whether the request was read.
   */
  private fresh(): Connection | undefined {
    const oldest = this.all.size >= this.settings.connections ? this.idle.shift() : undefined
    if (oldest !== undefined && this.all.delete(oldest)) oldest.close(nothing)
    return this.open()
  }

  private open(): Connection | undefined {
    if (this.all.size >= this.settings.connections) return undefined
    const connection = new Connection(this)
    this.all.add(connection)
    return connection
  }

  private next(): Flight | undefined {
    for (const flight of this.waiting) {
      this.waiting.delete(flight)
      return flight
    }
    return undefined
  }
}
