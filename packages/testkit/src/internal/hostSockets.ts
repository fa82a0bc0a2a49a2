/** Time-outs of sockets on the clock: `request.setTimeout`, the `timeout` of `http.request`, and of clients made of them. */
import { builtin, isBun } from "./builtin.ts"
import type { Engine } from "./engine.ts"
import { HostTimer } from "./hostTimers.ts"
import { isAside } from "./wires.ts"

interface Socket extends Pick<Prototype, "setTimeout"> {
  timeout?: number | undefined
  readonly once: (event: string, listener: () => void) => void
  readonly removeListener: (event: string, listener: () => void) => void
  readonly emit: (event: string) => void
}

interface Prototype {
  readonly _unrefTimer: () => void
  readonly setTimeout: (delay: number) => unknown
}

/** A pool keeps its sockets longer than a run. */
const timers = new WeakMap<Socket, HostTimer | undefined>()

/** What to put in place of the methods of every socket; nothing where there are no sockets. */
export const hostSockets = (engine: Engine) => {
  const prototype = builtin("node:net")?.Socket.prototype
  if (prototype === undefined || isBun) return undefined
  const { _unrefTimer: refresh, setTimeout: ofHost } = prototype as unknown as Prototype // its types hide the first
  return {
    prototype,
    methods: {
      setTimeout(this: Socket, delay: number, listener?: () => void) {
        if (!timers.has(this)) this.once("close", () => timers.get(this)?.close())
        timers.get(this)?.close()
        // The host's own, armed before the run, counts real time.
        Reflect.apply(ofHost, this, [0])
        this.timeout = delay
        timers.set(this, delay > 0 ? new HostTimer(() => this.emit("timeout"), delay, false) : undefined)
        if (listener !== undefined) this[delay > 0 ? "once" : "removeListener"]("timeout", listener)
        return this
      },
      /** Node calls it at every sign of life. */
      _unrefTimer(this: Socket) {
        if (timers.has(this)) timers.get(this)?.refresh()
        else if (this.timeout !== undefined && this.timeout > 0) this.setTimeout(this.timeout)
        if (!isAside(this)) engine.live()
        Reflect.apply(refresh, this, [])
      },
    },
  }
}
