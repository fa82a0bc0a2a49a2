/**
 * What can go wrong between a client and a service, by name, as data: `reset-after-commit@submit`, `503@look:2`,
 * `doubled@webhook`.
 *
 * A fault changes what one request experiences, or at the stage `webhook` what becomes of one letter. Whether the service
 * acted is part of its name, and never left open.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as SoundpieceEmulator from "@tenuto/soundpiece/Emulator"
 * import * as Fault from "@tenuto/testkit/Fault"
 *
 * export const handler = Effect.gen(function* () {
 *   const soundpiece = yield* SoundpieceEmulator.make()
 *   const faults = yield* Effect.forEach(["reset-after-commit@submit", "429=30@look:2"], Fault.parse)
 *   return yield* Fault.apply(soundpiece.handler, faults, { stageOf: soundpiece.stage })
 * })
 * console.log(Fault.all.map(({ name, says }) => `${name}: ${says}`).join("\n"))
 * ```
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Behaviour } from "./Behaviour.ts"
import type { Handler, Request } from "./Handler.ts"
import { type Edit, type Effects, effects } from "./internal/effects.ts"
import type { Mischief } from "./internal/mischief.ts"
import { played } from "./internal/witness.ts"

/** Which part of the work a request belongs to; `webhook`: a letter that the service sends. */
export const Stage = Schema.Literals(["submit", "look", "download", "webhook"])
export type Stage = typeof Stage.Type

/** One way to go wrong. */
export interface Fault {
  readonly name: string
  readonly stages: ReadonlyArray<Stage>
  /** Where it is what it says. A port that listens cannot refuse one request. */
  readonly carriers: "both" | "memory" | "loopback"
  /** One line for help texts. */
  readonly says: string
}

/** A fault that is to happen: to the next `count` requests of a stage (`Infinity`: to all of them). */
export interface Planned {
  readonly fault: Fault
  readonly stage: Stage
  readonly count: number
  /** What stands after `=`: seconds of `retry-after` or of slowness, MiB of a huge body, the status of a page. */
  readonly parameter: number | undefined
}

/** What becomes of the next `count` letters; without a fault they go as they are. */
export interface Turn extends Pick<Planned, "count" | "parameter"> {
  readonly fault: Fault | undefined
}

/** A name that is not known, or text that is not of the form `name[=number]@stage[:count]`. */
export class Unrecognised extends Schema.TaggedError<Unrecognised>()("Unrecognised", {
  given: Schema.String,
  problem: Schema.Literals(["Form", "Fault", "Stage", "Count", "Unfit", "NoWebhooks"]),
  known: Schema.Array(Schema.String),
}) {
  override get message() {
    const known = this.known.length === 0 ? "" : `; known: ${this.known.join(", ")}`
    switch (this.problem) {
      case "Form":
        return `"${this.given}" is not a fault: write name[=number]@stage[:count]${known}`
      case "Fault":
        return `"${this.given}" names no fault${known}`
      case "Stage":
        return `"${this.given}" names no stage${known}`
      case "Count":
        return `"${this.given}" has no count: write a whole number from 1, or "always"`
      case "Unfit":
        return `"${this.given}" cannot happen at this stage; it can at: ${this.known.join(", ")}`
      case "NoWebhooks":
        return `"${this.given}" cannot happen: this service sends no webhooks`
    }
  }
}

/** What the emulator knows and a fault does not. */
export interface Hooks {
  /** Which stage a request belongs to. */
  readonly stageOf: (request: Request) => Stage | undefined
  /** Put a word nobody knows where the status is. Default: into every member named `status`. */
  readonly unknownStatus?: Edit
  /** Add what nobody asked for. Default: a member in every object. */
  readonly unknownField?: Edit
  /** Make a body valid JSON of a shape that means nothing. Default: an empty list. */
  readonly wrongShape?: Edit
  /** Who takes the faults of letters: `plan` of the service's courier. Default: nobody, and planning one is refused. */
  readonly webhook?: (turns: ReadonlyArray<Turn>) => Effect.Effect<void>
}

const both: ReadonlyArray<Stage> = ["submit", "look"]
const every: ReadonlyArray<Stage> = ["submit", "look", "download"]
const letters: ReadonlyArray<Stage> = ["webhook"]

const fault = (
  name: keyof Effects | Mischief,
  stages: ReadonlyArray<Stage>,
  says: string,
  carriers: Fault["carriers"] = "both",
): Fault => ({ name, stages, carriers, says })

