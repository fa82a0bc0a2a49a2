/** One operation at one pretended service that answers what it is told, in virtual time. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Client, type Failure, Journal } from "@tenuto/core"
import * as Contract from "@tenuto/core/Contract"
import * as Handle from "@tenuto/core/Handle"
import * as Operation from "@tenuto/core/Operation"
import * as Provider from "@tenuto/http/Provider"
import type { Transport } from "@tenuto/http/Transport"
import * as Emulator from "@tenuto/testkit/Emulator"
import * as VirtualClock from "@tenuto/testkit/VirtualClock"

/** One request as the service saw it; `at` in seconds since the beginning. */
export interface Asked {
  readonly at: number
  readonly method: string
  readonly url: string
}

const field = (body: unknown, name: string): unknown => Reflect.get(Object(body), name)

/** Reads `{id}`, and `{status}` where `done` is the end. */
export const reader: Provider.Endpoint = {
  submit: ({ input }) => ({ method: "POST", path: "/jobs", body: input }),
  accepted: (body, request) => {
    const id = field(body, "id")
    return id === undefined
      ? Result.fail("the answer names no job")
      : Result.succeed({ handle: Handle.of(request, { id: `${id as number}` }) })
  },
  look: ({ id }) => ({ method: "GET", path: `/jobs/${id}` }),
  observed: (body) => {
    const status = field(body, "status")
    if (status === "done") return Result.succeed({ _tag: "Succeeded", word: "done", output: null })
    return typeof status === "string"
      ? Result.succeed({ _tag: "Pending", word: status })
      : Result.fail("the answer has no status")
  },
}

const promises: Contract.Promises = {
  idempotency: { _tag: "Unkeyed" },
  cadence: { _tag: "Hinted", otherwise: Duration.seconds(5), floor: Duration.seconds(1) },
}

/** The operation, and the table that its service is known by. */
export const pretend = (
  options: {
    readonly contract?: Partial<Contract.Promises>
    readonly endpoint?: Partial<Provider.Endpoint>
    readonly table?: Partial<Provider.Table<"pretended">>
  } = {},
) => ({
  operation: Operation.make({
    service: "pretended",
    name: "it",
    contract: Contract.make({ ...promises, ...options.contract }),
    input: Schema.Struct({}),
    output: Schema.Null,
    codes: [],
  }),
  table: {
    service: "pretended",
    base: "https://pretended.test",
    credential: Provider.bearer,
    verdicts: [],
    trouble: () => ({}),
    ...options.table,
    endpoints: { it: { ...reader, ...options.endpoint } },
  } satisfies Provider.Table<"pretended">,
})

export type Pretended = ReturnType<typeof pretend>["operation"]
type Needs = Client.Needs<Pretended>

/** Play a program against it; `run` of one piece of work when none is given. Spans in seconds. */
export const play = async <A = null, E = Failure.Failure | Journal.Unusable>(
  answer: (asked: Asked, index: number) => Emulator.Behaviour,
  options: Parameters<typeof pretend>[0] & {
    readonly within?: Duration.Input
    readonly seed?: number
    /** In memory, when none is given; else on a loopback port, still in virtual time. */
    readonly carrier?: Layer.Layer<Transport>
    readonly program?: (operation: Pretended) => Effect.Effect<A, E, Needs>
  } = {},
) => {
  const { operation, table } = pretend(options)
  const seen: Array<Asked> = []
  const effect = Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    const handler: Emulator.Handler = ({ method, url }) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const asked = { at: (now - start) / 1000, method, url }
        seen.push(asked)
        return answer(asked, seen.length - 1)
      })
    const { carrier = Emulator.layerMemory(handler) } = options
    const served = options.carrier === undefined ? {} : { baseUrl: (yield* Emulator.serve(handler)).url }
    const layer = Layer.mergeAll(
      Provider.layer(table, { apiKey: "key-0123456789", ...served }).pipe(
        Layer.provideMerge(VirtualClock.transport(carrier)),
      ),
      Journal.layerMemory,
    )
    const alone = Client.run(operation({}), { within: Duration.fromInputUnsafe(options.within ?? "5 minutes") })
    const result = yield* Effect.provide(
      Effect.result<A | null, unknown, Needs>(options.program?.(operation) ?? alone),
      layer,
    )
    return { result, took: ((yield* Clock.currentTimeMillis) - start) / 1000 }
  })
  const { result, took } = await Effect.runPromise(
    Effect.flatten(VirtualClock.run(Effect.scoped(effect), options.seed === undefined ? {} : { seed: options.seed })),
  )
  const failure = Result.isFailure(result) ? (result.failure as Failure.Failure) : undefined
  return { value: Result.isSuccess(result) ? (result.success as A) : undefined, failure, took, seen }
}

export const json = Emulator.json
