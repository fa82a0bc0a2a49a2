/** What every case of a transport stands on: a service to send to, and the transport before it. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type * as Exchange from "@tenuto/http/Exchange"
import { type Limits, Transport, type Unanswered, type Unsent } from "@tenuto/http/Transport"
import { Behaviour } from "../../Behaviour.ts"
import type { Handler, Request } from "../../Handler.ts"
import * as VirtualClock from "../../VirtualClock.ts"
import { demand, within } from "./demand.ts"
import { silent } from "./rendered.ts"

/** A transport, and what it claims. */
export interface Carrier {
  /** Goes over sockets, to a loopback port that the case serves; or carries to the case's own handler, in memory. */
  readonly layer: Layer.Layer<Transport> | ((handler: Handler) => Layer.Layer<Transport>)
  /** Which clock it is put before. `Virtual` is for what `VirtualClock.transport` has wrapped. Default: `Live`. */
  readonly clock?: "Live" | "Virtual"
  /**
   * Whether it can prove that a refused connection and a name without an address sent nothing. A browser's `fetch` cannot,
   * and may then say `Unanswered`. Default: true.
   */
  readonly proves?: boolean
}

type Sent<A, R = never> = Effect.Effect<A, Unsent | Unanswered, R>

/** The transport on a stage; urls begin at `origin`. */
export interface Carried {
  readonly origin: string
  /** Where nobody listens, and whose name has no address. */
  readonly nowhere: { readonly refused: string; readonly unnamed: string }
  readonly patience: Duration.Duration
  readonly open: Transport["Service"]["open"]
  /** A request that carries secrets wherever it can; `limits` are generous unless said otherwise. */
  readonly send: (path: string, more?: Partial<Exchange.Request>, limits?: Partial<Limits>) => Sent<Exchange.Response>
  readonly raw: Transport["Service"]["send"]
}

export const secret = "t0p-s3cret-value"
const text = new TextEncoder()

export const request = (url: string, more: Partial<Exchange.Request> = {}): Exchange.Request => ({
  method: "POST",
  url: Redacted.make(`${url}?signature=${secret}`),
  headers: { authorization: Redacted.make(`Bearer ${secret}`), "x-plain": "1" },
  ...(more.method === "GET" || more.method === "HEAD" ? {} : { body: text.encode(`{"token":"${secret}"}`) }),
  ...more,
})

export const limits = (more: Partial<Limits> = {}): Limits => ({
  timeout: Duration.seconds(10),
  maxBytes: 1_000_000n,
  ...more,
})

/** Build a layer; what it builds lasts as long as the case. */
export const built = (layer: Layer.Layer<Transport>) =>
  Effect.map(Layer.build(Layer.fresh(layer)), (context) => Context.get(context, Transport))

const stage = (carrier: Carrier, handler: Handler) =>
  Effect.gen(function* () {
    const { layer } = carrier
    // Loaded only now: it brings the server of Node.js.
    const { serve } = yield* Effect.promise(() => import("../../Emulator.ts"))
    const standing = Effect.gen(function* () {
      if (typeof layer === "function") {
        const apart = (request: Request) => apartFrom(new URL(request.url).hostname)
        const transport = yield* built(layer((request) => apart(request) ?? handler(request)))
        const nowhere = { refused: "http://refused.test", unnamed: "http://unnamed.test" }
        return { origin: "http://service.test", nowhere, transport }
      }
      const refused = yield* Effect.scoped(Effect.map(serve(handler), ({ url }) => url))
      const { url: origin } = yield* serve(handler)
      return { origin, nowhere: { refused, unnamed: "http://nothing.invalid" }, transport: yield* built(layer) }
    })
    return { standing }
  })

/** What a service in memory does at the addresses where there is none. */
const apartFrom = (host: string) => {
  if (host === "refused.test") return Effect.succeed(Behaviour.Refused())
  return host === "unnamed.test" ? Effect.succeed(Behaviour.Unnamed()) : undefined
}

/** Stand a service behind the transport and tell a story. */
export const carry =
  (handler: Handler, story: (carried: Carried) => Effect.Effect<void, unknown, Scope.Scope>) =>
  (carrier: Carrier): Effect.Effect<void, unknown, Scope.Scope> =>
    Effect.flatMap(stage(carrier, handler), ({ standing }) => {
      const patience = patienceOf(carrier)
      const told = Effect.flatMap(standing, ({ nowhere, origin, transport: { open, send: raw } }) => {
        const send: Carried["send"] = (path, more, limit) =>
          raw(request(`${origin}${path}`, more), limits({ ...longer(patience), ...limit }))
        return story({ origin, nowhere, patience, open, raw, send })
      })
      return carrier.clock === "Virtual" ? Effect.flatten(VirtualClock.run(told)) : told
    })

/** A time-out that its clock can wait for. */
export const patienceOf = ({ clock }: Carrier): Duration.Duration =>
  clock === "Virtual" ? Duration.minutes(5) : Duration.millis(250)

/** Limits that no pause of a case comes near. */
export const longer = (patience: Duration.Duration) => ({
  timeout: Duration.max(Duration.seconds(10), Duration.times(patience, 4)),
})

/** It must fail so, with one of these problems, and show no secret. */
export const fails = <R>(
  what: string,
  sent: Sent<unknown, R>,
  tag: "Unsent" | "Unanswered",
  problems: ReadonlyArray<string>,
) =>
  Effect.gen(function* () {
    const exit = yield* Effect.exit(sent)
    yield* demand(Exit.isFailure(exit), `${what} was taken for an answer`)
    const error = yield* Effect.catch(Effect.flip(exit), () => Effect.fail(`${what} was taken for an answer`))
    const said = `${error._tag} ${error.problem}`
    const wanted = problems.map((problem) => `${tag} ${problem}`)
    yield* demand(
      error._tag === tag && (problems.length === 0 || problems.includes(error.problem)),
      `${what} was called ${said}, not ${wanted.join(" or ") || tag}`,
    )
    yield* silent(`what is said of ${what}`, [exit], [secret])
  })

/** Generous beside every time-out of a case. */
export const soon = within("5 seconds", "what should happen at once")
