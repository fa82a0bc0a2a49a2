/**
 * What can go wrong between a client and a service, by name, as data: `reset-after-commit@submit`, `503@look:2`,
 * `doubled@webhook`.
 *
 * It is the same on every carrier that can play it. A fault changes what one request experiences, or at the stage `webhook` what becomes of one letter. Whether the service
 * acted is part of its name, and never left open. Some last: an outage, a revoked key.
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
 *   return yield* Fault.apply(soundpiece.handler, faults, soundpiece.hooks)
 * })
 * console.log(Fault.all.map(({ name, says }) => `${name}: ${says}`).join("\n"))
 * ```
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Handler, Request } from "./Handler.ts"
import { type Effects, effects, type Words } from "./internal/effects.ts"
import type { Mischief } from "./internal/mischief.ts"
import { stages } from "./internal/stages.ts"
import { inTurn, meets, type Step } from "./internal/steps.ts"

export type { Refusal } from "./internal/effects.ts"

/**
 * Which part of the work a request belongs to. `long-poll`: a look that the service is asked to hold, which what is
 * planned for `look` meets too. `webhook`: a letter that the service sends.
 */
export const Stage = Schema.Literals(stages)
export type Stage = typeof Stage.Type

/** One way to go wrong. */
export interface Fault {
  readonly name: string
  readonly stages: ReadonlyArray<Stage>
  /** Where it is what it says. A port that listens cannot refuse one request. */
  readonly carriers: "both" | "memory" | "loopback"
  /** Whether the service does what it was asked for all the same. */
  readonly acts: boolean
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
  problem: Schema.Literals([
    "Form",
    "Fault",
    "Stage",
    "Count",
    "Status",
    "Number",
    "Unfit",
    "NoStage",
    "NoWebhooks",
    "Carrier",
  ]),
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
      case "Status":
        return `"${this.given}" has no status: write a whole number from 200 to 599`
      case "Number":
        return `"${this.given}" has too great a number: write one up to ${this.known.join(", ")}`
      case "Unfit":
        return `"${this.given}" cannot happen at this stage; it can at: ${this.known.join(", ")}`
      case "NoStage":
        return `"${this.given}" cannot happen: this service has the stages ${this.known.join(", ")}`
      case "NoWebhooks":
        return `"${this.given}" cannot happen: this service sends no webhooks`
      case "Carrier":
        return `"${this.given}" cannot happen on a port that listens and speaks plain HTTP: play it in memory`
    }
  }
}

/** What the emulator knows and a fault does not: each emulator of a service has it as `hooks`. */
export interface Hooks extends Words {
  /** Which stage a request belongs to. */
  readonly stageOf: (request: Request) => Stage | undefined
  /** Which stages there are; planning a fault for another is refused. Default: all. */
  readonly stages?: ReadonlyArray<Exclude<Stage, "webhook">>
  /** Who takes the faults of letters: `plan` of the service's courier. Default: nobody, and planning one is refused. */
  readonly webhook?: (turns: ReadonlyArray<Turn>) => Effect.Effect<void>
}

const looks: ReadonlyArray<Stage> = ["look", "long-poll"]
const talks: ReadonlyArray<Stage> = ["submit", ...looks, "cancel"]
const every: ReadonlyArray<Stage> = ["submit", ...looks, "download", "cancel"]
const asks: ReadonlyArray<Stage> = [...looks, "download", "cancel"]
const letters: ReadonlyArray<Stage> = ["webhook"]

const fault = (
  name: keyof Effects | Mischief,
  stages: ReadonlyArray<Stage>,
  says: string,
  carriers: Fault["carriers"] = "both",
): Fault => ({ name, stages, carriers, says, acts: effects[name]?.acts ?? true })

