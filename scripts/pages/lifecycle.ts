/** The machine draws itself: every event is applied to every state it can be in, and what comes of it is written down. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Contract from "../../packages/core/src/Contract.ts"
import * as Lifecycle from "../../packages/core/src/Lifecycle.ts"
import { events, label as nameOf, states } from "../../packages/testkit/src/Transitions.ts"
import { table } from "../markdown.ts"

export const path = "docs/lifecycle.md"

const at = DateTime.makeUnsafe("2026-01-01T00:00:00Z")
const tags = ["Drafted", "Uncertain", "Stopped", "Pending", "Settled"] as const
const tagged = (tag: Lifecycle.State["_tag"]) => states.filter(({ _tag }) => _tag === tag)
const unique = (texts: Iterable<string>) => [...new Set(texts)]

const labels = unique(events.map((event) => nameOf(event)))
const labelled = (label: string) => events.filter((event) => nameOf(event) === label)

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
