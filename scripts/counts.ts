/** How many tests really ran, read from the runner's own report. */

export interface Counts {
  readonly passed: number
  readonly failed: number
  /** The names of those that did not run. */
  readonly skipped: ReadonlyArray<string>
}

/** The part of the runner's JSON report that is read here. */
export interface Report {
  readonly testResults: ReadonlyArray<{
    readonly status: string
    readonly assertionResults: ReadonlyArray<{ readonly status: string; readonly fullName: string }>
  }>
}

const isFailed = (it: { readonly status: string }) => it.status === "failed"

/** Count test by test. A file that could not be loaded counts as one that failed, and so does a run that broke. */
export const countsOf = (isRunOk: boolean, { testResults }: Report): Counts => {
  const results = testResults.flatMap((file) => file.assertionResults)
  const broken = testResults.filter((file) => isFailed(file) && !file.assertionResults.some(isFailed)).length
  const failed = results.filter(isFailed).length + broken
  return {
    passed: results.filter((it) => it.status === "passed").length,
    failed: isRunOk ? failed : Math.max(1, failed),
    skipped: results.filter((it) => it.status !== "passed" && !isFailed(it)).map((it) => it.fullName),
  }
}
