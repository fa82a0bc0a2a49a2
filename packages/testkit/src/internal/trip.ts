/**
 * One request on its way through real sockets, as both of its ends see it.
 *
 * ```text
 * client  waiting ⇄ idle ──▶ gone        idle: a streamed body that nobody is pulling
 * server  away ──▶ received ──▶ service ⇄ writing ──▶ closed
 * ```
 *
 * Time stands still while bytes of it are on the wire. While the service holds it, it is parked.
 */
import * as Context from "effect/Context"

/** Who keeps the time that trips hold up. */
export interface Timekeeper {
  readonly now: number
  /** A place among everything that happens at one instant. */
  nextOrder(): number
  /** Set a timer; the answer removes it. */
  at(instant: number, label: () => string, fire: () => void, order: number): () => void
  /** Count the trips that keep time from moving, and those that a service works on for a foreign client. */
  weigh(busy: number, parked: number): void
  /** Ends once every service has seen all that was sent to it before now. */
  fence(): Promise<void>
  forget(trip: Trip): void
}

export type Client = "waiting" | "idle" | "gone" | "foreign" | "local" | "relayed"
export type Server = "away" | "received" | "service" | "writing" | "closed"

/** Whether what is sent answers a request that its client has on the wire meanwhile, as a mocking library's handler does. */
export const Relayed = Context.Reference<boolean>("@tenuto/testkit/Relayed", { defaultValue: () => false })

/** The private header that pairs the two ends; every emulator strips it. */
export const header = "tenuto-trip"

export class Trip {
  readonly id: number
  readonly label: () => string
  /** Its place among everything that happens at one instant. */
  readonly order: number
  client: Client = "waiting"
  server: Server = "away"
  /** Parts (the head, then bytes) handed to the wire and seen by the client; compared only if the client counts. */
  sent = 0
  seen = 0
  counted = false
  fencing = false
  private hasBegun = false
  private cancelHangUp: (() => void) | undefined
  private interrupt: (() => void) | undefined
  private leftAt: number | undefined
  private readonly time: Timekeeper
  private wasBusy = false
  private wasParked = false

  private readonly isOfThisProcess: () => boolean

  constructor(
    time: Timekeeper,
    id: number,
    label: () => string,
    order: number,
    client: Client,
    isOfThisProcess = () => false,
  ) {
    this.isOfThisProcess = isOfThisProcess
    this.time = time
    this.id = id
    this.label = label
    this.order = order
    this.client = client
    this.change()
  }

  /** Whether it keeps time from moving. */
  private get isBusy(): boolean {
    const isParked = this.server === "received" || this.server === "service"
    switch (this.client) {
      case "local":
      case "relayed":
      case "idle":
        return false
      case "waiting":
        return isParked ? this.counted && this.seen < this.sent : true
      case "foreign":
        return this.server === "away" || this.server === "writing"
      case "gone":
        return this.server === "away" ? this.fencing : this.server !== "closed"
    }
  }

  /** Whether nobody outside of this process has a part in it that could keep time from moving. */
  get isHome(): boolean {
    return this.client === "foreign" ? this.isOfThisProcess() : !this.isBusy
  }

  get isGone(): boolean {
    return this.leftAt !== undefined
  }

  say(): string {
    return `${this.label()} (client ${this.client}, service ${this.server})`
  }

  /** Tell the timekeeper that an end has moved. */
  private change(): void {
    const isBusy = this.isBusy
    const isHeld = this.client === "foreign" || this.client === "relayed"
    const isParked = isHeld && (this.server === "received" || this.server === "service")
    this.time.weigh(Number(isBusy) - Number(this.wasBusy), Number(isParked) - Number(this.wasParked))
    this.wasBusy = isBusy
    this.wasParked = isParked
  }

  serverIs(server: Server): void {
    if (this.server === "closed") return
    if (server === "service") this.hasBegun = true
    this.server = server
    this.change()
    this.settle()
  }

  clientIs(client: Client): void {
    if (this.isGone) return
    this.client = client
    this.change()
  }

  /** A memory carrier has it: there is no wire. */
  get isLocal(): boolean {
    return this.client === "local" || this.client === "relayed"
  }

  wrote(parts: number): void {
    this.sent += parts
    this.change()
  }

  saw(parts: number): void {
    this.seen += parts
    this.change()
  }

  /** The service works on it; `interrupt` stops that work once the service has seen the client leave. */
  started(interrupt: () => void): void {
    this.interrupt = interrupt
    this.settle()
  }

  private stop(): void {
    const interrupt = this.interrupt
    this.interrupt = undefined
    interrupt?.()
  }

  ended(): void {
    this.interrupt = undefined
    this.cancelHangUp?.()
  }

  /** The client has its answer, or gave up. Unless answered, an unseen request is waited for behind a fence. */
  left(isAnswered: boolean): void {
    if (this.isGone) return
    this.leftAt = this.time.nextOrder()
    // Given up in the instant it was sent: it never reaches the service, however far its bytes came.
    if (!this.hasBegun) this.stop()
    const wasLocal = this.isLocal
    this.client = "gone"
    if (wasLocal) this.server = "closed"
    if (this.server === "away" && !isAnswered) {
      this.fencing = true
      void this.time.fence().then(() => {
        this.fencing = false
        this.change()
        this.settle()
      })
    }
    this.change()
    this.settle()
  }

  private settle(): void {
    const isOver = this.server === "closed" || (this.server === "away" && !this.fencing)
    if (this.client === "foreign" && this.server === "closed") {
      this.time.forget(this)
      this.hangUp(this.time.nextOrder())
    } else if (this.isGone && isOver) {
      this.time.forget(this)
      this.hangUp(this.leftAt ?? 0)
    }
  }

  private hangUp(order: number): void {
    if (this.interrupt === undefined) return
    this.cancelHangUp = this.time.at(
      this.time.now,
      () => `${this.label()}: the client left`,
      () => this.stop(),
      order,
    )
  }
}
