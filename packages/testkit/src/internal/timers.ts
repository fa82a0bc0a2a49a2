/**
 * A heap of timers: the earliest first; at the same instant in the order they were set, unless a die says otherwise.
 * Within a lane no die is asked.
 */

export interface Timer {
  readonly at: number
  readonly order: number
  readonly label: () => string
  /** How many turns must be quiet before it fires. */
  readonly turns: number
  readonly fire: () => void
  /** It wakes nobody: a run in which only such timers are left waits for nothing. */
  isWeak: boolean
  live: boolean
  /** Timers of one lane stay in the order they were set: a host promises it for its timers of one delay. */
  lane?: number
}

const isBefore = (a: Timer, b: Timer): boolean => (a.at !== b.at ? a.at < b.at : a.order < b.order)

export class Timers {
  private heap: Array<Timer> = []
  private dead = 0

  add(timer: Timer): void {
    const heap = this.heap
    let index = heap.push(timer) - 1
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || !isBefore(timer, parent)) break
      heap[index] = parent
      index = above
    }
    heap[index] = timer
  }

  /** Forget a timer; it leaves the heap when it comes to the top, or when half the heap is dead. */
  drop(timer: Timer): void {
    if (!timer.live) return
    timer.live = false
    if (++this.dead * 2 > this.heap.length) {
      const live = this.heap.filter((entry) => entry.live)
      this.heap = []
      this.dead = 0
      for (const entry of live) this.add(entry)
    }
  }

  /** The earliest live timer, left in place. */
  peek(): Timer | undefined {
    while (this.heap[0]?.live === false) {
      this.shift()
      this.dead--
    }
    return this.heap[0]
  }

  /** The earliest live timer, taken out; of the first in each lane at that instant the die picks one. */
  take(die?: (sides: number) => number): Timer | undefined {
    const first = this.peek()
    if (first === undefined) return undefined
    this.shift()
    const equals = [first]
    if (die !== undefined) {
      for (let next = this.peek(); next?.at === first.at && equals.length < 64; next = this.peek()) {
        this.shift()
        equals.push(next)
      }
    }
    const lanes = new Set<number>()
    const firsts = equals.filter(({ lane }) => lane === undefined || (!lanes.has(lane) && lanes.add(lane)))
    const taken = (firsts.length > 1 ? firsts[die?.(firsts.length) ?? 0] : undefined) ?? first
    for (const other of equals) if (other !== taken) this.add(other)
    taken.live = false
    return taken
  }

  clear(): void {
    this.heap = []
    this.dead = 0
  }

  live(): ReadonlyArray<Timer> {
    return this.heap.filter((timer) => timer.live)
  }

  get size(): number {
    return this.heap.length - this.dead
  }

  private shift(): void {
    const heap = this.heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      const left = heap[2 * index + 1]
      const right = heap[2 * index + 2]
      const isRight = left !== undefined && right !== undefined && isBefore(right, left)
      const child = isRight ? right : left
      if (child === undefined || !isBefore(child, last)) break
      heap[index] = child
      index = 2 * index + (isRight ? 2 : 1)
    }
    heap[index] = last
  }
}
