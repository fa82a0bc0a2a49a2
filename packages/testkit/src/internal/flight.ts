/** One exchange for code that knows no effects: its head as a promise, its body by pulling, and a way to leave. */
import { type Headers, type Request, reveal } from "@tenuto/http/Exchange"
import { Transport, Unanswered, Unsent } from "@tenuto/http/Transport"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { builtin } from "./builtin.ts"
import { causeOf } from "./causes.ts"
import { current } from "./clock.ts"

export interface Head {
  readonly status: number
  readonly headers: Headers
}

export interface Flight {
  /** Rejects with what Node would have called the cause. */
  readonly head: Promise<Head>
  /** The next parts of the body; nothing at its end. Rejects as `head` does. */
  readonly pull: () => Promise<ReadonlyArray<Uint8Array> | undefined>
  /** Be done with it: what is under way ends, and the service sees its client leave. */
  readonly leave: () => void
}

/** What a server's parser reads; to a method that it does not know it closes the connection. */
const methods = builtin("node:http")?.METHODS
const unread = new Unanswered({ problem: "Unknown", detail: "no server reads this method" })

/** How long its head may take, and how long silence within its body. */
export interface Patience {
  readonly head: Duration.Duration
  readonly body: Duration.Duration
}

/** A transport has one limit for both; the shorter one is kept here. */
const within = <A, E, R>(limit: Duration.Duration, longest: Duration.Duration, effect: Effect.Effect<A, E, R>) =>
  Duration.isLessThan(limit, longest)
    ? Effect.timeoutOrElse(effect, {
        duration: limit,
        orElse: () => new Unanswered({ problem: "Timeout", detail: `silence for ${Duration.format(limit)}` }),
      })
    : effect

/** Send a request by the transport of a context, on the clock of that context. */
export const fly = (context: Context.Context<Transport>, request: Request, patience: Patience): Flight => {
  const run = Effect.runPromiseExitWith(context)
  const longest = Duration.max(patience.head, patience.body)
  const scope = Scope.makeUnsafe()
  const gone = new AbortController()
  const url = reveal(request.url)
  const valueOf = <A>(exit: Exit.Exit<A, unknown>, isHeaded: boolean): A | undefined => {
    if (Exit.isSuccess(exit)) return exit.value
    for (const reason of exit.cause.reasons) {
      if (reason._tag !== "Fail") continue
      const { error } = reason
      if (error instanceof Unsent || error instanceof Unanswered) throw causeOf(url, error, isHeaded)
      return undefined
    }
    throw Cause.squash(exit.cause)
  }
  const opening = run(
    Effect.gen(function* () {
      if (methods?.includes(request.method) === false) return yield* unread
      const opening = Context.get(context, Transport).open(request, { timeout: longest })
      const { body, headers, status } = yield* within(patience.head, longest, opening)
      return { status, headers, pull: yield* Stream.toPull(body) }
    }).pipe(Scope.provide(scope)),
    { signal: gone.signal },
  )
  let isOver = false
  const leave = () => {
    if (isOver) return
    isOver = true
    gone.abort()
    void run(Scope.close(scope, Exit.void))
  }
  const opened = opening.then((exit) => {
    if (Exit.isFailure(exit)) leave()
    const value = valueOf(exit, false)
    if (value === undefined) throw new Error("the exchange ended before it began")
    return value
  })
  return {
    head: opened,
    pull: async () => {
      const { pull } = await opened
      const exit = await run(within(patience.body, longest, pull), { signal: gone.signal })
      if (Exit.isFailure(exit)) leave()
      return valueOf(exit, true)
    },
    leave,
  }
}

/** Keep time from moving while a promise settles: what it does is no effect, so nobody else counts it. */
export const held = async <A>(context: Context.Context<never>, label: string, promise: Promise<A>): Promise<A> => {
  const release = Effect.runSyncWith(context)(current)?.hold(label, false)
  try {
    return await promise
  } finally {
    release?.()
  }
}
