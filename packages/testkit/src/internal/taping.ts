/** A transport that keeps what it sends, what comes back, and when. */
import type { Request, Response } from "@tenuto/http/Exchange"
import { Transport, type Unanswered, type Unsent } from "@tenuto/http/Transport"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"

/** One exchange as it goes on; instants and spans are milliseconds. */
export interface Take {
  readonly at: number
  readonly request: Request
  /** The answer, with as much of its body as was read. */
  answer?: Omit<Response, "body">
  parts: Array<Uint8Array>
  isWhole: boolean
  failure?: Unsent | Unanswered
  /** How long the answer's first line took, of a body that was streamed. */
  head?: number
  /** How long the service was waited for; absent while it is. */
  took?: number
  /** What the client was ready to read. */
  most?: bigint
}

type Opening = ReturnType<Transport["Service"]["open"]>

/** How an effect failed, if it did by itself. */
const failureOf = (exit: Exit.Exit<unknown, unknown>): unknown => {
  if (Exit.isSuccess(exit)) return undefined
  for (const reason of exit.cause.reasons) if (reason._tag === "Fail") return reason.error
  return undefined
}

const isProblem = (error: unknown): error is Unsent | Unanswered =>
  typeof error === "object" &&
  error !== null &&
  "_tag" in error &&
  (error._tag === "Unsent" || error._tag === "Unanswered")

/** The reader's own pace is not the service's: only what it waited for counts. */
const taped = <E, R>(take: Take, head: number, body: Stream.Stream<Uint8Array, E, R>, clock: Clock.Clock) => {
  let waited = head
  return Stream.transformPull(body, (pull) =>
    Effect.succeed(
      Effect.suspend(() => {
        const from = clock.currentTimeMillisUnsafe()
        return Effect.onExit(pull, (exit) =>
          Effect.sync(() => {
            waited += clock.currentTimeMillisUnsafe() - from
            take.took = waited
            if (Exit.isSuccess(exit)) return void take.parts.push(...exit.value.map((part) => part.slice()))
            const failure = failureOf(exit)
            if (isProblem(failure)) take.failure = failure
            else if (failure !== undefined) take.isWhole = true
          }),
        )
      }),
    ),
  )
}

/** Keep every exchange in the order in which it began; `began` is the instant that counts as zero. */
export const taping = (inner: Transport["Service"], takes: Array<Take>, began: number): Transport["Service"] => {
  const begin = (request: Request, clock: Clock.Clock): Take => {
    const take: Take = { at: clock.currentTimeMillisUnsafe() - began, request, parts: [], isWhole: false }
    takes.push(take)
    return take
  }
  return Transport.of({
    send: (request, limits) =>
      Effect.flatMap(Clock.Clock, (clock) => {
        const take = begin(request, clock)
        take.most = limits.maxBytes
        return Effect.onExit(inner.send(request, limits), (exit) =>
          Effect.sync(() => {
            take.took = clock.currentTimeMillisUnsafe() - began - take.at
            const failure = failureOf(exit)
            if (isProblem(failure)) take.failure = failure
            if (Exit.isFailure(exit)) return
            const { body, ...answer } = exit.value
            Object.assign(take, { answer, parts: [body], isWhole: true })
          }),
        )
      }),
    open: (request, limits): Opening =>
      Effect.flatMap(Clock.Clock, (clock) => {
        const take = begin(request, clock)
        return inner.open(request, limits).pipe(
          Effect.onExit((exit) =>
            Effect.sync(() => {
              take.took = clock.currentTimeMillisUnsafe() - began - take.at
              const failure = failureOf(exit)
              if (isProblem(failure)) take.failure = failure
            }),
          ),
          Effect.map((opened) => {
            const { headers, status } = opened
            const head = take.took ?? 0
            Object.assign(take, { answer: { status, headers }, head })
            return { ...opened, body: taped(take, head, opened.body, clock) }
          }),
        )
      }),
  })
}
