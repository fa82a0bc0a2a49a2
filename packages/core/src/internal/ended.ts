/** What a journal in memory remembers of work that is over: the latest of it, within a bound. */

/** Work that is over, by its place in the journal. */
export interface Ended {
  /** It is over and takes this much room: the oldest ones are forgotten until all fit. The latest one always stays. */
  readonly add: (place: string, bytes: number) => void
  /** It is not over any more, or gone. */
  readonly drop: (place: string) => void
}

/** Keep within so many bytes; `forget` is told what had to go. */
export const make = (most: number, forget: (place: string) => void): Ended => {
  const sizes = new Map<string, number>() // the oldest first
  let sum = 0
  const drop = (place: string) => {
    sum -= sizes.get(place) ?? 0
    sizes.delete(place)
  }
  const add = (place: string, bytes: number) => {
    drop(place)
    sizes.set(place, bytes)
    sum += bytes
    for (const oldest of sizes.keys()) {
      if (sum <= most || oldest === place) return
      drop(oldest)
      forget(oldest)
    }
  }
  return { add, drop }
}
