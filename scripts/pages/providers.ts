/** What each service promises, side by side: the contracts as the driver reads them. */
import * as Duration from "effect/Duration"
import type * as Contract from "../../packages/core/src/Contract.ts"
import { cell, table } from "../markdown.ts"
import { type Known, providers } from "../providers.ts"

export const path = "docs/providers.md"

const { format } = Duration

const idempotencyOf = ({ idempotency }: Contract.Contract): string => {
  switch (idempotency._tag) {
    case "Keyed":
      // What no page says counts as a day.
      return `keyed by \`${idempotency.field}\`${idempotency.for === undefined ? ", for a day" : `, for ${format(idempotency.for)}`}`
    case "Referenced":
      return `none; \`${idempotency.field}\` is echoed`
    case "Unkeyed":
      return "none"
    case "Safe":
      return "asking twice does nothing twice"
  }
}

const cadenceOf = ({ cadence }: Contract.Contract): string => {
  const floor = format(cadence.floor)
  switch (cadence._tag) {
    case "LongPoll":
      return `held up to ${format(cadence.hold)}, ${floor} apart`
    case "Hinted":
      return `as asked, else every ${format(cadence.otherwise)}, never under ${floor}`
    case "Interval":
      return `every ${format(cadence.every)}, never under ${floor}`
  }
}

const delayOf = (delay: Contract.Delay): string => {
  switch (delay._tag) {
    case "Exponential":
      return `${format(delay.base)}, doubling, up to ${format(delay.cap)}`
    case "Ladder":
      return delay.steps.map((step) => format(step)).join(", ")
    case "Range":
      return `${format(delay.min)} to ${format(delay.max)}`
    case "Assumed":
      return `as asked, else ${format(delay.pause)}`
  }
}

const retentionOf = ({ retention }: Contract.Contract): string =>
  retention._tag === "Kept" ? format(retention.for) : "undocumented"

const budgetsOf = ({ table: { budget } }: Known): string =>
  (budget?.rules ?? [])
    .map(({ backoff, deeds, requests, window }) => {
      const count = requests === undefined || window === undefined ? "" : `${requests} in ${format(window)}, `
      const ladder = backoff === undefined ? "" : `; after a refusal ${delayOf(backoff)}`
      return `${count}shared by ${deeds.map((deed) => deed.toLowerCase()).join(" and ")}${ladder}`
    })
    .join("; ") || "none known"

const section = (known: Known): ReadonlyArray<string> => {
  const operations = Object.values(known.operations)
  const [first] = operations
  if (first === undefined) return []
  const { delays, limits, support } = first.contract
  return [
    `## ${known.name}`,
    "",
    `\`@tenuto/${known.folder}\`, by default at \`${known.table.base}\`. [Facts and sources](../packages/providers/${known.folder}/FACTS.md).`,
    "",
    ...table(
      [
        "operation",
        "sent again by",
        "looks",
        "a wait lasts",
        "an answer to a submit takes",
        "work is kept",
        "cancelling",
      ],
      operations.map(({ contract, name }) => [
        `\`${name}\``,
        idempotencyOf(contract),
        cadenceOf(contract),
        format(contract.limits.wait),
        `up to ${format(contract.limits.submit)}`,
        retentionOf(contract),
        contract.cancellation === "Offered" ? "offered" : "not offered",
      ]),
    ),
    "",
    ...table(
      ["pause when", "how long"],
      [
        ["limited", delayOf(delays.limited)],
        ["unavailable", delayOf(delays.unavailable)],
        ["otherwise", delayOf(delays.otherwise)],
        ["requests on one credential", budgetsOf(known)],
        ["a hint is believed", `up to ${format(limits.hint)}`],
        ["sends of one request", `at most ${limits.sends}`],
        ["reports go to", cell(support ?? "undocumented")],
      ],
    ),
    "",
  ]
}

export const render = (): string =>
  [
    "# What each service promises",
    "",
    "This page is made from the contracts that the driver itself reads (`scripts/pages/providers.ts`). Every pause is at least as",
    "long as the service asks, and jitter lengthens it by a quarter at most. A longer hint than is believed counts for one wait. What a",
    "status means where a service's page is silent: [every service](failures.md#every-service).",
    "",
    ...providers.flatMap(section),
  ].join("\n")
