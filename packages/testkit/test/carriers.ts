import { Effect, Exit, Layer } from "effect"
import type { Scope } from "effect"
import { Transport } from "@tenuto/http/Transport"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as Timeline from "@tenuto/testkit/Timeline"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"

export type Story<A, E> = (base: string) => Effect.Effect<A, E, Transport | Timeline.Timeline | Scope.Scope>

export interface Told<A, E> {
  readonly exit: Exit.Exit<A, E | VirtualClock.Stalled>
  readonly text: string
}

const told = <A, E>(
  program: Effect.Effect<A, E, Timeline.Timeline | Scope.Scope>,
  options?: VirtualClock.Options,
): Promise<Told<A, E>> =>
  Effect.gen(function* () {
    const exit = yield* VirtualClock.guard(Effect.scoped(program)).pipe(Effect.exit)
    return { exit, text: yield* Timeline.text }
  }).pipe(Effect.provide(Timeline.layer().pipe(Layer.provideMerge(VirtualClock.layer(options)))), Effect.runPromise)

/** A story told in memory. */
export const inMemory = <A, E>(
  handler: Emulator.Handler<Timeline.Timeline>,
  story: Story<A, E>,
  options?: VirtualClock.Options,
): Promise<Told<A, E>> =>
  told(
    story("http://emulator.test").pipe(
      Effect.provide(Timeline.transport(VirtualClock.transport(Emulator.layerMemory(handler)))),
    ),
    options,
  )

/** The same story, over real sockets. */
export const overLoopback = <A, E>(
  handler: Emulator.Handler<Timeline.Timeline>,
  story: Story<A, E>,
  options?: VirtualClock.Options,
): Promise<Told<A, E | Emulator.Unserved>> =>
  told(
    Effect.gen(function* () {
      const { url } = yield* Emulator.serve(handler)
      return yield* story(url)
    }).pipe(Effect.provide(Timeline.transport(VirtualClock.transport(NodeTransport.layer)))),
    options,
  )

export const carriers = { memory: inMemory, loopback: overLoopback } as const
