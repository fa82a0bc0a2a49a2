/**
 * Runs every check of the workspace, one after the other, and says in its last line how many tests and checks passed.
 *
 * A failing check prints what it found and stops none of the others. `node scripts/check.ts lint types` runs just those.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { type Counts, countsOf, type Report } from "./counts.ts"
import { pnpm, run } from "./run.ts"
import { repository } from "./workspace.ts"

interface Check {
  readonly name: string
  readonly command: ReadonlyArray<string>
  /** A check without which this one could only repeat what is already known. */
  readonly needs?: string
  /** Reads what is worth saying of a check that passed. */
  readonly note?: (output: string) => string | undefined
}

const report = path.join(repository, "node_modules/.cache/tests.json")

const effects = ["diagnostics", "--project", "scripts/tsconfig.effects.json", "--strict", "--format", "text"]

const checks: ReadonlyArray<Check> = [
  { name: "types", command: ["tsc", "-b"] },
  { name: "lint", command: ["oxlint"] },
  {
    name: "effects",
    command: ["npx", "-y", "@effect/tsgo@0.45.0", ...effects, "--lspconfig", "{}"],
    note: (output) => /Checked (\d+ files)/.exec(output)?.[1],
  },
  { name: "format", command: ["oxfmt", "--check"] },
  { name: "boundaries", command: ["node", "scripts/boundaries.ts"] },
  { name: "words", command: ["node", "scripts/words.ts"] },
  { name: "pages", command: ["node", "scripts/pages.ts", "--check"] },
  { name: "examples", command: ["node", "scripts/examples.ts"], note: (output) => output.trim() },
  { name: "dead code", command: ["knip", "--no-progress", "--no-config-hints"] },
  { name: "tests", command: ["vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`] },
  { name: "build", command: [...pnpm, "exec", "turbo", "run", "build", "--output-logs=errors-only"] },
  {
    name: "pack",
    command: ["node", "scripts/pack.ts"],
    needs: "build",
    note: (output) => output.trim().split("\n").at(-1),
  },
  {
    name: "downstream",
    command: ["node", "scripts/downstream.ts"],
    needs: "build",
    note: (output) => output.trim().split("\n").at(-1),
  },
  { name: "size", command: ["node", "scripts/size.ts"], note: (output) => /Size:\s*(.*)/.exec(output)?.[1] },
]

const failing = new Set<string>()

const perform = async ({ command, name, needs, note }: Check): Promise<Counts> => {
  if (needs !== undefined && failing.has(needs)) {
    console.log(`FAIL  ${name.padEnd(11)}     -    not run: ${needs} failed`)
    return { passed: 0, failed: 1, skipped: [] }
  }
  const isTests = name === "tests"
  if (isTests) fs.rmSync(report, { force: true })
  const start = performance.now()
  const { ok, output } = await run(command)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  if (!ok) failing.add(name)
  const counts = isTests ? countsOf(ok, readReport()) : { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: [] }
  const said = isTests ? `${counts.passed} passed, ${counts.failed} failed` : ok ? (note?.(output) ?? "") : ""
  console.log(`${ok ? "ok  " : "FAIL"}  ${name.padEnd(11)} ${seconds.padStart(6)} s  ${said}`.trimEnd())
  for (const test of counts.skipped) console.log(`      skipped: ${test}`)
  if (!ok) console.log(output.trimEnd().replace(/^(?=.)/gm, "      "))
  return counts
}

const readReport = () =>
  fs.existsSync(report) ? (JSON.parse(fs.readFileSync(report, "utf8")) as Report) : { testResults: [] }

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !checks.some((it) => it.name === name))
if (unknown.length > 0) throw new Error(`no such check: ${unknown.join(", ")}`)

const all: Array<Counts> = []
for (const it of checks.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) all.push(await perform(it))

const passed = all.reduce((sum, it) => sum + it.passed, 0)
const failed = all.reduce((sum, it) => sum + it.failed, 0)
const skipped = all.reduce((sum, it) => sum + it.skipped.length, 0)
console.log(`${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`)
process.exitCode = failed === 0 ? 0 : 1
