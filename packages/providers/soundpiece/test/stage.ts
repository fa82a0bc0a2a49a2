/** Soundpiece on a stage: programs are played against its emulator, or against stories told before it. */
import { Effect, Exit, Random } from "effect"
import * as Client from "@tenuto/core/Client"
import * as Key from "@tenuto/core/Key"
import type { Remote } from "@tenuto/core/Remote"
import type * as Emulator from "@tenuto/testkit/Emulator"
import * as Fault from "@tenuto/testkit/Fault"
import * as Rehearsal from "@tenuto/testkit/Rehearsal"
import * as Script from "@tenuto/testkit/Script"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import * as Soundpiece from "@tenuto/soundpiece"
import * as Service from "@tenuto/soundpiece/Emulator"

export const apiKey = "spk_4f9d2c71e8"
export const carriers = ["memory", "loopback"] as const
export type Carrier = (typeof carriers)[number]
export type { Seen } from "@tenuto/testkit/Rehearsal"

/** Pauses come to the millisecond here; that they are spread is shown by `apps/examples/test/hints.test.ts`. */
const withoutJitter = <A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const random = yield* Random.Random
    const minter = Effect.provideService(yield* Key.Minter, Random.Random, random)
    const none = { nextIntUnsafe: () => 0, nextDoubleUnsafe: () => 0 }
    return yield* program.pipe(Effect.provideService(Random.Random, none), Effect.provideService(Key.Minter, minter))
  })

export const play = <A, E>(
  handler: Emulator.Handler,
  program: Effect.Effect<A, E, Remote<"soundpiece"> | Rehearsal.Stage>,
  carrier: Carrier = "memory",
) =>
  Rehearsal.play({
    connect: (origin) => Soundpiece.layer({ apiKey, baseUrl: `${origin}/v1` }),
    service: "soundpiece",
    hooks: emulator().hooks,
    handler,
    program: withoutJitter(program),
    ...(carrier === "loopback" ? { transport: NodeTransport.layer } : {}),
  })

export const emulator = (options?: Service.Options): Service.Emulator => Effect.runSync(Service.make(options))

/** An emulator with a story before it. */
export const scripted = (service: Service.Emulator, steps: ReadonlyArray<Script.Step>): Emulator.Handler =>
  Effect.runSync(Script.apply(service.handler, Script.make(steps), service.hooks))

/** An emulator with faults before it, as `name[=number]@stage[:count]`. */
export const faulty = (service: Service.Emulator, ...faults: ReadonlyArray<string>): Emulator.Handler =>
  Effect.runSync(
    Effect.flatMap(Effect.forEach(faults, Fault.parse), (planned) =>
      Fault.apply(service.handler, planned, service.hooks),
    ),
  )

export const on = Script.on

export const value = <A, E>(exit: Exit.Exit<A, E>): A => {
  if (Exit.isSuccess(exit)) return exit.value
  throw new Error(`it failed: ${JSON.stringify(exit)}`)
}

export const failure = <A, E>(exit: Exit.Exit<A, E>): E => {
  if (Exit.isFailure(exit)) {
    for (const reason of exit.cause.reasons) if (reason._tag === "Fail") return reason.error
  }
  throw new Error(`it did not fail: ${JSON.stringify(exit)}`)
}

export const song = Soundpiece.newSong({ lyrics: "Hold the note", prompt: "Slow waltz" })
export const runSong = Client.run(song)
export const puts = (seen: ReadonlyArray<Rehearsal.Seen>) => seen.filter(({ method }) => method === "PUT")
export const gets = (seen: ReadonlyArray<Rehearsal.Seen>) =>
  seen.filter(({ method, path }) => method === "GET" && path.startsWith("/v1/"))
export const keysOf = (seen: ReadonlyArray<Rehearsal.Seen>): ReadonlyArray<unknown> =>
  puts(seen).map(({ body }) => (body as { readonly idempotency_key?: unknown }).idempotency_key)
