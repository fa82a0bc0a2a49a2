/** What `node:timers/promises` offers, made of timers of ours. */
import { type HostTimers, invalid } from "./hostTimers.ts"

interface Options {
  readonly signal?: AbortSignal
}

const aborted = (signal: AbortSignal): Error =>
  Object.assign(new Error("The operation was aborted", { cause: signal.reason }), {
    name: "AbortError",
    code: "ABORT_ERR",
  })

/** Wait for a timer or a signal, whichever comes first. */
const wait = <A>(arm: (done: () => void) => { readonly close: () => void }, value: A, options: Options): Promise<A> =>
  new Promise((resolve, reject) => {
    const given: unknown = options // what has no types may give anything
    if (typeof given !== "object" || given === null) return reject(invalid("options", "object", options))
    const { signal } = options
    if (signal?.aborted === true) return reject(aborted(signal))
    const leave = () => {
      timer.close()
      if (signal !== undefined) reject(aborted(signal))
    }
    const timer = arm(() => {
      signal?.removeEventListener("abort", leave)
      resolve(value)
    })
    signal?.addEventListener("abort", leave, { once: true })
  })

export const hostPromises = (timers: HostTimers) => {
  const setTimeout = <A>(delay?: number, value?: A, options: Options = {}) =>
    wait((done) => timers.setTimeout(done, delay), value, options)
  const setImmediate = <A>(value?: A, options: Options = {}) =>
    wait((done) => timers.setImmediate(done), value, options)
  return {
    setTimeout,
    setImmediate,
    async *setInterval<A>(delay?: number, value?: A, options: Options = {}) {
      let ticks = 0
      let wake = () => {}
      const timer = timers.setInterval(() => {
        ticks++
        wake()
      }, delay)
      try {
        for (;;) {
          if (ticks === 0) {
            await wait(
              (done) => {
                wake = done
                return { close: () => {} }
              },
              undefined,
              options,
            )
          }
          for (; ticks > 0; ticks--) yield value
        }
      } finally {
        timer.close()
      }
    },
    scheduler: {
      wait: (delay: number, options?: Options) => setTimeout(delay, undefined, options),
      yield: () => setImmediate(),
    },
  }
}
