/**
 * The host's own time under the clock: `Date`, timers, `performance.now`, `AbortSignal.timeout`, and the modules of Node
 * that offer the same. And its chance from the clock's seed, for the jitter of a client is part of its story.
 *
 * One clock at a time: a second one waits until the first has given them back. What was taken from the globals before
 * (a runner's own timers) stays real.
 */
import { builtin } from "./builtin.ts"
import { heldCrypto } from "./crypto.ts"
import type { Engine } from "./engine.ts"
import { type HostChance, hostChance } from "./hostChance.ts"
import { hostPromises } from "./hostPromises.ts"
import { hostSockets } from "./hostSockets.ts"
import { HostTimer, hostTimers } from "./hostTimers.ts"
import { watchTraffic } from "./traffic.ts"

type Undo = () => void

const put = (target: object, name: string, value: unknown): Undo => {
  const before = Object.getOwnPropertyDescriptor(target, name)
  Object.defineProperty(target, name, {
    value,
    configurable: true,
    enumerable: before?.enumerable ?? true,
    writable: true,
  })
  return () => {
    if (before === undefined) Reflect.deleteProperty(target, name)
    else Object.defineProperty(target, name, before)
  }
}

const dateOf = (engine: Engine, real: DateConstructor): DateConstructor => {
  const now = () => Math.trunc(engine.now)
  return new Proxy(real, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
    apply: () => new real(now()).toString(),
    get: (target, name, receiver): unknown => (name === "now" ? now : Reflect.get(target, name, receiver)),
  })
}

const timeoutOf =
  (engine: Engine) =>
  (delay: number): AbortSignal => {
    const controller = new AbortController()
    const message = "The operation was aborted due to timeout"
    const timer = new HostTimer(engine, () => controller.abort(new DOMException(message, "TimeoutError")), delay, false)
    timer.unref()
    return controller.signal
  }

const hrtimeOf = (engine: Engine, real: NodeJS.HRTime): NodeJS.HRTime => {
  const nanos = () => BigInt(Math.round((engine.now - engine.start) * 1_000_000))
  const tuple = (before?: readonly [number, number]): [number, number] => {
    const now = nanos() - (before === undefined ? 0n : BigInt(before[0]) * 1_000_000_000n + BigInt(before[1]))
    return [Number(now / 1_000_000_000n), Number(now % 1_000_000_000n)]
  }
  return Object.assign(tuple, real, { bigint: nanos })
}

type Take = (error: null, bytes: Uint8Array) => void

const randomBytesOf =
  ({ fill }: HostChance) =>
  (size: number, take?: Take): Uint8Array | undefined => {
    const bytes = fill(Buffer.alloc(size))
    if (take === undefined) return bytes
    queueMicrotask(() => take(null, bytes))
    return undefined
  }

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
    setImmediate: host.setImmediate,
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
  const own = { setTimeout, setInterval, clearTimeout, clearInterval: clearTimeout }
  const turns = typeof host.setImmediate === "function" ? { setImmediate, clearImmediate } : {}
  const undo: Array<Undo> = [watchTraffic(engine)]
  const putAll = (target: object | undefined, values: Readonly<Record<string, unknown>>) => {
    if (target === undefined) return
    for (const [name, value] of Object.entries(values)) undo.push(put(target, name, value))
  }
  putAll(host, { ...own, ...turns, Date: dateOf(engine, Date) })
  putAll(host.AbortSignal, { timeout: timeoutOf(engine) })
  putAll(host.performance, { now: () => engine.now - engine.start, timeOrigin: engine.start })
  if (host.process !== undefined) putAll(host.process, { hrtime: hrtimeOf(engine, host.process.hrtime) })
  const chance = chanceOf(engine)
  putAll(Math, { random: chance.random })
  const { fill: getRandomValues, randomUUID } = chance
  if (host.crypto !== undefined) {
    putAll(host, { crypto: heldCrypto(engine, host.crypto, { randomUUID, getRandomValues }) })
  }
  putAll(builtin("node:crypto"), { randomUUID, randomBytes: randomBytesOf(chance) })
  putAll(builtin("node:timers"), { ...own, ...turns })
  const sockets = hostSockets(engine)
  if (sockets !== undefined) putAll(sockets.prototype, sockets.methods)
  const { scheduler, ...rest } = promises
  putAll(builtin("node:timers/promises"), rest)
  putAll(builtin("node:timers/promises")?.scheduler, scheduler)
  const sync = () => builtin("node:module")?.syncBuiltinESMExports()
  sync()
  return () => {
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
