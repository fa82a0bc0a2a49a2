/** Counts the requests of one instant: a client that asks again and again without a pause would never end by itself. */
export class Rush {
  private readonly most: number
  private count = 0
  private at: number | undefined
  /** There were too many: they are answered no more. */
  isOver = false

  constructor(most: number) {
    this.most = most
  }

  /** Whether this request is the first too many. */
  exceeds(now: number): boolean {
    if (this.at !== now) this.count = 0
    this.at = now
    return ++this.count >= this.most && !this.isOver
  }

  /** Begin anew. */
  reset(): void {
    this.count = 0
    this.isOver = false
  }
}
