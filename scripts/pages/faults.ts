/** Every fault of the test kit, from the registry itself. */
import * as Fault from "../../packages/testkit/src/Fault.ts"
import { cell, table } from "../markdown.ts"

export const path = "docs/faults.md"

const row = ({ acts, carriers, name, says, stages }: Fault.Fault): ReadonlyArray<string> => [
  `\`${name}\``,
  cell(says),
  stages.join(", "),
  stages.includes("webhook") ? "" : acts ? "acts" : "does nothing",
  carriers === "both" ? "" : `in ${carriers} only`,
]

export const render = (): string =>
  [
    "# What can go wrong, by name",
    "",
    "This page is made from `Fault.all` of the test kit (`scripts/pages/faults.ts`). A fault is planned as `name[=number]@stage[:count]`:",
    "once, `:3` times or `:always`. What stands after `=` here is the number that holds when none is given. A fault planned for `look`",
    "meets looks that are held too; one planned for `long-poll` meets no other.",
    "",
    "Each is the same in memory and over a loopback port, unless the last cell says otherwise.",
    "",
    ...table(["fault", "what happens", "stages", "the service", "carrier"], Fault.all.map(row)),
    "",
  ].join("\n")
