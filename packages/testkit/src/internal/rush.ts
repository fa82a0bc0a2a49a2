/** Counts what a run does: a client that asks for ever, or is woken for ever and asks for nothing, would not end by itself. */
export interface Most {
  /** Requests at one instant. */
  readonly mostAtOnce: number
  /** Requests in all. */
  readonly mostInAll: number
}

/** Timers in a row without a request, for each request there may be. */
const idleness = 10

export class Rush {
  private readonly most: Most
  private at: number | undefined
  private atOnce = 0
  private inAll = 0
  private timers = 0
  /** There was too much: requests are answered no more. */
  isOver = false

  constructor(most: Most) {
    this.most = most
  }

  /** A request, and whether it is the first too many. */
  asks(now: number): "HotLoop" | "Endless" | undefined {
    if (this.at !== now) this.atOnce = 0
    this.at = now
    this.timers = 0
    this.inAll++
    if (++this.atOnce >= this.most.mostAtOnce) return this.first("HotLoop")
    return this.inAll > this.most.mostInAll ? this.first("Endless") : undefined
  }

  /** A timer fires, and whether it is the first too many. */
  wakes(): "Endless" | undefined {
    return ++this.timers > idleness * this.most.mostInAll ? this.first("Endless") : undefined
  }

  private first<Stall>(stall: Stall): Stall | undefined {
    return this.isOver ? undefined : stall
  }

  /** Begin anew. */
  reset(): void {
    this.inAll = 0
    this.atOnce = 0
    this.timers = 0
    this.isOver = false
  }
}
