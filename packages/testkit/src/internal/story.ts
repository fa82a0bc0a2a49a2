/** What an exploration and a suite say to each other. `Explore` shows it. */

/** One run to be told: what goes wrong, in order. The same story told twice is the same text. */
export interface Story {
  readonly seed: number
  readonly carrier: "memory" | "loopback"
  /** Words of the suite's own alphabet. */
  readonly steps: ReadonlyArray<string>
}

/** What is wrong, and which check says so. */
export interface Violation {
  readonly check: string
  readonly says: string
}

/** What stands above the page of a run. */
export interface Heading {
  /** Default: `A run`. */
  readonly title?: string
  /** How it ended. Default: what its entries say. */
  readonly ended?: string
  /** The line that plays it again. */
  readonly replay?: string
}

/** How a story went. */
export interface Told {
  /** What happened, as text; read only where it is shown or named, so it may be made then. */
  readonly timeline: string
  readonly violations: ReadonlyArray<Violation>
  /** Every move of the model, such as `Pending --Unseen--> Pending`. */
  readonly transitions?: ReadonlyArray<string>
  /** Draws the run as one page of HTML, as `Report` does, where the suite can. */
  readonly report?: (options?: Heading) => string
  /**
   * The stages at which the run asked for a step, in order; each takes the first `…@stage` that is left. A suite that says
   * it promises that nothing else of the steps matters, and what is told alike is told once.
   */
  readonly asked?: ReadonlyArray<string>
}

/** A client and a service on which stories are played. */
export interface Suite {
  readonly name: string
  /** `import.meta.url` of the module that exports it, which a token leads back to; `tenuto`: the command knows it by its name. */
  readonly from?: string
  /** What carries its stories where an exploration does not say; none is shrunk to another. Default: in memory. */
  readonly carrier?: Story["carrier"]
  /** Its alphabet; earlier words are simpler. */
  readonly kinds: ReadonlyArray<string>
  /** Aborted once the story is given up: then everything that it set going has to end. */
  readonly tell: (story: Story, signal?: AbortSignal) => Promise<Told>
}
