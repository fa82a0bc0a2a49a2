import { describe, it } from "vitest"
import * as Layer from "effect/Layer"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import * as Conformance from "@tenuto/testkit/Conformance"
import * as Emulator from "@tenuto/testkit/Emulator"
import type { Handler } from "@tenuto/testkit/Emulator"
import * as Timeline from "@tenuto/testkit/Timeline"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"

const timed = (layer: Parameters<typeof Timeline.transport>[0]) =>
  Timeline.transport(layer).pipe(Layer.provide(Timeline.layer()))
const memory = (handler: Handler) => Emulator.layerMemory(handler)
const transports: Record<string, any> = {
  sockets: { layer: NodeTransport.layer },
  "sockets, under VirtualClock": { clock: "Virtual", layer: VirtualClock.transport(NodeTransport.layer) },
  "sockets, timeline": { clock: "Virtual", layer: timed(VirtualClock.transport(NodeTransport.layer) as never) },
  memory: { layer: memory },
  "memory, under VirtualClock": {
    clock: "Virtual",
    layer: (handler: Handler) => VirtualClock.transport(memory(handler)),
  },
  "memory, timeline": {
    clock: "Virtual",
    layer: (handler: Handler) => timed(VirtualClock.transport(memory(handler)) as never),
  },
}
for (const [name, carrier] of Object.entries(transports)) {
  describe(name, () => {
    for (const { check, name } of Conformance.transport) it(name, () => check(carrier))
  })
}
describe("sockets, raw", () => {
  for (const { check, name } of Conformance.socket) it(name, () => check({ layer: NodeTransport.layer }))
})
import * as Effect2 from "effect/Effect"
import * as J from "@tenuto/core/Journal"
describe("journal in memory", () => {
  for (const { check, name } of Conformance.journal)
    it(name, () => check({ fresh: Effect2.succeed({ layer: J.layerMemory }) }))
})
import * as Webhook from "@tenuto/http/Webhook"
describe("receiver, direct", () => {
  const direct = {
    serve: (webhook: any, settings: any) =>
      Effect2.sync(() => {
        const receiver = Webhook.receiveInto(webhook, settings)
        return ({ body, headers, method }: any) =>
          Effect2.runPromise(
            Effect2.map(receiver({ body, headers, method }), ({ headers, status }) => ({ status, headers, body: "" })),
          )
      }),
  }
  for (const { check, name } of Conformance.receiver) it(name, () => check(direct))
})
