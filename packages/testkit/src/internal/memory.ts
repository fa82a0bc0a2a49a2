/** Carries requests to a handler without a socket, with the same truths a socket would have told. */
import { join, type Request as Sent, type Response, reveal } from "@tenuto/http/Exchange"
import { type Limits, type Opened, type Transport, Unanswered, Unsent } from "@tenuto/http/Transport"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Handler, Request } from "../Handler.ts"
import { engineOf } from "./clock.ts"
import { Line } from "./line.ts"
import { attend, shown } from "./play.ts"
import { refusalOf } from "./sendable.ts"
import { labelOf } from "./travel.ts"
import { header, Relayed } from "./trip.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>

const nothing = () => {}

const late = (timeout: Duration.Duration) =>
  new Unanswered({ problem: "Timeout", detail: `no answer within ${Duration.format(timeout)}` })
const silent = (timeout: Duration.Duration) =>
  new Unanswered({ problem: "Timeout", detail: `silence for ${Duration.format(timeout)} within the answer` })
const tooLarge = (maxBytes: bigint) =>
  new Unanswered({ problem: "TooLarge", detail: `the answer is larger than ${maxBytes} bytes` })

const received = (request: Sent): Request => {
  const headers: Record<string, string> = {}
  for (const name in request.headers) headers[name.toLowerCase()] = reveal(request.headers[name] ?? "")
  return {
    method: request.method,
    url: reveal(request.url),
    headers: shown(headers),
    body: request.body ?? new Uint8Array(0),
  }
}

/** Do something later, by the clock of the one who asked; the answer undoes it. */
const after = (fiber: AnyFiber, span: Duration.Duration, then: () => void): (() => void) => {
  if (!Duration.isFinite(span)) return nothing
  const engine = engineOf(fiber)
  if (engine !== undefined) return engine.at(engine.now + Duration.toMillis(span), () => "a time-out", then)
  const timer = Effect.runForkWith(fiber.context)(Effect.sleep(span))
  timer.addObserver((exit) => {
    if (Exit.isSuccess(exit)) then()
  })
  return () => timer.interruptUnsafe()
}

/** The parts of a body, as they are asked for; silence is bounded. */
const pull = (
  line: Line,
  timeout: Duration.Duration,
): Pull.Pull<readonly [Uint8Array, ...Array<Uint8Array>], Unanswered> =>
  Effect.withFiber((fiber) =>
    Effect.callback((resume) => {
      let disarm = nothing
      const stop = () => {
        line.onMore = nothing
        disarm()
      }
      const look = () => {
        const [first, ...rest] = line.take()
        const isOver = first === undefined && line.isEnded
        if (first === undefined && !isOver) return
        stop()
        if (first !== undefined) return resume(Effect.succeed([first, ...rest] as const))
        resume(line.failure?._tag === "Unanswered" ? line.failure : Cause.done())
      }
      line.onMore = look
      disarm = after(fiber, timeout, () => {
        stop()
        resume(silent(timeout))
      })
      look()
      return Effect.sync(stop)
    }),
  )

interface Begun {
  readonly line: Line
  readonly leave: (isAnswered: boolean) => void
}

export const memory = <R>(handler: Handler<R>): Effect.Effect<Transport["Service"], never, R | Scope.Scope> =>
  Effect.gen(function* () {
    const context: Context.Context<R> = yield* Effect.context<R>()
    const services = new Set<Fiber.Fiber<void>>()
    yield* Effect.addFinalizer(() => Fiber.interruptAll(services))

    const begin = (fiber: AnyFiber, request: Sent, die: (defect: Effect.Effect<never>) => void): Begun => {
      const engine = engineOf(fiber)
      const mark = request.headers[header]
      const known = engine === undefined || mark === undefined ? undefined : engine.arrive(reveal(mark), () => "")
      const trip = known ?? engine?.depart(() => labelOf(request))
      trip?.clientIs(Context.get(fiber.context, Relayed) && engine?.isAwaited === true ? "relayed" : "local")
      trip?.serverIs("received")
      const line = new Line(request.method)
      const service = Effect.runForkWith(context)(attend(handler, received(request), trip, line.sink))
      trip?.started(() => service.interruptUnsafe())
      services.add(service)
      service.addObserver((exit) => {
        services.delete(service)
        trip?.ended()
        if (Exit.isFailure(exit) && !Exit.hasInterrupts(exit)) die(Effect.die(Cause.squash(exit.cause)))
      })
      return {
        line,
        leave: (isAnswered) => (trip === undefined ? service.interruptUnsafe() : trip.left(isAnswered)),
      }
    }

    const send = (request: Sent, limits: Limits): Effect.Effect<Response, Unsent | Unanswered> =>
      Effect.withFiber((fiber) => {
        const refusal = refusalOf(request)
        if (refusal !== undefined) return refusal
        return Effect.callback<Response, Unsent | Unanswered>((resume) => {
          const { line, leave } = begin(fiber, request, (defect) => end(defect, true))
          const disarm = after(fiber, limits.timeout, () => end(late(limits.timeout), false))
          const end = (result: Effect.Effect<Response, Unsent | Unanswered>, isAnswered: boolean) => {
            line.onMore = nothing
            disarm()
            leave(isAnswered)
            resume(result)
          }
          const look = () => {
            if (BigInt(line.size) > limits.maxBytes) return end(tooLarge(limits.maxBytes), false)
            if (line.failure !== undefined) return end(line.failure, true)
            if (!line.isEnded) return
            const body = join(line.parts)
            end(Effect.succeed({ status: line.status, headers: line.headers, body }), true)
          }
          line.onMore = look
          look()
          return Effect.sync(() => {
            line.onMore = nothing
            disarm()
            leave(false)
          })
        })
      })

    const open: Transport["Service"]["open"] = (request, { timeout }) =>
      Effect.withFiber((fiber) => {
        const refusal = refusalOf(request)
        if (refusal !== undefined) return refusal
        let leave: Begun["leave"] = nothing
        return Effect.andThen(
          Effect.addFinalizer(() => Effect.sync(() => leave(true))),
          Effect.callback<Opened, Unsent | Unanswered>((resume) => {
            const begun = begin(fiber, request, (defect) => end(defect))
            const { line } = begun
            leave = begun.leave
            const disarm = after(fiber, timeout, () => end(late(timeout)))
            const end = (result: Effect.Effect<Opened, Unsent | Unanswered>) => {
              line.onMore = nothing
              disarm()
              resume(result)
            }
            const look = () => {
              if (line.isHeaded) {
                const body = Stream.fromPull(Effect.succeed(pull(line, timeout)))
                return end(Effect.succeed({ status: line.status, headers: line.headers, body }))
              }
              if (line.failure !== undefined) end(line.failure)
            }
            line.onMore = look
            look()
            return Effect.sync(() => {
              line.onMore = nothing
              disarm()
            })
          }),
        )
      })
    return { send, open }
  })
