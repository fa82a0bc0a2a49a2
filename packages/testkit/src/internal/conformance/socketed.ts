/** What every case of a transport over sockets stands on: a raw server, and a clock that counts what is left. */
import type { Socket } from "node:net"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Transport } from "@tenuto/http/Transport"
import * as Case from "../../Case.ts"
import type { Manners, RawServer } from "../../RawServer.ts"
import { built, type Carrier } from "./carried.ts"
import { same } from "./demand.ts"

/** A transport over sockets, and what it claims. */
export type Socketed = Carrier & {
  readonly layer: Parameters<typeof built>[0]
  /**
   * Whether it opens its sockets itself. Where a platform does, as behind `fetch`, nobody can say which of them a request
   * goes on, or what is made of an interim answer. Default: true.
   */
  readonly owns?: boolean
}

export interface Stage {
  readonly send: Transport["Service"]["send"]
  readonly open: Transport["Service"]["open"]
  readonly serve: (manners?: Manners) => Effect.Effect<RawServer, never, Scope.Scope>
}

/** A clock that counts the sleeps under way: none may be left over. */
const countingClock = Effect.map(Clock.Clock, (clock) => {
  let sleeping = 0
  const sleep = (span: Duration.Duration) =>
    Effect.acquireUseRelease(
      Effect.sync(() => (sleeping += 1)),
      () => clock.sleep(span),
      () => Effect.sync(() => (sleeping -= 1)),
    )
  const counting: Clock.Clock = Object.create(clock, { sleep: { value: sleep } })
  return { counting, sleeping: () => sleeping }
})

export const make = (
  law: number,
  name: string,
  exists: string,
  story: (stage: Stage, claims: Socketed) => Effect.Effect<void, unknown, Scope.Scope>,
): Case.Case<Socketed> =>
  Case.make({ law, name, exists }, (claims) =>
    Effect.gen(function* () {
      const { serve } = yield* Effect.promise(() => import("../../RawServer.ts"))
      const { counting, sleeping } = yield* countingClock
      yield* Effect.flatMap(built(claims.layer), ({ open, send }) => story({ open, send, serve }, claims)).pipe(
        Effect.scoped,
        Effect.provideService(Clock.Clock, counting),
      )
      yield* same("timers that were left", sleeping(), 0)
    }),
  )

/** A port that nothing listens on. */
export const shut = ({ serve }: Stage) => Effect.scoped(Effect.map(serve(), ({ port }) => port))

export const ok = (body: string, more = ""): string =>
  `HTTP/1.1 200 OK\r\n${more}content-length: ${body.length}\r\n\r\n${body}`
export const reply = (text: string, then: (socket: Socket) => void = () => {}): Manners => ({
  serve: (socket) => void socket.write(text, "latin1", () => then(socket)),
})
export const reset = (socket: Socket) => void socket.resetAndDestroy()
export const end = (socket: Socket) => void socket.end()
