/** The host's timers on the clock of an engine, with the manners of Node's: what is out of range fires after 1 ms. */
import { builtin } from "./builtin.ts"
import type { Engine } from "./engine.ts"
import type { Timer } from "./timers.ts"

type Callback = (...args: ReadonlyArray<unknown>) => unknown

const longest = 2_147_483_647

/** What Node makes of a delay; `2_147_484_000` is one of the delays that fire at once. */
const delayOf = (given: unknown): number => {
  const millis = Number(given)
  return millis >= 1 && millis <= longest ? Math.trunc(millis) : 1
}

let ids = 1

/** Run something later in the asynchronous context of now. */
const here = (f: () => void): (() => void) => {
  const bound = builtin("node:async_hooks")?.AsyncLocalStorage.snapshot()
  return bound === undefined ? f : () => bound(f)
}

/** What `setTimeout` and `setInterval` answer with. */
export class HostTimer {
  private readonly engine: Engine
  private readonly call: () => void
  private readonly every: number
  private readonly isRepeated: boolean
  private readonly label: () => string
  private readonly id = ids++
  private timer: Timer | undefined
  private isKept = true

  constructor(engine: Engine, call: () => void, delay: unknown, isRepeated: boolean) {
    this.engine = engine
    this.every = delayOf(delay)
    this.isRepeated = isRepeated
    this.call = here(call)
    this.label = () => `${isRepeated ? "setInterval" : "setTimeout"} of ${this.every} ms`
    this.refresh()
    known.set(this.id, this)
  }

  refresh(): this {
    if (this.timer !== undefined) this.engine.unset(this.timer)
    this.timer = this.engine.set(this.engine.now + this.every, this.label, () => {
      if (this.isRepeated) this.refresh()
      else this.timer = undefined
      if (!this.isRepeated) known.delete(this.id)
      this.call()
    })
    this.timer.isWeak = this.isRepeated && !this.isKept
    return this
  }

  close(): this {
    if (this.timer !== undefined) this.engine.unset(this.timer)
    this.timer = undefined
    known.delete(this.id)
    return this
  }

  ref(): this {
    this.isKept = true
    if (this.timer !== undefined) this.timer.isWeak = false
    return this
  }

  /** A time-out that is not kept fires all the same; a beat that nobody keeps wakes nobody. */
  unref(): this {
    this.isKept = false
    if (this.timer !== undefined) this.timer.isWeak = this.isRepeated
    return this
  }

  hasRef(): boolean {
    return this.isKept
  }

  [Symbol.toPrimitive](): number {
    return this.id
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

const known = new Map<number, HostTimer>()

/** Clear what `setTimeout` answered with, be it the timer or its number; `false`: it is none of ours. */
const clear = (handle: unknown): boolean => {
  const timer = handle instanceof HostTimer ? handle : known.get(Number(handle))
  timer?.close()
  return timer !== undefined
}

/** A turn of the event loop is real, and time waits for it. */
class HostImmediate {
  private readonly engine: Engine
  private handle: unknown
  private isPending = true
  private isKept = true
  private readonly undo: (handle: unknown) => void

  constructor(engine: Engine, call: () => void, real: (f: () => void) => unknown, undo: (handle: unknown) => void) {
    this.engine = engine
    this.undo = undo
    engine.taskAdded()
    this.handle = real(() => {
      this.done()
      call()
    })
  }

  private done(): void {
    if (!this.isPending) return
    this.isPending = false
    this.engine.taskDone()
  }

  close(): void {
    this.undo(this.handle)
    this.done()
  }

  ref(): this {
    this.isKept = true
    return this
  }

  unref(): this {
    this.isKept = false
    return this
  }

  hasRef(): boolean {
    return this.isKept
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

export interface HostTimers {
  readonly setTimeout: (call: Callback, delay?: unknown, ...args: ReadonlyArray<unknown>) => HostTimer
  readonly setInterval: (call: Callback, delay?: unknown, ...args: ReadonlyArray<unknown>) => HostTimer
  readonly setImmediate: (call: Callback, ...args: ReadonlyArray<unknown>) => HostImmediate
  readonly clearTimeout: (handle: unknown) => void
  readonly clearImmediate: (handle: unknown) => void
}

/** What the host had before, so that what was armed before can still be cleared. */
export interface Real {
  readonly setImmediate: ((f: () => void) => unknown) | undefined
  readonly clearTimeout: (handle: unknown) => void
  readonly clearImmediate: ((handle: unknown) => void) | undefined
}

export const hostTimers = (engine: Engine, real: Real): HostTimers => ({
  setTimeout: (call, delay, ...args) => new HostTimer(engine, () => void call(...args), delay, false),
  setInterval: (call, delay, ...args) => new HostTimer(engine, () => void call(...args), delay, true),
  setImmediate: (call, ...args) =>
    new HostImmediate(
      engine,
      () => void call(...args),
      (f) => real.setImmediate?.(f),
      (handle) => real.clearImmediate?.(handle),
    ),
  clearTimeout: (handle) => {
    if (handle !== undefined && handle !== null && !clear(handle)) real.clearTimeout(handle)
  },
  clearImmediate: (handle) => {
    if (handle instanceof HostImmediate) handle.close()
    else if (handle !== undefined && handle !== null) real.clearImmediate?.(handle)
  },
})
