/** A subject with one mistake that a published package makes, and the cases that name it. */
interface Mutant<Subject> {
  readonly subject: Subject
  readonly caughtBy: ReadonlyArray<string>
}

export type Mutants<Subject> = Readonly<Record<string, Mutant<Subject>>>
