/** Watches one client on its way and says where it leaves the machine, the pace, the journal or the truth. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import type * as Client from "@tenuto/core/Client"
import type { Contract } from "@tenuto/core/Contract"
import * as Lifecycle from "@tenuto/core/Lifecycle"
import type { Violation } from "./story.ts"
import * as Transitions from "../Transitions.ts"
import { isSame } from "./same.ts"

/** One wait of the caller. */
interface Wait {
  readonly contract: Contract
  readonly since: DateTime.Utc
  readonly deadline: DateTime.Utc
}

/** A deed is begun when its time has come to the millisecond; an answer may be late by what the last resort allows. */
const grace = 2000

const isLost = (state: Lifecycle.State | undefined): boolean =>
  state?._tag === "Settled" && state.outcome._tag === "Lost"

export class Witness {
  readonly violations: Array<Violation> = []
  readonly transitions = new Set<string>()
  request: Lifecycle.Request | undefined
  /** What the driver shows; before its first event what its journal folds to. */
  state: Lifecycle.State | undefined
  /** A file is being fetched: what is asked of the service now renews its link. */
  isSaving = false
  private wait: Wait | undefined
  private action: Lifecycle.Action | undefined
  private isFirst = true
  /** How many sends the journal knows of, and how many have reached the service. */
  private announced = 0
  private sent = 0
  /** Until when the service asked to be left alone, for each stage. */
  private readonly asked = new Map<string, number>()

  private fault(check: string, says: string): void {
    const isKnown = this.violations.some((one) => one.check === check && one.says === says)
    if (!isKnown) this.violations.push({ check, says })
  }

  private move(before: Lifecycle.State | undefined, event: Lifecycle.Event, after: Lifecycle.State): void {
    if (after !== before) this.transitions.add(Transitions.name(before, event, after))
  }

  begins(wait: Wait): void {
    this.wait = wait
    this.action = undefined
  }

  /** The driver has opened an entry: recovery is decode, fold, go on. */
  claimed(history: ReadonlyArray<Lifecycle.Event>): void {
    this.state = undefined
    this.isFirst = true
    for (const event of history) {
      const after = this.fold(event)
      if (after === undefined) continue
      this.move(this.state, event, after)
      this.state = after
    }
    this.state = this.anew(this.state)
  }

  private fold(event: Lifecycle.Event): Lifecycle.State | undefined {
    return this.state === undefined ? Lifecycle.begin(event) : Lifecycle.apply(this.state, event)
  }

  /** The journal has it: only now may the first byte leave. */
  appended(events: ReadonlyArray<Lifecycle.Event>): void {
    for (const { _tag } of events) if (_tag === "Sending") this.announced++
  }

  /** `now` is when the driver tells it. */
  step(step: Client.Step, now: DateTime.Utc): void {
    if (step._tag === "Unsaved") return this.fault("journal", step.trouble.message)
    if (step._tag === "Planned") return this.planned(step.action, step.state, now)
    const { event, state } = step
    if (event._tag === "Drafted") this.request = event.request
    const expected = this.fold(event)
    // A handle from elsewhere begins anew, whatever the journal knew of its entry.
    const isAnew = this.isFirst && event._tag === "Accepted" && isSame(state, Lifecycle.begin(event))
    if (expected === undefined || (!isAnew && !isSame(expected, state))) {
      const model = expected?._tag ?? "no state"
      this.fault("machine", `after ${Transitions.label(event)} the driver shows ${state._tag} and the model ${model}`)
    } else if (isAnew) this.move(undefined, event, state)
    else this.move(this.state, event, expected)
    this.isFirst = false
    this.state = state
  }

