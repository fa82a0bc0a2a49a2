/** Whisul on a stage: programs are played against its emulator, or against stories told before it. */
import { readFileSync } from "node:fs"
import { Effect, Exit, Random } from "effect"
import * as Client from "@tenuto/core/Client"
import type { Handle } from "@tenuto/core/Handle"
import * as Key from "@tenuto/core/Key"
import type { Remote } from "@tenuto/core/Remote"
import type * as Emulator from "@tenuto/testkit/Emulator"
import * as Fault from "@tenuto/testkit/Fault"
import * as Rehearsal from "@tenuto/testkit/Rehearsal"
import * as Script from "@tenuto/testkit/Script"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import * as Whisul from "@tenuto/whisul"
import * as Service from "@tenuto/whisul/Emulator"

export const apiKey = "wh_4f9d2c71e8"
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
  program: Effect.Effect<A, E, Remote<"whisul"> | Rehearsal.Stage>,
  carrier: Carrier = "memory",
) =>
  Rehearsal.play({
    connect: (origin) => Whisul.layer({ apiKey, baseUrl: `${origin}/api` }),
    service: "whisul",
    hooks: emulator().hooks,
    handler,
    program: withoutJitter(program),
    ...(carrier === "loopback" ? { transport: NodeTransport.layer } : {}),
  })

export const emulator = (options?: Service.Options): Service.Emulator => Effect.runSync(Service.make(options))
export const ledgerOf = (service: Service.Emulator): Service.Ledger => Effect.runSync(service.ledger)

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

export type Json = Script.Answer["json"]
export const answers = (stage: Fault.Stage, status: number, json: unknown, count = 1): Script.Step =>
  on(stage, { status, json: json as NonNullable<Json> }, count)

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

/** The handle that a failure carries. */
export const handleOf = (error: unknown): Handle => (error as { readonly handle: Handle }).handle

export type Fields = Readonly<Record<string, unknown>>
/** An example of the service's own pages. */
export const fixture = (name: string): Fields =>
  JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), "utf8")) as Fields

export const beat = Whisul.generate({ prompt: "a relaxing lo-fi hip hop beat" })
export const runBeat = Client.run(beat)
export const posts = (seen: ReadonlyArray<Rehearsal.Seen>) => seen.filter(({ method }) => method === "POST")
export const gets = (seen: ReadonlyArray<Rehearsal.Seen>) =>
  seen.filter(({ method, path }) => method === "GET" && path.startsWith("/api/"))
export const times = (seen: ReadonlyArray<Rehearsal.Seen>): ReadonlyArray<number> => seen.map(({ at }) => at)
/** Seconds between one and the next. */
export const gaps = (seen: ReadonlyArray<Rehearsal.Seen>): ReadonlyArray<number> =>
  seen.slice(1).map(({ at }, index) => at - (seen[index]?.at ?? 0))
