/** Time-outs of sockets on the clock: `request.setTimeout`, the `timeout` of `http.request`, and of clients made of them. */
import { builtin, isBun } from "./builtin.ts"
import type { Engine } from "./engine.ts"
import { HostTimer } from "./hostTimers.ts"
import { isAside } from "./wires.ts"

interface Socket {
  timeout?: number | undefined
  readonly once: (event: string, listener: () => void) => void
  readonly removeListener: (event: string, listener: () => void) => void
  readonly emit: (event: string) => void
}

/** What to put in place of the methods of every socket; nothing where there are no sockets. */
export const hostSockets = (engine: Engine) => {
  const prototype = builtin("node:net")?.Socket.prototype
  if (prototype === undefined || isBun) return undefined
  const timers = new WeakMap<Socket, HostTimer>()
  const before = prototype as typeof prototype & { readonly _unrefTimer: () => void }
  const { _unrefTimer: refresh } = before
  return {
    prototype,
    methods: {
      setTimeout(this: Socket, delay: number, listener?: () => void) {
        timers.get(this)?.close()
        timers.delete(this)
        this.timeout = delay
        if (delay > 0) {
          const timer = new HostTimer(() => this.emit("timeout"), delay, false)
          timers.set(this, timer)
          this.once("close", () => timer.close())
        }
        if (listener !== undefined) this[delay > 0 ? "once" : "removeListener"]("timeout", listener)
        return this
      },
      /** Node calls it at every sign of life. */
      _unrefTimer(this: Socket) {
        timers.get(this)?.refresh()
        if (!isAside(this)) engine.live()
        Reflect.apply(refresh, this, [])
      },
    },
  }
}
