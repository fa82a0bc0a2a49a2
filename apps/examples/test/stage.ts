/** A stage for the two styles: each service is a few lines, its work a list of what one look after the other brings. */
import { Effect, Exit, type Layer, Random, type Schema } from "effect"
import { Client, type Operation, type Remote } from "@tenuto/core"
import type { Provider, Transport } from "@tenuto/http"
import { Emulator, Rehearsal } from "@tenuto/testkit"
import * as NodeTransport from "@tenuto/transport-node/NodeTransport"

export const apiKey = "key-4f9d2c71e8"
export const carriers = ["memory", "loopback"] as const
export type Carrier = (typeof carriers)[number]

/** The fields of a body. */
export type Fields = { readonly [field: string]: Schema.Json }

type Answer = Emulator.Behaviour
/** What one request is answered: a behaviour, or one that depends on where the service is. */
export type Answers = Answer | ((origin: string) => Answer)

/** Answer each request from the list of its method; the last of a list is repeated. */
export const service = (answers: Readonly<Record<string, ReadonlyArray<Answers>>>): Emulator.Handler => {
  const counts = new Map<string, number>()
  return ({ method, url }) =>
    Effect.sync(() => {
      const list = answers[method] ?? []
      const count = counts.get(method) ?? 0
      counts.set(method, count + 1)
      const answer = list[Math.min(count, list.length - 1)] ?? Emulator.answer(405)
      return typeof answer === "function" ? answer(new URL(url).origin) : answer
    })
}

/** Pauses come to the millisecond here; that they are spread is shown by `hints.test.ts`. */
const withoutJitter = { nextIntUnsafe: () => 0, nextDoubleUnsafe: () => 0 }

/** Play programs against one style of service. */
export const stage =
  <Service extends string>(
    layer: (settings: Provider.Settings) => Layer.Layer<Remote.Remote<Service>, never, Transport.Transport>,
  ) =>
  <A, E>(
    carrier: Carrier,
    handler: Emulator.Handler,
    program: Effect.Effect<A, E, Remote.Remote<Service> | Rehearsal.Stage>,
  ) =>
    Rehearsal.play({
      connect: (origin) => layer({ apiKey, baseUrl: origin }),
      handler,
      program: Effect.provideService(program, Random.Random, withoutJitter),
      ...(carrier === "loopback" ? { transport: NodeTransport.layer } : {}),
    })

/** When what was asked, as `0 POST /songs:render`. */
export const asked = (seen: ReadonlyArray<Rehearsal.Seen>): ReadonlyArray<string> =>
  seen.map(({ at, method, path }) => `${at} ${method} ${path}`)

/** Run a draft, and tell what was seen of the work while it went on. */
export const watched = <O extends Operation.Any>(draft: Operation.Draft<O>) =>
  Effect.suspend(() => {
    const told: Array<unknown> = []
    const watch = (step: Client.Step) =>
      Effect.sync(() => {
        if (step._tag === "Happened" && "observation" in step.event) told.push(step.event.observation)
      })
    return Effect.map(Effect.provideService(Client.run(draft), Client.Watcher, watch), (output) => ({ output, told }))
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
