import { expect, it } from "vitest"
import { countsOf } from "../counts.ts"

const file = (status: string, ...tests: ReadonlyArray<string>) => ({
  status,
  assertionResults: tests.map((test, index) => ({ status: test, fullName: `${test} ${index}` })),
})

it("tests are counted one by one", () => {
  const testResults = [file("passed", "passed", "passed"), file("failed", "passed", "failed", "failed")]
  expect(countsOf(false, { testResults })).toEqual({ passed: 3, failed: 2, skipped: [] })
})

it("a test that did not run is neither passed nor failed, and is named", () => {
  const testResults = [file("passed", "passed", "skipped", "todo")]
  expect(countsOf(true, { testResults })).toEqual({ passed: 1, failed: 0, skipped: ["skipped 1", "todo 2"] })
})

it("a file that could not be loaded is a failure", () => {
  const testResults = [file("failed"), file("passed", "passed")]
  expect(countsOf(false, { testResults })).toEqual({ passed: 1, failed: 1, skipped: [] })
})

it("a run that broke is a failure even when every test passed", () => {
  expect(countsOf(false, { testResults: [file("passed", "passed")] })).toMatchObject({ passed: 1, failed: 1 })
  expect(countsOf(false, { testResults: [] })).toMatchObject({ passed: 0, failed: 1 })
})
