/** The one place that throws: an assertion is expected to, and what is made at once has no other way to say it. */
export const insist = (verdict: { readonly pass: boolean; readonly message: () => string }): void => {
  if (!verdict.pass) throw new Error(verdict.message())
}

/** Throw what is wrong, where something is. */
export const allow = (error: Error | undefined): void => {
  if (error !== undefined) throw error
}
