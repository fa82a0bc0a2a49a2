/** What a client's timers hold, that never fired, once its kit is closed; started with `--expose-gc`. */
import { createKit } from "@tenuto/testkit/Promise"

const play = async (): Promise<WeakRef<object>> => {
  const kit = await createKit({ service: () => Response.json({}) })
  const held = await kit.run(({ url }) => {
    const big = { url }
    setTimeout(() => big, 60_000)
    return new WeakRef(big)
  })
  await kit.close()
  return held
}

const held = await play()
await new Promise((resolve) => setTimeout(resolve, 10))
globalThis.gc?.()
console.log(held.deref() === undefined ? "forgotten" : "kept")
