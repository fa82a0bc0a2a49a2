/** Every verdict of every provider: what an answer means, what to do about it, and which page says so. */
import type * as Failure from "../../packages/core/src/Failure.ts"
import * as Reason from "../../packages/core/src/Reason.ts"
import * as Remedy from "../../packages/core/src/Remedy.ts"
import * as Verdict from "../../packages/http/src/Verdict.ts"
import { cell, table } from "../markdown.ts"
import { type Known, providers } from "../providers.ts"

export const path = "docs/failures.md"

const seenOf = ({ code, stage, status }: Verdict.Verdict): Verdict.Seen => ({
  stage,
  ...(typeof status === "number" ? { status } : {}),
  ...(code === undefined ? {} : { code }),
})

const reasonOf = (reason: Reason.Reason): string => {
  const { _tag, ...more } = reason
  const said = Object.entries(more).filter(([, value]) => !(Array.isArray(value) && value.length === 0))
  return said.length === 0 ? _tag : `${_tag} ${said.map(([name, value]) => `${name}: ${plain(value)}`).join(", ")}`
}
const plain = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value))

const remedyOf = (remedy: Remedy.Remedy): string => {
  if (remedy._tag !== "Resend") return remedy._tag
  if (remedy.changes !== undefined) return `Resend, changed, under another key`
  return remedy.sameKey ? "Resend, same key" : "Resend"
}

const rowsOf = ({ operations, table: { verdicts } }: Known): ReadonlyArray<ReadonlyArray<string>> => {
  const [operation] = Object.values(operations)
  if (operation === undefined) return []
  return verdicts.map((row) => {
    const truth: Failure.Tag = row.truth
    const remedy = Remedy.of(
      { _tag: truth, reason: row.reason, evidence: Verdict.evidenceOf(seenOf(row)) },
      operation.contract,
    )
    return [
      row.stage,
      row.status === undefined ? "" : String(row.status),
      row.code === undefined ? "" : `\`${row.code}\``,
      row.adopts === true ? `${truth}; accepted where the answer names the work` : truth,
      cell(reasonOf(row.reason)),
      remedyOf(remedy),
      cell(row.source),
    ]
  })
}

const codesOf = ({ operations }: Known) =>
  Object.values(operations).map(({ codes, name }) => [
    `\`${name}\``,
    codes.length === 0 ? "none documented" : codes.map((code) => `\`${code}\``).join(", "),
  ])

const section = (known: Known): ReadonlyArray<string> => [
  `## ${known.name}`,
  "",
  ...table(["stage", "status", "code", "truth", "reason", "remedy", "source"], rowsOf(known)),
  "",
  "The failure codes that the compiler lists for each operation; any other arrives as it is, as `Unrecognised`:",
  "",
  ...table(["operation", "codes"], codesOf(known)),
  "",
]

export const render = (): string =>
  [
    "# What goes wrong, and what is true then",
    "",
    "This page is made from the tables that the clients themselves judge by (`scripts/pages/failures.ts`); `tenuto explain` reads",
    "the same rows. The first row that fits an answer decides. Where none does, the careful reading holds: another 4xx at submit",
    "never started, anything else may have; a look that failed says nothing of the work.",
    "",
    "An empty cell matches everything. A remedy is what `Remedy.of` says with the contract of the service; only `Resend` and `Look`",
    "are ever done without asking. What the marks of the sources mean stands in the provider's `FACTS.md`.",
    "",
    ...providers.flatMap(section),
  ].join("\n")
