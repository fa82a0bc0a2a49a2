/**
 * The host's own time under the clock: `Date`, timers, `performance.now`, `AbortSignal.timeout`, and the modules of Node
 * that offer the same. And its chance from the clock's seed, for the jitter of a client is part of its story.
 *
 * One clock at a time: a second one waits until the first has given them back. What was taken from the globals before
 * (a runner's own timers) stays real.
 */
import { builtin } from "./builtin.ts"
import type { Engine } from "./engine.ts"
import { type HostChance, hostChance } from "./hostChance.ts"
import { real } from "./host.ts"
import { hostCrypto } from "./hostCrypto.ts"
import { hostPromises } from "./hostPromises.ts"
import { hostSockets } from "./hostSockets.ts"
import { hostThreads } from "./hostThreads.ts"
import { HostTimer, hostTimers, inForce, own } from "./hostTimers.ts"
import { hostZlib } from "./hostZlib.ts"
import { watchTraffic } from "./traffic.ts"

type Undo = () => void

/** Nothing here throws: whatever a client did to the globals, the others are still given back. */
const put = (target: object, name: string, given: PropertyDescriptor): Undo => {
  const before = Object.getOwnPropertyDescriptor(target, name)
  const enumerable = before?.enumerable ?? true
  Reflect.defineProperty(target, name, { configurable: true, enumerable, ...given })
  return () => {
    if (before === undefined) Reflect.deleteProperty(target, name)
    else Reflect.defineProperty(target, name, before)
  }
}

// What is read of a clock that is no longer in force is real: a module may have kept it.
const nowOf = (date: DateConstructor) => (): number => {
  const engine = inForce()
  return engine === undefined ? date.now() : Math.trunc(engine.now)
}
const performanceNow = (): number => {
  const engine = inForce()
  return engine === undefined ? real.performanceNow() : engine.now - engine.start
}

const dateOf = (date: DateConstructor, now: () => number): DateConstructor =>
  new Proxy(date, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
    apply: () => new date(now()).toString(),
    get: (target, name, receiver): unknown => (name === "now" ? now : Reflect.get(target, name, receiver)),
  })

/** Formats say the time of now when they are given none. */
const formatsOf = (prototype: Intl.DateTimeFormat, now: () => number): PropertyDescriptorMap => {
  const before = Object.getOwnPropertyDescriptors(prototype)
  return {
    format: {
      get(this: Intl.DateTimeFormat) {
        const bound = before.format.get?.call(this) as Intl.DateTimeFormat["format"]
        return (date?: Date | number) => bound(date ?? now())
      },
    },
    formatToParts: {
      value(this: Intl.DateTimeFormat, date?: Date | number) {
        return before.formatToParts.value?.call(this, date ?? now())
      },
      writable: true,
    },
  }
}

const longest = 2 ** 32 - 1

const timeoutOf =
  (before: typeof AbortSignal.timeout) =>
  (delay: number): AbortSignal => {
    // What is out of its range the host refuses itself.
    if (!Number.isInteger(delay) || delay < 0 || delay > longest) return before(delay)
    const controller = new AbortController()
    const message = "The operation was aborted due to timeout"
    new HostTimer(() => controller.abort(new DOMException(message, "TimeoutError")), delay, false).unref()
    return controller.signal
  }

const hrtimeOf = (before: NodeJS.HRTime): NodeJS.HRTime => {
  const nanos = () => (inForce() === undefined ? before.bigint() : BigInt(Math.round(performanceNow() * 1_000_000)))
  const tuple = (since?: readonly [number, number]): [number, number] => {
    const now = nanos() - (since === undefined ? 0n : BigInt(since[0]) * 1_000_000_000n + BigInt(since[1]))
    return [Number(now / 1_000_000_000n), Number(now % 1_000_000_000n)]
  }
  return Object.assign(tuple, before, { bigint: nanos })
}

const uptimeOf = (before: () => number) => () => (inForce() === undefined ? before() : performanceNow() / 1000)