/** Every fault there is. */
export const all: ReadonlyArray<Fault> = [
  // the connection
  fault("refused", every, "nobody listens", "memory"),
  fault("name-not-found", every, "the host has no address", "memory"),
  fault("tls", every, "the certificate is not accepted", "memory"),
  fault("reset-before-commit", every, "the connection is reset; the service did nothing"),
  fault("reset-after-commit", every, "the service acts, then the connection is reset"),
  fault("hang-before-commit", every, "no answer, ever; the service did nothing"),
  fault("hang-after-commit", every, "the service acts, then never answers"),
  fault("hang-mid-body", every, "the answer falls silent in the middle of its body"),
  fault("slow-head", every, "the answer begins after =20 seconds"),
  fault("slow-body", every, "the answer's body comes in eight pieces, =5 seconds apart"),
  fault("truncated", every, "the answer ends in the middle of its body"),
  fault("drop-mid-body", every, "the connection is reset in the middle of the answer's body"),
  fault("wrong-length", every, "the answer states half of its length"),
  fault("garbage", every, "the service acts, then sends bytes that are not HTTP"),
  // the body
  fault("html", every, "a gateway's page in place of the service, status =502"),
  fault("empty-body", every, "the answer's status and headers without its body"),
  fault("huge-body", talks, "the answer's body is followed by =16 MiB of space"),
  fault("invalid-json", talks, "the answer's body breaks off where a value should be"),
  fault("wrong-type", every, "the answer says it is text/plain"),
  fault("wrong-shape", talks, "valid JSON of a shape that means nothing"),
  fault("unknown-status", talks, "the work has a status nobody has heard of"),
  fault("unknown-field", talks, "the answer has members nobody has heard of"),
  fault("unknown-failure", looks, "the work has failed with a code nobody has heard of"),
  fault("unknown-code", talks, "refused with a code nobody has heard of, status =400; the service did nothing"),
  fault("backwards", looks, "what was told first of this work is told again, once something else was told since"),
  // refusals
  fault("401", every, "the credential is not accepted; the service did nothing"),
  fault("revoked", every, "401 to this and to every later request that carries a key; the service did nothing"),
  fault("403", every, "the key may not do this; the service did nothing"),
  fault("409", every, "it does not go together with what is there; the service did nothing"),
  fault("gone", asks, "it is no longer known, as the service says that, else 410; the service did nothing"),
  fault("429", every, "too many requests, retry-after =1 seconds; the service did nothing"),
  fault("429-date", every, "too many requests, retry-after a date in =30 seconds; the service did nothing"),
  fault("429-body", every, "too many requests, the hint of =30 seconds in the body; the service did nothing"),
  fault("429-bare", every, "too many requests, no hint; the service did nothing"),
  fault("429-absurd", every, "too many requests, retry-after =30 days; the service did nothing"),
  fault("429-garbage", every, "too many requests, retry-after what is no time; the service did nothing"),
  fault("skewed-date", every, "429 for 30 seconds, as a date on a clock =5 hours fast; the service did nothing"),
  fault("500", every, "the service broke before it did anything"),
  fault("502", every, "a gateway got no answer; the service did nothing"),
  fault("503", every, "unavailable, with retry-after if =seconds are given; the service did nothing"),
  fault("504", every, "a gateway waited in vain; the service did nothing"),
  fault("outage", every, "503 to this and to all of its stage for =60 seconds; the service did nothing"),
  fault("redirect", every, "302 to another origin, where nobody should show a key; the service did nothing"),
  fault("expired-link", ["download"], "the link has died: 403"),
  // letters
  fault("early", letters, "the letter comes first: the submit is answered once it was tried"),
  fault("doubled", letters, "the letter was acknowledged, and comes once more"),
  fault("lost", letters, "the letter never comes"),
  fault("late", letters, "the letter comes =60 seconds later"),
  fault("reordered", letters, "the letter comes after the one that should follow it"),
  fault("forged", letters, "the letter says something else under the same signature, each time it comes"),
  fault("unsigned", letters, "the letter comes without what signs it, each time it comes"),
]

/** Whose parameter is a status. */
const statused: ReadonlySet<string> = new Set(["html", "unknown-code"] satisfies ReadonlyArray<keyof Effects>)

/** 31 years: some of them after one another are still a date. */
const longest = 1e9
/** What a hint says may be beyond any clock, and is still a number. */
const greatest = 1e30
/** What is done, and not only said, has an end: MiB in the first, seconds in the others. */
const bounds: { readonly [name: string]: number | undefined } = {
  "huge-body": 256,
  "slow-head": longest,
  "slow-body": longest,
  outage: longest,
  late: longest,
} satisfies { readonly [name in keyof Effects | Mischief]?: number }

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
  if (statused.has(name) && parameter !== undefined && !/^[2-5]\d\d$/.test(parameter)) {
    return new Unrecognised({ given, problem: "Status", known: [] })
  }
  const most = bounds[name] ?? greatest
  if (Number(parameter ?? 0) > most) return new Unrecognised({ given, problem: "Number", known: [String(most)] })
  return Effect.succeed({
    fault: known,
    stage: at,
    count: count === "always" ? Infinity : Number(count),
    parameter: parameter === undefined ? undefined : Number(parameter),
  })
}

/** See that steps can happen to a service, and give what becomes of letters to who sends them. Errors: `Unrecognised`. */
export const fit = <R>(
  { steps, turns }: { readonly steps: ReadonlyArray<Step<R>>; readonly turns: ReadonlyArray<Turn> },
  hooks: Hooks,
): Effect.Effect<void, Unrecognised> =>
  Effect.gen(function* () {
    const { stages = Stage.literals, webhook } = hooks
    const astray = steps.find((step) => !stages.some((stage) => meets(step.stage, stage)))
    if (astray !== undefined) {
      return yield* new Unrecognised({ given: `${astray.name}@${astray.stage}`, problem: "NoStage", known: stages })
    }
    if (turns.length > 0) {
      const given = turns.map(({ fault }) => `${fault?.name ?? "pass"}@webhook`).join(", ")
      yield* webhook?.(turns) ?? new Unrecognised({ given, problem: "NoWebhooks", known: [] })
    }
  })

/**
 * Put faults before a handler. Each is used up on its own; of several for one request the first planned goes first.
 *
 * Errors: `Unrecognised`, for a stage that the service does not have.
 */
export const apply = <R>(
  handler: Handler<R>,
  faults: ReadonlyArray<Planned>,
  hooks: Hooks,
): Effect.Effect<Handler<R>, Unrecognised> => {
  const turns = faults.filter(({ stage }) => stage === "webhook")
  const steps = faults
    .filter(({ stage }) => stage !== "webhook")
    .map(({ fault, ...step }) => ({ ...step, name: fault.name }))
  return Effect.as(fit({ steps, turns }, hooks), inTurn(handler, steps, hooks))
}
