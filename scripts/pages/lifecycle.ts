/** The machine draws itself: every event is applied to every state it can be in, and what comes of it is written down. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Contract from "../../packages/core/src/Contract.ts"
import type { Handle } from "../../packages/core/src/Handle.ts"
import * as Lifecycle from "../../packages/core/src/Lifecycle.ts"
import type { Observation } from "../../packages/core/src/Observation.ts"
import type { Reason } from "../../packages/core/src/Reason.ts"
import { table } from "../markdown.ts"

export const path = "docs/lifecycle.md"

// --- what can happen ----------------------------------------------------------------------------

const at = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
const where = { service: "service", origin: "https://service.test", operation: "operation" }
const request: Lifecycle.Request = { ...where, entry: "entry", input: {}, key: "key" }
const handle: Handle = { ...where, version: 1, id: "id" }
const trouble = (reason: Reason) => ({ at, reason, evidence: { stage: "submit" as const } })
const timeout = trouble({ _tag: "Timeout" })
const limited = trouble({ _tag: "RateLimited", retryAfter: Duration.minutes(1) })
const upgrade = trouble({ _tag: "UpgradeRequired", changes: { async: true } })
const forbidden = trouble({ _tag: "Forbidden" })
const seen = (observation: Observation): Lifecycle.Event => ({ _tag: "Observed", at, began: at, observation })
const succeeded: Observation = { _tag: "Succeeded", word: "done", output: null }

/** Every kind, in the order of a life; several of a kind where what it brings makes a difference. */
const events: ReadonlyArray<readonly [label: string, event: Lifecycle.Event]> = [
  ["Drafted", { _tag: "Drafted", at, request }],
  ["Sending", { _tag: "Sending", at }],
  ["Rejected", { _tag: "Rejected", ...timeout }],
  ["Rejected", { _tag: "Rejected", ...limited }],
  ["Rejected", { _tag: "Rejected", ...forbidden }],
  ["Rejected", { _tag: "Rejected", ...upgrade }],
  ["Uncertain", { _tag: "Uncertain", ...timeout }],
  ["Accepted", { _tag: "Accepted", at, handle }],
  ["Accepted with a result", { _tag: "Accepted", at, handle, observation: succeeded }],
  ["Observed pending", seen({ _tag: "Pending", word: "running" })],
  ["Observed an unknown word", seen({ _tag: "Unrecognised", word: "ripening" })],
  ["Observed succeeded", seen(succeeded)],
  ["Observed failed", seen({ _tag: "Failed", word: "failed", reason: { _tag: "Internal" } })],
  ["Observed cancelled", seen({ _tag: "Cancelled", word: "cancelled" })],
  ["Observed expired", seen({ _tag: "Expired", word: "expired" })],
  ["Unseen", { _tag: "Unseen", began: at, ...timeout }],
  ["Unseen", { _tag: "Unseen", began: at, ...forbidden }],
  ["Prompted", { _tag: "Prompted", at }],
  ["Postponed", { _tag: "Postponed", at, retryAfter: Duration.minutes(1) }],
  ["Lost", { _tag: "Lost", ...timeout }],
  ["Stopped", { _tag: "Stopped", ...timeout }],
  ["Stopped", { _tag: "Stopped", ...limited }],
]

// --- exploring ----------------------------------------------------------------------------------

/** States that differ in nothing but counts beyond the second act alike. */
const keyOf = (state: Lifecycle.State): string => {
  const capped = (count: number) => Math.min(count, 2)
  switch (state._tag) {
    case "Drafted":
      return `${state._tag} ${capped(state.sends)} ${state.last?.reason._tag}`
    case "Uncertain":
      return `${state._tag} ${capped(state.sends)} ${capped(state.doubts)} ${state.last?.truth} ${state.last?.reason._tag}`
    case "Stopped":
      return `${state._tag} ${capped(state.doubts)} ${state.reason._tag}`
    case "Pending":
      return `${state._tag} ${state.last?._tag} ${state.miss?.reason._tag} ${state.looks.prompted}`
    case "Settled":
      return state._tag
  }
}

const explore = (): ReadonlyArray<Lifecycle.State> => {
  const found = new Map<string, Lifecycle.State>()
  const visit = (state: Lifecycle.State | undefined) => {
    if (state === undefined || found.has(keyOf(state))) return
    found.set(keyOf(state), state)
    for (const [, event] of events) visit(Lifecycle.apply(state, event))
  }
  for (const [, event] of events) visit(Lifecycle.begin(event))
  return [...found.values()]
}

