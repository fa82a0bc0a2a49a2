/** What may become of a letter, and the order in which letters take it. */

/** What can go wrong with a letter, by the names of the faults. */
export type Mischief = "doubled" | "lost" | "late" | "reordered" | "forged" | "unsigned"

/** What becomes of the next `count` letters. */
interface Turn {
  readonly fault: { readonly name: string } | undefined
  readonly parameter: number | undefined
  readonly count: number
}

/** What one letter drew; it goes as it is when it drew nothing. */
export interface Drawn {
  readonly is: (name: Mischief) => boolean
  readonly name: string | undefined
  readonly parameter: number | undefined
}

/** Turns that letters use up, in order. */
export class Turns {
  private readonly left: Array<{ readonly turn: Turn; count: number }> = []

  add(turns: ReadonlyArray<Turn>): void {
    for (const turn of turns) this.left.push({ turn, count: turn.count })
  }

  draw(): Drawn {
    const next = this.left.find(({ count }) => count > 0)
    if (next !== undefined) next.count--
    const name = next?.turn.fault?.name
    return { is: (other) => name === other, name, parameter: next?.turn.parameter }
  }
}
