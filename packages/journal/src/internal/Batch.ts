/**
 * Group commit: jobs that are ready at the same time share one transaction, and with it one wait for the disk.
 *
 * A job never sees another one fail: when one cannot be done, the others are done without it.
 */
import { Unusable } from "@tenuto/core/Journal"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { attempt, type Database } from "./Database.ts"

/** Something to write. */
interface Job<A> {
  /** Runs inside a transaction, perhaps more than once. It refuses before it writes anything. */
  readonly run: () => Result.Result<A, Unusable>
  /** Runs once, as soon as the commit is durable. */
  readonly committed?: (value: A) => void
}

/** Takes jobs. */
export interface Batch {
  /** Do a job durably; interrupted before its transaction has begun, it is not done. Errors: the job's, `Unavailable`. */
  readonly submit: <A>(job: Job<A>) => Effect.Effect<A, Unusable>
}

interface Ticket {
  readonly run: () => void
  /** Takes note of the commit; at once, for the one who waits may have gone. */
  readonly committed: () => void
  /** Tells the one who waits, whose own work may then go on before this returns. */
  readonly succeed: () => void
  readonly fail: (unusable: Unusable) => void
  isWithdrawn: boolean
}

/** Most jobs in one transaction: more would save little and keep the event loop for longer. */
const most = 256

/** Start to take jobs until the scope closes; those that are left then fail. */
export const make = Effect.fnUntraced(function* (database: Database): Effect.fn.Return<Batch, never, Scope.Scope> {
  const { journal, sqlite, trouble } = database
  const begin = sqlite.prepare("BEGIN IMMEDIATE")
  const commit = sqlite.prepare("COMMIT")
  const waiting: Array<Ticket> = []
  const latch = Latch.makeUnsafe()
  let isClosed = false
  const closed = () =>
    new Unusable({ journal, problem: "Unavailable", detail: "it was closed; open it again to go on writing" })

  /** A commit counts when the journal was in its place both before and after it. */
  const commitAll = (tickets: ReadonlyArray<Ticket>): Result.Result<void, Unusable> => {
    const live = tickets.filter((ticket) => !ticket.isWithdrawn)
    if (live.length === 0) return Result.void
    begin.run()
    try {
      const before = trouble()
      if (before !== undefined) return Result.fail(before)
      for (const ticket of live) ticket.run()
      commit.run()
    } finally {
      if (sqlite.isTransaction) sqlite.exec("ROLLBACK")
    }
    const after = trouble()
    if (after !== undefined) return Result.fail(after)
    for (const ticket of live) ticket.committed()
    return Result.void
  }
  const settle = (tickets: ReadonlyArray<Ticket>, tell: (ticket: Ticket) => void): void => {
    waiting.splice(0, tickets.length)
    for (const ticket of tickets) tell(ticket)
  }
  /** Commit the first of those that wait. */
  const flush = (tickets: ReadonlyArray<Ticket>): Effect.Effect<void> =>
    Effect.matchEffect(
      Effect.flatMap(
        attempt(journal, "writing to it", () => commitAll(tickets)),
        Effect.fromResult,
      ),
      {
        onSuccess: () => Effect.sync(() => settle(tickets, (ticket) => ticket.succeed())),
        onFailure: (unusable) =>
          tickets.length === 1
            ? Effect.sync(() => settle(tickets, (ticket) => ticket.fail(unusable)))
            : Effect.forEach(tickets, (ticket) => flush([ticket]), { discard: true }),
      },
    )
  const turn = Effect.gen(function* () {
    yield* latch.await
    yield* Effect.yieldNow // Whoever is ready now joins.
    yield* flush(waiting.slice(0, most))
    if (waiting.length === 0) latch.closeUnsafe()
  })

  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      isClosed = true
      for (const ticket of waiting.splice(0)) ticket.fail(closed())
    }),
  )
  yield* Effect.forkScoped(Effect.forever(turn))
  return {
    submit: (job) =>
      Effect.callback((resume) => {
        if (isClosed) return resume(Effect.fail(closed()))
        const ticket = ticketOf(job, resume)
        waiting.push(ticket)
        latch.openUnsafe()
        return Effect.sync(() => {
          ticket.isWithdrawn = true
        })
      }),
  }
})

const ticketOf = <A>(job: Job<A>, resume: (effect: Effect.Effect<A, Unusable>) => void): Ticket => {
  let result: Result.Result<A, Unusable> | undefined
  return {
    isWithdrawn: false,
    run: () => {
      result = job.run()
    },
    committed: () => {
      if (result !== undefined && Result.isSuccess(result)) job.committed?.(result.success)
    },
    succeed: () => {
      if (result !== undefined) resume(Effect.fromResult(result))
    },
    fail: (unusable) => resume(Effect.fail(unusable)),
  }
}