  private planned(action: Lifecycle.Action, state: Lifecycle.State, now: DateTime.Utc): void {
    this.action = action
    // What a service did not know it may know again: being asked is a reason to look, and the entry stays as it is.
    if (this.isFirst && isLost(this.state)) this.state = state
    if (this.wait === undefined) return
    const first = Lifecycle.next(state, { ...this.wait, now, die: 0 })
    if (
      action._tag === first._tag &&
      (!("at" in action) || ("at" in first && DateTime.Equivalence(action.at, first.at)))
    )
      return
    const last = "at" in first ? Lifecycle.next(state, { ...this.wait, now, die: 0.999_999 }) : first
    // A die may lengthen a pause beyond the deadline.
    if (action._tag !== first._tag && action._tag !== last._tag) {
      return this.fault("action", `${state._tag} asks for ${first._tag}, the driver plans ${action._tag}`)
    }
    if (!("at" in action)) return
    const isTooSoon = "at" in first && DateTime.isLessThan(action.at, first.at)
    const isTooLate = "at" in last && DateTime.isGreaterThan(action.at, last.at)
    if (!isTooSoon && !isTooLate) return
    const planned = DateTime.formatIso(action.at)
    this.fault(
      "action",
      `${action._tag} is planned for ${planned}, ${isTooSoon ? "sooner" : "later"} than the model says`,
    )
  }

  /** What the model goes by in this wait. */
  private anew(state: Lifecycle.State | undefined): Lifecycle.State | undefined {
    return state === undefined || this.wait === undefined ? state : Lifecycle.anew(state, this.wait.contract)
  }

  /** A request of a stage has come to the service, at this instant. */
  arrives(stage: string, now: number): void {
    const deed = stage === "submit" ? "Submit" : stage === "look" ? "Look" : "nothing"
    const { action } = this
    if (this.isSaving) {
      if (stage === "submit") this.fault("deed", "a submit came while a file was fetched")
    } else if (action?._tag !== deed)
      this.fault("deed", `a ${stage} came, and what was planned is ${action?._tag ?? "nothing"}`)
    else if (now < action.at.epochMilliseconds) {
      this.fault("patience", `a ${stage} came ${action.at.epochMilliseconds - now} ms before its time`)
    }
    const left = (this.asked.get(stage) ?? 0) - now
    if (left > 0) this.fault("patience", `a ${stage} came ${left} ms before the service wanted to be asked again`)
    if (stage !== "submit") return
    this.sent++
    if (this.sent > this.announced) this.fault("ahead", "a request came that the journal does not know of")
  }

  /** The service has asked to be left alone, and whoever asked was still there. */
  refuses(stage: string, retryAfter: string | undefined, now: number): void {
    const seconds = Number(retryAfter ?? "")
    // What is longer than the contract believes binds the wait that it was given to, and the machine tells that.
    const longest = Duration.toSeconds(this.wait?.contract.limits.hint ?? Duration.infinity)
    if (seconds > 0 && seconds <= longest)
      this.asked.set(stage, Math.max(this.asked.get(stage) ?? 0, now + seconds * 1000))
  }

  /** A wait is over, however it ended. */
  ends(now: DateTime.Utc): void {
    if (this.wait === undefined) return
    const late = now.epochMilliseconds - this.wait.deadline.epochMilliseconds
    const asked = Duration.format(DateTime.distance(this.wait.since, this.wait.deadline))
    if (late > grace) this.fault("deadline", `a wait of ${asked} ended ${late} ms after its deadline`)
    this.wait = undefined
  }

  /** What the journal holds at the end is what the driver showed. */
  keeps(history: ReadonlyArray<Lifecycle.Event>): void {
    const { state } = this
    const saved = Lifecycle.fold(history)
    if (state === undefined || history.length === 0) return
    if (saved?._tag === state._tag || isLost(saved)) return
    this.fault("saved", `the journal folds to ${saved?._tag ?? "nothing"}, and the driver showed ${state._tag}`)
  }

  /** What the caller was told agrees with what the service has done. */
  tells(tag: string, created: number): void {
    if (tag === "Rejected" && created > 0) this.fault("truth", "it was called Rejected, and the service has the work")
    if (tag === "Success" && created === 0)
      this.fault("truth", "it was called done, and the service never had the work")
  }

  begun(created: number): void {
    if (created > 1) this.fault("once", `one piece of work was begun ${created} times`)
  }

  leaked(leaks: number): void {
    if (leaks > 0) this.fault("leak", `${leaks} requests for a file carried a credential`)
  }

  died(check: string, says: string): void {
    this.fault(check, says)
  }
}
