/** Every verdict of every provider: what an answer means, what to do about it, and which page says so. */
import * as Duration from "effect/Duration"
import * as Contract from "../../packages/core/src/Contract.ts"
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

const rowsOf = (
  verdicts: ReadonlyArray<Verdict.Verdict>,
  contract: Contract.Contract,
): ReadonlyArray<ReadonlyArray<string>> =>
  verdicts.map((row) => {
    const truth: Failure.Tag = row.truth
    const remedy = Remedy.of({ _tag: truth, reason: row.reason, evidence: Verdict.evidenceOf(seenOf(row)) }, contract)
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

const columns = ["stage", "status", "code", "truth", "reason", "remedy", "source"]

const ownRowsOf = ({ operations, table: { verdicts } }: Known): ReadonlyArray<string> => {
  const [operation] = Object.values(operations)
  return operation === undefined ? [] : table(columns, rowsOf(verdicts, operation.contract))
}

const keyed = Contract.make({
  idempotency: { _tag: "Keyed", field: "" },
  cadence: { _tag: "Interval", every: Duration.seconds(1), floor: Duration.seconds(1) },
})

const defaults: ReadonlyArray<string> = [
  "## Every service",
  "",
  "What HTTP itself means by a status: the last rows of every table. The remedies are those of a service that checks keys;",
  "without a key an `Uncertain` submit is reconciled, never sent again.",
  "",
  ...table(columns, rowsOf(Verdict.defaults, keyed)),
  "",
]

const codesOf = ({ operations }: Known) =>
  Object.values(operations).map(({ codes, name }) => [
    `\`${name}\``,
    codes.length === 0 ? "none documented" : codes.map((code) => `\`${code}\``).join(", "),
  ])

const section = (known: Known): ReadonlyArray<string> => [
  `## ${known.name}`,
  "",
  ...ownRowsOf(known),
  "",
  "The failure codes that the compiler lists for each operation; any other arrives as it is, as `Unrecognised`,",
  "and a failure without a code as `Unclassified`:",
  "",
  ...table(["operation", "codes"], codesOf(known)),
  "",
]

export const render = (): string =>
  [
    "# What goes wrong, and what is true then",
    "",
    "This page is made from the tables that the clients themselves judge by (`scripts/pages/failures.ts`); `tenuto explain` reads",
    "the same rows. The first row of the service that fits an answer decides; where none does, the rows of [every",
    "service](#every-service) do; and where none of them does, the careful reading holds: another 4xx at submit never started,",
    "anything else may have; a look that failed says nothing of the work.",
    "",
    "An empty cell matches everything. A remedy is what `Remedy.of` says with the contract of the service; only `Resend` and `Look`",
    "are ever done without asking. What the marks of the sources mean stands in the provider's `FACTS.md`.",
    "",
    ...providers.flatMap(section),
    ...defaults,
  ].join("\n")