/** Every fault there is. */
export const all: ReadonlyArray<Fault> = [
  fault("reset-before-commit", every, "the connection is reset; the service did nothing"),
  fault("reset-after-commit", every, "the service acts, then the connection is reset"),
  fault("hang-before-commit", every, "no answer, ever; the service did nothing"),
  fault("hang-after-commit", every, "the service acts, then never answers"),
  fault("truncated", every, "the answer ends in the middle of its body"),
  fault("drop-mid-body", every, "the connection is reset in the middle of the answer's body"),
  fault("wrong-length", every, "the answer states half of its length"),
  fault("garbage", every, "the service acts, then sends bytes that are not HTTP"),
  fault("slow-head", every, "the answer begins after =20 seconds"),
  fault("slow-body", every, "the answer's body comes in eight pieces, =5 seconds apart"),
  fault("html", both, "a gateway's page in place of the service, status =502"),
  fault("empty-body", every, "the answer's status and headers without its body"),
  fault("huge-body", both, "the answer's body is followed by =16 MiB of space"),
  fault("invalid-json", both, "the answer's body breaks off where a value should be"),
  fault("wrong-type", every, "the answer says it is text/plain"),
  fault("wrong-shape", both, "valid JSON of a shape that means nothing"),
  fault("unknown-status", both, "the work has a status nobody has heard of"),
  fault("unknown-field", both, "the answer has members nobody has heard of"),
  fault("401", every, "the credential is not accepted; the service did nothing"),
  fault("429", every, "too many requests, retry-after =1 seconds; the service did nothing"),
  fault("500", every, "the service broke before it did anything"),
  fault("502", every, "a gateway got no answer; the service did nothing"),
  fault("503", every, "unavailable, with retry-after if =seconds are given; the service did nothing"),
  fault("redirect", every, "302 to another origin; the service did nothing"),
  fault("expired-link", ["download"], "the link has died: 403"),
  fault("refused", every, "nobody listens", "memory"),
  fault("name-not-found", every, "the host has no address", "memory"),
  fault("doubled", letters, "the letter was acknowledged, and comes once more"),
  fault("lost", letters, "the letter never comes"),
  fault("late", letters, "the letter comes =60 seconds later"),
  fault("reordered", letters, "the letter comes after the one that should follow it"),
  fault("forged", letters, "the letter says something else under the same signature, each time it comes"),
  fault("unsigned", letters, "the letter comes without what signs it, each time it comes"),
]

const form = /^([^=@:]+)(?:=(\d+(?:\.\d+)?))?@([^=@:]+)(?::([^=@:]+))?$/

/**
 * Read `name[=number]@stage[:count]`. Without a count it happens once; `:always` for every request.
 *
 * Errors: `Unrecognised`.
 */
export const parse = (given: string): Effect.Effect<Planned, Unrecognised> => {
  const parts = form.exec(given.trim())
  const [, name, parameter, stage, count] = parts ?? []
  const names = all.map((known) => known.name)
  if (name === undefined || stage === undefined) {
    return new Unrecognised({ given, problem: "Form", known: names })
  }
  return plan(name, stage, count, parameter, given)
}

/** Find a fault by its name, for a stage. Errors: `Unrecognised`. */
export const plan = (
  name: string,
  stage: string,
  count = "1",
  parameter?: string,
  given = name,
): Effect.Effect<Planned, Unrecognised> => {
  const known = all.find((candidate) => candidate.name === name)
  if (known === undefined) {
    return new Unrecognised({ given, problem: "Fault", known: all.map((candidate) => candidate.name) })
  }
  const at = Stage.literals.find((candidate) => candidate === stage)
  if (at === undefined) return new Unrecognised({ given, problem: "Stage", known: Stage.literals })
  if (!known.stages.includes(at)) return new Unrecognised({ given, problem: "Unfit", known: known.stages })
  if (count !== "always" && !/^[1-9]\d*$/.test(count)) return new Unrecognised({ given, problem: "Count", known: [] })
  return Effect.succeed({
    fault: known,
    stage: at,
    count: count === "always" ? Infinity : Number(count),
    parameter: parameter === undefined ? undefined : Number(parameter),
  })
}

/** Do what one fault does to one request. */
export const play = <R>(
  planned: Pick<Planned, "fault" | "parameter">,
  handler: Handler<R>,
  request: Request,
  hooks: Hooks,
): Effect.Effect<Behaviour, never, R> => {
  const effect = effects[planned.fault.name]
  if (effect === undefined) return handler(request)
  const disturbed = effect({ ...hooks, parameter: planned.parameter })(handler(request))
  return Effect.andThen(played("service", planned.fault.name, request), disturbed)
}

/** Give what becomes of letters to who sends them. Errors: `Unrecognised`, when nobody does. */
export const entrust = (turns: ReadonlyArray<Turn>, { webhook }: Hooks): Effect.Effect<void, Unrecognised> => {
  if (turns.length === 0) return Effect.void
  const given = turns.map(({ fault }) => `${fault?.name ?? "pass"}@webhook`).join(", ")
  return webhook === undefined ? new Unrecognised({ given, problem: "NoWebhooks", known: [] }) : webhook(turns)
}

/**
 * Put faults before a handler. Each is used up on its own; of several for one request the first planned goes first.
 *
 * Errors: `Unrecognised`, for faults of letters on a service that sends none.
 */
export const apply = <R>(
  handler: Handler<R>,
  faults: ReadonlyArray<Planned>,
  hooks: Hooks,
): Effect.Effect<Handler<R>, Unrecognised> =>
  Effect.gen(function* () {
    const turns = faults.filter(({ stage }) => stage === "webhook")
    yield* entrust(turns, hooks)
    const left = faults.map((planned) => ({ planned, count: planned.count }))
    return (request) =>
      Effect.suspend(() => {
        const stage = hooks.stageOf(request)
        const next = left.find(({ planned, count }) => planned.stage === stage && count > 0)
        if (next === undefined) return handler(request)
        next.count--
        return play(next.planned, handler, request, hooks)
      })
  })
