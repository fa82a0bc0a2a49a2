/** Prints the process timers over 50 ms that were armed while an hour passed: none, by whichever client it is polled. */
import { createHook } from "node:async_hooks"
import * as Effect from "effect/Effect"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"

const armed: Array<number> = []
const hook = createHook({
  init: (_id, type, _trigger, resource) => {
    if (type === "Timeout") armed.push((resource as { readonly _idleTimeout: number })._idleTimeout)
  },
})
const holding: Emulator.Handler = () => Effect.as(Effect.sleep("20 seconds"), Emulator.json(200, { status: "ready" }))

const polled = VirtualClock.run(
  Effect.flatMap(Emulator.serve(holding), ({ url }) =>
    Effect.promise(async () => {
      const began = Date.now()
      hook.enable()
      for (let i = 0; i < 180; i++) await fetch(url).then((response) => response.text())
      hook.disable()
      return Date.now() - began
    }),
  ),
  { globals: true },
)
const took = await Effect.runPromise(Effect.flatten(polled))
console.log(JSON.stringify({ took, over: armed.filter((millis) => millis > 50) }))
