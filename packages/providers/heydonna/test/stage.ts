/** HeyDonna on a stage: programs are played against its emulator, or against stories told before it. */
import { readFileSync } from "node:fs"
import { inspect } from "node:util"
import { Cause, Effect, Exit, Random } from "effect"
import * as Client from "@tenuto/core/Client"
import * as Key from "@tenuto/core/Key"
import type { Remote } from "@tenuto/core/Remote"
import type * as Emulator from "@tenuto/testkit/Emulator"
import * as Fault from "@tenuto/testkit/Fault"
import * as Rehearsal from "@tenuto/testkit/Rehearsal"
import * as Script from "@tenuto/testkit/Script"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"
import * as HeyDonna from "@tenuto/heydonna"
import * as Service from "@tenuto/heydonna/Emulator"

export const apiKey = "hd_ext_4f9d2c71e84f9d2c71e84f9d2c71e84f9d2c71e84f9d2c71"
/** A link as callers sign it: whoever has it has the recording. */
export const audioUrl = "https://bucket.example/smith.mp3?X-Amz-Signature=5ecre7"
export const carriers = ["memory", "loopback"] as const
export type Carrier = (typeof carriers)[number]

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
  program: Effect.Effect<A, E, Remote<"heydonna"> | Rehearsal.Stage>,
  carrier: Carrier = "memory",
  settings: { readonly apiKey?: string } & Partial<Pick<HeyDonna.Settings, "transcribed">> = {},
) =>
  Rehearsal.play({
    connect: (origin) => HeyDonna.layer({ apiKey, baseUrl: origin, ...settings }),
    service: "heydonna",
    hooks: emulator().hooks,
    handler,
    program: withoutJitter(program),
    ...(carrier === "loopback" ? { transport: NodeTransport.layer } : {}),
  })

export const emulator = (options?: Service.Options): Service.Emulator => Effect.runSync(Service.make(options))

/** The projects that were created. */
export const created = async ({ ledger }: Service.Emulator) => (await Effect.runPromise(ledger)).operations

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
  throw new Error(`it failed: ${inspect(exit, { depth: 9 })}`)
}

export const failure = <A, E>(exit: Exit.Exit<A, E>): E => {
  if (Exit.isFailure(exit)) {
    for (const reason of exit.cause.reasons) if (reason._tag === "Fail") return reason.error
  }
  throw new Error(`it did not fail: ${inspect(exit, { depth: 9 })}`)
}

export const title = "Smith v. Jones"
export const project = HeyDonna.createProject({ title, audioUrl }, { reference: "order-7" })
export const runProject = Client.run(project)
export const posts = (seen: ReadonlyArray<Rehearsal.Seen>) => seen.filter(({ method }) => method === "POST")
export const looks = (seen: ReadonlyArray<Rehearsal.Seen>) => seen.filter(({ path }) => path.endsWith("/status"))
export const lists = (seen: ReadonlyArray<Rehearsal.Seen>) => seen.filter(({ path }) => path === "/api/templates")

/** Everything a program might print. */
export const renderings = (thing: unknown): string =>
  [
    String(thing),
    JSON.stringify(thing),
    inspect(thing, { depth: 20, showHidden: true }),
    thing instanceof Error ? `${thing.message}${thing.stack}` : "",
    Exit.isExit(thing) && Exit.isFailure(thing) ? Cause.pretty(thing.cause) : "",
  ].join("\n")

/** An example of a page. */
export const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), "utf8"))
