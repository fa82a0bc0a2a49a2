/** What may become of a letter, and the order in which letters take it. */

/** What can go wrong with a letter, by the names of the faults. */
export type Mischief = "early" | "doubled" | "lost" | "late" | "reordered" | "forged" | "unsigned"

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

  clear(): void {
    this.left.length = 0
  }

  /** What a letter draws that is due. */
  draw(): Drawn {
    const next = this.next
    if (next !== undefined) next.count--
    const name = next?.turn.fault?.name
    return { is: (other) => name === other, name, parameter: next?.turn.parameter }
  }

  /** What a letter draws when it is posted: nothing, unless it is to be early. */
  drawEarly(): Drawn | undefined {
    return this.next?.turn.fault?.name === ("early" satisfies Mischief) ? this.draw() : undefined
  }

  private get next() {
    return this.left.find(({ count }) => count > 0)
  }
}
