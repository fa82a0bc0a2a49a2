/**
 * Gives each point a span of its own that covers it, for as many points as can be.
 *
 * Spans choose in the order of their ends, each the first point that is left to it: a point that a later span needs
 * could as well have gone to it, since it ends later. The first point left is found by a forest of unions.
 */

interface Span {
  readonly from: number
  readonly to: number
}

const isOrdered = (values: ReadonlyArray<number>): boolean => {
  for (let i = 1; i < values.length; i++) if ((values[i - 1] ?? 0) > (values[i] ?? 0)) return false
  return true
}

/** The places of `values` in their order; what is in order already costs one pass. */
const orderOf = (values: ReadonlyArray<number>): ReadonlyArray<number> => {
  const places = values.map((_, index) => index)
  return isOrdered(values) ? places : places.toSorted((one, other) => (values[one] ?? 0) - (values[other] ?? 0))
}

/** For each span the first point (by its place in `points`) that is not before it. */
const firstsOf = (points: ReadonlyArray<number>, spans: ReadonlyArray<Span>): ReadonlyArray<number> => {
  const firsts: Array<number> = []
  let first = 0
  for (const place of orderOf(spans.map(({ from }) => from))) {
    const { from = 0 } = spans[place] ?? {}
    while (first < points.length && (points[first] ?? 0) < from) first++
    firsts[place] = first
  }
  return firsts
}

/** The indices of the points that got a span. */
export const matched = (points: ReadonlyArray<number>, spans: ReadonlyArray<Span>): ReadonlySet<number> => {
  const order = orderOf(points)
  const inOrder = order.map((place) => points[place] ?? 0)
  const firsts = firstsOf(inOrder, spans)
  // `next[i]` leads to the first point from `i` on that is free; the one after the last is always free.
  const next = Int32Array.from({ length: points.length + 1 }, (_, index) => index)
  const free = (from: number): number => {
    let root = from
    while (next[root] !== root) root = next[root] ?? root
    for (let at = from; next[at] !== root;) {
      const after = next[at] ?? root
      next[at] = root
      at = after
    }
    return root
  }
  const taken = new Set<number>()
  for (const place of orderOf(spans.map(({ to }) => to))) {
    const point = free(firsts[place] ?? 0)
    if (point >= points.length || (inOrder[point] ?? 0) > (spans[place]?.to ?? 0)) continue
    taken.add(order[point] ?? 0)
    next[point] = point + 1
  }
  return taken
}
