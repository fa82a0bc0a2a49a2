/** Overten on a stage: programs are played against its emulator, or against stories told before it. */
import { Effect, Exit, Random } from "effect"
import * as Client from "@tenuto/core/Client"
import * as Key from "@tenuto/core/Key"
import type { Remote } from "@tenuto/core/Remote"
import type * as Emulator from "@tenuto/testkit/Emulator"
import * as Fault from "@tenuto/testkit/Fault"
import * as Rehearsal from "@tenuto/testkit/Rehearsal"
import * as Script from "@tenuto/testkit/Script"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import * as Overten from "@tenuto/overten"
import * as Service from "@tenuto/overten/Emulator"

export const apiKey = "sk_live_7Hq2mZp9XcR4tVb8NwKd3LsYfGaE"
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
  program: Effect.Effect<A, E, Remote<"overten"> | Rehearsal.Stage>,
  {
    carrier = "memory",
    ...settings
  }: { readonly carrier?: Carrier } & Partial<Pick<Overten.Settings, "auth" | "tier">> = {},
) =>
  Rehearsal.play({
    connect: (origin) => Overten.layer({ apiKey, baseUrl: `${origin}/api/v1`, tier: "enterprise", ...settings }),
    service: "overten",
    hooks: emulator().hooks,
    handler,
    program: withoutJitter(program),
    ...(carrier === "loopback" ? { transport: NodeTransport.layer } : {}),
  })

export const emulator = (options?: Service.Options): Service.Emulator => Effect.runSync(Service.make(options))
export const ledger = (service: Service.Emulator) => Effect.runPromise(service.ledger)

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

/** The error body of the service. */
export const refusal = (status: number, error: string, message = "Sorry.", headers: Record<string, string> = {}) => ({
  status,
  headers,
  json: { success: false, error, message },
})

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

const prompt = "A one-page brief on long notes"
/** Answered when it is done. */
export const brief = Overten.wordGenerate({ prompt })
export const runBrief = Client.run(brief)
/** Answered at once. */
export const slow = Overten.wordGenerate({ prompt, async: true })
export const runSlow = Client.run(slow)

export const posts = (seen: ReadonlyArray<Rehearsal.Seen>) => seen.filter(({ method }) => method === "POST")
export const looks = (seen: ReadonlyArray<Rehearsal.Seen>) => seen.filter(({ path }) => path.includes("/tasks/"))
export const keysOf = (seen: ReadonlyArray<Rehearsal.Seen>): ReadonlyArray<unknown> =>
  posts(seen).map(({ body }) => (body as { readonly idempotency_key?: unknown }).idempotency_key)
