/** The host's timers on the clock of an engine, with the manners of Node's: what is out of range fires after 1 ms. */
import { builtin } from "./builtin.ts"
import type { Engine } from "./engine.ts"
import { real, soon } from "./host.ts"
import { isLeftOver } from "./life.ts"
import type { Timer } from "./timers.ts"

type Callback = (...args: ReadonlyArray<unknown>) => unknown

const longest = 2_147_483_647

/** What Node makes of a delay; `2_147_484_000` is one of the delays that fire at once. */
const delayOf = (given: unknown): number => {
  const millis = Number(given)
  return millis >= 1 && millis <= longest ? Math.trunc(millis) : 1
}

// Far from the numbers of the host's own timers, which are cleared by number too.
let ids = 2 ** 40

/** Run something later in the asynchronous context of now. */
const here = (f: () => void): (() => void) => {
  const bound = builtin("node:async_hooks")?.AsyncLocalStorage.snapshot()
  return bound === undefined ? f : () => bound(f)
}

/** Whose the host's time is; nobody's: it is real. What a module keeps of ours longer than a run, asks for it each time. */
let owner: Engine | undefined
export const inForce = (): Engine | undefined => owner

/**
 * Undici, and with it Node's own `fetch`, keeps one tick for all its time-outs as long as the process lives: over runs,
 * and over the real time between them.
 */
const ticks = new Set<HostTimer>()
const isTick = ({ name }: Callback, delay: unknown): boolean => name === "onTick" && delay === 499

/** Give the host's time to an engine, or back; what ticks goes with it, in step with its new beginning. */
export const own = (engine: Engine | undefined): void => {
  // What has ended meanwhile is swept away by a tick: then the next one is counted from when it is needed.
  for (const tick of Array.from(ticks)) tick.fire()
  owner = engine
  for (const tick of Array.from(ticks)) tick.refresh()
}

/** What `setTimeout` and `setInterval` answer with. */
export class HostTimer {
  private engine = owner
  /** Nothing: it was cleared, and never comes back. */
  private call: (() => void) | undefined
  private readonly every: number
  private readonly isRepeated: boolean
  private readonly isTick: boolean
  private readonly label: () => string
  private readonly id = ids++
  private timer: Timer | undefined
  private handle: ReturnType<typeof real.setTimeout> | undefined
  private isKept = true
  /** Its number was asked for, and may come back in its place. */
  private isNumbered = false

  constructor(call: () => void, delay: unknown, isRepeated: boolean, isTick = false) {
    this.every = delayOf(delay)
    this.isRepeated = isRepeated
    this.isTick = isTick
    this.call = here(call)
    this.label = () => `${isRepeated ? "setInterval" : "setTimeout"} of ${this.every} ms`
    this.arm()
  }

  private arm(): void {
    this.stop()
    if (this.isNumbered) known.set(this.id, this)
    if (this.isTick) ticks.add(this)
    const fire = () => this.fire()
    if (this.engine === undefined) this.handle = real.setTimeout(fire, this.every)
    else {
      this.timer = this.engine.set(this.engine.now + this.every, this.label, fire)
      this.timer.lane = this.every
    }
    this.keep()
  }

  private stop(): void {
    if (this.timer !== undefined) this.engine?.unset(this.timer)
    if (this.handle !== undefined) real.clearTimeout(this.handle)
    this.timer = undefined
    this.handle = undefined
    ticks.delete(this)
    known.delete(this.id)
  }

  /** A time-out that is not kept fires all the same; a beat that nobody keeps wakes nobody. */
  private keep(): void {
    if (this.timer !== undefined) this.timer.isWeak = this.isRepeated && !this.isKept
    if (this.isKept) this.handle?.ref()
    else this.handle?.unref()
  }

  /** Do what it is for, now. */
  fire(): void {
    this.stop()
    if (this.isRepeated) this.arm()
    this.call?.()
  }

  /** Begin anew, in whatever time it is now; one that has fired does so too. */
  refresh(): this {
    if (this.call === undefined) return this
    this.stop()
    this.engine = owner
    this.arm()
    return this
  }

  close(): this {
    this.stop()
    this.call = undefined
    return this
  }

  ref(): this {
    this.isKept = true
    this.keep()
    return this
  }

  unref(): this {
    this.isKept = false
    this.keep()
    return this
  }

  hasRef(): boolean {
    return this.isKept
  }

  [Symbol.toPrimitive](): number {
    this.isNumbered = true
    if (this.timer !== undefined || this.handle !== undefined) known.set(this.id, this)
    return this.id
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

const known = new Map<number, HostTimer>()

/** Clear what `setTimeout` answered with, be it the timer or its number; `false`: it is none of ours. */
const clear = (handle: unknown): boolean => {
  const isNumber = typeof handle === "number" || typeof handle === "string"
  const timer = handle instanceof HostTimer ? handle : isNumber ? known.get(Number(handle)) : undefined
  timer?.close()
  return timer !== undefined
}

/** A turn of the event loop is real, and time waits for it. */
class HostImmediate {
  private readonly engine: Engine
  private readonly undo: () => void
  private isPending = true
  private isKept = true

  constructor(engine: Engine, call: () => void) {
    this.engine = engine
    engine.taskAdded()
    this.undo = soon(() => {
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
    this.undo()
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
  readonly clearTimeout: (handle: unknown) => void
  readonly clearImmediate: ((handle: unknown) => void) | undefined
}

/** As Node says it. */
export const invalid = (name: string, type: string, given: unknown): TypeError => {
  const message = `The "${name}" argument must be of type ${type}. Received ${String(given)}`
  return Object.assign(new TypeError(message), { code: "ERR_INVALID_ARG_TYPE" })
}

/** What is no function is refused as Node refuses it. */
const callable = (call: unknown): void => {
  if (typeof call !== "function") throw invalid("callback", "function", call)
}

const timeOut = (isRepeated: boolean) => {
  return (call: Callback, delay?: unknown, ...args: ReadonlyArray<unknown>): HostTimer => {
    callable(call)
    const isBeat = !isRepeated && isTick(call, delay)
    const timer: HostTimer = new HostTimer(() => void Reflect.apply(call, timer, args), delay, isRepeated, isBeat)
    return isLeftOver() ? timer.close() : timer
  }
}

export const hostTimers = (engine: Engine, real: Real): HostTimers => ({
  setTimeout: timeOut(false),
  setInterval: timeOut(true),
  setImmediate: (call, ...args) => {
    callable(call)
    const immediate: HostImmediate = new HostImmediate(owner ?? engine, () => void Reflect.apply(call, immediate, args))
    if (isLeftOver()) immediate.close()
    return immediate
  },
  clearTimeout: (handle) => {
    if (handle !== undefined && handle !== null && !clear(handle)) real.clearTimeout(handle)
  },
  clearImmediate: (handle) => {
    if (handle instanceof HostImmediate) handle.close()
    else if (handle !== undefined && handle !== null) real.clearImmediate?.(handle)
  },
})
