/** Tells what a journal kept as the client's entries: states, sends, and the pauses that can be known. */
import * as Lifecycle from "@tenuto/core/Lifecycle"
import * as Pace from "@tenuto/core/Pace"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import type { Entry } from "./entry.ts"
import { type IdPattern, naming } from "./naming.ts"
import { lineOf, type Told, told } from "./told.ts"

export const tell = (
  events: ReadonlyArray<Lifecycle.Event>,
  ids: ReadonlyArray<IdPattern>,
  since = events[0]?.at,
): ReadonlyArray<Entry> => {
  const names = naming(ids)
  const entries: Array<Entry> = []
  let state: Lifecycle.State | undefined
  let last: Lifecycle.Event | undefined
  const from = (instant: DateTime.Utc) => DateTime.distance(since ?? instant, instant)
  const write = (at: DateTime.Utc, said: Told | undefined) => {
    if (said === undefined) return
    const { about, evidence, kind, until, what } = said
    entries.push({
      at: from(at),
      lane: "client",
      kind,
      what,
      detail: names.shown(lineOf(about)),
      about: names.about(about),
      evidence: names.evidence(evidence),
      ...(until === undefined ? {} : { until: from(until) }),
    })
  }
  for (const event of events) {
    if (state !== undefined && last !== undefined) write(last.at, between(state, last, event))
    state = state === undefined ? Lifecycle.begin(event) : Lifecycle.apply(state, event)
    if (state !== undefined) write(event.at, told({ _tag: "Happened", event, state }, event.at))
    last = event
  }
  return entries
}

/** What was waited for between two events, as far as they tell. */
const between = (state: Lifecycle.State, last: Lifecycle.Event, next: Lifecycle.Event): Told | undefined => {
  if (next._tag === "Sending" && "last" in state && state._tag !== "Pending") {
    return told(
      { _tag: "Planned", action: { _tag: "Submit", at: next.at, request: state.request }, state },
      last.at,
      last,
    )
  }
  if (state._tag !== "Pending") return undefined
  const at = "began" in next ? next.began : next.at
  if (DateTime.isLessThanOrEqualTo(at, last.at)) return undefined
  const { handle, looks } = state
  const latest = Pace.resumed(looks, 1)
  const isAsked = latest !== undefined && DateTime.isLessThan(last.at, latest)
  const until = isAsked ? DateTime.min(latest, at) : at
  const said = told({ _tag: "Planned", action: { _tag: "Look", at: until, handle }, state }, last.at, last)
  if (said === undefined || isAsked) return said
  const span = Duration.format(DateTime.distance(last.at, at))
  const says = "looks that brought nothing new are not kept"
  return { ...said, what: `waits ${span}`, about: { ...said.about, says }, evidence: { waited: span } }
}