const chances = new WeakMap<Engine, HostChance>()

/** A clock that is put over the globals once more goes on drawing: two runs of it mint two keys. */
const chanceOf = (engine: Engine): HostChance => {
  const chance = chances.get(engine) ?? hostChance(engine.seed)
  chances.set(engine, chance)
  return chance
}

/** Put the globals under an engine; the answer gives them back. Whoever calls it holds the {@link turnstile}. */
export const cover = (engine: Engine): Undo => {
  const host: Partial<typeof globalThis> = globalThis
  const timers = hostTimers(engine, {
    clearTimeout: globalThis.clearTimeout as (handle: unknown) => void,
    clearImmediate: host.clearImmediate as ((handle: unknown) => void) | undefined,
  })
  const promises = hostPromises(timers)
  const setTimeout = Object.assign(timers.setTimeout, {
    [Symbol.for("nodejs.util.promisify.custom")]: promises.setTimeout,
  })
  const setImmediate = Object.assign(timers.setImmediate, {
    [Symbol.for("nodejs.util.promisify.custom")]: promises.setImmediate,
  })
  const { clearImmediate, clearTimeout, setInterval } = timers
  const spans = { setTimeout, setInterval, clearTimeout, clearInterval: clearTimeout }
  const date = Date
  const now = nowOf(date)
  const virtual = dateOf(date, now)
  const turns = typeof host.setImmediate === "function" ? { setImmediate, clearImmediate } : {}
  const undo: Array<Undo> = [watchTraffic(engine)]
  const putAll = (target: object | undefined, values: Readonly<Record<string, unknown>>) => {
    if (target === undefined) return
    for (const [name, value] of Object.entries(values)) undo.push(put(target, name, { value, writable: true }))
  }
  putAll(host, { ...spans, ...turns, Date: virtual })
  putAll(date.prototype, { constructor: virtual })
  const formats = Intl.DateTimeFormat.prototype
  for (const [name, given] of Object.entries(formatsOf(formats, now))) undo.push(put(formats, name, given))
  const { AbortSignal: signals, process } = host
  if (signals !== undefined) putAll(signals, { timeout: timeoutOf(signals.timeout.bind(signals)) })
  putAll(host.performance, { now: performanceNow, timeOrigin: engine.start })
  if (process !== undefined) {
    putAll(process, { hrtime: hrtimeOf(process.hrtime), uptime: uptimeOf(process.uptime.bind(process)) })
  }
  const chance = chanceOf(engine)
  const { fill: getRandomValues, random, randomUUID } = chance
  putAll(Math, { random })
  // `node:crypto` hands out the same object, and keeps a hold of it.
  putAll(host.Crypto?.prototype, { getRandomValues, randomUUID })
  const crypto = builtin("node:crypto")
  putAll(crypto, { randomUUID, ...hostCrypto(chance, crypto) })
  for (const { methods, prototype } of hostThreads(engine)) putAll(prototype, methods)
  putAll(builtin("node:timers"), { ...spans, ...turns })
  const sockets = hostSockets(engine)
  if (sockets !== undefined) putAll(sockets.prototype, sockets.methods)
  const zlib = hostZlib(engine)
  if (zlib !== undefined) putAll(zlib.prototype, zlib.methods)
  const { scheduler, ...rest } = promises
  putAll(builtin("node:timers/promises"), rest)
  putAll(builtin("node:timers/promises")?.scheduler, scheduler)
  const sync = () => builtin("node:module")?.syncBuiltinESMExports()
  sync()
  own(engine)
  return () => {
    own(undefined)
    for (const give of undo.toReversed()) give()
    sync()
  }
}

let last: Promise<void> = Promise.resolve()

/** Wait for the globals to be free and take them; the answer lets the next one in. */
export const turnstile = async (): Promise<Undo> => {
  const before = last
  let leave: Undo = () => {}
  last = new Promise((resolve) => {
    leave = resolve
  })
  await before
  return leave
}
