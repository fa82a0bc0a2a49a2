/**
 * Tells whoever listens that a run will not end by itself: nobody is left to move it, what it waits for never comes, it asks
 * again and again while time stands still, or it goes on and on.
 *
 * It moves nothing. Its process timers are short, and armed only while somebody listens.
 */
import { later, turn, underWay } from "./host.ts"
import { type Most, Rush } from "./rush.ts"

export interface Stall {
  readonly _tag: "Deadlock" | "StuckIo" | "HotLoop" | "Endless"
  readonly waiters: ReadonlyArray<string>
}

/** What is watched. */
export interface Watched {
  readonly now: number
  /** Changes with whatever happens. */
  readonly pulse: number
  /** Signs of life: what a run that only keeps itself busy does not give. */
  readonly signs: number
  /** Whether there are tasks that have not run. */
  readonly isRunnable: boolean
  /** The requests that are on their way. */
  readonly requests: ReadonlyArray<string>
  readonly underHold: ReadonlyArray<string>
  /** The timers that are set. */
  readonly pending: ReadonlyArray<string>
  touch(): void
}

// Real milliseconds without any sign of life before an idle run is called dead.
const grace = 40
// The longest process timer that is ever armed; a longer wait is made of several.
const longest = 50

export class Watch {
  private readonly of: Watched
  private readonly stuckAfter: number
  private readonly rush: Rush
  private readonly listeners = new Set<(stall: Stall) => void>()
  private readonly waiters = new Set<string>()
  private isOver = false
  /** What is left of the patience, in real milliseconds. */
  private left: number | undefined
  /** The part of it that the watchdog waits for. */
  private part = 0
  private blockedSigns = -1
  private watchdog: (() => void) | undefined
  private obituary: (() => void) | undefined

  constructor(of: Watched, options: Most & { readonly stuckAfter: number }) {
    this.of = of
    this.stuckAfter = options.stuckAfter
    this.rush = new Rush(options)
  }

  /** Name who waits; the answer takes the name back. */
  await(name: string): () => void {
    this.waiters.add(name)
    return () => void this.waiters.delete(name)
  }

  listen(listener: (stall: Stall) => void): () => void {
    this.listeners.add(listener)
    this.of.touch()
    return () => void this.listeners.delete(listener)
  }

  /** There were too many requests: they are answered no more. */
  get isRush(): boolean {
    return this.rush.isOver
  }

  /** A request. Of a client that never rests every answer is a sign of life. */
  asks(label: () => string): void {
    this.end(this.rush.asks(this.of.now), label)
  }

  /** A timer fires. */
  wakes(label: () => string): void {
    this.end(this.rush.wakes(), label)
  }

  private end(stall: "HotLoop" | "Endless" | undefined, label: () => string): void {
    if (stall === undefined || this.listeners.size === 0) return
    this.rush.isOver = true
    turn(() => this.tell({ _tag: stall, waiters: [...this.waiters, label()] }))
  }

  /** Count anew: time may move again. */
  forgives(): void {
    this.rush.reset()
  }

  /** Something is under way that has to end first. */
  blocked(): void {
    if (this.left === undefined || this.blockedSigns !== this.of.signs) {
      this.left = this.stuckAfter
      this.blockedSigns = this.of.signs
    }
    if (this.watchdog === undefined && this.listeners.size > 0) this.watchOut(this.left)
  }

  /** Nothing is under way. */
  unblocked(): void {
    this.left = undefined
  }

  private watchOut(left: number): void {
    this.part = Math.min(left, longest)
    this.watchdog = later(this.part, this.bark)
  }

  /** Parts are counted, not the time between them: while others keep this process from running, nothing in it is stuck. */
  private readonly bark = (): void => {
    this.watchdog = undefined
    if (this.isOver || this.left === undefined || this.listeners.size === 0) return
    this.left -= this.part
    if (this.left > 1) return this.watchOut(this.left)
    const waiters = [...this.waiters, ...this.of.requests, ...this.of.underHold]
    if (this.of.isRunnable)
      waiters.push("tasks that bring forth tasks without an end (setImmediate, or a fiber that yields)")
    const call = underWay()
    this.tell({ _tag: "StuckIo", waiters: call === undefined ? waiters : [...waiters, call] })
  }

  /** Nothing can happen any more, unless there is a sign of life within the grace. */
  mourn(): void {
    if (this.obituary !== undefined || this.listeners.size === 0) return
    const { pulse } = this.of
    this.obituary = later(grace, () => {
      this.obituary = undefined
      if (this.isOver) return
      if (pulse !== this.of.pulse) return this.of.touch()
      const timers = this.of.pending.map((timer) => `${timer}, for ever`)
      this.tell({ _tag: "Deadlock", waiters: [...this.waiters, ...this.of.requests, ...timers] })
    })
  }

  close(): void {
    this.isOver = true
    this.watchdog?.()
    this.obituary?.()
    this.watchdog = undefined
    this.obituary = undefined
  }

  private tell(stall: Stall): void {
    for (const listener of Array.from(this.listeners)) listener(stall)
  }
}