const tags = ["Drafted", "Uncertain", "Stopped", "Pending", "Settled"] as const
const states = explore()
const tagged = (tag: Lifecycle.State["_tag"]) => states.filter(({ _tag }) => _tag === tag)
const unique = (texts: Iterable<string>) => [...new Set(texts)]

const labels = unique(events.map(([label]) => label))
const labelled = (label: string) => events.flatMap(([name, event]) => (name === label ? [event] : []))

/** Where events of one label lead from states of one tag; nothing when they never change anything. */
const targets = (tag: Lifecycle.State["_tag"], label: string): ReadonlyArray<string> =>
  unique(
    tagged(tag).flatMap((state) =>
      labelled(label).flatMap((event) => {
        const after = Lifecycle.apply(state, event)
        return after === state ? [] : [after._tag]
      }),
    ),
  ).toSorted((one, other) => tags.findIndex((name) => name === one) - tags.findIndex((name) => name === other))

// --- drawing ------------------------------------------------------------------------------------

const beginnings = (label: string) => unique(labelled(label).flatMap((event) => Lifecycle.begin(event)?._tag ?? []))

const diagram = (): ReadonlyArray<string> => {
  const edges = new Map<string, Array<string>>()
  const draw = (from: string, to: string, label: string) => {
    edges.set(`${from} --> ${to}`, [...(edges.get(`${from} --> ${to}`) ?? []), label])
  }
  for (const label of labels) for (const to of beginnings(label)) draw("[*]", to, label)
  for (const tag of tags) for (const label of labels) for (const to of targets(tag, label)) draw(tag, to, label)
  return [
    "```mermaid",
    "stateDiagram-v2",
    ...[...edges].map(([edge, labels]) => `    ${edge}: ${labels.join(" · ")}`),
    "    Settled --> [*]",
    "```",
  ]
}

const transitions = () =>
  table(
    ["event", "at the beginning", ...tags],
    labels.map((label) => [label, beginnings(label).join(""), ...tags.map((tag) => targets(tag, label).join(" or "))]),
  )

const cadence = { _tag: "LongPoll", hold: Duration.seconds(20), floor: Duration.seconds(1) } as const
const keyed = Contract.make({ idempotency: { _tag: "Keyed", field: "key" }, cadence })
const unkeyed = Contract.make({ idempotency: { _tag: "Unkeyed" }, cadence })

const actions = () => {
  const said = (tag: Lifecycle.State["_tag"], contract: Contract.Contract, within: Duration.Duration) =>
    unique(
      tagged(tag).map((state) => {
        const moment = { contract, now: at, since: at, deadline: DateTime.addDuration(at, within), die: 0 }
        const action = Lifecycle.next(state, moment)
        return action._tag === "Stop" ? `Stop: ${action.truth}` : action._tag
      }),
    )
      .toSorted()
      .join(", ")
  return table(
    ["state", "with a key", "without a key", "when the time is over"],
    tags.map((tag) => [
      tag,
      said(tag, keyed, Duration.minutes(5)),
      said(tag, unkeyed, Duration.minutes(5)),
      unique([said(tag, keyed, Duration.zero), said(tag, unkeyed, Duration.zero)]).join(", "),
    ]),
  )
}

export const render = (): string =>
  [
    "# The lifecycle of an operation",
    "",
    "This page is drawn by the machine itself (`scripts/pages/lifecycle.ts`): every event is applied to every state that",
    "can be reached, and what comes of it is written down. The machine is `packages/core/src/Lifecycle.ts`; its laws are",
    "checked by `Laws.machine` of the test kit.",
    "",
    "A state is a truth about the work. Nothing but an event changes it, and only the events that are drawn do: any other",
    "is a late or doubled word about something that is already known.",
    "",
    "- **Drafted**: nothing has started, and that is proved of every send there was.",
    "- **Uncertain**: at least one send may have started it. Without a key it is the last one.",
    "- **Stopped**: the caller was told why. Nothing is sent again until the caller asks (`Drafted`).",
    "- **Pending**: the service has it. A failed look, or a word nobody knows, leaves it here.",
    "- **Settled**: it is over, and stays so.",
    "",
    ...diagram(),
    "",
    "## What an event does in a state",
    "",
    "An empty cell: nothing changes. `or`: it depends on how many sends are in doubt, and on which of them it answers.",
    "",
    ...transitions(),
    "",
    "## What is done in a state",
    "",
    "`Submit` and `Look` carry the instant before which they must not happen; a pause that does not fit into the time that is",
    "left ends the wait at once. Which of several it is depends on the last trouble: see `Remedy`.",
    "",
    ...actions(),
    "",
  ].join("\n")
