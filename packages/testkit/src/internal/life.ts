/** Whose code it is that runs, as far as the host can tell: that of a run, which may be over by now. */
import { builtin } from "./builtin.ts"

export interface Life {
  isOver: boolean
  /** It would not have ended by itself; what is left of it may go on for ever. */
  isGivenUp: boolean
}

const hooks = builtin("node:async_hooks")
const lives = hooks === undefined ? undefined : new hooks.AsyncLocalStorage<Life>()

/** Begin one. */
export const live = <A>(life: Life, begin: () => A): A => (lives === undefined ? begin() : lives.run(life, begin))

/** The run whose code this is. */
export const current = (): Life | undefined => lives?.getStore()

/** Whether this is code of a run that was given up: what it asks for is not done, and keeps nobody waiting. */
export const isLeftOver = (): boolean => current()?.isGivenUp === true
