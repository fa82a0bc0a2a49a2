/** SplitMix32: a small generator with a full period. It guards nothing. */
export const bits = (seed: number): (() => number) => {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let x = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
    return (x ^ (x >>> 15)) >>> 0
  }
}

export const dice = (seed: number): ((sides: number) => number) => {
  const next = bits(seed)
  return (sides) => next() % sides
}
