/**
 * Tells how the work goes: a line that lives on a terminal, or one line of JSON per event.
 *
 * It only watches. Progress is drawn on standard error, and only where a person sees it.
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Client from "@tenuto/core/Client"
import * as Failure from "@tenuto/core/Failure"
import type { Handle } from "@tenuto/core/Handle"
import { Unusable } from "@tenuto/core/Journal"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import { Chronicle } from "./chronicle.ts"
import * as Screen from "./screen.ts"
import { span } from "./text.ts"
import * as Words from "./words.ts"

/** What is known of the work at any moment. */
export interface Report {
  readonly state: Effect.Effect<Lifecycle.State | undefined>
  /** Let the client tell this report everything. */
  readonly watching: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

const encodeEvent = Schema.encodeSync(Lifecycle.Event)

/** One line for one step. */
const lineOf = (step: Client.Step): Schema.Json => {
  const { entry } = Lifecycle.subjectOf(step.state)
  const about = { state: step.state._tag, ...(entry === undefined ? {} : { entry }) }
  switch (step._tag) {
    case "Happened":
      return { event: encodeEvent(step.event) as Schema.Json, ...about }
    case "Planned": {
      const { action } = step
      const due = action._tag === "Submit" || action._tag === "Look" ? { at: DateTime.formatIso(action.at) } : {}
      return { next: { _tag: action._tag, ...due }, ...about }
    }
    case "Unsaved":
      return { unsaved: failureJson(step.trouble), ...about }
  }
}

const isWorthALine = (event: Lifecycle.Event): boolean =>
  event._tag !== "Sending" && event._tag !== "Drafted" && event._tag !== "Observed"

/** Begin to report. */
export const make = (isJson: boolean): Effect.Effect<Report> =>
  Effect.map(DateTime.now, (began) => {
    let state: Lifecycle.State | undefined
    let action: Lifecycle.Action | undefined
    const elapsed = (now: DateTime.Utc) => span(DateTime.distance(began, now))
    const isDrawn = !isJson && Screen.isWatched

    const draw = Effect.flatMap(DateTime.now, (now) => {
      const next = action === undefined ? "" : ` · ${Words.planned(action, now)}`
      return Screen.draw(`${Words.named(state)} · ${elapsed(now)}${next}`)
    })
    const drawing = Effect.acquireRelease(
      Effect.forkChild(Effect.forever(Effect.andThen(draw, Effect.sleep("200 millis")))),
      (fiber) => Effect.andThen(Fiber.interrupt(fiber), Screen.draw("")),
    )
    const tell = (text: string) =>
      Effect.flatMap(DateTime.now, (now) =>
        Effect.andThen(Screen.tell(Screen.dim(`${elapsed(now).padStart(7)}  ${text}`)), draw),
      )
    const watch = (step: Client.Step): Effect.Effect<void> =>
      Effect.suspend(() => {
        state = step.state
        action = step._tag === "Planned" ? step.action : undefined
        if (isJson) return Screen.json(lineOf(step))
        if (step._tag === "Unsaved") return Screen.tell(`tenuto: ${step.trouble.message}; the work goes on`)
        return isDrawn && step._tag === "Happened" && isWorthALine(step.event)
          ? tell(Words.happened(step.event))
          : Effect.void
      })
    return {
      state: Effect.sync(() => state),
      watching: (effect) => {
        const chronicled = Effect.flatMap(Chronicle, ({ watching }) => watching(effect))
        const watched = Effect.provideService(chronicled, Client.Watcher, watch)
        return isDrawn ? Effect.scoped(Effect.andThen(drawing, watched)) : watched
      },
    }
  })

/** The handle of work that was accepted. */
export const handleOf = (state: Lifecycle.State | undefined): Handle | undefined =>
  state !== undefined && Lifecycle.isAccepted(state) ? Lifecycle.handleOf(state) : undefined

const encodeFailure = Schema.encodeSync(Failure.Failure)
const encodeUnusable = Schema.encodeSync(Unusable)

/** A failure as JSON. */
export const failureJson = (failure: Failure.Failure | Unusable): Schema.Json => {
  const { message } = failure
  const fields = failure instanceof Unusable ? encodeUnusable(failure) : encodeFailure(failure)
  return { ...(fields as { readonly [key: string]: Schema.Json }), message }
}
