/** A scheduler that tells the engine of every task it has not run yet; otherwise it is the scheduler it wraps. */
import type * as Scheduler from "effect/Scheduler"
import type { Engine } from "./engine.ts"

export const counted = (engine: Engine, inner: Scheduler.Scheduler): Scheduler.Scheduler => ({
  executionMode: inner.executionMode,
  shouldYield: (fiber) => inner.shouldYield(fiber),
  makeDispatcher: () => {
    const dispatcher = inner.makeDispatcher()
    return {
      scheduleTask: (task, priority) => {
        engine.taskAdded()
        dispatcher.scheduleTask(() => {
          try {
            task()
          } finally {
            engine.taskDone()
          }
        }, priority)
      },
      flush: () => dispatcher.flush(),
    }
  },
})
